// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/journal/journal_reader.h"

#include <QFile>
#include <QTimeZone>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <systemd/sd-journal.h>

namespace qd {

namespace {

constexpr int kBatch = 500;

Error journalError(const QString &what, int result)
{
    const QString code = result == -ENOENT ? code::notFound : code::io;
    return Error{
        code, what + QStringLiteral(": ") + QString::fromLocal8Bit(strerror(-result)), {}, nullptr};
}

int addMatch(sd_journal *journal, const QByteArray &match)
{
    return sd_journal_add_match(journal, match.constData(), size_t(match.size()));
}

/// The terms of `journalctl -u`: its processes' words, the manager's, and another root process's
/// (systemd1-dbus.md 9).
int addUnitMatches(sd_journal *journal, const QByteArray &unit)
{
    const QList<QByteArrayList> terms = {
        {"_SYSTEMD_UNIT=" + unit},
        {"UNIT=" + unit, "_PID=1"},
        {"OBJECT_SYSTEMD_UNIT=" + unit, "_UID=0"},
        {"COREDUMP_UNIT=" + unit, "_UID=0", "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1"}};
    int result = 0;
    for (const QByteArrayList &term : terms) {
        for (const QByteArray &one : term)
            result = result < 0 ? result : addMatch(journal, one);
        result = result < 0 ? result : sd_journal_add_disjunction(journal);
    }
    return result;
}

bool isId(const QString &text)
{
    if (text.size() != 32)
        return false;
    return std::all_of(text.begin(), text.end(), [](QChar c) {
        return (c >= QLatin1Char('0') && c <= QLatin1Char('9')) ||
               (c >= QLatin1Char('a') && c <= QLatin1Char('f'));
    });
}

} // namespace

void JournalReader::Closer::operator()(sd_journal *journal) const
{
    sd_journal_close(journal);
}

JournalReader::JournalReader(sd_journal *journal)
    : m_journal(journal)
{
}

JournalReader::~JournalReader() = default;

Result<std::unique_ptr<JournalReader>>
JournalReader::open(const QString &folder, const JournalQuery &query)
{
    if (query.unit.contains(QChar::Null) || query.unit.size() > 256)
        return fail(code::badInput, QStringLiteral("%1 is no name of a unit").arg(query.unit));
    if (!query.invocationId.isEmpty() && !isId(query.invocationId))
        return fail(code::badInput, QStringLiteral("an invocation id has 32 hex digits"));
    sd_journal *journal = nullptr;
    const int opened =
        sd_journal_open_directory(&journal, QFile::encodeName(folder).constData(), 0);
    if (opened < 0)
        return fail(
            journalError(QStringLiteral("cannot read the journal in %1").arg(folder), opened));
    std::unique_ptr<JournalReader> reader(new JournalReader(journal));
    sd_journal_set_data_threshold(journal, 0); // long messages whole
    // Watching begins before the first look, so that nothing falls between the two.
    if (const int fd = sd_journal_get_fd(journal); fd < 0)
        return fail(journalError(QStringLiteral("cannot watch the journal"), fd));
    auto ready = reader->match(query);
    if (ready)
        ready = reader->seek(query);
    if (!ready)
        return fail(ready.error());
    return reader;
}

Result<void> JournalReader::match(const JournalQuery &query)
{
    int result = 0;
    if (!query.unit.isEmpty())
        result = addUnitMatches(m_journal.get(), query.unit.toUtf8());
    if (result >= 0 && !query.invocationId.isEmpty()) {
        const QByteArray id = query.invocationId.toLatin1();
        result = sd_journal_add_conjunction(m_journal.get());
        for (const char *name :
             {"_SYSTEMD_INVOCATION_ID=", "OBJECT_SYSTEMD_INVOCATION_ID=", "INVOCATION_ID="}) {
            result = result < 0 ? result : addMatch(m_journal.get(), name + id);
            result = result < 0 ? result : sd_journal_add_disjunction(m_journal.get());
        }
    }
    if (result < 0)
        return fail(journalError(QStringLiteral("cannot search the journal"), result));
    return {};
}

Result<void> JournalReader::seek(const JournalQuery &query)
{
    sd_journal *journal = m_journal.get();
    int result = 0;
    if (!query.afterCursor.isEmpty()) {
        const QByteArray cursor = query.afterCursor.toLatin1();
        result = sd_journal_seek_cursor(journal, cursor.constData());
        if (result >= 0)
            result = sd_journal_next(journal);
        // Gone meanwhile: the entry after it is the one to begin with, so step back before it.
        if (result > 0 && sd_journal_test_cursor(journal, cursor.constData()) == 0)
            result = sd_journal_previous(journal);
        if (result < 0)
            return fail(code::badInput, QStringLiteral("the journal's cursor is not valid"));
        return {};
    }
    if (query.lines < 0) {
        result = sd_journal_seek_head(journal);
    } else {
        result = sd_journal_seek_tail(journal);
        // One further back than wanted: read() moves forward before it reads.
        const auto back = quint64(query.lines) + 1;
        const int stepped = result < 0 ? result : sd_journal_previous_skip(journal, back);
        result = stepped;
        if (stepped >= 0 && quint64(stepped) < back)
            result = sd_journal_seek_head(journal);
    }
    if (result < 0)
        return fail(journalError(QStringLiteral("cannot seek in the journal"), result));
    return {};
}

QList<JournalLine> JournalReader::read(int most)
{
    QList<JournalLine> out;
    while (out.size() < most && sd_journal_next(m_journal.get()) > 0)
        out.append(line());
    return out;
}

void JournalReader::follow()
{
    if (m_changes)
        return;
    m_changes = std::make_unique<QSocketNotifier>(
        sd_journal_get_fd(m_journal.get()), QSocketNotifier::Read);
    connect(m_changes.get(), &QSocketNotifier::activated, this, [this] { onChange(); });
    QMetaObject::invokeMethod(
        this, [this] { deliver(); }, Qt::QueuedConnection);
}

void JournalReader::onChange()
{
    if (sd_journal_process(m_journal.get()) >= 0)
        deliver();
}

void JournalReader::deliver()
{
    const QList<JournalLine> lines = read(kBatch);
    if (lines.isEmpty())
        return;
    // In batches, so that a flood of lines does not hold up everything else in this thread.
    if (lines.size() == kBatch)
        QMetaObject::invokeMethod(
            this, [this] { deliver(); }, Qt::QueuedConnection);
    Q_EMIT arrived(lines);
}

QByteArray JournalReader::field(const char *name) const
{
    const void *data = nullptr;
    size_t size = 0;
    if (sd_journal_get_data(m_journal.get(), name, &data, &size) < 0)
        return {};
    const auto all = QByteArrayView(static_cast<const char *>(data), qsizetype(size));
    return all.sliced(qsizetype(strlen(name)) + 1).toByteArray();
}

JournalLine JournalReader::line() const
{
    JournalLine out;
    quint64 realtimeUs = 0;
    if (uint64_t us = 0; sd_journal_get_realtime_usec(m_journal.get(), &us) >= 0)
        realtimeUs = us;
    out.time = QDateTime::fromMSecsSinceEpoch(qint64(realtimeUs / 1000), QTimeZone::utc());
    char *cursor = nullptr;
    if (sd_journal_get_cursor(m_journal.get(), &cursor) >= 0)
        out.cursor = QString::fromLatin1(cursor);
    free(cursor);
    for (const char *name : {"OBJECT_SYSTEMD_UNIT", "UNIT", "_SYSTEMD_UNIT"}) {
        if (out.unit.isEmpty())
            out.unit = QString::fromUtf8(field(name));
    }
    out.identifier = QString::fromUtf8(field("SYSLOG_IDENTIFIER"));
    if (out.identifier.isEmpty())
        out.identifier = QString::fromUtf8(field("_COMM"));
    out.pid = field("_PID").toInt();
    bool known = false;
    const int priority = field("PRIORITY").toInt(&known);
    out.priority = known && priority >= 0 && priority <= 7 ? priority : 6;
    out.message = QString::fromUtf8(field("MESSAGE"));
    out.nodeName = QString::fromUtf8(field("_HOSTNAME"));
    return out;
}

} // namespace qd
