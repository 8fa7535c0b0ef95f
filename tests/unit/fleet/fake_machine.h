// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/unit_backend.h"

#include <QTimer>

namespace qd::test {

using fleet::BackendState;

/// A machine with a unit engine on it: what it has outlives every agent that drives it.
struct FakeMachine {
    struct OnDisk {
        QByteArray text;
        BackendState state;
    };
    QMap<QString, OnDisk> units;
    QStringList done;          ///< "start hello.service" ...
    bool queuesStarts = false; ///< a start waits for finishStarts()
    bool stopsSlowly = false;  ///< a stop ends with finishStops()
    QStringList refusesToLoad; ///< names
    QStringList startsNothing; ///< names: no run, no word of the job's end, an unmet assertion
    QMap<QString, QString> refusesToStart; ///< names, and why
    QMap<QString, QString> startsEndAs;    ///< names, and the result of a job that starts nothing
    int lastPid = 100;

    bool runs(const QString &unit) const
    {
        return units.value(unit).state.activeState == QLatin1String("active");
    }
    void begin(const QString &unit)
    {
        BackendState &state = units[unit].state;
        if (state.activeState == QLatin1String("active"))
            return;
        state.activeState = QStringLiteral("active");
        state.subState = QStringLiteral("running");
        state.mainPid = ++lastPid;
        state.invocationId = QString::number(lastPid, 16).rightJustified(32, u'0');
        state.sinceUs = 1'700'000'000'000'000;
    }
    void end(const QString &unit, const QString &how = QStringLiteral("inactive"))
    {
        BackendState &state = units[unit].state;
        state.activeState = how;
        state.subState = how == QLatin1String("failed") ? how : QStringLiteral("dead");
        state.mainPid = 0;
    }
    void finishStarts()
    {
        for (auto it = units.begin(); it != units.end(); ++it) {
            if (std::exchange(it->state.queued, false))
                begin(it.key());
        }
    }
    void finishStops()
    {
        for (OnDisk &unit : units) {
            if (unit.state.activeState == QLatin1String("deactivating")) {
                unit.state.activeState = QStringLiteral("inactive");
                unit.state.subState = QStringLiteral("dead");
                unit.state.mainPid = 0;
            }
        }
    }
};

/// A connection to such a machine.
class FakeBackend final : public fleet::UnitBackend {
public:
    explicit FakeBackend(FakeMachine &machine)
        : m_machine(machine)
    {
    }
    void open() override { setConnected(true); }
    void setConnected(bool connected)
    {
        m_connected = connected;
        Q_EMIT connectionChanged(connected);
    }
    bool isConnected() const override { return m_connected; }
    QMap<QString, QByteArray> files() const override
    {
        QMap<QString, QByteArray> out;
        for (auto it = m_machine.units.begin(); it != m_machine.units.end(); ++it)
            out.insert(it.key(), it->text);
        return out;
    }
    void load(const QString &unit, const QByteArray &text, Done done) override
    {
        answer("load", unit, std::move(done), [this, unit, text]() -> Result<void> {
            if (m_machine.refusesToLoad.contains(unit))
                return fail(code::io, QStringLiteral("No space left on device"));
            m_machine.units[unit].text = text;
            BackendState &state = m_machine.units[unit].state;
            state.loadState = QStringLiteral("loaded");
            if (state.activeState.isEmpty())
                m_machine.end(unit);
            return {};
        });
    }
    void unload(const QString &unit, Done done) override
    {
        answer("unload", unit, std::move(done), [this, unit]() -> Result<void> {
            m_machine.units.remove(unit);
            return {};
        });
    }
    void reload(Done done) override
    {
        answer("reload", {}, std::move(done), []() -> Result<void> { return {}; });
    }
    void start(const QString &unit, Done done) override
    {
        answer("start", unit, std::move(done), [this, unit]() -> Result<void> {
            if (!m_machine.units.contains(unit))
                return fail(code::notFound, QStringLiteral("Unit %1 not found.").arg(unit));
            if (m_machine.refusesToStart.contains(unit))
                return fail(code::io, m_machine.refusesToStart.value(unit));
            const QString result = m_machine.startsEndAs.value(unit, QStringLiteral("done"));
            if (!m_machine.startsNothing.contains(unit))
                QTimer::singleShot(
                    0, this, [this, unit, result] { Q_EMIT startEnded(unit, result); });
            if (m_machine.startsEndAs.contains(unit))
                m_machine.units[unit].state.skipped = result == QLatin1String("done");
            else if (m_machine.startsNothing.contains(unit))
                m_machine.units[unit].state.asserted = false;
            else if (m_machine.queuesStarts)
                m_machine.units[unit].state.queued = true;
            else
                m_machine.begin(unit);
            Q_EMIT stirred();
            return {};
        });
    }
    void stop(const QString &unit, Done done) override
    {
        answer("stop", unit, std::move(done), [this, unit]() -> Result<void> {
            if (!m_machine.units.contains(unit))
                return fail(code::notFound, QStringLiteral("Unit %1 not loaded.").arg(unit));
            if (m_machine.stopsSlowly && m_machine.runs(unit))
                m_machine.units[unit].state.activeState = QStringLiteral("deactivating");
            else
                m_machine.end(unit);
            Q_EMIT stirred();
            return {};
        });
    }
    void query(const QStringList &units, States done) override
    {
        QTimer::singleShot(0, this, [this, units, done = std::move(done)] {
            QMap<QString, BackendState> out;
            for (const QString &unit : units) {
                if (m_machine.units.contains(unit))
                    out.insert(unit, m_machine.units[unit].state);
            }
            done(m_connected ? Result<QMap<QString, BackendState>>(out) : gone());
        });
    }
    void properties(const QString &unit, Properties done) override
    {
        QTimer::singleShot(0, this, [this, unit, done = std::move(done)] {
            const BackendState state = m_machine.units.value(unit).state;
            if (m_connected)
                done(QMap<QString, QString>{
                    {QStringLiteral("ActiveState"), state.activeState},
                    {QStringLiteral("MainPID"), QString::number(state.mainPid)}});
            else
                done(gone());
        });
    }
    void stir() { Q_EMIT stirred(); }

private:
    static tl::unexpected<Error> gone()
    {
        return fail(code::unreachable, QStringLiteral("The unit engine cannot be reached."));
    }
    template <class Act>
    void answer(const char *verb, const QString &unit, Done done, Act act)
    {
        QTimer::singleShot(0, this, [this, verb, unit, done = std::move(done), act] {
            if (!m_connected) {
                done(gone());
                return;
            }
            m_machine.done.append(
                unit.isEmpty() ? QString::fromLatin1(verb) : QLatin1String(verb) + u' ' + unit);
            done(act());
        });
    }

    FakeMachine &m_machine;
    bool m_connected = false;
};

} // namespace qd::test
