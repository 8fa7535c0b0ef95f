// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/journal/journal_writer.h"

#include "agent/units/journal/writer_process.h"
#include "shared/base/log.h"

#include <QDir>
#include <QFile>
#include <QStorageInfo>
#include <QSysInfo>
#include <algorithm>
#include <ctime>
#include <unistd.h>

namespace qd {

using journal::WriterProcess;

namespace {

constexpr int kFirstRestartMs = 50;
constexpr int kLastRestartMs = 5000;
constexpr int kSizeCheckMs = 5000;
constexpr int kMostHeadFailures = 3;
// `journalctl --system` reads files of this beginning; journald's own active one is system.journal.
const QString kActive = QStringLiteral("system@unitd.journal");

qint64 nowUs(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return qint64(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

QByteArray hexIdIn(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return file.read(64).trimmed().replace('-', QByteArray());
}

} // namespace

JournalWriter::JournalWriter(Options options, QObject *parent)
    : QObject(parent)
    , m_options(std::move(options))
{
    m_origin.machineId = m_options.machineId.toLatin1();
    if (m_origin.machineId.isEmpty())
        m_origin.machineId = hexIdIn(QStringLiteral("/etc/machine-id"));
    m_origin.bootId = hexIdIn(QStringLiteral("/proc/sys/kernel/random/boot_id"));
    m_origin.hostname = m_options.hostname.toUtf8();
    if (m_origin.hostname.isEmpty())
        m_origin.hostname = QSysInfo::machineHostName().toUtf8();
    m_restart.setSingleShot(true);
    connect(&m_restart, &QTimer::timeout, this, [this] { startProgram(); });
    m_sizeCheck.setInterval(kSizeCheckMs);
    connect(&m_sizeCheck, &QTimer::timeout, this, [this] { checkSize(); });
}

JournalWriter::~JournalWriter() = default;

QString JournalWriter::folder() const
{
    return m_options.logDir + QStringLiteral("/journal/") + QString::fromLatin1(m_origin.machineId);
}

qint64 JournalWriter::writerPid() const
{
    return m_process && m_process->isRunning() ? m_process->pid() : -1;
}

Result<void> JournalWriter::start()
{
    if (m_origin.machineId.size() != 32)
        return fail(code::io, QStringLiteral("the machine has no id: /etc/machine-id is needed"));
    if (!QDir().mkpath(folder()))
        return fail(code::io, QStringLiteral("cannot make the folder %1").arg(folder()));
    if (!QFile::exists(m_options.program))
        return fail(
            code::io, QStringLiteral("%1 is missing: install the package systemd-journal-remote")
                          .arg(m_options.program));
    m_limits = journal::limitsOf(folder(), m_options.configFile);
    if (m_options.maxUse > 0)
        m_limits = journal::limitsFor(0, m_options.maxUse);
    if (m_options.maxFile > 0)
        m_limits.maxFile = m_options.maxFile;
    checkSize();
    startProgram();
    m_sizeCheck.start();
    return {};
}

void JournalWriter::startProgram()
{
    m_process = std::make_unique<WriterProcess>();
    m_streamed = 0;
    m_doneEnd = 0;
    m_headTaken = 0;
    connect(m_process.get(), &WriterProcess::writable, this, [this] { pump(); });
    // Queued: the handler replaces the object that has sent the signal.
    connect(
        m_process.get(), &WriterProcess::ended, this, [this] { onEnded(); }, Qt::QueuedConnection);
    const auto started = m_process->start(m_options.program, folder() + QLatin1Char('/') + kActive);
    if (!started) {
        qCWarning(lcJournal).noquote() << started.error().text();
        m_restart.start(kLastRestartMs);
        return;
    }
    pump();
}

void JournalWriter::stamp(JournalEntry &entry)
{
    // Files are searched by time, so time in them must not run back.
    if (entry.realtimeUs <= 0)
        entry.realtimeUs = nowUs(CLOCK_REALTIME);
    if (entry.monotonicUs <= 0)
        entry.monotonicUs = nowUs(CLOCK_MONOTONIC);
    m_lastRealtimeUs = entry.realtimeUs = std::max(entry.realtimeUs, m_lastRealtimeUs);
    m_lastMonotonicUs = entry.monotonicUs = std::max(entry.monotonicUs, m_lastMonotonicUs);
}

void JournalWriter::append(JournalEntry entry)
{
    stamp(entry);
    auto encoded = journal::encode(entry, m_origin);
    if (!encoded || m_finishing || m_waitingBytes + encoded->size() > m_options.maxBacklogBytes) {
        ++m_lost;
        ++m_lostEver;
        return;
    }
    sayLost();
    enqueue(std::move(*encoded));
    pump();
}

void JournalWriter::enqueue(QByteArray encoded)
{
    m_waitingBytes += encoded.size();
    m_waiting.push_back(std::move(encoded));
}

void JournalWriter::sayLost()
{
    if (m_lost == 0)
        return;
    JournalEntry entry;
    entry.add("MESSAGE", "Lost " + QByteArray::number(m_lost) + " journal entries.")
        .add("PRIORITY", "4")
        .add("SYSLOG_IDENTIFIER", "quarterdeck-unitd")
        .add("N_LOST", QByteArray::number(m_lost))
        .add("_PID", QByteArray::number(getpid()))
        .add("_UID", QByteArray::number(getuid()))
        .add("_TRANSPORT", "driver");
    stamp(entry);
    if (auto encoded = journal::encode(entry, m_origin)) {
        m_lost = 0;
        enqueue(std::move(*encoded));
    }
}

void JournalWriter::pump()
{
    if (!m_process || !m_process->isRunning() || m_rotating)
        return;
    noteConsumed();
    while (!m_waiting.empty()) {
        QByteArray &head = m_waiting.front();
        const QByteArrayView rest = QByteArrayView(head).sliced(m_headTaken);
        const qint64 taken = m_process->offer(rest);
        m_streamed += taken;
        if (taken < rest.size()) {
            m_headTaken += taken;
            return;
        }
        m_waitingBytes -= head.size();
        m_sent.push_back(Sent{std::move(head), m_streamed});
        m_waiting.pop_front();
        m_headTaken = 0;
    }
    if (m_lost > 0) {
        sayLost();
        QMetaObject::invokeMethod(
            this, [this] { pump(); }, Qt::QueuedConnection);
    } else if (m_finishing) {
        m_process->finish();
    }
}

void JournalWriter::noteConsumed()
{
    const qint64 consumed = m_process->consumed();
    while (!m_sent.empty() && m_sent.front().end <= consumed) {
        m_doneEnd = m_sent.front().end;
        m_sent.pop_front();
        m_fruitless = 0;
        m_headFailures = 0;
    }
}

void JournalWriter::onEnded()
{
    noteConsumed();
    // What was read of an entry whose rest was never asked for is held against that entry; a run
    // that ended before it read anything says nothing about it.
    if (m_process->consumed() > m_doneEnd)
        ++m_headFailures;
    ++m_fruitless;
    requeueUnread();
    m_process.reset();
    if (m_finishing && m_waiting.empty()) {
        if (m_whenFinished)
            std::exchange(m_whenFinished, nullptr)();
        return;
    }
    if (m_rotating) {
        m_rotating = false;
        const QString stem = QStringLiteral("system@unitd-%1.journal")
                                 .arg(quint64(nowUs(CLOCK_REALTIME)), 16, 16, QLatin1Char('0'));
        QDir(folder()).rename(kActive, stem);
        checkSize();
        startProgram();
        return;
    }
    qCWarning(lcJournal) << "the journal's writer has ended; starting it again";
    // An entry that ends the program again and again is given up, not retried for ever.
    if (m_headFailures >= kMostHeadFailures && !m_waiting.empty()) {
        m_waitingBytes -= m_waiting.front().size();
        m_waiting.pop_front();
        m_headFailures = 0;
        ++m_lost;
        ++m_lostEver;
    }
    m_restart.start(std::min(kFirstRestartMs << std::min(m_fruitless, 7), kLastRestartMs));
}

void JournalWriter::requeueUnread()
{
    while (!m_sent.empty()) {
        m_waitingBytes += m_sent.back().bytes.size();
        m_waiting.push_front(std::move(m_sent.back().bytes));
        m_sent.pop_back();
    }
    m_headTaken = 0;
}

void JournalWriter::checkSize()
{
    if (m_finishing)
        return;
    const quint64 used = journal::usedBy(folder());
    const quint64 available = quint64(std::max<qint64>(QStorageInfo(folder()).bytesAvailable(), 0));
    quint64 allowed = journal::allowance(m_limits, used, available);
    // The active file grows by a step before the next check.
    allowed -= std::min(allowed, std::min<quint64>(m_limits.maxFile, 8 * 1024 * 1024));
    journal::vacuum(folder(), kActive, allowed);
    const QFileInfo active(folder() + QLatin1Char('/') + kActive);
    if (m_process && m_process->isRunning() && quint64(active.size()) > m_limits.maxFile &&
        m_headTaken == 0 && !m_rotating) {
        m_rotating = true;
        m_process->finish();
    }
}

void JournalWriter::finish(std::function<void()> done)
{
    if (m_finishing)
        return;
    m_sizeCheck.stop();
    sayLost();
    m_finishing = true;
    m_whenFinished = std::move(done);
    if (!m_process && !m_restart.isActive()) {
        std::exchange(m_whenFinished, nullptr)();
        return;
    }
    pump();
}

} // namespace qd
