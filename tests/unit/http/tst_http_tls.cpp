// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/client.h"
#include "shared/http/server.h"
#include "shared/security/authority.h"
#include "shared/security/tls.h"
#include "tests/support/proof.h"

#include <QSignalSpy>
#include <QSslSocket>
#include <QTemporaryDir>

using namespace qd;
using namespace qd::http;

namespace {

struct Papers {
    QByteArray certificate;
    QByteArray key;
};

Papers papersFrom(const security::Authority &authority, const QString &name)
{
    const QByteArray key = *security::makeKey();
    const security::Subject subject = {
        {security::Identity::Kind::Node, QStringLiteral("0a"), security::Role::None, name},
        {QStringLiteral("127.0.0.1")}};
    return {*authority.issueForKey(key, subject, security::Validity::days(1)), key};
}

QSslConfiguration clientSide(QSsl::SslProtocol protocol)
{
    QSslConfiguration tls;
    tls.setProtocol(protocol);
    tls.setPeerVerifyMode(QSslSocket::QueryPeer);
    tls.setAllowedNextProtocols({"http/1.1"});
    return tls;
}

} // namespace

/// The same server over TLS.
class TestHttpTls : public QObject {
    Q_OBJECT

    security::Authority m_authority = *security::Authority::create(QStringLiteral("deck"));

    TlsIdentity identity() const
    {
        const Papers papers = papersFrom(m_authority, QStringLiteral("node"));
        return {papers.certificate, papers.key, {}, false, {}, {}, {}};
    }
    TlsContext context() const { return *TlsContext::make(identity()); }
    static std::unique_ptr<QSslSocket>
    dial(const Server &server, const QSslConfiguration &tls = clientSide(QSsl::TlsV1_3OrLater))
    {
        auto socket = std::make_unique<QSslSocket>();
        socket->setSslConfiguration(tls);
        socket->connectToHostEncrypted(QStringLiteral("127.0.0.1"), server.tlsPort());
        return socket;
    }
    /// What the server answers; empty when it hangs up.
    static QByteArray ask(const Server &server, const QSslConfiguration &tls)
    {
        const auto socket = dial(server, tls);
        QByteArray got;
        connect(socket.get(), &QSslSocket::readyRead, [&] { got += socket->readAll(); });
        QSignalSpy gone(socket.get(), &QSslSocket::disconnected);
        socket->write("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        [&] { QTRY_VERIFY(!gone.isEmpty()); }();
        return got;
    }

private Q_SLOTS:
    void requestsAndLargeAnswersPass()
    {
        const QByteArray large(3 * 1024 * 1024, 'l');
        Server server([&](const Request &request, const Answer &answer) {
            answer.send({200, {}, request.path.toByteArray() + large + request.body.toByteArray()});
        });
        QVERIFY(server.listenTls(QHostAddress(QHostAddress::LocalHost), 0, context()));
        const auto socket = dial(server);
        QByteArray got;
        connect(socket.get(), &QSslSocket::readyRead, this, [&] { got += socket->readAll(); });
        QTRY_VERIFY(socket->isEncrypted());
        QCOMPARE(socket->sslConfiguration().nextNegotiatedProtocol(), QByteArray("http/1.1"));
        const QByteArray body(500'000, 'b');
        socket->write("PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" + body);
        QTRY_VERIFY_WITH_TIMEOUT(got.endsWith("l" + body), 30'000);
        QVERIFY(got.contains("\r\n\r\n/1l"));
        socket->write("GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        QTRY_COMPARE_WITH_TIMEOUT(socket->state(), QAbstractSocket::UnconnectedState, 30'000);
        QVERIFY(got.endsWith("/2" + large)); // all of it, before the end
        QTRY_COMPARE(server.connections(), 0);
    }

    void manyRequestsInOneBreathAreAllAnswered()
    {
        Server server([&](const Request &request, const Answer &answer) {
            answer.send({200, {}, request.path.toByteArray()});
        });
        QVERIFY(server.listenTls(QHostAddress(QHostAddress::LocalHost), 0, context()));
        const auto socket = dial(server);
        QByteArray got;
        connect(socket.get(), &QSslSocket::readyRead, this, [&] { got += socket->readAll(); });
        constexpr int kRequests = 3'000;
        QByteArray all;
        for (int number = 0; number < kRequests; ++number)
            all += "GET /" + QByteArray::number(number) + " HTTP/1.1\r\nHost: h\r\n\r\n";
        socket->write(all);
        QTRY_VERIFY_WITH_TIMEOUT(got.endsWith("\r\n\r\n/2999"), 30'000);
        QCOMPARE(got.count("HTTP/1.1 200"), kRequests);
    }

    void heldAnswersEndWithTheirClient()
    {
        std::vector<Answer> held;
        Server server([&](const Request &, const Answer &answer) {
            answer.begin(200, {});
            answer.hold(std::make_shared<int>(1));
            held.push_back(answer);
        });
        QVERIFY(server.listenTls(QHostAddress(QHostAddress::LocalHost), 0, context()));
        const auto stays = dial(server);
        const auto leaves = dial(server);
        for (QSslSocket *socket : {stays.get(), leaves.get()})
            socket->write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        QTRY_COMPARE(held.size(), size_t(2));
        leaves->abort();
        QTRY_COMPARE(server.connections(), 1);
        int open = 0;
        for (const Answer &answer : held) {
            open += answer.isOpen();
            answer.part("news");
        }
        QCOMPARE(open, 1);
        QByteArray got;
        connect(stays.get(), &QSslSocket::readyRead, this, [&] { got += stays->readAll(); });
        QTRY_VERIFY((got += stays->readAll()).endsWith("4\r\nnews\r\n"));
    }

    void whoSaidGoodbyeBeforeItsAnswerDoesNotHoldTheServer()
    {
        const QByteArray large(8 * 1024 * 1024, 'l');
        std::vector<Answer> late;
        Server server([&](const Request &request, const Answer &answer) {
            if (request.path == "/late")
                late.push_back(answer);
            else
                answer.send({200, {}, "small"});
        });
        QVERIFY(server.listenTls(QHostAddress(QHostAddress::LocalHost), 0, context()));
        const auto leaves = dial(server);
        leaves->write("GET /late HTTP/1.1\r\nHost: h\r\n\r\n");
        QTRY_COMPARE(late.size(), size_t(1));
        leaves->disconnectFromHost();
        QTRY_COMPARE(leaves->state(), QAbstractSocket::UnconnectedState);
        // Once another is answered the server has heard the goodbye.
        QVERIFY(ask(server, clientSide(QSsl::TlsV1_3)).endsWith("small"));
        late.front().send({200, {}, large});
        QTRY_COMPARE(server.connections(), 0);
        QVERIFY(ask(server, clientSide(QSsl::TlsV1_3)).endsWith("small"));
    }

    void whoSpeaksPlainlyOrNotAtAllGetsNothing()
    {
        bool asked = false;
        Limits limits;
        limits.requestMs = 300;
        Server server([&](const Request &, const Answer &) { asked = true; }, limits);
        QVERIFY(server.listenTls(QHostAddress(QHostAddress::LocalHost), 0, context()));
        for (const QByteArray &words :
             {QByteArray("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), QByteArray()}) {
            QTcpSocket plain;
            QSignalSpy gone(&plain, &QTcpSocket::disconnected);
            plain.connectToHost(QHostAddress::LocalHost, server.tlsPort());
            plain.write(words);
            QTRY_COMPARE(gone.size(), 1);
        }
        QVERIFY(!asked);
        QCOMPARE(server.connections(), 0);
    }

    void oldProtocolsAreRefused()
    {
        Server server([&](const Request &, const Answer &answer) { answer.send({}); });
        QVERIFY(server.listenTls(QHostAddress(QHostAddress::LocalHost), 0, context()));
        QVERIFY(ask(server, clientSide(QSsl::TlsV1_2)).startsWith("HTTP/1.1 200"));
        QVERIFY(ask(server, clientSide(QSsl::TlsV1_3)).startsWith("HTTP/1.1 200"));
        QT_WARNING_PUSH
        QT_WARNING_DISABLE_DEPRECATED
        QCOMPARE(ask(server, clientSide(QSsl::TlsV1_1)), QByteArray());
        QT_WARNING_POP
    }

    void aClientIsWhoItsCertificateSays()
    {
        TlsIdentity demanding = identity();
        demanding.trusted = m_authority.certificatePem();
        demanding.namesClients = true;
        Server server([&](const Request &request, const Answer &answer) {
            const Client &client = *request.client;
            answer.send({200, {}, client.address() + ' ' + client.certificateName()});
        });
        QVERIFY(server.listenTls(
            QHostAddress(QHostAddress::LocalHost), 0, *TlsContext::make(demanding)));
        for (const auto protocol : {QSsl::TlsV1_2, QSsl::TlsV1_3}) {
            const auto with = [protocol](const security::Authority &authority) {
                const Papers papers = papersFrom(authority, QStringLiteral("ann"));
                QSslConfiguration tls = clientSide(protocol);
                tls.setLocalCertificate(QSslCertificate(papers.certificate));
                tls.setPrivateKey(QSslKey(papers.key, QSsl::Ec));
                return tls;
            };
            QVERIFY(ask(server, with(m_authority)).endsWith("\r\n\r\n127.0.0.1 ann"));
            QCOMPARE(ask(server, clientSide(protocol)), QByteArray());
            QCOMPARE(
                ask(server, with(*security::Authority::create(QStringLiteral("other")))),
                QByteArray());
        }
    }

    void aCertificateIsReplacedWhileItServes()
    {
        const QTemporaryDir folder;
        const QString certificate = folder.filePath(QStringLiteral("a.crt"));
        const QString key = folder.filePath(QStringLiteral("a.key"));
        const auto write = [](const QString &path, const QByteArray &pem) {
            QFile file(path);
            [&] { QVERIFY(file.open(QIODevice::WriteOnly)); }();
            file.write(pem);
        };
        const Papers one = papersFrom(m_authority, QStringLiteral("one"));
        const Papers longer = papersFrom(m_authority, QStringLiteral("the second one"));
        write(certificate, one.certificate);
        write(key, one.key);
        Server server([](const Request &, const Answer &answer) { answer.send({}); });
        QVERIFY(server.listenTls(
            QHostAddress(QHostAddress::LocalHost), 0,
            *TlsContext::make(*TlsIdentity::read(certificate, key, {}))));
        const auto shown = [&server] {
            const auto socket = dial(server);
            [&] { QTRY_VERIFY(socket->isEncrypted()); }();
            return socket->peerCertificate().subjectInfo(QSslCertificate::CommonName).value(0);
        };
        QCOMPARE(shown(), QStringLiteral("one"));
        write(certificate, longer.certificate);
        QCOMPARE(shown(), QStringLiteral("one")); // its key is not there yet
        write(key, longer.key);
        QCOMPARE(shown(), QStringLiteral("the second one"));
        QVERIFY(QFile::remove(key));
        QCOMPARE(shown(), QStringLiteral("the second one"));
    }

    void whatDoesNotLoadIsNamed()
    {
        const QTemporaryDir folder;
        const auto saved = [&folder](const char *name, const QByteArray &pem) {
            const QString path = folder.filePath(QString::fromLatin1(name));
            QFile file(path);
            [&] { QVERIFY(file.open(QIODevice::WriteOnly)); }();
            file.write(pem);
            return path;
        };
        const Papers one = papersFrom(m_authority, QStringLiteral("one"));
        const QString certificate = saved("one.crt", one.certificate);
        const QString key = saved("one.key", one.key);
        const QString other = saved("two.key", *security::makeKey());
        const QString nonsense = saved("nonsense", "nonsense");
        const auto complaint = [](const QString &certificatePath, const QString &keyPath,
                                  const QString &trusted) {
            const auto read = TlsIdentity::read(certificatePath, keyPath, trusted);
            if (!read)
                return read.error().message;
            const auto made = TlsContext::make(*read);
            return made ? QString() : made.error().message;
        };
        QCOMPARE(complaint(certificate, key, {}), QString());
        QCOMPARE(complaint(certificate, key, certificate), QString());
        QCOMPARE(
            complaint(certificate, other, {}),
            QStringLiteral("the key in %1 is not that of the certificate in %2")
                .arg(other, certificate));
        QVERIFY(complaint(nonsense, key, {}).startsWith(nonsense + " holds no certificate"));
        QVERIFY(
            complaint(certificate, nonsense, {}).startsWith(nonsense + " holds no private key"));
        QVERIFY(
            complaint(certificate, key, nonsense).startsWith(nonsense + " holds no certificate"));
        const QString missing = folder.filePath(QStringLiteral("missing"));
        QVERIFY(complaint(certificate, missing, {}).startsWith("cannot read " + missing));
    }
};

QD_TEST_MAIN(TestHttpTls)
#include "tst_http_tls.moc"
