// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/peer/network.h"
#include "shared/base/crc32c.h"
#include "shared/base/random.h"
#include "shared/security/authority.h"
#include "shared/security/verify.h"
#include "tests/support/log_keeper.h"
#include "tests/support/proof.h"

#include <QSignalSpy>
#include <QTcpServer>
#include <QTcpSocket>

using namespace qd;
using namespace qd::peer;
using security::Authority;
using security::Identity;

namespace {

Identity nodeIdentity(const QString &id)
{
    return {Identity::Kind::Node, id, security::Role::None, id};
}

security::Credentials credentials(
    const Authority &by, const Identity &who,
    const security::Validity &validity = security::Validity::days(30))
{
    const QByteArray key = *security::makeKey();
    return *security::Credentials::fromPem(
        *by.issueForKey(key, {who, {QStringLiteral("127.0.0.1")}}, validity), key,
        by.certificatePem());
}

/// A member on loopback that remembers what came.
struct Member {
    Member(const security::Credentials &who, quint64 cluster, raft::NodeId id, quint16 port = 0)
        : network(
              who, cluster, id,
              {[this](raft::NodeId from, store::PeerKind, QByteArrayView payload) {
                   frames.emplace_back(from, payload.toByteArray());
               },
               [this](const raft::Message &, const QByteArray &state) { snapshot = state; },
               {}})
    {
        listening = network.listen(QHostAddress(QHostAddress::LocalHost), port).has_value();
    }
    Address address() { return {QStringLiteral("127.0.0.1"), network.port()}; }

    std::vector<std::pair<raft::NodeId, QByteArray>> frames;
    QByteArray snapshot;
    Network network;
    bool listening = false;
};

/// A way to a port of this machine that breaks after so many bytes, again and again.
struct ShakyWay : QTcpServer {
    ShakyWay(quint16 port, qint64 breaksAfter)
    {
        connect(this, &QTcpServer::newConnection, this, [this, port, breaksAfter] {
            QTcpSocket *const near = nextPendingConnection();
            auto *const far = new QTcpSocket(near);
            far->connectToHost(QHostAddress(QHostAddress::LocalHost), port);
            auto left = std::make_shared<qint64>(breaksAfter);
            connect(near, &QTcpSocket::readyRead, far, [this, near, far, left] {
                const QByteArray bytes = near->readAll();
                carried += bytes.size();
                *left -= bytes.size();
                far->write(bytes);
                if (*left < 0) {
                    ++losses;
                    far->abort();
                    near->abort();
                }
            });
            connect(
                far, &QTcpSocket::readyRead, near, [near, far] { near->write(far->readAll()); });
            connect(far, &QTcpSocket::disconnected, near, &QTcpSocket::disconnectFromHost);
        });
        (void)listen(QHostAddress(QHostAddress::LocalHost));
    }
    Address address() const { return {QStringLiteral("127.0.0.1"), serverPort()}; }

    qint64 carried = 0;
    int losses = 0;
};

bool sentUntil(Member &from, raft::NodeId to, const std::function<bool()> &condition)
{
    return QTest::qWaitFor(
        [&] {
            from.network.send(to, store::PeerKind::Raft, "hello");
            return condition();
        },
        10'000);
}

} // namespace

class TestPeer : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void membersTalk()
    {
        Member a(credentials(m_ca, nodeIdentity(QStringLiteral("0a"))), 7, 1);
        Member b(credentials(m_ca, nodeIdentity(QStringLiteral("0b"))), 7, 2);
        QVERIFY(a.listening && b.listening);
        a.network.setPeers({{2, {b.address()}}});
        QVERIFY(sentUntil(a, 2, [&] { return !b.frames.empty(); }));
        QCOMPARE(b.frames.front().first, raft::NodeId(1));
        QCOMPARE(b.frames.front().second, QByteArray("hello"));
    }

    void aSnapshotComesWhole()
    {
        Member a(credentials(m_ca, nodeIdentity(QStringLiteral("0a"))), 7, 1);
        Member b(credentials(m_ca, nodeIdentity(QStringLiteral("0b"))), 7, 2);
        a.network.setPeers({{2, {b.address()}}});
        QVERIFY(sentUntil(a, 2, [&] { return !b.frames.empty(); }));
        raft::Message message;
        message.type = raft::MessageType::Snapshot;
        message.from = 1;
        message.to = 2;
        const QByteArray state(3'000'001, 's');
        bool sent = false;
        a.network.sendSnapshot(message, state, [&](bool ok) { sent = ok; });
        QVERIFY(QTest::qWaitFor([&] { return sent && !b.snapshot.isEmpty(); }, 10'000));
        QCOMPARE(b.snapshot, state);
    }

    void aSnapshotGoesOnAfterALostConnection()
    {
        Member a(credentials(m_ca, nodeIdentity(QStringLiteral("0a"))), 7, 1);
        Member b(credentials(m_ca, nodeIdentity(QStringLiteral("0b"))), 7, 2);
        ShakyWay way(b.network.port(), 3'000'000);
        a.network.setPeers({{2, {way.address()}}});
        QVERIFY(sentUntil(a, 2, [&] { return !b.frames.empty(); }));
        raft::Message message{.type = raft::MessageType::Snapshot, .from = 1, .to = 2};
        message.snapshot.index = 9;
        QByteArray state(8'000'000, Qt::Uninitialized);
        SeededRandom random(3);
        for (char &byte : state)
            byte = char(random.next());
        std::optional<bool> sent;
        a.network.sendSnapshot(message, state, [&](bool ok) { sent = ok; });
        QCOMPARE(a.network.shipments().at(2).total, qint64(8'000'000));
        QVERIFY(QTest::qWaitFor([&] { return sent.has_value(); }, 20'000));
        QVERIFY(*sent);
        QVERIFY(b.snapshot == state);
        QVERIFY(way.losses >= 2);
        // Not once more from the beginning: what was under way when it broke, at most.
        QVERIFY2(way.carried < 11'000'000, qPrintable(QString::number(way.carried)));
        QVERIFY(a.network.shipments().empty());
    }

    void aPieceThatIsDamagedOrMissingIsAskedForAgain()
    {
        QByteArray state("0123456789");
        SnapshotOffer offer{10, crc32c(state), {.type = raft::MessageType::Snapshot}};
        offer.message.snapshot = {7, 2, {}};
        const auto piece = [&state](quint64 offset, qsizetype size) {
            return encodeChunk(state, offset, size);
        };
        SnapshotInbox inbox;
        QCOMPARE(inbox.offered(offer)->offset, quint64(0));
        QCOMPARE(inbox.received(*decodeChunk(piece(0, 4)))->offset, quint64(4));
        QCOMPARE(inbox.received(*decodeChunk(piece(6, 2)))->offset, quint64(4)); // one is missing
        QCOMPARE(inbox.received(*decodeChunk(piece(0, 4)))->offset, quint64(4)); // once more
        QByteArray damaged = piece(4, 4);
        damaged.back() = char(damaged.back() ^ 1);
        QCOMPARE(inbox.received(*decodeChunk(damaged)).error().code, code::corrupt);
        // Another leader offers the same: it goes on. Another snapshot begins anew.
        offer.message.from = 3;
        QCOMPARE(inbox.offered(offer)->offset, quint64(4));
        QVERIFY(!inbox.takeWhole());
        QCOMPARE(inbox.received(*decodeChunk(piece(4, 100)))->offset, quint64(10));
        const auto whole = inbox.takeWhole();
        QVERIFY(whole && whole->second == state && whole->first.from == 3);
        QVERIFY(!inbox.takeWhole());
        offer.crc ^= 1;
        QCOMPARE(inbox.offered(offer)->offset, quint64(0));
        QCOMPARE(inbox.received(*decodeChunk(piece(0, 10))).error().code, code::corrupt);
        QVERIFY(!inbox.takeWhole());
        offer.size = SnapshotInbox::kMost + 1;
        QCOMPARE(inbox.offered(offer).error().code, code::limit);
    }

    void anotherClusterIsRefused()
    {
        QD_PROVES("R-29");
        QCOMPARE(
            refusal(credentials(m_ca, nodeIdentity(QStringLiteral("0b"))), 8),
            QStringLiteral("cluster"));
    }

    void aPeerWithoutACertificateIsRefused()
    {
        Member host(credentials(m_ca, nodeIdentity(QStringLiteral("0a"))), 7, 1);
        QSignalSpy refused(&host.network, &Network::refused);
        QSslSocket stranger;
        stranger.setSslConfiguration(security::newcomerTls(security::alpnRaft));
        stranger.connectToHostEncrypted(QStringLiteral("127.0.0.1"), host.network.port());
        QVERIFY(QTest::qWaitFor([&] { return !refused.isEmpty(); }, 10'000));
        QCOMPARE(refused.first().first().toString(), security::reason::noCertificate);
    }

    void aPeerThatSpeaksNoTlsIsToldOfInTheLog()
    {
        Member host(credentials(m_ca, nodeIdentity(QStringLiteral("0a"))), 7, 1);
        const test::LogKeeper log;
        QTcpSocket silent;
        silent.connectToHost(QStringLiteral("127.0.0.1"), host.network.port());
        QTRY_COMPARE(silent.state(), QAbstractSocket::ConnectedState);
        silent.disconnectFromHost(); // whoever only looks whether the port is open is no matter
        QTcpSocket web;
        web.connectToHost(QStringLiteral("127.0.0.1"), host.network.port());
        web.write("GET / HTTP/1.1\r\n\r\n");
        QTRY_VERIFY(log.has(QStringLiteral("it speaks no TLS")));
        QTRY_COMPARE(web.state(), QAbstractSocket::UnconnectedState);
        QCOMPARE(log.lines.size(), 1);
        QVERIFY(log.lines.first().startsWith(QStringLiteral("refused 127.0.0.1:")));
    }

    void aMemberThatComesBackIsFoundAgain()
    {
        Member a(credentials(m_ca, nodeIdentity(QStringLiteral("0a"))), 7, 1);
        const auto who = credentials(m_ca, nodeIdentity(QStringLiteral("0b")));
        auto b = std::make_unique<Member>(who, 7, 2);
        const quint16 port = b->network.port();
        a.network.setPeers({{2, {b->address()}}});
        QVERIFY(sentUntil(a, 2, [&] { return !b->frames.empty(); }));
        b.reset();
        Member again(who, 7, 2, port);
        QVERIFY(again.listening);
        QVERIFY(sentUntil(a, 2, [&] { return !again.frames.empty(); }));
    }

    void aMemberIsLookedForAtEachOfItsPlaces()
    {
        Member a(credentials(m_ca, nodeIdentity(QStringLiteral("0a"))), 7, 1);
        Member b(credentials(m_ca, nodeIdentity(QStringLiteral("0b"))), 7, 2);
        QTcpServer silent; // takes connections and says nothing
        QVERIFY(silent.listen(QHostAddress(QHostAddress::LocalHost)));
        const Address nowhere{QStringLiteral("127.0.0.1"), silent.serverPort()};
        a.network.setPeers({{2, {nowhere, b.address()}}});
        QVERIFY(sentUntil(a, 2, [&] { return !b.frames.empty(); }));

        // What is said of another place does not end a connection that is up.
        QSignalSpy calls(&silent, &QTcpServer::newConnection);
        a.network.setPeers({{2, {nowhere, b.address(), {QStringLiteral("127.0.0.1"), 1}}}});
        const size_t before = b.frames.size();
        QVERIFY(sentUntil(a, 2, [&] { return b.frames.size() > before; }));
        QCOMPARE(calls.size(), 0);
        a.network.setPeers({{2, {nowhere}}}); // no longer one of its places
        QTRY_COMPARE(calls.size(), 1);
    }

    void aPersonIsNoMember()
    {
        const Identity anna{
            Identity::Kind::Person, {}, security::Role::Admin, QStringLiteral("anna")};
        QCOMPARE(refusal(credentials(m_ca, anna), 7), security::reason::wrongKind);
    }

    void anExpiredCertificateIsRefused()
    {
        const auto now = QDateTime::currentDateTimeUtc();
        QCOMPARE(
            refusal(
                credentials(
                    m_ca, nodeIdentity(QStringLiteral("0b")), {now.addDays(-9), now.addDays(-1)}),
                7),
            security::reason::expired);
    }

    void anotherAuthorityIsRefused()
    {
        const auto other = *Authority::create(QStringLiteral("other"));
        auto stranger = credentials(other, nodeIdentity(QStringLiteral("0b")));
        stranger.authority = QSslCertificate(m_ca.certificatePem()); // so that it goes on itself
        QCOMPARE(refusal(stranger, 7), security::reason::otherAuthority);
    }

private:
    /// Why a member of cluster 7 turns away a peer with those credentials.
    QString refusal(const security::Credentials &who, quint64 cluster)
    {
        Member host(credentials(m_ca, nodeIdentity(QStringLiteral("0a"))), 7, 1);
        Member peer(who, cluster, 2);
        QSignalSpy refused(&host.network, &Network::refused);
        peer.network.setPeers({{1, {host.address()}}});
        if (!sentUntil(peer, 1, [&] { return !refused.isEmpty(); }) || !host.frames.empty())
            return QStringLiteral("not refused");
        return refused.first().first().toString();
    }

    Authority m_ca = *Authority::create(QStringLiteral("deck"));
};

QD_TEST_MAIN(TestPeer)
#include "tst_peer.moc"
