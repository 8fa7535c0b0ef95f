// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/codec/codec.h"
#include "shared/codec/error_codec.h"
#include "shared/model/journal_line.h"
#include "shared/model/node.h"
#include "shared/model/raft_status.h"
#include "shared/model/reboot_slots.h"
#include "shared/model/store_entry.h"
#include "shared/model/unit.h"
#include "tests/support/proof.h"

#include <QCborValue>
#include <QJsonDocument>
#include <QMetaProperty>
#include <QPointF>

using namespace qd;
using namespace qd::codec;

namespace {

/// Something in every field of the noun that is not its default.
template <class T>
T filled()
{
    T noun;
    const QMetaObject &meta = T::staticMetaObject;
    for (int i = 0; i < meta.propertyCount(); ++i) {
        const QMetaProperty property = meta.property(i);
        QVariant value(property.metaType());
        switch (property.metaType().id()) {
        case QMetaType::Bool:
            value = !property.readOnGadget(&noun).toBool();
            break;
        case QMetaType::Int:
            value = -7 - i;
            break;
        case QMetaType::LongLong:
            value = (qint64(1) << 60) + i;
            break;
        case QMetaType::Double:
            value = 0.25 + i;
            break;
        case QMetaType::QString:
            value = QStringLiteral("\u00e4\"\n%1").arg(i);
            break;
        case QMetaType::QByteArray:
            value = QByteArray("\xff\x00\xfe", 3);
            break;
        case QMetaType::QDateTime:
            value = QDateTime::fromMSecsSinceEpoch(1'700'000'000'123 + i, Qt::UTC);
            break;
        default:
            if (property.metaType().flags() & QMetaType::IsEnumeration)
                value = QVariant::fromValue(1);
            else if (property.metaType() == QMetaType::fromType<QMap<QString, QString>>())
                value = QVariant::fromValue(QMap<QString, QString>{{"a", "1"}, {"", "empty"}});
            else if (property.metaType() == QMetaType::fromType<QList<RaftPeer>>())
                value = QVariant::fromValue(QList<RaftPeer>{filled<RaftPeer>(), RaftPeer{}});
            else if (property.metaType() == QMetaType::fromType<QList<StoreOperation>>())
                value = QVariant::fromValue(QList<StoreOperation>{filled<StoreOperation>()});
        }
        property.writeOnGadget(&noun, value);
    }
    return noun;
}

template <class T>
void everyWay()
{
    QCOMPARE(unfitField(T::staticMetaObject), QString());
    const T full = filled<T>();
    QVERIFY(!(full == T{}));

    // Round trips, through the bytes that travel.
    const QByteArray bytes = toCbor(full).toCborValue().toCbor();
    const auto back = fromCbor<T>(QCborValue::fromCbor(bytes).toMap());
    QVERIFY(back.has_value());
    QVERIFY(*back == full);
    const auto json =
        fromJson<T>(QJsonDocument::fromJson(QJsonDocument(toJson(full)).toJson()).object());
    QVERIFY2(json.has_value(), json ? "" : qPrintable(json.error().text()));
    QVERIFY(*json == full);
    QVERIFY(*fromCbor<T>(toCbor(T{})) == T{});
    QVERIFY(*fromJson<T>(toJson(T{})) == T{});

    // A missing field keeps its default; an unknown one is ignored.
    QVERIFY(*fromCbor<T>(QCborMap()) == T{});
    QCborMap more = toCbor(full);
    more.insert(QStringLiteral("a field of a later version"), QCborArray{1, 2});
    QVERIFY(*fromCbor<T>(more) == full);

    // A wrong type names noun and field. Undefined fits no type.
    const QMetaObject &meta = T::staticMetaObject;
    for (int i = 0; i < meta.propertyCount(); ++i) {
        const QString name = QString::fromLatin1(meta.property(i).name());
        const QCborMap wrong{{name, QCborValue()}};
        const auto refused = fromCbor<T>(wrong);
        QVERIFY2(!refused, qPrintable(name));
        QCOMPARE(refused.error().code, code::badInput);
        QVERIFY(refused.error().message.contains(
            QStringLiteral("%1.%2 ").arg(QString::fromLatin1(meta.className()), name)));
    }
}

struct Unfit {
    Q_GADGET
    Q_PROPERTY(QPointF where MEMBER where)
public:
    QPointF where;
};

} // namespace

class TestCodec : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyNounTravels()
    {
        everyWay<Node>();
        everyWay<RaftPeer>();
        everyWay<RaftStatus>();
        everyWay<RebootSlots>();
        everyWay<StoreOperation>();
        everyWay<StoreEntry>();
        everyWay<Unit>();
        everyWay<UnitDiagnostic>();
        everyWay<JournalLine>();
    }

    void enumsAreNamesAndDatesMilliseconds()
    {
        Node node;
        node.state = Node::State::Lost;
        node.lastSeen = QDateTime::fromMSecsSinceEpoch(1234, Qt::UTC);
        const QCborMap map = toCbor(node);
        QCOMPARE(map.value(QStringLiteral("state")).toString(), QStringLiteral("Lost"));
        QCOMPARE(map.value(QStringLiteral("lastSeen")).toInteger(), 1234);
        const auto unknown =
            fromCbor<Node>(QCborMap{{QStringLiteral("state"), QStringLiteral("Gone")}});
        QVERIFY(!unknown);
    }

    void anErrorInsideAListNamesThePath()
    {
        const QCborMap peer{{QStringLiteral("matchIndex"), QStringLiteral("ten")}};
        const auto status =
            fromCbor<RaftStatus>(QCborMap{{QStringLiteral("peers"), QCborArray{peer}}});
        QVERIFY(!status);
        QVERIFY(status.error().text().contains(QStringLiteral("RaftStatus.peers")));
        QVERIFY(status.error().text().contains(QStringLiteral("RaftPeer.matchIndex")));
    }

    void numbersThatDoNotFitAreRefused()
    {
        QVERIFY(!fromCbor<Node>(QCborMap{{QStringLiteral("unitCount"), qint64(1) << 40}}));
        QVERIFY(!fromJson<Node>(QJsonObject{{QStringLiteral("unitCount"), 1.5}}));
    }

    void largeNumbersAreTextInJson()
    {
        StoreEntry entry;
        entry.modifiedIndex = (qint64(1) << 53) + 1;
        QCOMPARE(
            toJson(entry).value(QStringLiteral("modifiedIndex")).toString(),
            QStringLiteral("9007199254740993"));
        entry.modifiedIndex = 7;
        QVERIFY(toJson(entry).value(QStringLiteral("modifiedIndex")).isDouble());
    }

    void aFieldOutsideTheListIsNamed()
    {
        QVERIFY(unfitField(Unfit::staticMetaObject).contains(QStringLiteral("Unfit.where")));
    }

    void errorsSurviveTheWire()
    {
        const Error inner{code::notFound, QStringLiteral("no such unit"), {{"unit", "a"}}, nullptr};
        const Error outer = inner.during(QStringLiteral("Starting a"));
        const Error back =
            errorFromCbor(QCborValue::fromCbor(errorToCbor(outer).toCborValue().toCbor()).toMap());
        QCOMPARE(back.code, code::notFound);
        QCOMPARE(back.text(), outer.text());
        QCOMPARE(back.cause->detail.value(QStringLiteral("unit")), QStringLiteral("a"));
        QCOMPARE(errorFromCbor(QCborMap()).code, code::internal);
    }
};

QD_TEST_MAIN(TestCodec)
#include "tst_codec.moc"
