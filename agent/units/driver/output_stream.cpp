// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/output_stream.h"

#include "agent/units/driver/plan.h"
#include "agent/units/driver/proc.h"

#include <QFileInfo>
#include <QUuid>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr size_t kReadBytes = 64 * 1024;
constexpr qsizetype kMostLine = 48 * 1024; ///< as journald's LineMax
constexpr int kReadsAtOnce = 8;            ///< then the others have a turn
constexpr qsizetype kMostName = 15;        ///< of a process in the kernel
constexpr QByteArrayView kDaemonFacility = "3";

QByteArray baseName(const QByteArray &path)
{
    return path.mid(path.lastIndexOf('/') + 1);
}

void add(QList<JournalField> &fields, const QByteArray &name, const QByteArray &value)
{
    if (!value.isEmpty())
        fields.append(JournalField{name, value});
}

/// The program's own path; empty when the kernel would run another one for it (a script).
QByteArray programOf(const unitfile::Command &command)
{
    QString path = command.path;
    if (!path.contains(QLatin1Char('/'))) {
        for (const QString &folder : programFolders()) {
            if (QFileInfo::exists(folder + QLatin1Char('/') + path)) {
                path = folder + QLatin1Char('/') + path;
                break;
            }
        }
    }
    return QFile::encodeName(QFileInfo(path).canonicalFilePath());
}

} // namespace

OutputStream::OutputStream(const SpawnRequest &request, JournalSink *sink, QObject *parent)
    : QObject(parent)
    , m_sink(sink)
    , m_group(request.controlGroup)
    , m_program(programOf(request.command))
    , m_priority(request.exec.syslogLevel)
    , m_levelPrefix(request.exec.syslogLevelPrefix)
{
    QByteArray identifier = request.exec.syslogIdentifier.toUtf8();
    if (identifier.isEmpty())
        identifier = baseName(request.command.path.toUtf8());
    add(m_fixed, "SYSLOG_IDENTIFIER", identifier);
    add(m_fixed, "SYSLOG_FACILITY", kDaemonFacility.toByteArray());
    add(m_fixed, "_TRANSPORT", "stdout");
    add(m_fixed, "_STREAM_ID", QUuid::createUuid().toByteArray(QUuid::Id128));
    add(m_fixed, "_SYSTEMD_CGROUP", request.controlGroup.toUtf8());
    add(m_fixed, "_SYSTEMD_UNIT", request.unit.toUtf8());
    add(m_fixed, "_SYSTEMD_SLICE", request.slice.toUtf8());
    add(m_fixed, "_SYSTEMD_INVOCATION_ID", request.invocationId.toUtf8());
}

OutputStream::~OutputStream()
{
    m_notifier.reset();
    if (m_fd >= 0)
        ::close(m_fd);
}

Result<int> OutputStream::open()
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return fail(
            code::io, QStringLiteral("cannot make a stream for output: %1")
                          .arg(QString::fromLocal8Bit(strerror(errno))));
    m_fd = ends[0];
    const int on = 1;
    setsockopt(m_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    shutdown(m_fd, SHUT_WR);
    m_notifier = std::make_unique<QSocketNotifier>(m_fd, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, [this] {
        for (int i = 0; i < kReadsAtOnce; ++i) {
            const Read read = readOnce();
            if (read == Read::End)
                finish();
            if (read != Read::Some)
                return;
        }
    });
    return ends[1];
}

void OutputStream::drain()
{
    while (m_fd >= 0 && readOnce() == Read::Some) {
    }
}

OutputStream::Read OutputStream::readOnce()
{
    char bytes[kReadBytes];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
    iovec vector{bytes, sizeof bytes};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t size = 0;
    do
        size = recvmsg(m_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size == 0)
        return Read::End;
    if (size < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? Read::Nothing : Read::End;
    ucred who{};
    const cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS)
        memcpy(&who, CMSG_DATA(header), sizeof who);
    take(who, QByteArrayView(bytes, size));
    return Read::Some;
}

void OutputStream::take(const ucred &who, QByteArrayView bytes)
{
    // What another process began is a line of its own.
    if (who.pid != m_writerPid && !m_pending.isEmpty()) {
        say(m_pending, "pid-change");
        m_pending.clear();
    }
    lookAtWriter(who);
    m_pending.append(bytes);
    takeLines();
}

void OutputStream::takeLines()
{
    qsizetype begin = 0;
    for (qsizetype at = 0; at < m_pending.size(); ++at) {
        const char c = m_pending.at(at);
        if (c == '\n' || c == '\0') {
            say(QByteArrayView(m_pending).sliced(begin, at - begin), c == '\0' ? "nul" : nullptr);
            begin = at + 1;
        } else if (at - begin + 1 == kMostLine) {
            say(QByteArrayView(m_pending).sliced(begin, kMostLine), "line-max");
            begin = at + 1;
        }
    }
    m_pending.remove(0, begin);
}

void OutputStream::say(QByteArrayView line, const char *lineBreak)
{
    int priority = m_priority;
    const bool prefixed = m_levelPrefix && line.size() >= 3 && line[0] == '<' && line[2] == '>' &&
                          line[1] >= '0' && line[1] <= '7';
    if (prefixed) {
        priority = line[1] - '0';
        line = line.sliced(3);
    }
    if (line.isEmpty())
        return;
    QList<JournalField> fields{JournalField{"MESSAGE", line.toByteArray()}};
    fields.append(JournalField{"PRIORITY", QByteArray::number(priority)});
    if (lineBreak)
        fields.append(JournalField{"_LINE_BREAK", lineBreak});
    m_sink->entry(fields + m_fixed + m_writer);
}

/// Fresh each time: a process may have become another program since its last line.
void OutputStream::lookAtWriter(const ucred &who)
{
    const bool same = who.pid == m_writerPid;
    const QByteArray name = procFile(who.pid, "comm").trimmed();
    const QByteArray program = procProgram(who.pid);
    if (same && program.isEmpty() && !m_writer.isEmpty())
        return; // it has ended; what was known of it stays known
    m_writerPid = who.pid;
    m_writer.clear();
    add(m_writer, "_PID", QByteArray::number(who.pid));
    add(m_writer, "_UID", QByteArray::number(who.uid));
    add(m_writer, "_GID", QByteArray::number(who.gid));
    add(m_writer, "_COMM", name.isEmpty() ? baseName(m_program).left(kMostName) : name);
    add(m_writer, "_EXE", program.isEmpty() ? m_program : program);
    if (!program.isEmpty())
        add(m_writer, "_CMDLINE", procCommandLine(who.pid));
}

void OutputStream::finish()
{
    if (!m_pending.isEmpty())
        say(m_pending, "eof");
    m_pending.clear();
    m_notifier->setEnabled(false);
    Q_EMIT ended();
}

} // namespace qd::units
