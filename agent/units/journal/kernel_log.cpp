// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/journal/kernel_log.h"

#include <QFile>
#include <QSocketNotifier>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace qd {

namespace {

constexpr qsizetype kRecordBytes = 8192; ///< the kernel's own limit
constexpr int kFacilityBits = 3;
constexpr int kLevelMask = 7;
constexpr int kHexDigits = 2;

/// The kernel writes bytes that are not printable as \x and two digits.
QByteArray unescaped(const QByteArray &text)
{
    QByteArray out;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QByteArray digits = text.mid(i + 2, kHexDigits);
        bool isHex = text[i] == '\\' && text.mid(i + 1, 1) == "x" && digits.size() == kHexDigits;
        const int byte = isHex ? digits.toInt(&isHex, 16) : 0;
        out += isHex ? char(byte) : text[i];
        i += isHex ? 1 + kHexDigits : 0;
    }
    return out;
}

} // namespace

std::optional<KernelRecord> readKernelRecord(const QByteArray &line)
{
    const qsizetype semicolon = line.indexOf(';');
    const QList<QByteArray> head = line.left(semicolon).split(',');
    if (semicolon < 0 || head.size() < 3)
        return std::nullopt;
    bool hasPriority = false;
    bool hasNumber = false;
    const int priority = head[0].toInt(&hasPriority);
    KernelRecord out;
    out.number = head[1].toULongLong(&hasNumber);
    // What programs have written there is theirs, and they have a log of their own.
    if (!hasPriority || !hasNumber || priority >> kFacilityBits != 0)
        return std::nullopt;
    out.entry.add("MESSAGE", unescaped(line.mid(semicolon + 1)))
        .add("PRIORITY", QByteArray::number(priority & kLevelMask))
        .add("SYSLOG_FACILITY", "0")
        .add("SYSLOG_IDENTIFIER", "kernel")
        .add("_TRANSPORT", "kernel")
        .add("_SOURCE_MONOTONIC_TIMESTAMP", head[2]);
    return out;
}

KernelLog::KernelLog(QString numberFile, Sink sink, QObject *parent)
    : QObject(parent)
    , m_numberFile(std::move(numberFile))
    , m_sink(std::move(sink))
{
    QFile file(m_numberFile);
    if (file.open(QIODevice::ReadOnly))
        m_next = file.readAll().trimmed().toULongLong();
}

KernelLog::~KernelLog()
{
    if (m_file >= 0)
        ::close(m_file);
}

Result<void> KernelLog::open(const QString &path)
{
    m_file = ::open(QFile::encodeName(path).constData(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (m_file < 0)
        return fail(
            code::io, QStringLiteral("cannot read %1: %2")
                          .arg(path, QString::fromLocal8Bit(strerror(errno))));
    m_notifier = new QSocketNotifier(m_file, QSocketNotifier::Read, this);
    connect(m_notifier, &QSocketNotifier::activated, this, &KernelLog::read);
    read();
    return {};
}

void KernelLog::read()
{
    const quint64 before = m_next;
    std::array<char, kRecordBytes> buffer{};
    for (;;) {
        const ssize_t size = ::read(m_file, buffer.data(), buffer.size());
        if (size < 0 && (errno == EPIPE || errno == EINTR))
            continue; // what was next is overwritten already: on with what there is
        if (size <= 0) {
            m_notifier->setEnabled(size < 0 && errno == EAGAIN);
            break;
        }
        // One record a read, from the kernel; a pipe may give several lines at once.
        for (const QByteArray &line : QByteArray(buffer.data(), size).split('\n')) {
            if (!line.isEmpty() && line[0] != ' ')
                take(line);
        }
    }
    QFile file(m_numberFile);
    if (m_next != before && file.open(QIODevice::WriteOnly))
        file.write(QByteArray::number(m_next));
}

void KernelLog::take(const QByteArray &line)
{
    auto read = readKernelRecord(line);
    if (!read || read->number < m_next)
        return;
    m_next = read->number + 1;
    m_sink(std::move(read->entry));
}

} // namespace qd
