// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/cause_text.h"
#include "agent/store/tree.h"
#include "shared/base/random.h"
#include "tests/support/proof.h"

#include <map>

using namespace qd;
using namespace qd::store;

namespace {

constexpr qint64 kSecond = 1'000'000;
constexpr qint64 kNow = 1'000 * kSecond;

QString q(const char *text)
{
    return QString::fromUtf8(text);
}

/// "set /a 3/2": action, key, modified and created index; or "105 /a": an error and its cause.
QString shown(const Result<Event> &event)
{
    if (!event)
        return event.error().code.mid(5) + QLatin1Char(' ') +
               event.error().detail.value(QStringLiteral("cause"));
    return QStringLiteral("%1 %2 %3/%4")
        .arg(event->action, event->node.key)
        .arg(event->node.modifiedIndex)
        .arg(event->node.createdIndex);
}

/// A tree at one moment, with the operations as a test says them.
struct Bed {
    Tree tree;
    qint64 now = kNow;

    Expiry in(qint64 seconds) const { return {now + seconds * kSecond}; }
    Result<Event> set(const char *key, const QByteArray &value, const Expiry &expiry = {})
    {
        return tree.set(q(key), false, value, expiry, now);
    }
    Result<Event> mkdir(const char *key, const Expiry &expiry = {})
    {
        return tree.set(q(key), true, {}, expiry, now);
    }
    Result<Event> create(const char *key, const QByteArray &value)
    {
        return tree.create(q(key), false, value, false, {}, now);
    }
    Result<Event> update(const char *key, const QByteArray &value, const Expiry &expiry = {})
    {
        return tree.update(q(key), value, expiry, now);
    }
    Result<Event> swap(const char *key, const QByteArray &prev, quint64 index, const char *value)
    {
        return tree.compareAndSwap(q(key), prev, index, value, {}, now);
    }
    Result<Event> remove(const char *key, bool dir, bool recursive, QStringList *gone = nullptr)
    {
        return tree.remove(q(key), dir, recursive, now, gone);
    }
    Result<Event> get(const char *key, bool recursive = false) const
    {
        return tree.get(q(key), recursive, now);
    }
    QByteArray value(const char *key) const
    {
        const auto event = get(key);
        return event ? event->node.value : QByteArray("?");
    }
    /// What a listing shows: "/a /a/b".
    QString listed(const char *key) const
    {
        QStringList out;
        const auto event = get(key, true);
        if (event)
            collect(event->node, &out);
        return out.join(QLatin1Char(' '));
    }
    static void collect(const Node &node, QStringList *out)
    {
        for (const Node &child : node.children) {
            out->append(child.key);
            collect(child, out);
        }
    }
};

} // namespace

/// etcd v2's tree, operation by operation (peer-contracts.md 1.3 to 1.5).
class TestTree : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pathsAreMadePlain_data()
    {
        QTest::addColumn<QString>("given");
        QTest::addColumn<QString>("plain");
        const std::pair<const char *, const char *> kAll[] = {
            {"", "/"},          {"/", "/"},
            {"a", "/a"},        {"//a//b/", "/a/b"},
            {"/a/./b", "/a/b"}, {"/a/../b", "/b"},
            {"/../..", "/"},    {"/a/b/..", "/a"},
            {"/a b", "/a b"},   {"/\xc3\xbc", "/\xc3\xbc"}};
        for (const auto &[given, plain] : kAll)
            QTest::newRow(given) << q(given) << q(plain);
    }
    void pathsAreMadePlain()
    {
        QFETCH(QString, given);
        QFETCH(QString, plain);
        QCOMPARE(cleanPath(given), plain);
    }

    void setReplacesAndCountsAnew()
    {
        QD_PROVES("E111", "E114");
        Bed bed;
        QCOMPARE(shown(bed.set("/a", "1")), q("set /a 1/1"));
        const auto again = bed.set("/a", "2");
        QCOMPARE(shown(again), q("set /a 2/2"));
        QCOMPARE(again->prevNode->value, QByteArray("1"));
        QCOMPARE(again->prevNode->modifiedIndex, 1ULL);
        QCOMPARE(bed.value("/a"), QByteArray("2"));
        QCOMPARE(bed.tree.keyCount(), 1);
    }

    void parentsAppearWithTheIndexOfTheirChild()
    {
        QD_PROVES("E110");
        Bed bed;
        (void)bed.set("/x", "");
        QCOMPARE(shown(bed.set("/a/b/c", "v")), q("set /a/b/c 2/2"));
        for (const char *parent : {"/a", "/a/b"}) {
            const auto event = bed.get(parent);
            QVERIFY(event->node.dir);
            QCOMPARE(event->node.createdIndex, 2ULL);
            QCOMPARE(event->node.modifiedIndex, 2ULL);
        }
        QCOMPARE(bed.tree.keyCount(), 4);
    }

    void keysAndDirectoriesDoNotMix()
    {
        QD_PROVES("E113", "E146");
        Bed bed;
        (void)bed.set("/key", "v");
        QCOMPARE(shown(bed.mkdir("/dir")), q("set /dir 2/2"));
        QCOMPARE(shown(bed.set("/dir", "v")), q("102 /dir"));
        QCOMPARE(shown(bed.mkdir("/dir")), q("102 /dir"));
        QCOMPARE(shown(bed.set("/key/below", "v")), q("104 /key"));
        QCOMPARE(shown(bed.create("/key/below/more", "v")), q("104 /key"));
        QCOMPARE(shown(bed.get("/key/below")), q("104 /key"));
        QCOMPARE(shown(bed.mkdir("/key")), q("set /key 3/3")); // a directory takes a key's place
        QVERIFY(bed.get("/key")->node.dir);
    }

    void theRootIsReadOnly()
    {
        Bed bed;
        QCOMPARE(shown(bed.set("/", "v")), q("107 /"));
        QCOMPARE(shown(bed.mkdir("/")), q("107 /"));
        QCOMPARE(shown(bed.create("/", "v")), q("107 /"));
        QCOMPARE(shown(bed.update("/", "v")), q("107 /"));
        QCOMPARE(shown(bed.swap("/", "v", 0, "w")), q("107 /"));
        QCOMPARE(shown(bed.remove("/", true, true)), q("107 /"));
        const auto compared = bed.tree.compareAndDelete(q("/"), "v", 0, bed.now);
        QCOMPARE(shown(compared), q("102 ")); // etcd names no path here
        QCOMPARE(bed.tree.index(), 0ULL);
    }

    void createIsForWhatIsNotThere()
    {
        QD_PROVES("E55", "E128");
        Bed bed;
        QCOMPARE(shown(bed.create("/lock/owner", "me")), q("create /lock/owner 1/1"));
        QCOMPARE(shown(bed.create("/lock/owner", "you")), q("105 /lock/owner"));
        QCOMPARE(shown(bed.create("/lock", "you")), q("105 /lock"));
        QCOMPARE(bed.value("/lock/owner"), QByteArray("me"));
        (void)bed.remove("/lock/owner", false, false);
        QCOMPARE(shown(bed.create("/lock/owner", "you")), q("create /lock/owner 3/3"));
    }

    void inOrderKeysBearTheirIndex()
    {
        QD_PROVES("E122");
        Bed bed;
        for (int i = 0; i < 12; ++i)
            QVERIFY(bed.tree.create(q("/queue"), false, "job", true, {}, kNow).has_value());
        const auto queue = bed.get("/queue");
        QCOMPARE(queue->node.createdIndex, 1ULL);
        QCOMPARE(queue->node.children.front().key, q("/queue/00000000000000000001"));
        QCOMPARE(queue->node.children.back().key, q("/queue/00000000000000000012"));
        QCOMPARE(queue->node.children.back().createdIndex, 12ULL);
        (void)bed.set("/key", "v");
        QCOMPARE(shown(bed.tree.create(q("/key"), false, "job", true, {}, kNow)), q("104 /key"));
    }

    void updateKeepsTheBirth()
    {
        QD_PROVES("E57", "E115");
        Bed bed;
        (void)bed.set("/a", "1");
        const auto event = bed.update("/a", "2");
        QCOMPARE(shown(event), q("update /a 2/1"));
        QCOMPARE(event->prevNode->value, QByteArray("1"));
        QCOMPARE(shown(bed.update("/b/c", "2")), q("100 /b")); // the first that is missing
        (void)bed.mkdir("/dir");
        QCOMPARE(shown(bed.update("/dir", "v")), q("102 /dir"));
        QCOMPARE(bed.tree.index(), 3ULL);
    }

    void aDirectoryKeepsItsIndexWhenItsTimeChanges()
    {
        QD_PROVES("E120", "E121");
        Bed bed;
        (void)bed.mkdir("/dir", bed.in(10));
        QCOMPARE(shown(bed.update("/dir", {}, bed.in(50))), q("update /dir 2/1"));
        QCOMPARE(bed.get("/dir")->node.modifiedIndex, 1ULL);
        QCOMPARE(bed.get("/dir")->node.ttl, std::optional<qint64>(50));
        (void)bed.update("/dir", {});
        QVERIFY(!bed.get("/dir")->node.ttl);
        QVERIFY(!bed.tree.hasExpirations());
    }

    void compareAndSwapSaysWhatDiffers()
    {
        QD_PROVES("E127", "E129");
        Bed bed;
        (void)bed.set("/a", "one");
        QCOMPARE(shown(bed.swap("/a", "two", 0, "x")), q("101 [two != one]"));
        QCOMPARE(shown(bed.swap("/a", {}, 7, "x")), q("101 [7 != 1]"));
        QCOMPARE(shown(bed.swap("/a", "two", 7, "x")), q("101 [two != one] [7 != 1]"));
        QCOMPARE(shown(bed.swap("/a", "one", 7, "x")), q("101 [7 != 1]"));
        QCOMPARE(shown(bed.swap("/a", "one", 1, "x")), q("compareAndSwap /a 2/1"));
        QCOMPARE(bed.value("/a"), QByteArray("x"));
        QCOMPARE(shown(bed.swap("/none", "v", 0, "x")), q("100 /none"));
        (void)bed.mkdir("/dir");
        QCOMPARE(shown(bed.swap("/dir", "v", 0, "x")), q("102 /dir"));
    }

    void aCauseKeepsBytesThatAreNoText()
    {
        for (const QByteArray &value :
             {QByteArray("plain \xc3\xbc \xf0\x9f\x98\x80"), QByteArray("\xff\xfe"),
              QByteArray("a\xc3"), QByteArray("\xed\xa0\x80"),
              QByteArray("\xf0\x9f\x98\x80\xff\xef\xbf\xbd")})
            QCOMPARE(causeBytes(causeText(value)), value);
    }

    void compareAndDeleteIsForKeys()
    {
        QD_PROVES("E130");
        Bed bed;
        (void)bed.set("/d/a", "one");
        QCOMPARE(
            shown(bed.tree.compareAndDelete(q("/d/a"), "two", 0, kNow)), q("101 [two != one]"));
        QCOMPARE(shown(bed.tree.compareAndDelete(q("/d"), "one", 0, kNow)), q("102 /d"));
        const auto gone = bed.tree.compareAndDelete(q("/d/a"), "one", 1, kNow);
        QCOMPARE(shown(gone), q("compareAndDelete /d/a 2/1"));
        QCOMPARE(gone->prevNode->value, QByteArray("one"));
        QCOMPARE(shown(bed.get("/d/a")), q("100 /d/a"));
    }

    void directoriesGoOnlyWhenOneSaysSo()
    {
        QD_PROVES("E62", "E63", "E64", "E123", "E124");
        Bed bed;
        (void)bed.set("/d/e/f", "v");
        (void)bed.set("/d/g", "v");
        QCOMPARE(shown(bed.remove("/d", false, false)), q("102 /d"));
        QCOMPARE(shown(bed.remove("/d", true, false)), q("108 /d"));
        QCOMPARE(shown(bed.remove("/none", true, true)), q("100 /none"));
        QStringList gone;
        const auto event = bed.remove("/d", false, true, &gone);
        QCOMPARE(shown(event), q("delete /d 3/1"));
        QVERIFY(event->node.dir);
        QVERIFY(event->prevNode->dir);
        QVERIFY(event->prevNode->children.empty());
        gone.sort();
        QCOMPARE(gone, (QStringList{q("/d/e"), q("/d/e/f"), q("/d/g")}));
        QCOMPARE(bed.tree.keyCount(), 0);
        (void)bed.mkdir("/empty");
        QCOMPARE(shown(bed.remove("/empty", true, false)), q("delete /empty 5/4"));
        (void)bed.set("/key", "v");
        QCOMPARE(shown(bed.remove("/key", true, true)), q("delete /key 7/6"));
    }

    void whatIsRefusedCountsNothing()
    {
        Bed bed;
        (void)bed.set("/a", "v");
        (void)bed.create("/a", "v");
        (void)bed.update("/none", "v");
        (void)bed.swap("/a", "x", 0, "y");
        (void)bed.remove("/none", false, false);
        const auto error = bed.get("/none");
        QCOMPARE(error.error().detail.value(QStringLiteral("index")), q("1"));
        QCOMPARE(bed.tree.index(), 1ULL);
    }

    void hiddenNamesAreListedOnlyByTheirOwnPath()
    {
        QD_PROVES("E141", "E143");
        Bed bed;
        (void)bed.set("/_coreos.com/fleet/job", "v");
        (void)bed.set("/app/_data", "v");
        (void)bed.set("/app/seen", "v");
        (void)bed.set("/only/_hidden", "v");
        QCOMPARE(bed.listed("/"), q("/app /app/seen /only"));
        QCOMPARE(bed.listed("/only"), QString());
        QCOMPARE(bed.listed("/_coreos.com"), q("/_coreos.com/fleet /_coreos.com/fleet/job"));
        QCOMPARE(bed.value("/app/_data"), QByteArray("v"));
    }

    void listingsAreOneLevelUnlessRecursive()
    {
        QD_PROVES("E106", "E108");
        Bed bed;
        (void)bed.set("/b/c", "v");
        (void)bed.set("/a", "v");
        const auto root = bed.get("/");
        QVERIFY(root->node.key.isEmpty());
        QCOMPARE(root->node.children.size(), size_t(2));
        QCOMPARE(root->node.children[0].key, q("/a"));
        QVERIFY(root->node.children[1].children.empty());
        QCOMPARE(bed.get("/", true)->node.children[1].children[0].key, q("/b/c"));
    }

    void secondsLeftAreRoundedUp()
    {
        QD_PROVES("E117", "E68");
        Bed bed;
        const auto event = bed.set("/a", "v", bed.in(10));
        QCOMPARE(event->node.ttl, std::optional<qint64>(10));
        QCOMPARE(event->node.expirationUs, std::optional<qint64>(kNow + 10 * kSecond));
        bed.now += 3 * kSecond + 1;
        QCOMPARE(bed.get("/a")->node.ttl, std::optional<qint64>(7));
        bed.now = kNow + 10 * kSecond - 1;
        QCOMPARE(bed.get("/a")->node.ttl, std::optional<qint64>(1));
        bed.now = kNow + 10 * kSecond; // over, but nobody has taken it away yet
        QVERIFY(!bed.get("/a")->node.ttl);
        QVERIFY(bed.get("/a")->node.expirationUs.has_value());
    }

    void aWriteWithoutTimeMakesAKeyPermanent()
    {
        QD_PROVES("E121", "E67");
        Bed bed;
        (void)bed.set("/a", "v", bed.in(10));
        (void)bed.update("/a", "v", bed.in(400));
        QCOMPARE(bed.get("/a")->node.ttl, std::optional<qint64>(400));
        (void)bed.update("/a", "v");
        QVERIFY(!bed.get("/a")->node.ttl);
        (void)bed.set("/b", "v", bed.in(10));
        (void)bed.set("/b", "w");
        (void)bed.set("/c", "v", bed.in(10));
        (void)bed.swap("/c", "v", 0, "w");
        QVERIFY(!bed.tree.hasExpirations());
    }

    void aRefreshKeepsTheValue()
    {
        Bed bed;
        (void)bed.set("/a", "v", bed.in(10));
        Expiry refresh = bed.in(60);
        refresh.refresh = true;
        const auto updated = bed.update("/a", {}, refresh);
        QVERIFY(updated->refresh);
        QCOMPARE(updated->node.value, QByteArray("v"));
        const auto set = bed.set("/a", {}, refresh);
        QVERIFY(set->refresh);
        QCOMPARE(bed.value("/a"), QByteArray("v"));
        QCOMPARE(bed.get("/a")->node.ttl, std::optional<qint64>(60));
        QCOMPARE(shown(bed.set("/none", {}, refresh)), q("100 /none"));
    }

    void whatExpiresFirstGoesFirst()
    {
        QD_PROVES("E66", "E118", "E119");
        Bed bed;
        (void)bed.set("/late", "v", bed.in(30));
        (void)bed.set("/soon", "v", bed.in(10));
        (void)bed.mkdir("/dir", bed.in(20));
        (void)bed.set("/dir/child", "v", bed.in(100));
        (void)bed.set("/dir/stays/not", "v");
        QStringList gone;
        QVERIFY(!bed.tree.expireNext(kNow + 10 * kSecond - 1, &gone));
        QCOMPARE(shown(*bed.tree.expireNext(kNow + 25 * kSecond, &gone)), q("expire /soon 6/2"));
        const auto dir = bed.tree.expireNext(kNow + 25 * kSecond, &gone);
        QCOMPARE(shown(*dir), q("expire /dir 7/3"));
        QVERIFY(dir->prevNode->dir);
        gone.sort();
        QCOMPARE(gone, (QStringList{q("/dir/child"), q("/dir/stays"), q("/dir/stays/not")}));
        QVERIFY(!bed.tree.expireNext(kNow + 25 * kSecond, &gone));
        QCOMPARE(bed.listed("/"), q("/late"));
        QVERIFY(bed.tree.expireNext(kNow + 30 * kSecond, &gone).has_value());
        QVERIFY(!bed.tree.hasExpirations()); // the child's own time went with it
    }

    void aKeyMayNotBeTooDeep()
    {
        Bed bed;
        const QByteArray deepest = QByteArray("/a").repeated(Tree::kMaxDepth);
        QVERIFY(bed.set(deepest.constData(), "v").has_value());
        QCOMPARE(bed.get("/", true)->node.children.size(), size_t(1));
        const auto refused =
            bed.set(QByteArray("/y").repeated(Tree::kMaxDepth + 1).constData(), "v");
        QCOMPARE(refused.error().code, etcdErrorCode(209));
        const QByteArray absurd = QByteArray("/x").repeated(30'000);
        QCOMPARE(bed.set(absurd.constData(), "v").error().code, etcdErrorCode(209));
        QCOMPARE(shown(bed.get(absurd.constData())), q("100 /x"));
        QCOMPARE(bed.tree.index(), 1ULL);
    }

    void aDirectoryOfManyKeysKeepsTheirOrder()
    {
        SeededRandom random(5);
        Bed bed;
        std::map<QByteArray, QByteArray> expected;
        for (int step = 0; step < 6'000; ++step) {
            const QByteArray name = QByteArray::number(random.below(1'500));
            const QByteArray key = "/d/" + name;
            // First it fills in the order of the names, then anyhow, then it empties.
            if (step < 1'000) {
                const QByteArray next = QByteArray::number(100'000 + step);
                expected[next] = "v";
                QVERIFY(bed.set(("/d/" + next).constData(), "v"));
            } else if (step < 4'000) {
                expected[name] = QByteArray::number(step);
                QVERIFY(bed.set(key.constData(), QByteArray::number(step)));
            } else if (expected.erase(name) > 0) {
                QVERIFY(bed.remove(key.constData(), false, false));
            }
        }
        const auto listing = bed.get("/d");
        std::map<QByteArray, QByteArray> listed;
        QByteArray before;
        for (const Node &child : listing->node.children) {
            const QByteArray name = child.key.mid(3).toUtf8();
            QVERIFY(before < name);
            listed.emplace(before = name, child.value);
        }
        QVERIFY(listed == expected);
        QVERIFY(listed.size() > 1'200);
    }

    void sameOperationsGiveTheSameBytesAlsoAfterARestore()
    {
        SeededRandom random(11);
        Bed first;
        Bed second;
        Bed restored;
        for (int step = 0; step < 4'000; ++step) {
            if (step % 500 == 0)
                QVERIFY(restored.tree.restore(saved(first.tree)).has_value());
            QCOMPARE(restored.tree.sum(), first.tree.sum());
            const quint64 seed = random.next();
            const QString outcome = randomOperation(first, seed);
            QCOMPARE(randomOperation(second, seed), outcome);
            QCOMPARE(randomOperation(restored, seed), outcome);
            first.now += kSecond / 10;
            second.now = restored.now = first.now;
        }
        QCOMPARE(saved(second.tree), saved(first.tree));
        QCOMPARE(saved(restored.tree), saved(first.tree));
        QCOMPARE(restored.tree.keyCount(), first.tree.keyCount());
        // What each operation added and took away is what a walk over all of it finds.
        Tree walked;
        QVERIFY(walked.restore(saved(first.tree)).has_value());
        QCOMPARE(walked.sum(), first.tree.sum());
        QVERIFY(first.tree.index() > 1'000);
    }

    void theSumTellsStatesApart()
    {
        QSet<quint64> seen;
        const auto isNew = [&](const Bed &bed) {
            const auto before = seen.size();
            seen.insert(bed.tree.sum());
            return seen.size() > before;
        };
        Bed bed;
        QVERIFY(isNew(bed));
        (void)bed.set("/a", "v");
        QVERIFY(isNew(bed));
        (void)bed.set("/a", "v"); // made later
        QVERIFY(isNew(bed));
        (void)bed.set("/a", "w");
        QVERIFY(isNew(bed));
        (void)bed.set("/b/c", "w");
        QVERIFY(isNew(bed));
        const quint64 before = bed.tree.sum();
        (void)bed.set("/b/d", "x", bed.in(5));
        QVERIFY(isNew(bed));
        Bed other; // what the names on the way join into is the same
        (void)other.set("/a", "v");
        (void)other.set("/a", "v");
        (void)other.set("/a", "w");
        (void)other.set("/bc", "w");
        QVERIFY(isNew(other));
        QStringList removed;
        QVERIFY(bed.tree.expireNext(bed.in(6).atUs.value(), &removed));
        QCOMPARE(bed.tree.sum(), before); // the index is another, and its owner's to add
    }

    void aDamagedSnapshotLeavesAnEmptyTree()
    {
        Bed bed;
        (void)bed.set("/a/b", "v", bed.in(5));
        (void)bed.set("/c", "v");
        const QByteArray whole = saved(bed.tree);
        for (qsizetype cut = 0; cut < whole.size(); ++cut) {
            Tree other;
            const bool wholeItems = other.restore(whole.first(cut)).has_value();
            // A cut between two items reads as a smaller tree: the file's checksum is what tells.
            QVERIFY(wholeItems || (other.keyCount() == 0 && !other.hasExpirations()));
        }
        SeededRandom random(3);
        for (int i = 0; i < 2'000; ++i) {
            QByteArray bytes = whole;
            bytes[qsizetype(random.below(quint64(bytes.size())))] = char(random.next());
            Tree other;
            if (other.restore(bytes))
                QVERIFY(other.keyCount() <= 3);
        }
    }

private:
    static QString randomOperation(Bed &bed, quint64 seed)
    {
        static constexpr const char *kKeys[] = {"/a", "/a/b", "/a/b/c", "/d", "/d/e", "/_f/g"};
        SeededRandom random(seed);
        const char *key = kKeys[random.below(6)];
        const Expiry expiry = random.below(3) == 0 ? bed.in(qint64(random.below(20))) : Expiry{};
        QStringList gone;
        switch (random.below(8)) {
        case 0:
            return shown(bed.set(key, QByteArray::number(random.below(3)), expiry));
        case 1:
            return shown(bed.mkdir(key, expiry));
        case 2:
            return shown(bed.create(key, "c"));
        case 3:
            return shown(bed.update(key, random.below(2) == 0 ? "u" : "", expiry));
        case 4:
            return shown(bed.swap(key, "1", random.below(2) * bed.tree.index(), "s"));
        case 5:
            return shown(bed.remove(key, random.below(2) == 0, random.below(2) == 0, &gone)) +
                   gone.join(QLatin1Char(' '));
        case 6:
            return shown(bed.tree.create(q(key), false, "q", true, expiry, bed.now));
        default:
            const auto event = bed.tree.expireNext(bed.now, &gone);
            return event ? shown(*event) + gone.join(QLatin1Char(' ')) : QString();
        }
    }
};

QD_TEST_MAIN(TestTree)
#include "tst_tree.moc"
