// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/discovery/token_pages.h"
#include "agent/etcd/proxy/proxy.h"
#include "agent/node/discovery.h"
#include "agent/node/srv.h"
#include "tests/support/proof.h"

#include <QTest>

using namespace qd;
using namespace qd::node;

namespace {

/// DNS as a test says it.
class SaidResolver final : public Resolver {
public:
    void services(const QString &name, std::function<void(Result<QList<SrvTarget>>)> done) override
    {
        asked.append(name);
        if (records.contains(name))
            return done(records.value(name));
        done(fail(code::notFound, QStringLiteral("no such host")));
    }
    void addresses(const QString &host, std::function<void(Result<QStringList>)> done) override
    {
        if (hosts.contains(host))
            return done(QStringList{hosts.value(host)});
        done(fail(code::notFound, QStringLiteral("no such host")));
    }
    QStringList asked;
    QMap<QString, QList<SrvTarget>> records;
    QMap<QString, QString> hosts;
};

const QString kPlain = QStringLiteral("_etcd-server._tcp.example.org");

} // namespace

/// Who a discovery service, DNS and a member say that the members are.
class TestDiscovery : public QObject {
    Q_OBJECT

    SaidResolver threeNodes() const
    {
        SaidResolver out;
        for (int i = 1; i <= 3; ++i) {
            const QString host = QStringLiteral("node%1.example.org").arg(i);
            out.records[kPlain].append({host, 2380});
            out.hosts[host] = QStringLiteral("10.0.2.1%1").arg(i);
        }
        return out;
    }
    static Result<SrvLookup::Found> lookUp(Resolver &resolver, const QString &own)
    {
        std::optional<Result<SrvLookup::Found>> answer;
        SrvLookup lookup(resolver, QStringLiteral("example.org"));
        QList<Endpoint> places;
        if (!own.isEmpty())
            places = {*endpointFromUrl(own)};
        lookup.start(QStringLiteral("infra0"), places, [&](const auto &found) { answer = found; });
        return answer.value_or(fail(code::internal, QStringLiteral("no answer")));
    }

private Q_SLOTS:
    void srvRecordsNameTheMembers()
    {
        SaidResolver resolver = threeNodes();
        const auto found = lookUp(resolver, QStringLiteral("http://node2.example.org:2380"));
        QVERIFY2(found.has_value(), qPrintable(found ? QString() : found.error().text()));
        QCOMPARE(
            resolver.asked,
            (QStringList{QStringLiteral("_etcd-server-ssl._tcp.example.org"), kPlain}));
        QStringList named;
        for (const NamedPlace &each : found->cluster)
            named.append(each.name + QLatin1Char('=') + each.place.url());
        QCOMPARE(
            named, (QStringList{
                       QStringLiteral("0=http://10.0.2.11:2380"),
                       QStringLiteral("infra0=http://10.0.2.12:2380"),
                       QStringLiteral("1=http://10.0.2.13:2380")}));
        QCOMPARE(urlsOf(found->own), QStringList{QStringLiteral("http://10.0.2.12:2380")});
        // A proxy is none of them.
        QCOMPARE(lookUp(resolver, QString())->cluster.size(), 3);
    }
    void whoIsInNoRecordIsToldSo()
    {
        QD_PROVES("E41");
        SaidResolver resolver = threeNodes();
        resolver.hosts[QStringLiteral("node3.example.org")] = QStringLiteral("10.9.9.9");
        resolver.hosts[QStringLiteral("other.example.org")] = QStringLiteral("10.0.2.13");
        const auto found = lookUp(resolver, QStringLiteral("http://other.example.org:2380"));
        QCOMPARE(
            found.error().message,
            QStringLiteral("cannot find local etcd member \"infra0\" in SRV records"));
        resolver.records.clear();
        QVERIFY(!lookUp(resolver, QStringLiteral("http://node1.example.org:2380")));
    }
    void whoCameFirstIsIn()
    {
        const QByteArray json =
            "{\"action\":\"get\",\"node\":{\"key\":\"/t\",\"dir\":true,\"nodes\":["
            "{\"key\":\"/t/b\",\"value\":\"two=http:%2f%2f2:1\",\"createdIndex\":9},"
            "{\"key\":\"/t/a\",\"value\":\"one=http:%2f%2f1:1\",\"createdIndex\":7}]}}";
        const auto registered = readRegistered(QByteArray(json).replace("%2f", "/"), 12);
        QVERIFY(registered.has_value());
        QVERIFY(registered->has(QStringLiteral("a"), 1));
        QVERIFY(!registered->has(QStringLiteral("b"), 1));
        QCOMPARE(namedPlaces(*registered->cluster(2))->first().name, QStringLiteral("one"));
        QCOMPARE(registered->index, quint64(12));
        Registered twins = *registered;
        twins.members[1].value = twins.members[0].value;
        QCOMPARE(
            twins.cluster(2).error().message, QStringLiteral("discovery: found duplicate name"));
    }
    void aBadServiceIsNamed()
    {
        QCOMPARE(
            readSize("{\"errorCode\":100}").error().message,
            QStringLiteral("discovery: size key not found"));
        QCOMPARE(
            readSize("{\"node\":{\"value\":\"many\"}}").error().message,
            QStringLiteral("discovery: size key is bad"));
        QCOMPARE(
            readRegistered("<html>", 0).error().message,
            QStringLiteral("discovery: bad discovery endpoint"));
        QCOMPARE(*readSize("{\"node\":{\"value\":\"5\"}}"), 5);
    }
    void theSizeIsThreeUnlessSaid()
    {
        QCOMPARE(*etcd::sizeAsked(""), 3);
        QCOMPARE(*etcd::sizeAsked("size=5"), 5);
        for (const char *bad : {"size=x", "size=0", "size=-1", "size=1.5"})
            QCOMPARE(etcd::sizeAsked(bad).error().code, code::badInput);
    }
    void membersAreAskedInARandomOrderThatIsMadeAnewEachTime()
    {
        QD_PROVES("E153");
        QCOMPARE(etcd::Proxy::Setup().refreshMs, 30'000);
        QCOMPARE(etcd::Proxy::Setup().failureMs, 5'000);
        SeededRandom random(1);
        etcd::ProxyDirector director(5'000);
        const auto endpoints = *endpointsFromUrls(
            {QStringLiteral("http://a:1"), QStringLiteral("http://b:1"),
             QStringLiteral("http://c:1")});
        std::map<QString, int> firsts;
        for (int i = 0; i < 300; ++i) {
            director.set(endpoints, random);
            ++firsts[director.available(0).first().url()];
        }
        QCOMPARE(firsts.size(), size_t(3));
        for (const auto &[url, count] : firsts)
            QVERIFY2(count > 60, qPrintable(url));
    }
    void aMemberThatFailedRests()
    {
        QD_PROVES("E153");
        SeededRandom random(1);
        etcd::ProxyDirector director(5'000);
        const auto endpoints = *endpointsFromUrls(
            {QStringLiteral("http://a:1"), QStringLiteral("http://b:1"),
             QStringLiteral("http://c:1")});
        director.set(endpoints, random);
        QCOMPARE(director.available(0).size(), 3);
        director.failed(endpoints[1], 1'000);
        QVERIFY(!director.available(5'999).contains(endpoints[1]));
        QCOMPARE(director.available(6'000).size(), 3);
        director.failed(endpoints[1], 7'000);
        director.set(endpoints, random); // news of the members does not wake it
        QCOMPARE(director.available(8'000).size(), 2);
        director.set({endpoints[0]}, random);
        QCOMPARE(director.available(8'000), QList{endpoints[0]});
    }
    void theMembersAreReadFromTheirList()
    {
        const QByteArray json =
            "{\"members\":[{\"id\":\"1\",\"clientURLs\":[\"http:%2f%2fa:1\"]},"
            "{\"id\":\"2\",\"clientURLs\":[]},{\"id\":\"3\",\"clientURLs\":[\"x\"]}]}";
        const auto found = etcd::clientEndpoints(QByteArray(json).replace("%2f", "/"));
        QCOMPARE(urlsOf(*found), QStringList{QStringLiteral("http://a:1")});
        QCOMPARE(etcd::clientEndpoints("{}").error().code, code::badInput);
    }
};

QTEST_APPLESS_MAIN(TestDiscovery)
#include "tst_discovery.moc"
