// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/swap_table.h"

#include "agent/units/driver/proc.h"

#include <QFile>
#include <QSocketNotifier>
#include <fcntl.h>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr char kPath[] = "/proc/swaps";

} // namespace

QList<SwapArea> parseSwapTable(const QByteArray &text)
{
    QList<SwapArea> out;
    QByteArrayList lines = text.split('\n');
    if (!lines.isEmpty())
        lines.removeFirst(); // its head
    for (const QByteArray &line : std::as_const(lines)) {
        const QByteArrayList fields = line.simplified().split(' ');
        if (fields.size() >= 5)
            out.append(SwapArea{unescapedTableField(fields[0]), fields.last().toInt()});
    }
    return out;
}

SwapTable::SwapTable(QObject *parent)
    : QObject(parent)
    , m_watched(open(kPath, O_RDONLY | O_CLOEXEC))
{
    if (m_watched < 0)
        return; // a kernel without swaps
    m_notifier = std::make_unique<QSocketNotifier>(m_watched, QSocketNotifier::Exception);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &SwapTable::changed);
}

SwapTable::~SwapTable()
{
    m_notifier.reset();
    if (m_watched >= 0)
        close(m_watched);
}

QList<SwapArea> SwapTable::areas() const
{
    QFile file(QString::fromLatin1(kPath));
    return file.open(QIODevice::ReadOnly) ? parseSwapTable(file.readAll()) : QList<SwapArea>();
}

} // namespace qd::units
