// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/fixture.h"

#include "shared/base/random.h"

namespace qd::control {
namespace {

constexpr int kMost = 1'000'000;
constexpr qint64 kThen = 1'700'000'000'000; // a fixed moment, so that rows never differ

QString hostileName(int i)
{
    switch (i % 6) {
    case 0:
        return QString(300, QLatin1Char('x')) + QString::number(i);
    case 1:
        return QStringLiteral("<b>bold</b>&amp;%1").arg(i);
    case 2:
        return QStringLiteral("\u05e9\u05dc\u05d5\u05dd-\u202e%1").arg(i);
    case 3:
        return QStringLiteral("\U0001F6A2\u0301\u0301-%1").arg(i);
    case 4:
        return QStringLiteral("a b\tc\\x2d%1").arg(i);
    default:
        return QStringLiteral("\u65e5\u672c\u8a9e-%1").arg(i);
    }
}

} // namespace

Result<FixtureSource> FixtureSource::parse(const QString &text)
{
    bool ok = false;
    const int count = text.mid(6).toInt(&ok);
    if (!text.startsWith(QLatin1String("units:")) || !ok || count < 0 || count > kMost)
        return fail(
            code::badInput,
            QStringLiteral("A fixture reads units:<number>, at most %1; not \"%2\".")
                .arg(kMost)
                .arg(text));
    return FixtureSource(count);
}

Unit FixtureSource::unit(int i) const
{
    static const QStringList active = {
        QStringLiteral("active"), QStringLiteral("inactive"), QStringLiteral("failed"),
        QStringLiteral("activating"), QString()};
    SeededRandom random{quint64(i)};
    Unit out;
    const QString name =
        i % 1000 < 6 ? hostileName(i) : QStringLiteral("unit-%1").arg(i, 6, 10, QLatin1Char('0'));
    out.name = name + QStringLiteral(".service");
    if (i % 7 != 0)
        out.description = QStringLiteral("Generated unit number %1").arg(i);
    out.hash = QStringLiteral("%1").arg(random.next(), 40, 16, QLatin1Char('0'));
    out.desired = Unit::Target(random.below(3));
    out.current = Unit::Target(random.below(3));
    out.activeState = active.at(qsizetype(random.below(quint64(active.size()))));
    out.loadState = out.activeState.isEmpty() ? QString() : QStringLiteral("loaded");
    out.subState = out.activeState == QLatin1String("active") ? QStringLiteral("running")
                                                              : QStringLiteral("dead");
    const quint64 machine = random.below(1'000);
    out.machineName = QStringLiteral("node-%1").arg(machine);
    out.machineId = QStringLiteral("%1").arg(machine, 32, 16, QLatin1Char('0'));
    out.reason = QStringLiteral("It is the machine with the fewest units.");
    out.mainPid = out.activeState == QLatin1String("active") ? int(random.below(4'000'000)) : 0;
    out.since = QDateTime::fromMSecsSinceEpoch(kThen + qint64(random.below(86'400'000)), Qt::UTC);
    return out;
}

void FixtureSource::fill(rpc::Collection<Unit> &units) const
{
    for (int i = 0; i < m_count; ++i)
        units.set(unit(i));
    units.flush();
}

} // namespace qd::control
