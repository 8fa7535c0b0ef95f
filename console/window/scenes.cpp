// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/scenes.h"

namespace qd::window {
namespace {

enum Place { Nodes, Units, Raft, Store, Script };

/// A scene that only goes to a place, and what is done there.
Scene at(const char *name, const char *kind, Place place, const QStringList &acts = {})
{
    return {
        QString::fromLatin1(name), QString::fromLatin1(kind),
        [place](Stage &stage, demo::DemoConnector &) { stage.go(place); }, acts};
}

Scene connecting(const char *name, const QStringList &acts)
{
    return {
        QString::fromLatin1(name), QStringLiteral("offline"), [](Stage &, demo::DemoConnector &) {},
        acts};
}

QStringList pairingWith(const QString &token)
{
    return {
        QStringLiteral("click button Pair with another cluster"),
        QStringLiteral("await Address of a node"),
        QStringLiteral("click field Address of a node"),
        QStringLiteral("type 127.0.0.11"),
        QStringLiteral("key Return"),
        QStringLiteral("type ") + token,
        QStringLiteral("key Return")};
}

Scene lost(const char *name, Place place)
{
    return {
        QString::fromLatin1(name),
        QStringLiteral("normal"),
        [place](Stage &stage, demo::DemoConnector &connector) {
            stage.go(place);
            models::UnitsModel *units = stage.session().units();
            units->setCurrentKey(units->keyAt(0));
            connector.client()->loseConnection(
                QStringLiteral("node-1 (127.0.0.11:7443) closed the connection"));
        },
        {}};
}

Scene refused(const char *name)
{
    return {
        QString::fromLatin1(name),
        QStringLiteral("normal"),
        [](Stage &stage, demo::DemoConnector &connector) {
            stage.go(Units);
            stage.session().units()->setCurrentKey(QStringLiteral("hello.service"));
            connector.client()->failNext(
                QStringLiteral("unit.stop"),
                Error{
                    code::noLeader,
                    QStringLiteral("The cluster has no leader now: 1 of 3 voters answers."),
                    {},
                    nullptr});
        },
        {QStringLiteral("click button Stop"), QStringLiteral("await no leader")}};
}

const QStringList kWrongUnit{
    QStringLiteral("key N"),
    QStringLiteral("await field: Name of the unit"),
    QStringLiteral("type mail.service"),
    QStringLiteral("key Return"),
    QStringLiteral("key Ctrl+A"),
    QStringLiteral("type [Unit]"),
    QStringLiteral("key Return"),
    QStringLiteral("type Description=Outgoing mail"),
    QStringLiteral("key Return"),
    QStringLiteral("key Return"),
    QStringLiteral("type [Service]"),
    QStringLiteral("key Return"),
    QStringLiteral("type ExecStart=postfix start-fg"),
    QStringLiteral("key Return"),
    QStringLiteral("type Restrat=always"),
    QStringLiteral("key Return"),
    QStringLiteral("type RestartSec 2s"),
    QStringLiteral("await line 7")};

Scene nodes(const char *name, const char *kind, int row)
{
    return {
        QString::fromLatin1(name),
        QString::fromLatin1(kind),
        [row](Stage &stage, demo::DemoConnector &) {
            stage.go(Nodes);
            models::NodesModel *model = stage.session().nodes();
            model->setCurrentKey(model->keyAt(row));
        },
        {}};
}

Scene units(const char *name, const char *kind, int row)
{
    return {
        QString::fromLatin1(name),
        QString::fromLatin1(kind),
        [row](Stage &stage, demo::DemoConnector &) {
            stage.go(Units);
            models::UnitsModel *model = stage.session().units();
            model->setCurrentKey(model->keyAt(row));
        },
        {}};
}

/// Two minutes of a cluster's life, with an election in them.
void live(Stage &stage, demo::DemoConnector &connector, int seconds)
{
    for (int second = 0; second < seconds; ++second) {
        connector.clock().advance(1000);
        connector.client()->tick(second);
        stage.session().raft()->flush();
        if (second == 0) // what was there before is not of this story
            stage.session().raftHistory()->clear();
        stage.session().raftHistory()->sample();
    }
}

Scene raft(const char *name, const char *kind, int seconds)
{
    return {
        QString::fromLatin1(name),
        QString::fromLatin1(kind),
        [seconds](Stage &stage, demo::DemoConnector &connector) {
            stage.go(Raft);
            live(stage, connector, seconds);
        },
        {}};
}

Scene store(const char *name, const char *kind, const char *key)
{
    return {
        QString::fromLatin1(name),
        QString::fromLatin1(kind),
        [key](Stage &stage, demo::DemoConnector &) {
            stage.go(Store);
            stage.session().store()->goTo(QString::fromLatin1(key));
        },
        {}};
}

/// A key whose value another has changed while it was edited.
Scene conflict(const char *name, const char *kind, const QString &key, const QByteArray &theirs)
{
    return {
        QString::fromLatin1(name),
        QString::fromLatin1(kind),
        [key, theirs](Stage &stage, demo::DemoConnector &connector) {
            stage.go(Store);
            stage.session().store()->goTo(key);
            models::StoreDraft *draft = stage.session().storeDraft();
            // Once: what comes after the editor is open is another's change.
            QObject::connect(
                draft, &models::StoreDraft::opened, draft,
                [draft, client = connector.client(), key, theirs] {
                    if (!draft->isOpen() || client->data().store.value(key).value == theirs)
                        return;
                    client->setKey(key, theirs);
                    draft->setText(QStringLiteral("{\"requestsPerSecond\": 400, \"burst\": 60}"));
                    draft->save();
                });
            draft->edit(key);
        },
        {QStringLiteral("await conflict")}};
}

/// A key that has been written some times, and what is done then.
Scene written(const char *name, const char *kind, const QString &key, const QStringList &acts)
{
    return {
        QString::fromLatin1(name), QString::fromLatin1(kind),
        [key](Stage &stage, demo::DemoConnector &connector) {
            stage.go(Store);
            for (const char *value : {"quiet", "Maintenance tonight, 23:00 to 23:30 UTC.", "info"})
                connector.client()->setKey(key, value);
            connector.client()->removeKey(key);
            connector.client()->setKey(key, "Maintenance on Sunday, 02:00 to 04:00 UTC.", 95);
            stage.session().store()->goTo(key);
        },
        acts};
}

Scene watching(const char *name, const char *kind, const char *key)
{
    return {
        QString::fromLatin1(name),
        QString::fromLatin1(kind),
        [key](Stage &stage, demo::DemoConnector &connector) {
            stage.go(Store);
            const QString folder = QString::fromLatin1(key);
            stage.session().store()->goTo(folder);
            stage.session().keyWatch()->watch(folder, true);
            for (int i = 0; i < 12; ++i)
                connector.client()->setKey(
                    folder + QStringLiteral("/worker-%1").arg(i % 5),
                    QStringLiteral("127.0.0.1%1:80%2")
                        .arg(i % 3)
                        .arg(i, 2, 10, QLatin1Char('0'))
                        .toUtf8());
            connector.client()->removeKey(folder + QStringLiteral("/worker-3"));
            connector.client()->setKey(
                folder + QLatin1Char('/') + QString(300, QLatin1Char('w')), "long");
        },
        {QStringLiteral("click button Watch")}};
}

Scene member(const char *name, const char *kind, int row, const QStringList &acts)
{
    return {
        QString::fromLatin1(name), QString::fromLatin1(kind),
        [row](Stage &stage, demo::DemoConnector &) {
            stage.go(Raft);
            models::RaftModel *model = stage.session().raft();
            model->flush();
            model->setCurrentKey(model->keyAt(row));
        },
        acts};
}

Scene script(const char *name, const char *text)
{
    return {
        QString::fromLatin1(name),
        QStringLiteral("normal"),
        [text](Stage &stage, demo::DemoConnector &) {
            stage.go(Script);
            stage.session().script()->setText(QString::fromLatin1(text));
            stage.session().script()->run();
        },
        {}};
}

QList<Scene> firstScenes()
{
    return {
        {QStringLiteral("hosting"),
         QStringLiteral("offline"),
         [](Stage &stage, demo::DemoConnector &) {
             stage.session().setNotice(QStringLiteral("Starting 3 nodes on this machine …"));
         },
         {}},
        connecting("connect", {}),
        connecting(
            "pair", {QStringLiteral("click button Pair with another cluster"),
                     QStringLiteral("await Address of a node")}),
        connecting("pair-fingerprint", pairingWith(QStringLiteral("qd1.0123.abcd"))),
        connecting("pair-error", pairingWith(QStringLiteral("not-a-token"))),
        at("nodes", "normal", Nodes),
        nodes("nodes-details", "normal", 1),
        nodes("nodes-hostile", "hostile", 0),
        at("nodes-empty", "empty", Nodes),
        at("nodes-loading", "loading", Nodes),
        at("nodes-error", "failing", Nodes),
        at("units", "normal", Units),
        units("units-details", "normal", 4),
        units("units-hostile", "hostile", 3),
        units("units-many", "100000", 4242),
        at("units-empty", "empty", Units),
        at("units-loading", "loading", Units),
        at("units-error", "failing", Units),
        at("units-filter", "normal", Units,
           {QStringLiteral("key /"), QStringLiteral("type active node-2")}),
        at("units-no-match", "normal", Units,
           {QStringLiteral("key /"), QStringLiteral("type nothing like it")}),
        at("unit-editor", "normal", Units,
           {QStringLiteral("key Down"), QStringLiteral("key E"), QStringLiteral("await Replace")}),
        at("unit-editor-errors", "normal", Units, kWrongUnit),
        at("unit-destroy", "normal", Units,
           {QStringLiteral("key Down"), QStringLiteral("key Delete"),
            QStringLiteral("type api@1.serv")}),
        units("unit-long-name", "hostile", 18),
        refused("unit-refused"),
        lost("lost", Units),
        lost("lost-nodes", Nodes),
        at("commands", "normal", Units, {QStringLiteral("key Down"), QStringLiteral("key Ctrl+K")}),
        at("keys", "normal", Units, {QStringLiteral("key ?")})};
}

Scene alarmed(const char *name)
{
    return {
        QString::fromLatin1(name),
        QStringLiteral("normal"),
        [](Stage &stage, demo::DemoConnector &connector) {
            stage.go(Raft);
            connector.client()->data().raiseAlarms();
            connector.client()->publishRaft();
        },
        {QStringLiteral("await nearly full")}};
}

Scene learner(const char *name)
{
    return {
        QString::fromLatin1(name),
        QStringLiteral("normal"),
        [](Stage &stage, demo::DemoConnector &connector) {
            stage.go(Raft);
            RaftStatus &last = connector.client()->data().raft.back();
            last.role = Node::Role::Learner;
            connector.client()->publishRaft();
            stage.session().raft()->flush();
            stage.session().raft()->setCurrentKey(last.nodeId);
        },
        {QStringLiteral("key V"), QStringLiteral("await Let this member vote")}};
}

QList<Scene> raftScenes()
{
    return {
        raft("raft", "normal", 110),
        raft("raft-election", "normal", 44),
        alarmed("raft-alarms"),
        member(
            "raft-transfer", "normal", 0,
            {QStringLiteral("key T"), QStringLiteral("await Let this")}),
        member(
            "raft-restart", "normal", 0,
            {QStringLiteral("key R"), QStringLiteral("await Restart this")}),
        at("raft-add", "normal", Raft,
           {QStringLiteral("key A"), QStringLiteral("await Add a member"),
            QStringLiteral("click button Issue a token"), QStringLiteral("await Until")}),
        learner("raft-promote"),
        member(
            "raft-remove", "normal", 2,
            {QStringLiteral("key Delete"), QStringLiteral("await majority then")}),
        at("raft-members", "normal", Raft, {QStringLiteral("key M")}),
        at("raft-members-hostile", "hostile", Raft, {QStringLiteral("key M")}),
        at("raft-hostile", "hostile", Raft),
        at("raft-empty", "empty", Raft),
        at("raft-loading", "loading", Raft),
        at("raft-error", "failing", Raft),
        lost("lost-raft", Raft)};
}

QList<Scene> storeScenes()
{
    return {
        at("store", "normal", Store),
        store("store-json", "normal", "/config/api/limits"),
        store("store-bytes", "normal", "/secrets/blob"),
        store("store-hostile", "hostile", "/<b>markup</b>"),
        store("store-many", "keys:100000", "/load/key-050000"),
        at("store-edit", "normal", Store,
           {QStringLiteral("key /"), QStringLiteral("type /motd"), QStringLiteral("key Return"),
            QStringLiteral("key E"), QStringLiteral("await Edit key")}),
        at("store-new", "normal", Store,
           {QStringLiteral("key Down"), QStringLiteral("key N"), QStringLiteral("await New key"),
            QStringLiteral("type colour")}),
        conflict(
            "store-conflict", "normal", QStringLiteral("/config/api/limits"),
            R"({"requestsPerSecond":300,"burst":40,"tenants":["alpha"],"strict":false})"),
        conflict(
            "store-conflict-hostile", "hostile", QStringLiteral("/<b>markup</b>"),
            QByteArray(20'000, 't')),
        written(
            "store-history", "normal", QStringLiteral("/motd"),
            {QStringLiteral("key H"), QStringLiteral("await The store knows")}),
        written(
            "store-history-empty", "normal", QStringLiteral("/motd"),
            {QStringLiteral("key Home"), QStringLiteral("key H"), QStringLiteral("await of late")}),
        watching("store-watch", "normal", "/services"),
        at("store-watch-idle", "normal", Store,
           {QStringLiteral("key Down"), QStringLiteral("click button Watch")}),
        written(
            "store-delete", "normal", QStringLiteral("/motd"),
            {QStringLiteral("key Delete"), QStringLiteral("await Delete this key")}),
        at("store-import", "normal", Store,
           {QStringLiteral("key I"), QStringLiteral("await Import keys"),
            QStringLiteral("type /no/such/") + QString(200, QLatin1Char('f')),
            QStringLiteral("key Return"), QStringLiteral("await Cannot read")}),
        at("store-empty", "empty", Store),
        at("store-loading", "loading", Store),
        at("store-error", "failing", Store),
        lost("lost-store", Store)};
}

QList<Scene> scriptScenes()
{
    return {
        at("script", "normal", Script), script("script-done", "print('hello');\n"),
        script("script-running", "while (true) {\n}\n"),
        script(
            "script-error", "const nodes = cluster.nodes();\ntable(nodes);\n// and now:\n"
                            "throw new Error('the API is gone');\n"),
        lost("lost-script", Script)};
}

} // namespace

QList<Scene> allScenes()
{
    return firstScenes() + raftScenes() + storeScenes() + scriptScenes();
}

} // namespace qd::window
