// SPDX-License-Identifier: GPL-3.0-or-later
#include "script_console.h"

#include <QDir>
#include <QFile>

namespace qd::models {
namespace {

constexpr int kFrameMs = 16;
const QString kExamples = QStringLiteral(":/quarterdeck/examples");
const QString kOwnName = QStringLiteral("untitled.js");
const QString kFirstText =
    QStringLiteral("// The cluster's nodes, as a table. Ctrl+Return runs.\n"
                   "table(cluster.nodes(), [\"name\", \"address\", \"state\", \"role\"]);\n");

} // namespace

ScriptConsole::ScriptConsole(QObject *parent)
    : QAbstractListModel(parent)
    , m_text(kFirstText)
    , m_fileName(kOwnName)
    , m_ownText(kFirstText)
{
    m_frame.setSingleShot(true);
    m_frame.setInterval(kFrameMs);
    connect(&m_frame, &QTimer::timeout, this, &ScriptConsole::flush);
}

void ScriptConsole::setRunner(std::unique_ptr<ScriptRunner> runner)
{
    m_runner = std::move(runner);
    m_running = false;
    if (m_runner) {
        connect(m_runner.get(), &ScriptRunner::output, this, &ScriptConsole::take);
        connect(m_runner.get(), &ScriptRunner::finished, this, [this](int status) {
            flush();
            m_running = false;
            m_status = status;
            Q_EMIT runningChanged();
        });
    }
    Q_EMIT runningChanged();
}

void ScriptConsole::setText(const QString &text)
{
    if (m_text == text)
        return;
    m_text = text;
    clearMarks();
    Q_EMIT textChanged();
}

QStringList ScriptConsole::examples() const
{
    return QDir(kExamples).entryList({QStringLiteral("*.js")}, QDir::Files, QDir::Name);
}

void ScriptConsole::openExample(const QString &name)
{
    QFile file(kExamples + QLatin1Char('/') + name);
    if (!file.open(QIODevice::ReadOnly))
        return;
    if (m_fileName == kOwnName)
        m_ownText = m_text;
    show(name, QString::fromUtf8(file.readAll()));
}

void ScriptConsole::openOwn()
{
    if (m_fileName != kOwnName)
        show(kOwnName, m_ownText);
}

void ScriptConsole::show(const QString &fileName, const QString &text)
{
    m_fileName = fileName;
    m_text = text;
    clearMarks();
    Q_EMIT textChanged();
}

void ScriptConsole::clearMarks()
{
    if (m_marks.isEmpty())
        return;
    m_marks.clear();
    Q_EMIT marksChanged();
}

int ScriptConsole::lineNamedIn(const QString &output) const
{
    const QString head = m_fileName + QLatin1Char(':');
    if (!output.startsWith(head))
        return 0;
    const int line = output.mid(head.size()).section(QLatin1Char(':'), 0, 0).toInt();
    return line > 0 && line <= m_text.count(QLatin1Char('\n')) + 1 ? line : 0;
}

void ScriptConsole::run()
{
    if (!m_runner || m_running)
        return;
    clear();
    clearMarks();
    m_running = true;
    m_status = -1;
    Q_EMIT runningChanged();
    m_runner->start(m_text, m_fileName);
}

void ScriptConsole::stop()
{
    if (m_runner && m_running)
        m_runner->stop();
}

void ScriptConsole::clear()
{
    beginResetModel();
    m_pending.clear();
    m_lines.clear();
    m_dropped = 0;
    endResetModel();
    Q_EMIT countChanged();
}

void ScriptConsole::take(const QString &line, ScriptRunner::Kind kind)
{
    m_pending.push_back({line, kind});
    if (m_pending.size() > size_t(kCapacity)) {
        m_pending.pop_front();
        ++m_dropped;
    }
    if (const int at = kind == ScriptRunner::Kind::Error ? lineNamedIn(line) : 0; at > 0) {
        m_marks.append(QVariantMap{
            {QStringLiteral("line"), at},
            {QStringLiteral("severity"), QStringLiteral("Error")},
            {QStringLiteral("message"), line.section(QLatin1Char(':'), 2).trimmed()}});
        Q_EMIT marksChanged();
    }
    if (!m_frame.isActive())
        m_frame.start();
}

void ScriptConsole::flush()
{
    m_frame.stop();
    if (m_pending.empty())
        return;
    const int over = count() + int(m_pending.size()) - kCapacity;
    if (over > 0) {
        beginRemoveRows({}, 0, over - 1);
        m_lines.erase(m_lines.begin(), m_lines.begin() + over);
        endRemoveRows();
        m_dropped += over;
    }
    beginInsertRows({}, count(), count() + int(m_pending.size()) - 1);
    m_lines.insert(m_lines.end(), m_pending.begin(), m_pending.end());
    m_pending.clear();
    endInsertRows();
    Q_EMIT countChanged();
}

QString ScriptConsole::outputText() const
{
    QStringList out;
    for (const Line &line : m_lines)
        out.append(line.text);
    return out.join(QLatin1Char('\n'));
}

int ScriptConsole::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant ScriptConsole::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= count())
        return {};
    const Line &line = m_lines[size_t(index.row())];
    return role == KindRole ? QVariant(int(line.kind)) : QVariant(line.text);
}

QHash<int, QByteArray> ScriptConsole::roleNames() const
{
    return {{TextRole, "line"}, {KindRole, "kind"}};
}

} // namespace qd::models
