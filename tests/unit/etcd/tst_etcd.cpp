// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/service.h"
#include "shared/base/log.h"
#include "tests/support/proof.h"
#include "tests/support/single_store.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTcpSocket>
#include <QTemporaryDir>

using namespace qd;
using qd::test::SingleStore;

namespace {

/// One HTTP exchange at a time, read far enough to know its parts.
class Curl {
public:
    explicit Curl(quint16 port)
    {
        QObject::connect(
            &m_socket, &QTcpSocket::readyRead, &m_socket, [this] { got += m_socket.readAll(); });
        m_socket.connectToHost(QHostAddress::LocalHost, port);
    }

    void ask(const QByteArray &method, const QByteArray &path, const QByteArray &form = {})
    {
        got.clear();
        QByteArray request = method + ' ' + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields;
        if (!form.isEmpty())
            request += "Content-Type: " + type +
                       "\r\nContent-Length: " + QByteArray::number(form.size()) + "\r\n";
        m_socket.write(request + "\r\n" + form);
    }
    void leave() { m_socket.abort(); }
    /// Whether the whole answer is there (watches: never).
    bool isDone() const
    {
        const qsizetype end = got.indexOf("\r\n\r\n");
        return end >= 0 && got.size() - end - 4 == field("Content-Length").toInt();
    }
    bool hasHead() const { return got.contains("\r\n\r\n"); }
    int status() const { return got.mid(9, 3).toInt(); }
    QByteArray field(const QByteArray &name) const
    {
        const qsizetype at = got.indexOf("\r\n" + name + ": ");
        const qsizetype from = at + name.size() + 4;
        return at < 0 ? QByteArray() : got.mid(from, got.indexOf("\r\n", from) - from);
    }
    QByteArray body() const { return got.mid(got.indexOf("\r\n\r\n") + 4); }
    /// The JSON documents of an answer in chunks, one a line.
    QByteArrayList events() const
    {
        QByteArrayList out;
        for (const QByteArray &line : body().split('\n')) {
            if (line.startsWith('{'))
                out.append(line);
        }
        return out;
    }
    bool hasEnded() const { return got.endsWith("0\r\n\r\n"); }

    QByteArray got;
    QByteArray fields; ///< further ones of each request
    QByteArray type = "application/x-www-form-urlencoded";

private:
    QTcpSocket m_socket;
};

} // namespace

/// etcd's API over the real store of a cluster of one, through real sockets. That its answers are
/// Debian's etcd's to the byte is proven elsewhere (tests/conformance/etcdctl.py); here is what a
/// second server cannot show.
class TestEtcd : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<SingleStore> m_store;
    std::unique_ptr<etcd::Service> m_service;

    std::unique_ptr<Curl> curl() const { return std::make_unique<Curl>(m_service->port()); }

    /// Status and body of one call.
    std::pair<int, QByteArray>
    call(const QByteArray &method, const QByteArray &path, const QByteArray &form = {})
    {
        const auto link = curl();
        link->ask(method, path, form);
        if (!QTest::qWaitFor([&] { return link->isDone(); }))
            return {0, link->got};
        return {link->status(), link->body()};
    }

    std::pair<int, QByteArray>
    json(const QByteArray &method, const QByteArray &path, const QByteArray &body)
    {
        const auto link = curl();
        link->type = "application/json";
        link->ask(method, path, body);
        if (!QTest::qWaitFor([&] { return link->hasHead(); }))
            return {0, link->got};
        return {link->status(), link->body()};
    }

private Q_SLOTS:
    void init()
    {
        m_store = std::make_unique<SingleStore>(
            m_folder.filePath(QString::fromLatin1(QTest::currentTestFunction())));
        m_service = std::make_unique<etcd::Service>(
            etcd::Service::Setup{QHostAddress(QHostAddress::LocalHost), 0},
            etcd::Service::Stores{m_store->store(), m_store->store()}, *m_store, *m_store);
        QVERIFY(m_service->start().has_value());
    }
    void cleanup()
    {
        m_service.reset();
        m_store.reset();
    }

    void healthTellsOfALeader()
    {
        QD_PROVES("E150");
        QTRY_COMPARE(call("GET", "/health"), std::pair(200, QByteArray("{\"health\":\"true\"}")));
        m_store->forgetLeader(true);
        QCOMPARE(call("GET", "/health"), std::pair(503, QByteArray("{\"health\":\"false\"}\n")));
        QCOMPARE(
            call("GET", "/v2/members/leader"),
            std::pair(503, QByteArray("{\"message\":\"During election\"}")));
    }

    void membersAndStatsComeFromTheCluster()
    {
        QD_PROVES("E131", "E138");
        const auto [status, body] = call("GET", "/v2/members");
        QCOMPARE(status, 200);
        QCOMPARE(
            body, QByteArray("{\"members\":[{\"id\":\"1f\",\"name\":\"one\","
                             "\"peerURLs\":[\"https://127.0.0.1:2380\"],"
                             "\"clientURLs\":[\"http://127.0.0.1:2379\"]}]}"
                             "\n"));
        QCOMPARE(call("GET", "/v2/machines").second, QByteArray("http://127.0.0.1:2379"));
        QTRY_VERIFY(m_store->leader() != 0);
        const QJsonObject self =
            QJsonDocument::fromJson(call("GET", "/v2/stats/self").second).object();
        QCOMPARE(self.value(QStringLiteral("name")).toString(), QStringLiteral("one"));
        QCOMPARE(self.value(QStringLiteral("state")).toString(), QStringLiteral("StateLeader"));
        QCOMPARE(
            self.value(QStringLiteral("leaderInfo"))
                .toObject()[QStringLiteral("leader")]
                .toString(),
            QStringLiteral("1f"));
        QCOMPARE(
            self.value(QStringLiteral("startTime")).toString(),
            QStringLiteral("1970-01-01T00:00:01Z"));
        QCOMPARE(call("GET", "/v2/members/nobody").first, 404);
    }

    void aMemberIsTakenOutOnceAndForGood()
    {
        QD_PROVES("E133");
        QCOMPARE(call("DELETE", "/v2/members").first, 405);
        QCOMPARE(
            call("DELETE", "/v2/members/2a"),
            std::pair(404, QByteArray(R"({"message":"No such member: 2a"})")));
        QCOMPARE(
            call("DELETE", "/v2/members/nonsense"),
            std::pair(404, QByteArray(R"({"message":"No such member: nonsense"})")));
        QCOMPARE(
            call("DELETE", "/v2/members/dead"),
            std::pair(410, QByteArray(R"({"message":"Member permanently removed: dead"})")));
        const auto [status, body] = call("DELETE", "/v2/members/1f"); // the only one
        QCOMPARE(status, 500);
        QVERIFY(body.contains("no one would be left"));
        m_store->removable = true;
        const auto link = curl();
        link->ask("DELETE", "/v2/members/1f");
        QTRY_COMPARE(link->status(), 204);
    }

    void aMemberIsAddedAndMovedByItsPeerUrls()
    {
        QD_PROVES("E132", "E134");
        const QByteArray one = "{\"peerURLs\":[\"http://a:1\"]}";
        const QByteArray taken = "{\"peerURLs\":[\"http://a:2380\"]}";
        const auto [status, body] = json(
            "POST", "/v2/members",
            "{\"peerURLs\":[\"http://b:2\",\"http://a:1\"],\"name\":\"x\",\"clientURLs\":[\"y\"]}");
        QCOMPARE(status, 201);
        QCOMPARE(
            body, QByteArray("{\"id\":\"2f\",\"name\":\"\",\"peerURLs\":[\"http://a:1\","
                             "\"http://b:2\"],\"clientURLs\":[]}\n"));
        QCOMPARE(json("PUT", "/v2/members/1f", one).first, 204);
        const std::pair exists(409, QByteArray("{\"message\":\"membership: peerURL exists\"}"));
        QCOMPARE(json("POST", "/v2/members", taken), exists);
        QCOMPARE(json("PUT", "/v2/members/1f", taken), exists);
        QCOMPARE(json("PUT", "/v2/members/2a", one).first, 404);
        QCOMPARE(json("PUT", "/v2/members/dead", one).first, 410);
        QCOMPARE(json("PUT", "/v2/members", one).first, 405);
        QCOMPARE(call("POST", "/v2/members", "peerURLs=x").first, 415);
    }

    void peerUrlsAreAddressesAndNothingElse()
    {
        const auto urls = [](const char *url) {
            return "{\"peerURLs\":[\"" + QByteArray(url) + "\"]}";
        };
        for (const char *good : {"http://a:1", " https://a:1 ", "HTTP://a:1", "http://[::1]:65535"})
            QVERIFY2(etcd::readPeerUrls(urls(good)).has_value(), good);
        for (const char *bad :
             {"", "a", "a:1", "ftp://a:1", "http://a", "http://:1", "http://a:0", "http://a:65536",
              "http://a:b", "http://a:1/", "http://a:1/x", "http://a:1?x", "http://a:1#x",
              "http://u@a:1"})
            QCOMPARE(etcd::readPeerUrls(urls(bad)).error().code, code::badInput);
        for (const char *body :
             {"", "{", "[]", "{}", "{\"peerURLs\":[]}", "{\"peerURLs\":\"x\"}",
              "{\"peerURLs\":[1]}", "{\"peerURLs\":null}"})
            QCOMPARE(etcd::readPeerUrls(body).error().code, code::badInput);
    }

    void theStoreCountsWhatWasDone()
    {
        QD_PROVES("E140");
        const auto counts = [this] {
            return QJsonDocument::fromJson(call("GET", "/v2/stats/store").second).object();
        };
        QCOMPARE(
            call("GET", "/v2/stats/store").second,
            QByteArray(
                R"({"getsSuccess":0,"getsFail":0,"setsSuccess":0,"setsFail":0,"deleteSuccess":0,)"
                R"("deleteFail":0,"updateSuccess":0,"updateFail":0,"createSuccess":0,)"
                R"("createFail":0,"compareAndSwapSuccess":0,"compareAndSwapFail":0,)"
                R"("compareAndDeleteSuccess":0,"compareAndDeleteFail":0,"expireCount":0,)"
                R"("watchers":0})"));
        for (const char *key : {"a", "b", "c"})
            QCOMPARE(call("PUT", QByteArray("/v2/keys/") + key, "value=x").first, 201);
        QCOMPARE(call("GET", "/v2/keys/none").first, 404);
        QCOMPARE(call("PUT", "/v2/keys/a", "value=y&prevValue=no").first, 412);
        QCOMPARE(call("PUT", "/v2/keys/d", "value=y&ttl=1&prevExist=false").first, 201);
        const auto first = curl();
        first->ask("GET", "/v2/keys/w?wait=true");
        const auto second = curl();
        second->ask("GET", "/v2/keys/w?wait=true&stream=true");
        QTRY_COMPARE(counts().value(QStringLiteral("watchers")).toInt(), 2);
        QTRY_COMPARE(counts().value(QStringLiteral("expireCount")).toInt(), 1);
        const QJsonObject now = counts();
        const auto of = [&now](const char *name) { return now.value(QLatin1String(name)).toInt(); };
        QCOMPARE(of("setsSuccess"), 3);
        QCOMPARE(of("setsFail"), 0);
        QCOMPARE(of("getsSuccess"), 0);
        QCOMPARE(of("getsFail"), 1); // a failed write is none: etcd counts it here, too
        QCOMPARE(of("createSuccess"), 1);
        QCOMPARE(of("compareAndSwapFail"), 1);
        QCOMPARE(of("compareAndSwapSuccess"), 0);
        first->leave();
        QTRY_COMPARE(counts().value(QStringLiteral("watchers")).toInt(), 1);
    }

    void ofTwoChangesOfAUserAtOnceNoneIsLost()
    {
        const QByteArray user = "/v2/auth/users/u";
        QCOMPARE(call("PUT", "/v2/auth/roles/r", R"({"role":"r"})").first, 201);
        QCOMPARE(call("PUT", user, R"({"user":"u","password":"x"})").first, 201);
        const auto slow = curl(); // a password takes its time to hash
        slow->ask("PUT", user, R"({"user":"u","password":"y"})");
        QCOMPARE(call("PUT", user, R"({"user":"u","grant":["r"]})").first, 200);
        QTRY_VERIFY(slow->isDone());
        QCOMPARE(slow->status(), 409);
        QVERIFY(call("GET", user).second.contains(R"("role":"r")"));
    }

    void onlyALeaderTellsOfFollowers()
    {
        QD_PROVES("E136");
        QTRY_COMPARE(
            call("GET", "/v2/stats/leader"),
            std::pair(200, QByteArray(R"({"leader":"1f","followers":{}})")));
        m_store->forgetLeader(true);
        QCOMPARE(
            call("GET", "/v2/stats/leader"),
            std::pair(403, QByteArray(R"({"message":"not current leader"})")));
        QCOMPARE(call("POST", "/v2/stats/leader").first, 405);
    }

    void metricsAreCountedFromWhatHappened()
    {
        QCOMPARE(call("PUT", "/v2/keys/a", "value=1").first, 201);
        QCOMPARE(call("PUT", "/v2/keys/a", "value=2").first, 200);
        const auto link = curl();
        link->ask("GET", "/metrics");
        QTRY_VERIFY(link->isDone());
        QCOMPARE(
            link->field("Content-Type"), QByteArray("text/plain; version=0.0.4; charset=utf-8"));
        const QByteArrayList lines = link->body().split('\n');
        QVERIFY(lines.contains("# TYPE etcd_debugging_store_writes_total counter"));
        QVERIFY(lines.contains("etcd_debugging_store_writes_total{action=\"set\"} 2"));
        QVERIFY(lines.contains("etcd_server_has_leader 1"));
        QVERIFY(lines.contains("etcd_server_id{server_id=\"1f\"} 1"));
        QVERIFY(link->body().contains("\nprocess_resident_memory_bytes "));
        // Two writes, one after the other, are two syncs at least.
        const qsizetype at = link->body().indexOf("fsync_duration_seconds_count ");
        QVERIFY(at > 0);
        QVERIFY(link->body().mid(at + 29).split('\n').constFirst().toInt() >= 2);
        // Each line is a comment, or a name and a number.
        for (const QByteArray &line : lines) {
            bool isNumber = false;
            line.mid(line.lastIndexOf(' ') + 1).toDouble(&isNumber);
            QVERIFY2(line.isEmpty() || line.startsWith("# ") || isNumber, line.constData());
        }
    }

    void debugVarsAreOneJsonObject()
    {
        const QJsonObject vars =
            QJsonDocument::fromJson(call("GET", "/debug/vars").second).object();
        QVERIFY(vars.value(QStringLiteral("cmdline")).isArray());
        QVERIFY(vars.value(QStringLiteral("file_descriptor_limit")).toInt() > 0);
        QCOMPARE(
            vars.value(QStringLiteral("raft.status")).toObject()[QStringLiteral("id")].toString(),
            QStringLiteral("1f"));
    }

    void theLogsLevelIsSetByAClient()
    {
        QCOMPARE(
            call("PUT", "/config/local/log", "nonsense"),
            std::pair(400, QByteArray(R"({"message":"Invalid json body"})")));
        QCOMPARE(
            call("PUT", "/config/local/log", R"({"Level":"NOPE"})"),
            std::pair(400, QByteArray(R"({"message":"Invalid log level NOPE"})")));
        QCOMPARE(call("PUT", "/config/local/log", R"({"Level":"DEBUG"})").first, 204);
        QVERIFY(lcEtcd().isDebugEnabled());
        QCOMPARE(call("PUT", "/config/local/log", R"({"Level":"WARNING"})").first, 204);
        QVERIFY(!lcEtcd().isInfoEnabled());
        QCOMPARE(call("PUT", "/config/local/log", R"({"Level":"INFO"})").first, 204);
        QVERIFY(lcEtcd().isInfoEnabled() && !lcEtcd().isDebugEnabled());
    }

    void headersTellWhereTheStoreStands()
    {
        QD_PROVES("E147");
        const auto link = curl();
        link->ask("PUT", "/v2/keys/a", "value=1");
        QTRY_VERIFY(link->isDone());
        QCOMPARE(link->status(), 201);
        QCOMPARE(link->field("X-Etcd-Cluster-Id"), QByteArray("abcdef"));
        QCOMPARE(link->field("X-Etcd-Index"), QByteArray("1"));
        QVERIFY(link->field("X-Raft-Index").toInt() > 0);
        QVERIFY(link->field("X-Raft-Term").toInt() > 0);
        link->ask("GET", "/v2/keys/none");
        QTRY_VERIFY(link->isDone());
        QCOMPARE(link->field("X-Etcd-Index"), QByteArray("1"));
        QVERIFY(link->field("X-Raft-Index").isEmpty()); // errors carry none
    }

    void anAnswerWithoutALeaderSaysHowOldItMayBe()
    {
        const auto link = curl();
        const auto staleness = [&](qint64 leaderlessMs) {
            m_store->setLeaderlessMs(leaderlessMs);
            link->ask("GET", "/v2/keys/");
            return QTest::qWaitFor([&] { return link->isDone(); })
                       ? link->field("X-Quarterdeck-Stale")
                       : QByteArray("no answer");
        };
        QCOMPARE(staleness(12'999), QByteArray("12"));
        QCOMPARE(staleness(999), QByteArray()); // an election takes that long
        QCOMPARE(staleness(0), QByteArray());
    }

    void aWatchIsAnnouncedAtOnceAndAnsweredByTheChange()
    {
        QD_PROVES("E125");
        const auto link = curl();
        link->ask("GET", "/v2/keys/w?wait=true");
        QTRY_VERIFY(link->hasHead());
        QCOMPARE(link->status(), 200);
        QCOMPARE(link->field("X-Etcd-Index"), QByteArray("0")); // as when it was set up
        QVERIFY(link->body().isEmpty());
        QCOMPARE(call("PUT", "/v2/keys/other", "value=x").first, 201);
        QCOMPARE(call("PUT", "/v2/keys/w", "value=x").first, 201);
        QTRY_VERIFY(link->hasEnded());
        QCOMPARE(link->events().size(), 1);
        QVERIFY(link->events()[0].contains("\"key\":\"/w\",\"value\":\"x\""));
        link->ask("GET", "/v2/keys/w"); // the connection goes on
        QTRY_VERIFY(link->isDone());
    }

    void aStreamGoesOn()
    {
        QD_PROVES("E149");
        const auto link = curl();
        link->ask("GET", "/v2/keys/s?wait=true&stream=true&recursive=true");
        QTRY_VERIFY(link->hasHead());
        for (int i = 1; i <= 5; ++i) {
            QCOMPARE(call("PUT", "/v2/keys/s/" + QByteArray::number(i), "value=x").first, 201);
            QTRY_COMPARE(link->events().size(), i);
        }
        QVERIFY(!link->hasEnded());
    }

    void whatHasLeftTheWindowIsAnError()
    {
        QD_PROVES("E148");
        for (int i = 1; i <= 1'001; ++i) {
            store::WriteRequest request;
            request.key = QStringLiteral("/k");
            m_store->store().write(request, [](const Result<store::Event> &) {});
        }
        QTRY_COMPARE(m_store->storeIndex(), 1'001ULL);
        const auto [status, body] = call("GET", "/v2/keys/k?wait=true&waitIndex=1");
        QCOMPARE(status, 400);
        QCOMPARE(
            body, QByteArray("{\"errorCode\":401,\"message\":"
                             "\"The event in requested index is outdated and cleared\","
                             "\"cause\":\"the requested history has been cleared [2/1]\","
                             "\"index\":1001}"
                             "\n"));
        const auto link = curl();
        link->ask("GET", "/v2/keys/k?wait=true&waitIndex=2");
        QTRY_VERIFY(link->hasEnded());
        QVERIFY(link->events()[0].contains("\"modifiedIndex\":2"));
    }

    void aWatchEndsWithItsClient()
    {
        std::vector<std::unique_ptr<Curl>> links;
        for (int i = 0; i < 50; ++i) {
            links.push_back(curl());
            links.back()->ask("GET", "/v2/keys/gone?wait=true&stream=true");
        }
        QTRY_COMPARE(m_store->keyspace().watcherCount(), 50);
        for (size_t i = 0; i < 49; ++i)
            links[i]->leave();
        QTRY_COMPARE(m_store->keyspace().watcherCount(), 1);
        QTRY_COMPARE(m_service->connections(), 1);
        QCOMPARE(call("PUT", "/v2/keys/gone", "value=x").first, 201);
        QTRY_COMPARE(links[49]->events().size(), 1);
    }

    void hundredsOfWatchersHearOfOneWrite()
    {
        std::vector<std::unique_ptr<Curl>> links;
        for (int i = 0; i < 400; ++i) {
            links.push_back(curl());
            links.back()->ask("GET", "/v2/keys/fan?wait=true");
        }
        QTRY_COMPARE(m_store->keyspace().watcherCount(), 400);
        QCOMPARE(call("PUT", "/v2/keys/fan", "value=x").first, 201);
        for (const auto &link : links)
            QTRY_VERIFY(link->hasEnded());
        QCOMPARE(m_store->keyspace().watcherCount(), 0);
    }

    void theServiceMayGoWhileAnswersAreOpen()
    {
        const auto watch = curl();
        watch->ask("GET", "/v2/keys/w?wait=true");
        const auto write = curl();
        QTRY_COMPARE(m_store->keyspace().watcherCount(), 1);
        write->ask("PUT", "/v2/keys/w", "value=x");
        QTRY_COMPARE(m_service->connections(), 2);
        m_service.reset();
        QCOMPARE(m_store->keyspace().watcherCount(), 0);
        // The store's answer finds nobody; what it answers after that comes later.
        bool answered = false;
        store::WriteRequest request;
        request.key = QStringLiteral("/w");
        m_store->store().write(
            request, [&answered](const Result<store::Event> &) { answered = true; });
        QTRY_VERIFY(answered);
        QVERIFY(!watch->hasEnded());
    }

    /// A browser sends what any page asks of it. It says whose page it was, in one field or
    /// another, unless the page's own name was made to lead here meanwhile.
    void noPageOfAnotherSiteReachesTheStore()
    {
        QD_PROVES("R-59");
        etcd::Service::Setup setup{QHostAddress(QHostAddress::LocalHost), 0};
        setup.hosts = {QStringLiteral("store.example")};
        etcd::Service service(setup, {m_store->store(), m_store->store()}, *m_store, *m_store);
        QVERIFY(service.start().has_value());
        const auto status = [&service](const QByteArray &method, const QByteArray &fields) {
            QTcpSocket socket;
            socket.connectToHost(QHostAddress::LocalHost, service.port());
            socket.write(method + " /v2/keys/site?value=1 HTTP/1.1\r\n" + fields + "\r\n\r\n");
            QByteArray got;
            connect(&socket, &QTcpSocket::readyRead, [&] { got += socket.readAll(); });
            (void)QTest::qWaitFor([&got] { return got.size() > 12; });
            return got.mid(9, 3).toInt();
        };
        const QByteArray own = "Host: 127.0.0.1:2379";
        for (const char *page :
             {"Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:80",
              "Sec-Fetch-Site: cross-site", "Referer: http://evil.example/a/page"}) {
            QCOMPARE(status("POST", own + "\r\n" + page), 403);
            QCOMPARE(status("PUT", own + "\r\n" + page), 403);
        }
        // A link may lead here: the page does not see the answer.
        QCOMPARE(status("GET", own + "\r\nReferer: http://evil.example/"), 404);
        // Rebinding: the page's name leads here, and to the browser all is one site.
        for (const char *host : {"evil.example:2379", "evil.example.", "127.0.0.1.evil.example"}) {
            const QByteArray field = QByteArray("Host: ") + host;
            QCOMPARE(status("GET", field), 421);
            QCOMPARE(status("PUT", field + "\r\nOrigin: http://" + host), 421);
        }
        // Programs say where they go, and no more.
        for (const char *host :
             {"127.0.0.1:2379", "[::1]:2379", "localhost", "core-01:2379", "store.example:2379",
              "STORE.example"})
            QCOMPARE(status("GET", QByteArray("Host: ") + host), 404);
        QCOMPARE(status("PUT", own), 201);
        QCOMPARE(status("PUT", own + "\r\nOrigin: http://127.0.0.1:2379"), 200); // our own page
    }

    void anotherSitesPageMayNotWrite()
    {
        const auto link = curl();
        link->fields = "Origin: http://evil.example\r\n";
        link->ask("PUT", "/v2/keys/a", "value=1");
        QTRY_VERIFY(link->isDone());
        QCOMPARE(link->status(), 403);
        link->fields = "Origin: http://127.0.0.1\r\n";
        link->ask("PUT", "/v2/keys/a", "value=1");
        QTRY_VERIFY(link->isDone());
        QCOMPARE(link->status(), 201);
    }

    void aPageThatWasLetInMayReadAndWrite()
    {
        etcd::Service::Setup setup{QHostAddress(QHostAddress::LocalHost), 0};
        setup.cors = {QStringLiteral("http://page.example")};
        etcd::Service service(setup, {m_store->store(), m_store->store()}, *m_store, *m_store);
        QVERIFY(service.start().has_value());
        const auto ask = [&service](const QByteArray &method, const QByteArray &origin) {
            auto link = std::make_unique<Curl>(service.port());
            link->fields = "Origin: " + origin + "\r\n";
            link->ask(method, "/v2/keys/a", method == "PUT" ? "value=1" : "");
            (void)QTest::qWaitFor([&link] { return link->isDone(); });
            return link;
        };
        const auto written = ask("PUT", "http://page.example");
        QCOMPARE(written->status(), 201);
        QCOMPARE(written->field("Access-Control-Allow-Origin"), QByteArray("http://page.example"));
        QVERIFY(written->field("Access-Control-Allow-Methods").contains("PUT"));
        QCOMPARE(ask("OPTIONS", "http://page.example")->status(), 200);
        const auto stranger = ask("PUT", "http://evil.example");
        QCOMPARE(stranger->status(), 403);
        QVERIFY(!stranger->got.contains("Access-Control"));
    }

    void aReadThroughTheLogDoesNotWait()
    {
        QD_PROVES("E149");
        const auto [status, body] = call("GET", "/v2/keys/none?wait=true&quorum=true");
        QCOMPARE(status, 404);
        QVERIFY(body.contains("\"errorCode\":100"));
    }

    void aPathThatIsNotPlainIsSentToThePlainOne()
    {
        const auto link = curl();
        link->ask("GET", "/v2/keys//a'b?x=\xc3\xbc&y");
        QTRY_VERIFY(link->isDone());
        QCOMPARE(link->status(), 301);
        QCOMPARE(link->field("Location"), QByteArray("/v2/keys/a%27b?x=%c3%bc&y"));
        QCOMPARE(
            link->body(), QByteArray("<a href=\"/v2/keys/a%27b?x=\xc3\xbc&amp;y\">"
                                     "Moved Permanently</a>.\n\n"));
        link->ask("PUT", "/v2/keys/a/../b?value=1"); // who writes gets no page
        QTRY_VERIFY(link->isDone());
        QCOMPARE(link->status(), 301);
        QCOMPARE(link->field("Location"), QByteArray("/v2/keys/b?value=1"));
        QVERIFY(link->body().isEmpty() && !link->got.contains("Content-Type"));
    }

    void anAddressThatDoesNotDecodeIsRefusedWhateverIsAsked()
    {
        for (const char *method : {"GET", "OPTIONS", "PUT"})
            QCOMPARE(call(method, "/v2/keys/%zz").first, 400);
        QCOMPARE(call("OPTIONS", "/v2/keys//a").first, 200);
    }

    void aFormOfAnOddTypeIsRefused()
    {
        QD_PROVES("E116");
        const auto link = curl();
        link->fields = "Content-Type: text/plain; a\r\n";
        link->ask("PUT", "/v2/keys/a");
        QTRY_VERIFY(link->isDone());
        QCOMPARE(link->status(), 400);
        QCOMPARE(
            link->body(), QByteArray("{\"errorCode\":210,\"message\":\"Invalid POST form\","
                                     "\"cause\":\"mime: invalid media parameter\",\"index\":0}"
                                     "\n"));
        link->ask("DELETE", "/v2/keys/a"); // has no form, so nobody looks
        QTRY_VERIFY(link->isDone());
        QCOMPARE(link->status(), 404);
    }

    void aLifeTooLongToCountEndsWithTheCalendar()
    {
        QD_PROVES("R-55");
        for (const char *ttl : {"18446744073709551615", "4611686018427387904", "9223372036854"}) {
            const auto [status, body] = call("PUT", "/v2/keys/far", QByteArray("ttl=") + ttl);
            QVERIFY(status == 200 || status == 201);
            QVERIFY(body.contains("\"expiration\":\"9999-12-31T23:59:59Z\",\"ttl\":2"));
        }
    }

    void aCauseShowsTheBytesOfValues()
    {
        QD_PROVES("E129");
        QCOMPARE(call("PUT", "/v2/keys/bytes", "value=a%FF%EF%BF%BD").first, 201);
        const auto [status, body] = call("PUT", "/v2/keys/bytes?prevValue=%C3", "value=x");
        QCOMPARE(status, 412);
        QVERIFY(body.contains("\"cause\":\"[\\ufffd != a\\ufffd\xef\xbf\xbd]\""));
    }

    void keysAreText()
    {
        const auto [status, body] = call("PUT", "/v2/keys/%FF", "value=1");
        QCOMPARE(status, 400);
        QVERIFY(body.contains("the key is not UTF-8"));
        QCOMPARE(call("PUT", "/v2/keys/bytes", "value=%FF%00").first, 201); // a value need not be
    }
};

QD_TEST_MAIN(TestEtcd)
#include "tst_etcd.moc"
