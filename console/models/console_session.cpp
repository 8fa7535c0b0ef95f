// SPDX-License-Identifier: GPL-3.0-or-later
#include "console_session.h"

namespace qd::models {
namespace {

QString doneText(const QString &verb, const QString &unit)
{
    if (verb == QLatin1String("destroy"))
        return QStringLiteral("%1 is destroyed").arg(unit);
    return QStringLiteral("%1: %2 asked for").arg(unit, verb);
}

} // namespace

ConsoleSession::ConsoleSession(Connector &connector, const Clock &clock, QObject *parent)
    : QObject(parent)
    , m_connector(connector)
    , m_raftHistory(m_raft, clock)
{
    connect(&m_draft, &UnitDraft::failed, this, &ConsoleSession::failed);
    m_store.setClock(clock);
    connect(&m_store, &StoreTree::done, this, &ConsoleSession::done);
    connect(&m_store, &StoreTree::failed, this, &ConsoleSession::failed);
    connect(&m_storeDraft, &StoreDraft::failed, this, &ConsoleSession::failed);
    connect(&m_storeDraft, &StoreDraft::saved, this, [this](const QString &key) {
        Q_EMIT done(QStringLiteral("%1 is saved").arg(key));
    });
    connect(&m_storeTransfer, &StoreTransfer::done, this, &ConsoleSession::done);
    connect(&m_storeTransfer, &StoreTransfer::failed, this, &ConsoleSession::failed);
    connect(&m_draft, &UnitDraft::submitted, this, [this](const QString &name, bool thenStart) {
        Q_EMIT done(QStringLiteral("%1 is submitted").arg(name));
        m_units.setCurrentKey(name);
        if (thenStart)
            act(QStringLiteral("start"), name);
    });
}

// The client goes while the models still stand: in Qt 6.4 an answer must not outlive the object
// that it is for (QFuture::then with a context asserts that it is there).
ConsoleSession::~ConsoleSession()
{
    detachModels();
    m_client.reset();
}

QVariantList ConsoleSession::profiles() const
{
    QVariantList out;
    const QList<ProfileEntry> all = m_connector.profiles();
    for (const ProfileEntry &profile : all)
        out.append(QVariantMap{
            {QStringLiteral("name"), profile.name},
            {QStringLiteral("clusterName"), profile.clusterName},
            {QStringLiteral("address"), profile.address}});
    return out;
}

void ConsoleSession::setNotice(const QString &notice)
{
    m_notice = notice;
    Q_EMIT noticeChanged();
}

void ConsoleSession::connectTo(const QString &profile)
{
    disconnectFrom();
    auto client = m_connector.open(profile);
    if (!client) {
        m_trouble = client.error().text();
        Q_EMIT linkChanged();
        Q_EMIT failed(QStringLiteral("Cannot open %1").arg(profile), m_trouble);
        return;
    }
    m_client = std::move(*client);
    m_profile = profile;
    m_clusterName = profile;
    m_wasLive = false;
    connect(m_client.get(), &session::Client::stateChanged, this, &ConsoleSession::takeState);
    connect(m_client.get(), &session::Client::trouble, this, [this](const Error &error) {
        m_trouble = error.text();
        Q_EMIT linkChanged();
    });
    attachModels();
    takeState(m_client->state());
}

void ConsoleSession::attachModels()
{
    m_nodes.attach(m_client->subscribe(QStringLiteral("nodes")));
    m_units.attach(m_client->subscribe(QStringLiteral("units")));
    m_raft.attach(m_client->subscribe(QStringLiteral("raft")));
    m_store.setClient(m_client.get());
    m_storeDraft.setClient(m_client.get());
    m_keyHistory.setClient(m_client.get());
    m_keyWatch.setClient(m_client.get());
    m_storeTransfer.setClient(m_client.get());
    m_invitation.setClient(m_client.get());
    m_log.setClient(m_client.get());
    m_draft.setClient(m_client.get());
    m_script.setRunner(m_connector.scriptRunner(m_profile));
}

void ConsoleSession::detachModels()
{
    m_script.setRunner(nullptr);
    m_nodes.attach(nullptr);
    m_units.attach(nullptr);
    m_raft.attach(nullptr);
    m_raftHistory.setRunning(false);
    m_store.setClient(nullptr);
    m_storeDraft.setClient(nullptr);
    m_keyHistory.setClient(nullptr);
    m_keyWatch.setClient(nullptr);
    m_storeTransfer.setClient(nullptr);
    m_invitation.setClient(nullptr);
    m_log.setClient(nullptr);
    m_draft.setClient(nullptr);
}

void ConsoleSession::disconnectFrom()
{
    if (!m_client)
        return;
    detachModels();
    m_raftHistory.clear();
    m_client->disconnect(this);
    m_client.reset();
    m_profile.clear();
    m_clusterName.clear();
    m_nodeName.clear();
    m_role.clear();
    m_trouble.clear();
    m_link = Offline;
    Q_EMIT linkChanged();
}

void ConsoleSession::takeState(session::Client::State state)
{
    using State = session::Client::State;
    if (state == State::Connected) {
        const QCborMap welcome = m_client->welcome();
        const QCborMap cluster = welcome.value(QLatin1String("cluster")).toMap();
        const QCborMap node = welcome.value(QLatin1String("node")).toMap();
        m_clusterName = cluster.value(QLatin1String("name")).toString(m_profile);
        m_nodeName = node.value(QLatin1String("name")).toString();
        m_role = welcome.value(QLatin1String("role")).toString();
        m_trouble.clear();
        m_wasLive = true;
        m_link = Live;
    } else {
        m_link = m_wasLive ? Lost : Connecting;
    }
    m_raftHistory.setRunning(m_link == Live);
    Q_EMIT linkChanged();
}

void ConsoleSession::forget(const QString &profile)
{
    m_connector.forget(profile);
    Q_EMIT profilesChanged();
}

void ConsoleSession::setPairing(Pairing pairing, const QString &trouble)
{
    m_pairing = pairing;
    m_pairingTrouble = trouble;
    Q_EMIT pairingChanged();
}

void ConsoleSession::beginPairing(const QString &token, const QString &address)
{
    m_fingerprint.clear();
    setPairing(Asking);
    const QPointer<ConsoleSession> self(this);
    m_connector.beginPairing(
        token.trimmed(), address.trimmed(), [self](const Result<QString> &fingerprint) {
            if (!self || self->m_pairing != Asking)
                return;
            if (fingerprint)
                self->m_fingerprint = *fingerprint;
            self->setPairing(
                fingerprint ? Confirm : Unpaired,
                fingerprint ? QString() : fingerprint.error().text());
        });
}

void ConsoleSession::confirmPairing(const QString &profileName)
{
    if (m_pairing != Confirm)
        return;
    setPairing(Confirming);
    const QPointer<ConsoleSession> self(this);
    m_connector.confirmPairing(profileName.trimmed(), [self](const Result<QString> &profile) {
        if (!self || self->m_pairing != Confirming)
            return;
        self->setPairing(Unpaired, profile ? QString() : profile.error().text());
        if (!profile)
            return;
        Q_EMIT self->profilesChanged();
        self->connectTo(*profile);
    });
}

void ConsoleSession::cancelPairing()
{
    m_connector.cancelPairing();
    m_fingerprint.clear();
    setPairing(Unpaired);
}

void ConsoleSession::act(const QString &verb, const QString &unit)
{
    if (!m_client || unit.isEmpty())
        return;
    const QCborMap params{{QStringLiteral("name"), unit}};
    m_client->call(QStringLiteral("unit.") + verb, params)
        .then(this, [this, verb, unit](const Result<QCborMap> &answer) {
            if (!answer) {
                Q_EMIT failed(
                    QStringLiteral("Cannot %1 %2").arg(verb, unit), answer.error().text());
                return;
            }
            if (verb == QLatin1String("destroy") && m_units.currentKey() == unit)
                m_units.setCurrentKey({});
            Q_EMIT done(doneText(verb, unit));
        });
}

void ConsoleSession::transferLeadership(const QString &nodeId, const QString &name)
{
    if (!m_client || nodeId.isEmpty())
        return;
    session::ClusterApi(*m_client).raftTransfer(nodeId).then(
        this, [this, name](const Result<QString> &leader) {
            if (leader)
                Q_EMIT done(QStringLiteral("%1 leads").arg(name));
            else
                Q_EMIT failed(QStringLiteral("%1 does not lead").arg(name), leader.error().text());
        });
}

void ConsoleSession::setRestarting(bool restarting)
{
    if (std::exchange(m_restarting, restarting) != restarting)
        Q_EMIT restartingChanged();
}

void ConsoleSession::restartMembers(const QStringList &nodeIds)
{
    restart({false, nodeIds});
}

void ConsoleSession::restartAllMembers()
{
    restart({true, {}});
}

void ConsoleSession::restart(const session::RestartScope &scope)
{
    if (!m_client || m_restarting)
        return;
    setRestarting(true);
    session::surveyMembers(*m_client)
        .then(
            this,
            [this, scope](const Result<QList<RaftStatus>> &members) {
                const auto plan =
                    members ? session::planRestart(*members, scope) : fail(members.error());
                if (plan && m_client)
                    return restartInOrder(*plan);
                setRestarting(false);
                if (!plan)
                    Q_EMIT failed(QStringLiteral("Nothing was restarted"), plan.error().text());
            })
        .onCanceled(this, [this] { setRestarting(false); }); // the console has left the cluster
}

void ConsoleSession::restartInOrder(const QList<session::RestartStep> &plan)
{
    const auto told = [this](const QString &sentence) { Q_EMIT done(sentence); };
    session::runRestart(*m_client, {plan}, told)
        .then(
            this,
            [this](const Result<void> &restarted) {
                setRestarting(false);
                if (!restarted)
                    Q_EMIT failed(
                        QStringLiteral("The restart has stopped"), restarted.error().text());
            })
        .onCanceled(this, [this] { setRestarting(false); }); // the console has left the cluster
}

void ConsoleSession::promote(const QString &nodeId, const QString &name)
{
    if (!m_client || nodeId.isEmpty())
        return;
    session::ClusterApi(*m_client).raftPromote(nodeId).then(
        this, [this, name](const Result<void> &votes) {
            if (votes)
                Q_EMIT done(QStringLiteral("%1 votes").arg(name));
            else
                Q_EMIT failed(QStringLiteral("%1 does not vote").arg(name), votes.error().text());
        });
}

/// The one that leads is there; any other would do.
void ConsoleSession::inviteMember()
{
    const RaftStatus *leader = m_raft.leading();
    QString address;
    m_nodes.forEach([&](const Node &node) {
        const bool leads = leader != nullptr && node.id == leader->nodeId;
        const bool isMember = node.role != Node::Role::Proxy;
        if (leads || (address.isEmpty() && isMember && node.state == Node::State::Ready))
            address = node.address;
    });
    m_invitation.issue(address);
}

void ConsoleSession::removeNode(const QString &nodeId, const QString &name)
{
    if (!m_client || nodeId.isEmpty())
        return;
    session::ClusterApi(*m_client).nodeRemove(nodeId).then(
        this, [this, name](const Result<void> &removed) {
            if (removed)
                Q_EMIT done(QStringLiteral("%1 is removed from the cluster").arg(name));
            else
                Q_EMIT failed(
                    QStringLiteral("%1 is not removed").arg(name), removed.error().text());
        });
}

} // namespace qd::models
