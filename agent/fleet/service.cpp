// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/service.h"

namespace qd::fleet {

namespace {

constexpr int kShortTtl = 10;

EngineRunner::Setup engineSetup(const Service::Setup &setup)
{
    // A lost machine may have held the lease as well: it must run out as soon as the presence.
    const int interval = setup.presenceTtl <= kShortTtl ? 1'000 : 2'000;
    return {setup.machineId, interval, 5 * interval / 1000, setup.presenceTtl * 1000};
}

FleetAgent::Setup agentSetup(const Service::Setup &setup)
{
    return {setup.machineId, setup.presenceTtl};
}

} // namespace

Service::Service(
    Setup setup, store::StoreClient &store, std::unique_ptr<UnitBackend> backend,
    const Clock &clock, MachineNames names, QObject *parent)
    : QObject(parent)
    , m_setup(std::move(setup))
    , m_readNames(std::move(names))
    , m_backend(std::move(backend))
    , m_mirror(store, Keys())
    , m_registry(store, m_mirror)
    , m_presence(
          store, Keys(), {m_setup.machineId, m_setup.address, m_setup.metadata, m_setup.version},
          m_setup.presenceTtl, clock)
    , m_agent(agentSetup(m_setup), store, m_mirror, *m_backend, clock)
    , m_engine(engineSetup(m_setup), store, m_mirror, clock, m_readNames)
{
    connect(&m_mirror, &StoreMirror::changed, this, &Service::mirrorChanged);
    connect(&m_presence, &Presence::there, this, [this](quint64 index) {
        // Not before this node knows what the others decided while it was away.
        m_mirror.whenSeen(
            index, &m_agent, [this] { m_agent.unfence(); }, 0);
    });
    connect(m_backend.get(), &UnitBackend::connectionChanged, &m_presence, &Presence::setAble);
    connect(&m_presence, &Presence::lost, &m_agent, &FleetAgent::fence);
}

Service::~Service() = default;

void Service::start()
{
    m_mirror.start();
    m_backend->open();
    m_agent.start();
    m_presence.setAble(m_backend->isConnected());
    m_presence.start();
    m_engine.start();
}

void Service::leave(std::function<void()> done)
{
    m_left = std::move(done);
    const auto finish = [this] {
        if (m_left)
            std::exchange(m_left, {})();
    };
    QTimer::singleShot(kLeaveMs, this, finish);
    m_engine.stop();
    m_agent.handOver([this, finish] {
        const QPointer<Service> self(this);
        m_presence.leave([self, finish] {
            if (self)
                finish();
        });
    });
}

void Service::mirrorChanged()
{
    m_loads.reset();
    QSet<QString> units = m_mirror.takeChanged();
    const auto names = m_readNames ? m_readNames() : QMap<QString, QString>();
    if (names != m_names) {
        m_names = names;
        const QStringList all = unitNames();
        units.unite(QSet<QString>(all.begin(), all.end()));
    }
    if (!units.isEmpty())
        Q_EMIT unitsChanged(units);
}

std::optional<Unit> Service::unit(const QString &name) const
{
    return m_mirror.state().row(name, m_names);
}

std::optional<QString> Service::text(const QString &unit) const
{
    const ClusterState::Job *job = m_mirror.state().job(unit);
    return job != nullptr ? m_mirror.state().text(job->hash) : std::nullopt;
}

Result<QString> Service::placeOf(const QString &unit) const
{
    const ClusterState::Job *job = m_mirror.state().job(unit);
    if (job == nullptr)
        return fail(code::notFound, QStringLiteral("There is no unit %1.").arg(unit));
    QString machine = job->target;
    if (job->need.global && job->desired != Unit::Target::Inactive) {
        const QStringList all = machinesOf(job->need, m_mirror.state().view(m_names).machines);
        machine = all.contains(m_setup.machineId) ? m_setup.machineId : all.value(0);
    }
    if (machine.isEmpty())
        return fail(
            code::notFound, QStringLiteral("%1 is on no machine: it is %2.")
                                .arg(
                                    unit, job->desired == Unit::Target::Inactive
                                              ? QStringLiteral("stored only")
                                              : QStringLiteral("waiting to be placed")));
    if (machine != m_setup.machineId && !m_mirror.state().machines().contains(machine))
        return fail(
            code::nodeUnreachable, QStringLiteral("%1 is on %2, which is lost.")
                                       .arg(unit, m_names.value(machine, machine.left(8))));
    return machine;
}

int Service::unitCount(const QString &machineId) const
{
    if (!m_loads)
        m_loads = m_mirror.state().loads();
    return m_loads->value(machineId);
}

} // namespace qd::fleet
