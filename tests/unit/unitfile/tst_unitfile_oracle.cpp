// SPDX-License-Identifier: GPL-3.0-or-later
// Our grammar against the distribution's own tools, which need no running systemd.
#include "shared/unitfile/time_span.h"
#include "shared/unitfile/unit_name.h"
#include "tests/support/proof.h"

#include <QProcess>
#include <QTest>

using namespace qd::unitfile;

namespace {

/// What a tool prints; nothing when it refuses.
std::optional<QByteArray> ask(const QString &program, const QStringList &arguments)
{
    QProcess tool;
    tool.start(program, arguments);
    if (!tool.waitForFinished(10'000) || tool.exitStatus() != QProcess::NormalExit ||
        tool.exitCode() != 0)
        return std::nullopt;
    return tool.readAllStandardOutput();
}

/// The same words for the same seed, so that a failure can be had again.
class Words {
public:
    explicit Words(quint64 seed)
        : m_seed(seed)
    {
    }
    quint64 below(quint64 bound)
    {
        m_seed = m_seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return (m_seed >> 33) % bound;
    }
    QString from(const QStringList &pieces, int most)
    {
        QString out;
        const int count = 1 + int(below(quint64(most)));
        for (int i = 0; i < count; ++i)
            out += pieces[qsizetype(below(quint64(pieces.size())))];
        return out;
    }

private:
    quint64 m_seed;
};

const QString kEscape = QStringLiteral("systemd-escape");

} // namespace

class TestUnitFileOracle : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void escapingIsSystemdEscapes();
    void pathEscapingIsSystemdEscapes();
    void unescapingIsSystemdEscapes();
    void timeSpansAreSystemdAnalyzes();
};

void TestUnitFileOracle::escapingIsSystemdEscapes()
{
    QD_PROVES("S177");
    Words words(1);
    const QStringList pieces = QStringLiteral("a Z 9 - / . _ : \\ @ ü € + ~ , x2d").split(u' ') +
                               QStringList{QStringLiteral(" ")};
    for (int i = 0; i < 250; ++i) {
        const QString text = words.from(pieces, 9);
        const auto theirs = ask(kEscape, {QStringLiteral("--"), text});
        QVERIFY2(theirs.has_value(), qPrintable(text));
        QCOMPARE(escape(text).toUtf8() + '\n', *theirs);
        QCOMPARE(unescape(escape(text)).value_or(QString()), text);
    }
}

void TestUnitFileOracle::pathEscapingIsSystemdEscapes()
{
    QD_PROVES("S177");
    Words words(2);
    const QStringList pieces = QStringLiteral("/ // /a b- .c /. /.. .. - ü x/ @").split(u' ');
    for (int i = 0; i < 250; ++i) {
        const QString text = words.from(pieces, 6);
        const auto theirs = ask(kEscape, {QStringLiteral("-p"), QStringLiteral("--"), text});
        const auto ours = escapePath(text);
        QVERIFY2(ours.has_value() == theirs.has_value(), qPrintable(text));
        if (ours)
            QCOMPARE(ours->toUtf8() + '\n', *theirs);
    }
}

void TestUnitFileOracle::unescapingIsSystemdEscapes()
{
    QD_PROVES("S177");
    Words words(3);
    const QStringList pieces =
        QStringLiteral("a - -- . \\x2d \\x2f \\x5c \\xc3\\xbc \\x4 \\y b.c").split(u' ');
    for (int i = 0; i < 250; ++i) {
        const QString text = words.from(pieces, 5);
        const auto plain = ask(kEscape, {QStringLiteral("-u"), QStringLiteral("--"), text});
        const auto ours = unescape(text);
        QVERIFY2(ours.has_value() == plain.has_value(), qPrintable(text));
        if (ours)
            QCOMPARE(ours->toUtf8() + '\n', *plain);
        const auto path =
            ask(kEscape, {QStringLiteral("-u"), QStringLiteral("-p"), QStringLiteral("--"), text});
        const auto ourPath = unescapePath(text);
        QVERIFY2(ourPath.has_value() == path.has_value(), qPrintable(text));
        if (ourPath)
            QCOMPARE(ourPath->toUtf8() + '\n', *path);
    }
}

void TestUnitFileOracle::timeSpansAreSystemdAnalyzes()
{
    Words words(4);
    const QStringList numbers = QStringLiteral("1 5 30 0 007 1.5 .25 2. +3 -1 x").split(u' ');
    const QStringList units =
        QStringLiteral("ms s min h d w M m y us month hours sec infinity q").split(u' ') +
        QStringList{QString(), QStringLiteral(" ")};
    int accepted = 0;
    for (int i = 0; i < 600; ++i) {
        QString text;
        for (quint64 terms = 1 + words.below(3); terms > 0; --terms)
            text += words.from(numbers, 1) + (words.below(3) ? QString() : QStringLiteral(" ")) +
                    words.from(units, 1);
        const auto theirs =
            ask(QStringLiteral("systemd-analyze"),
                {QStringLiteral("timespan"), QStringLiteral("--"), text});
        const auto ours = parseTimeSpan(text);
        QVERIFY2(ours.has_value() == theirs.has_value(), qPrintable(text));
        if (!ours)
            continue;
        ++accepted;
        const QStringList lines = QString::fromUtf8(*theirs).split(u'\n');
        QCOMPARE(QString::number(*ours), lines[1].section(QStringLiteral(": "), 1));
        QCOMPARE(formatTimeSpan(*ours), lines[2].section(QStringLiteral(": "), 1));
    }
    QVERIFY(accepted > 100);
}

QD_TEST_MAIN(TestUnitFileOracle)
#include "tst_unitfile_oracle.moc"
