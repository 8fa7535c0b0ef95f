// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/base/bytes.h"
#include "shared/base/crc32c.h"
#include "shared/base/log.h"
#include "shared/base/random.h"
#include "shared/base/result.h"
#include "tests/support/proof.h"

using namespace qd;

class TestBase : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void crcMatchesThePublishedVectors()
    {
        // RFC 3720 B.4
        QCOMPARE(crc32c(QByteArray(32, '\0')), 0x8a9136aaU);
        QCOMPARE(crc32c(QByteArray(32, '\xff')), 0x62a8ab43U);
        QCOMPARE(crc32c("123456789"), 0xe3069283U);
    }
    void crcContinues()
    {
        const QByteArray text = "the quick brown fox jumps over the lazy dog";
        QCOMPARE(crc32c(text.mid(11), crc32c(text.left(11))), crc32c(text));
    }
    void aHostileLengthAllocatesNothing()
    {
        QByteArray bytes;
        ByteWriter(bytes).number<quint32>(0xfffffff0U);
        ByteReader reader(bytes);
        QVERIFY(reader.bytes().isEmpty());
        QVERIFY(!reader.ok());
    }
    void whatIsWrittenIsRead()
    {
        QByteArray bytes;
        ByteWriter writer(bytes);
        writer.number<quint64>(1ULL << 63);
        writer.text(QStringLiteral("knoten ü"));
        ByteReader reader(bytes);
        QCOMPARE(reader.number<quint64>(), quint64(1ULL << 63));
        QCOMPARE(reader.text(), QStringLiteral("knoten ü"));
        QVERIFY(reader.ok() && reader.atEnd());
    }
    void anErrorKeepsItsCause()
    {
        const Error error = Error{code::io, QStringLiteral("disk full"), {}, nullptr}.during(
            QStringLiteral("writing the log"));
        QCOMPARE(error.text(), QStringLiteral("writing the log: disk full"));
        QCOMPARE(error.code, code::io);
    }
    void aNameWritesNoLineOfItsOwnIntoTheLog()
    {
        static QStringList lines;
        lines.clear();
        const QtMessageHandler before = qInstallMessageHandler(
            [](QtMsgType, const QMessageLogContext &, const QString &text) { lines.append(text); });
        logOnOneLine();
        qCWarning(lcControl).noquote()
            << QStringLiteral("refused join of a\n2026-01-01 node b joined\r\x1b[2J\u2028\tc");
        qInstallMessageHandler(before);
        QCOMPARE(
            lines, QStringList{QStringLiteral("refused join of a\\n2026-01-01 node b "
                                              "joined\\x0d\\x1b[2J\\u2028\\tc")});
    }
    void aSeedRepeats()
    {
        SeededRandom a(7);
        SeededRandom b(7);
        QCOMPARE(a.next(), b.next());
    }
};

QD_TEST_MAIN(TestBase)
#include "tst_base.moc"
