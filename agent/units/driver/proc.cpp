// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/proc.h"

#include <QDir>
#include <QFile>
#include <algorithm>
#include <climits>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr qint64 kMostBytes = 64 * 1024;

/// A word as a shell would need it, in double quotes where it has to be.
QByteArray quoted(const QByteArray &word)
{
    constexpr QByteArrayView kSpecial = "\"\\`$*?['()<>|&;! \t\n\r";
    const bool plain = !word.isEmpty() && std::none_of(word.begin(), word.end(), [&](char c) {
        return kSpecial.contains(c) || uchar(c) < 32 || c == 127;
    });
    if (plain)
        return word;
    QByteArray out = "\"";
    for (const char c : word) {
        if (c == '\n')
            out.append("\\n");
        else if (c == '\t')
            out.append("\\t");
        else if (uchar(c) < 32 || c == 127)
            out.append("\\x").append(QByteArray(1, c).toHex());
        else if (QByteArrayView("\"\\`$").contains(c))
            out.append('\\').append(c);
        else
            out.append(c);
    }
    return out.append('"');
}

QByteArray pathOf(pid_t pid, const char *name)
{
    return "/proc/" + QByteArray::number(pid) + '/' + name;
}

} // namespace

QString unescapedTableField(const QByteArray &field)
{
    QByteArray out;
    for (qsizetype i = 0; i < field.size(); ++i) {
        bool ok = false;
        const int code = field[i] == '\\' ? field.mid(i + 1, 3).toInt(&ok, 8) : 0;
        out.append(ok ? char(code) : field[i]);
        i += ok ? 3 : 0;
    }
    return QString::fromUtf8(out);
}

QByteArray procFile(pid_t pid, const char *name)
{
    QFile file(QString::fromLatin1(pathOf(pid, name)));
    if (!file.open(QIODevice::ReadOnly | QIODevice::Unbuffered))
        return {};
    return file.read(kMostBytes);
}

std::optional<ProcStat> procStat(pid_t pid)
{
    const QByteArray line = procFile(pid, "stat");
    // The name before the last bracket may hold anything.
    const QList<QByteArray> fields = line.mid(line.lastIndexOf(')') + 2).split(' ');
    if (fields.size() < 4 || fields.at(0).isEmpty())
        return std::nullopt;
    ProcStat out;
    out.state = fields.at(0).at(0);
    out.parent = fields.at(1).toInt();
    out.processGroup = fields.at(2).toInt();
    out.session = fields.at(3).toInt();
    return out;
}

QList<pid_t> allProcesses()
{
    QList<pid_t> out;
    const QDir proc(QStringLiteral("/proc"));
    for (const QString &entry : proc.entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Unsorted)) {
        if (const pid_t pid = entry.toInt(); pid > 0)
            out.append(pid);
    }
    return out;
}

QList<pid_t> procChildren(pid_t pid)
{
    QList<pid_t> out;
    const QString tasks = QStringLiteral("/proc/%1/task").arg(pid);
    for (const QString &task : QDir(tasks).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        QFile file(tasks + u'/' + task + QStringLiteral("/children"));
        if (!file.open(QIODevice::ReadOnly | QIODevice::Unbuffered))
            continue;
        for (const QByteArray &word : file.readAll().split(' ')) {
            if (const pid_t child = word.toInt(); child > 0)
                out.append(child);
        }
    }
    return out;
}

QByteArray procEnvironment(pid_t pid, const QByteArray &name)
{
    const QByteArray wanted = name + '=';
    for (const QByteArray &entry : procFile(pid, "environ").split('\0')) {
        if (entry.startsWith(wanted))
            return entry.mid(wanted.size());
    }
    return {};
}

QByteArray procProgram(pid_t pid)
{
    QByteArray out(PATH_MAX, '\0');
    const ssize_t size = readlink(pathOf(pid, "exe").constData(), out.data(), size_t(out.size()));
    return size > 0 ? out.first(size) : QByteArray();
}

QByteArray procCommandLine(pid_t pid)
{
    QByteArray text = procFile(pid, "cmdline");
    if (text.isEmpty()) {
        const QByteArray name = procFile(pid, "comm").trimmed();
        return name.isEmpty() ? name : '[' + name + ']';
    }
    if (text.endsWith('\0'))
        text.chop(1);
    QByteArrayList words = text.split('\0');
    for (QByteArray &word : words)
        word = quoted(word);
    return words.join(' ');
}

} // namespace qd::units
