// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/keyspace.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::store;

namespace {

using Kind = WriteRequest::Kind;

WriteRequest put(const QString &key, const QByteArray &value)
{
    WriteRequest request;
    request.key = key;
    request.value = value;
    return request;
}

} // namespace

class TestKeyspace : public QObject {
    Q_OBJECT

    /// A keyspace with its own time and its own queue of what is to run soon.
    struct Bed {
        std::vector<std::function<void()>> soon;
        Keyspace keys{[this](std::function<void()> what) { soon.push_back(std::move(what)); }};
        raft::Index last = 0;
        qint64 clockUs = 1'000'000;
        QStringList seen;

        Result<Event> apply(const WriteRequest &request, std::optional<qint64> ttl = {})
        {
            Command command;
            command.write = request;
            command.clockUs = clockUs;
            if (ttl)
                command.expirationUs = clockUs + *ttl * 1'000'000;
            return keys.apply(++last, 1, command);
        }
        void passTime(qint64 seconds)
        {
            clockUs += seconds * 1'000'000;
            Command command;
            command.type = CommandType::Sync;
            command.clockUs = clockUs;
            (void)keys.apply(++last, 1, command);
        }
        void run()
        {
            const auto due = std::exchange(soon, {});
            for (const auto &what : due)
                what();
        }
        std::unique_ptr<Watch>
        watch(const QString &key, bool recursive, bool stream, quint64 since = 0)
        {
            return watch(WatchRequest{key, recursive, stream, since});
        }
        std::unique_ptr<Watch> watch(const WatchRequest &request)
        {
            return keys.watch(request, [this](const Result<Event> &event) {
                seen.append(
                    event ? event->action + QLatin1Char(' ') + event->node.key
                          : event.error().code);
            });
        }
        std::function<void()> standing()
        {
            return [this] { seen.append(QStringLiteral("stands")); };
        }
    };

private Q_SLOTS:
    void theHistoryOfAKeyIsWhatAWatchWouldHaveTold()
    {
        Bed bed;
        QCOMPARE(bed.keys.history(QStringLiteral("/a"), false).from, quint64(0));
        (void)bed.apply(put(QStringLiteral("/a/b"), "1"));
        (void)bed.apply(put(QStringLiteral("/a/b"), "2"), 5);
        (void)bed.apply(put(QStringLiteral("/a/_own"), "x"));
        (void)bed.apply(put(QStringLiteral("/other"), "x"));
        bed.passTime(6); // /a/b runs out
        WriteRequest remove = put(QStringLiteral("/a"), {});
        remove.kind = Kind::Delete;
        remove.dir = remove.recursive = true;
        (void)bed.apply(remove);
        const auto told = [&bed](const char *key, bool recursive) {
            QStringList out;
            for (const Event &event : bed.keys.history(QString::fromLatin1(key), recursive).events)
                out.append(event.action + QLatin1Char(' ') + event.node.key);
            return out;
        };
        const QString set = QStringLiteral("set /a/b");
        // With its folder it went once more.
        const QStringList all{set, set, QStringLiteral("expire /a/b"), QStringLiteral("delete /a")};
        QCOMPARE(told("/a/b", false), all);
        QCOMPARE(told("/a", true), all);
        QCOMPARE(told("/a/_own", false).first(), QStringLiteral("set /a/_own"));
        const History history = bed.keys.history(QStringLiteral("/a/b"), false);
        QCOMPARE(history.events.at(1).prevNode->value, QByteArray("1"));
        QCOMPARE(history.to, bed.keys.index());
    }

    void theHistoryBeginsWhereTheWindowDoes()
    {
        Bed bed;
        (void)bed.apply(put(QStringLiteral("/old"), "1"));
        for (size_t i = 0; i < WatchHub::kWindow; ++i)
            (void)bed.apply(put(QStringLiteral("/busy"), QByteArray::number(qulonglong(i))));
        const History history = bed.keys.history(QStringLiteral("/old"), false);
        QVERIFY(history.events.empty());
        QCOMPARE(history.from, history.to - WatchHub::kWindow + 1);
        QCOMPARE(bed.keys.history(QStringLiteral("/busy"), false).events.size(), WatchHub::kWindow);
    }

    void theOperationFollowsFromTheFields()
    {
        QD_PROVES("E122", "E127", "E130");
        Bed bed;
        QCOMPARE(bed.apply(put("/a", "1"))->action, QStringLiteral("set"));
        WriteRequest request = put("/a", "2");
        request.prevExist = true;
        QCOMPARE(bed.apply(request)->action, QStringLiteral("update"));
        request.prevValue = QByteArray("2");
        request.value = "3";
        QCOMPARE(bed.apply(request)->action, QStringLiteral("compareAndSwap"));
        request.prevExist = false;
        QCOMPARE(bed.apply(request).error().code, etcdErrorCode(105));
        WriteRequest post = put("/queue", "job");
        post.kind = Kind::Post;
        QCOMPARE(bed.apply(post)->node.key, QStringLiteral("/queue/00000000000000000004"));
        WriteRequest remove = put("/a", {});
        remove.kind = Kind::Delete;
        remove.prevIndex = 3;
        QCOMPARE(bed.apply(remove)->action, QStringLiteral("compareAndDelete"));
        QCOMPARE(bed.keys.get({QStringLiteral("/a")}).error().code, etcdErrorCode(100));
    }

    void aKeyGoesOnlyWithTheCommittedClock()
    {
        QD_PROVES("E117", "E118");
        Bed bed;
        QVERIFY(bed.apply(put("/a", "1"), 5).has_value());
        QVERIFY(bed.keys.hasExpirations());
        bed.clockUs += 60'000'000; // nobody has committed that
        QCOMPARE(bed.keys.get({QStringLiteral("/a")})->node.ttl, std::optional<qint64>(5));
        const auto watch = bed.watch(QStringLiteral("/"), true, true);
        bed.passTime(0);
        bed.run();
        QCOMPARE(bed.seen, QStringList{QStringLiteral("expire /a")});
        QCOMPARE(bed.keys.get({QStringLiteral("/a")}).error().code, etcdErrorCode(100));
        QVERIFY(!bed.keys.hasExpirations());
    }

    void aWatchHearsEachEventOnceAndInOrder()
    {
        Bed bed;
        (void)bed.apply(put("/a/1", "x"));
        (void)bed.apply(put("/b", "x"));
        (void)bed.apply(put("/a/2", "x"));
        const auto watch = bed.watch(QStringLiteral("/a"), true, true, 1);
        QVERIFY(bed.seen.isEmpty()); // never from inside the call
        (void)bed.apply(put("/a/_hidden", "x"));
        (void)bed.apply(put("/a/3", "x"));
        bed.run();
        QCOMPARE(bed.seen, (QStringList{"set /a/1", "set /a/2", "set /a/3"}));
    }

    void aSingleWatchTakesOneEventAndAnEndedOneNone()
    {
        Bed bed;
        const auto one = bed.watch(QStringLiteral("/a"), false, false);
        auto ended = bed.watch(QStringLiteral("/a"), false, true);
        (void)bed.apply(put("/a", "1"));
        ended.reset();
        (void)bed.apply(put("/a", "2"));
        bed.run();
        QCOMPARE(bed.seen, QStringList{QStringLiteral("set /a")});
        QCOMPARE(bed.keys.watcherCount(), 0);
    }

    void ofManyWatchersOfAKeyAnyMayLeave()
    {
        Bed bed;
        const QString key = QStringLiteral("/a");
        std::vector<std::unique_ptr<Watch>> all;
        for (int i = 0; i < 10; ++i)
            all.push_back(bed.watch(key, false, i % 2 == 0)); // five stay, five take one event
        for (const size_t leaves : {0, 9, 4, 5})
            all[leaves].reset();
        QCOMPARE(bed.keys.watcherCount(), 6);
        (void)bed.apply(put("/a", "1"));
        all[2].reset(); // with the event on its way
        QCOMPARE(bed.keys.watcherCount(), 2);
        (void)bed.apply(put("/a", "2"));
        bed.run();
        QCOMPARE(bed.seen.size(), 5 + 2);
        all.clear();
        QCOMPARE(bed.keys.watcherCount(), 0);
    }

    void whoWatchesBelowARemovedFolderHearsOfIt()
    {
        Bed bed;
        (void)bed.apply(put("/d/e/f", "x"));
        const auto known = bed.watch(QStringLiteral("/d/e/f"), false, true);
        const auto unknown = bed.watch(QStringLiteral("/d/e/none"), false, true);
        const auto above = bed.watch(QStringLiteral("/d"), true, true);
        WriteRequest remove = put("/d", {});
        remove.kind = Kind::Delete;
        remove.recursive = remove.dir = true;
        QVERIFY(bed.apply(remove).has_value());
        bed.run();
        QCOMPARE(bed.seen, (QStringList{"delete /d", "delete /d"}));
    }

    void theWindowHoldsTheLastThousandEvents()
    {
        QD_PROVES("E148");
        Bed bed;
        for (int i = 1; i <= 1'010; ++i)
            (void)bed.apply(put(QStringLiteral("/k/%1").arg(i), "x"));
        const auto oldest = bed.watch(QStringLiteral("/k"), true, false, 11);
        const auto gone = bed.watch(QStringLiteral("/k"), true, false, 10);
        bed.run();
        QCOMPARE(bed.seen, (QStringList{"set /k/11", etcdErrorCode(401)}));
    }

    void aWatchStandsBeforeItsFirstEventAndNeverWhenItCannot()
    {
        QD_PROVES("E125");
        Bed bed;
        for (int i = 1; i <= 1'010; ++i)
            (void)bed.apply(put("/k", "x"));
        const QString key = QStringLiteral("/k");
        const auto gone = bed.watch({key, false, false, 5, bed.standing()});
        bed.run();
        QCOMPARE(bed.seen, QStringList{etcdErrorCode(401)});
        bed.seen.clear();
        const auto past = bed.watch({key, false, false, 500, bed.standing()});
        QVERIFY(bed.seen.isEmpty());
        bed.run();
        QCOMPARE(bed.seen, (QStringList{"stands", "set /k"}));
        bed.seen.clear();
        const auto next = bed.watch({key, false, false, 0, bed.standing()});
        (void)bed.apply(put("/k", "x"));
        bed.run();
        QCOMPARE(bed.seen, (QStringList{"stands", "set /k"}));
        bed.seen.clear();
        bed.watch({key, false, false, 0, bed.standing()}).reset(); // who has left hears nothing
        bed.run();
        QVERIFY(bed.seen.isEmpty());
    }

    void aSnapshotHoldsTreeHistoryAndTime()
    {
        Bed bed;
        (void)bed.apply(put("/a/b/c", "1"));
        (void)bed.apply(put("/a/t", "2"), 30);
        WriteRequest folder = put("/empty", {});
        folder.dir = true;
        (void)bed.apply(folder, 40);
        Bed other;
        (void)other.apply(put("/old", "x"));
        const auto waiting = other.watch(QStringLiteral("/a"), true, true);
        const QByteArray bytes = saved(bed.keys);
        QVERIFY(other.keys.restore(bytes).has_value());
        QCOMPARE(saved(other.keys), bytes);
        QCOMPARE(other.keys.keyCount(), bed.keys.keyCount());
        QCOMPARE(other.keys.get({QStringLiteral("/a/t")})->node.ttl, std::optional<qint64>(30));
        QCOMPARE(other.keys.get({QStringLiteral("/old")}).error().code, etcdErrorCode(100));
        const auto past = other.watch(QStringLiteral("/a/b/c"), false, false, 1);
        other.run();
        QCOMPARE(other.seen, (QStringList{etcdErrorCode(400), "set /a/b/c"}));
        other.clockUs = bed.clockUs;
        other.passTime(60);
        QVERIFY(!other.keys.get({QStringLiteral("/empty")}).has_value());
    }

    void damagedStatesAreRefused()
    {
        Bed bed;
        (void)bed.apply(put("/a/b", "1"));
        const QByteArray whole = saved(bed.keys);
        for (qsizetype cut = 0; cut < whole.size(); ++cut) {
            Bed other;
            QVERIFY(!other.keys.restore(whole.first(cut)).has_value());
        }
    }
};

QD_TEST_MAIN(TestKeyspace)
#include "tst_keyspace.moc"
