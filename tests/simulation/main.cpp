// SPDX-License-Identifier: GPL-3.0-or-later
// qd-simulate: seeds through the simulator; a failing one with the line that repeats it.
#include "tests/simulation/run.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QCryptographicHash>
#include <QDateTime>
#include <QDirIterator>
#include <QFile>
#include <QHashSeed>
#include <QLoggingCategory>
#include <QtEndian>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <sys/wait.h>
#include <unistd.h>

using namespace qd::sim;

namespace {

using SteadyClock = std::chrono::steady_clock;

double secondsSince(SteadyClock::time_point begin)
{
    return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

int fail(quint64 seed, const Outcome &outcome, const QString &mutant)
{
    const QString extra = mutant.isEmpty() ? QString() : QStringLiteral(" --mutant ") + mutant;
    printf(
        "seed %llu FAILED after %.3f s and %llu events: %s\nreproduce: ./qd simulate --seed "
        "%llu%s\n",
        qulonglong(seed), double(outcome.virtualUs) / 1e6, qulonglong(outcome.events),
        qPrintable(outcome.violation), qulonglong(seed), qPrintable(extra));
    return 1;
}

struct Wanted {
    quint64 first = 1;
    quint64 count = 0;
    double seconds = 0; ///< 0: as long as it takes
    double leastRate = 0;
    Mutant built;
    QString mutant; ///< its name
};

/// What some seeds came to.
struct Total {
    Counters counters{};
    quint64 seeds = 0;
    quint64 events = 0;
    quint64 answered = 0;
    quint64 undecided = 0;
    quint64 undecidedSeed = 0; ///< one of them
    bool failed = false;       ///< a seed broke an invariant; it has said so
    double processor = 0;      ///< seconds
};

void add(Total &total, const Outcome &outcome, quint64 seed)
{
    ++total.seeds;
    total.events += outcome.events;
    total.answered += outcome.answered;
    total.undecided += outcome.undecided;
    if (outcome.undecided > 0)
        total.undecidedSeed = seed;
    for (size_t i = 0; i < total.counters.size(); ++i)
        total.counters[i] += outcome.counters[i];
}

void add(Total &total, const Total &more)
{
    total.seeds += more.seeds;
    total.events += more.events;
    total.answered += more.answered;
    total.undecided += more.undecided;
    total.undecidedSeed = std::max(total.undecidedSeed, more.undecidedSeed);
    total.failed = total.failed || more.failed;
    total.processor += more.processor;
    for (size_t i = 0; i < total.counters.size(); ++i)
        total.counters[i] += more.counters[i];
}

void printCounters(const Counters &counters)
{
    for (size_t i = 0; i < counters.size(); ++i)
        printf("%12llu %s\n", qulonglong(counters[i]), nameOf(Sometimes(i)));
}

/// Every `jobs`-th seed, beginning with the `job`-th.
Total runShare(const Wanted &wanted, quint64 job, quint64 jobs)
{
    const auto begin = SteadyClock::now();
    Total total;
    for (quint64 i = job; i < wanted.count; i += jobs) {
        if (wanted.seconds > 0 && secondsSince(begin) >= wanted.seconds)
            break;
        const quint64 seed = wanted.first + i;
        const Outcome outcome = runSeed(seed, wanted.built);
        if (!outcome.violation.isEmpty()) {
            fail(seed, outcome, wanted.mutant);
            total.failed = true;
            break;
        }
        add(total, outcome, seed);
    }
    total.processor = double(std::clock()) / CLOCKS_PER_SEC;
    return total;
}

/// A process for each share: what one of them does is nothing to another.
Total runShares(const Wanted &wanted, quint64 jobs)
{
    if (jobs <= 1)
        return runShare(wanted, 0, 1);
    std::vector<int> answers;
    for (quint64 job = 0; job < jobs; ++job) {
        int ends[2] = {-1, -1};
        if (pipe(ends) != 0)
            return {.failed = true};
        if (fork() == 0) {
            const Total share = runShare(wanted, job, jobs);
            fflush(stdout);
            const bool told = write(ends[1], &share, sizeof share) == sizeof share;
            _exit(told ? 0 : 1);
        }
        close(ends[1]);
        answers.push_back(ends[0]);
    }
    Total total;
    for (const int answer : answers) {
        Total share;
        if (read(answer, &share, sizeof share) != sizeof share)
            share = {.failed = true};
        close(answer);
        wait(nullptr);
        add(total, share);
    }
    return total;
}

double rate(const Total &total)
{
    return double(total.events) / std::max(total.processor, 1e-3);
}

/// Whether the run proves what it seems to prove.
bool isHonest(const Total &total, double leastRate)
{
    bool honest = true;
    if (rate(total) < leastRate) {
        printf("FAILED: fewer than %.0f events a second of the processor's time\n", leastRate);
        honest = false;
    }
    if (total.undecided > 0) {
        printf(
            "FAILED: %llu histories of a key are undecided, for instance of seed %llu\n",
            qulonglong(total.undecided), qulonglong(total.undecidedSeed));
        honest = false;
    }
    for (size_t i = 0; i < total.counters.size() && total.seeds >= kSeedsForAllSituations; ++i) {
        if (total.counters[i] > 0)
            continue;
        printf("FAILED: in all of these seeds there were no %s\n", nameOf(Sometimes(i)));
        honest = false;
    }
    return honest;
}

int runMany(const Wanted &wanted, quint64 jobs)
{
    const auto begin = SteadyClock::now();
    const Total total = runShares(wanted, jobs);
    if (total.failed)
        return 1;
    const double took = secondsSince(begin);
    printCounters(total.counters);
    printf(
        "%llu seeds from %llu: every invariant held; %llu answers to clients, %llu histories of a "
        "key undecided\n%llu events in %.1f s, %.0f a second (%.0f a second of the processor's "
        "time)\n",
        qulonglong(total.seeds), qulonglong(wanted.first), qulonglong(total.answered),
        qulonglong(total.undecided), qulonglong(total.events), took, double(total.events) / took,
        rate(total));
    if (total.seeds < kSeedsForAllSituations)
        printf(
            "(fewer than %llu seeds: that a situation is missing means nothing)\n",
            qulonglong(kSeedsForAllSituations));
    return isHonest(total, wanted.leastRate) ? 0 : 1;
}

/// One that no earlier run has begun with.
quint64 freshSeed()
{
    return quint64(QDateTime::currentSecsSinceEpoch()) * 1'000'000;
}

/// One that follows from the code under test: another after each change of it, the same for
/// everybody who has this state of it.
quint64 seedOfCode(const QString &tree)
{
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (const char *part : {"agent/raft", "agent/wal", "agent/store", "tests/simulation"}) {
        QStringList names;
        QDirIterator files(
            tree + QLatin1Char('/') + QLatin1String(part),
            {QStringLiteral("*.cpp"), QStringLiteral("*.h")}, QDir::Files,
            QDirIterator::Subdirectories);
        while (files.hasNext())
            names.append(files.next());
        names.sort();
        for (const QString &name : names) {
            QFile file(name);
            if (file.open(QIODevice::ReadOnly))
                hash.addData(&file);
        }
    }
    constexpr quint64 kKinds = 1'000'000'000; // of a million seeds each
    return qFromBigEndian<quint64>(hash.result().constData()) % kKinds * 1'000'000;
}

quint64 firstSeed(const QString &wanted)
{
    if (wanted == QLatin1String("new"))
        return freshSeed();
    constexpr QLatin1String kOfCode("of:");
    return wanted.startsWith(kOfCode) ? seedOfCode(wanted.sliced(kOfCode.size()))
                                      : wanted.toULongLong();
}

int runOne(quint64 seed, const Mutant &built, const QString &mutant)
{
    const Outcome outcome = runSeed(seed, built);
    if (!outcome.violation.isEmpty())
        return fail(seed, outcome, mutant);
    printCounters(outcome.counters);
    printf(
        "seed %llu: every invariant held; %.3f s, %llu events, %llu answers to clients, trace "
        "%016llx\n",
        qulonglong(seed), double(outcome.virtualUs) / 1e6, qulonglong(outcome.events),
        qulonglong(outcome.answered), qulonglong(outcome.traceHash));
    return 0;
}

QString mutantNames()
{
    QStringList names;
    for (const NamedMutant &mutant : mutants())
        names.append(QLatin1String(mutant.name));
    return names.join(QStringLiteral(", "));
}

} // namespace

int main(int argc, char **argv)
{
    QHashSeed::setDeterministicGlobalSeed();
    QLoggingCategory::setFilterRules(QStringLiteral("*=false")); // it is all as it should be
    QCoreApplication app(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral(
        "Runs the deterministic simulator of consensus, log and store. Exit status: 0 all "
        "held, 1 a seed failed, or the run proves less than it seems, 2 usage."));
    parser.addHelpOption();
    const QCommandLineOption seeds(
        QStringLiteral("seeds"), QStringLiteral("How many (200)."), QStringLiteral("N"),
        QStringLiteral("200"));
    const QCommandLineOption first(
        QStringLiteral("first"),
        QStringLiteral("The first seed (1); \"new\": one that was never tried; \"of:TREE\": one "
                       "that follows from the code that is in it."),
        QStringLiteral("S"), QStringLiteral("1"));
    const QCommandLineOption jobs(
        QStringLiteral("jobs"), QStringLiteral("How many processes (1)."), QStringLiteral("J"),
        QStringLiteral("1"));
    const QCommandLineOption seconds(
        QStringLiteral("seconds"),
        QStringLiteral("Stop after this time; without --seeds as many as fit."),
        QStringLiteral("T"), QStringLiteral("0"));
    const QCommandLineOption leastRate(
        QStringLiteral("least-rate"),
        QStringLiteral("Fail with fewer events a second of the processor's time."),
        QStringLiteral("N"), QStringLiteral("0"));
    const QCommandLineOption one(
        QStringLiteral("seed"), QStringLiteral("This one seed, told in full."),
        QStringLiteral("S"));
    const QCommandLineOption mutant(
        QStringLiteral("mutant"), QStringLiteral("With a defect built in: %1.").arg(mutantNames()),
        QStringLiteral("NAME"));
    parser.addOptions({seeds, first, seconds, jobs, leastRate, one, mutant});
    parser.process(app);
    const auto built =
        parser.isSet(mutant) ? mutantByName(parser.value(mutant)) : std::optional(Mutant());
    if (!built) {
        fprintf(stderr, "qd-simulate: unknown mutant\n");
        return 2;
    }
    if (parser.isSet(one))
        return runOne(parser.value(one).toULongLong(), *built, parser.value(mutant));
    Wanted wanted;
    wanted.built = *built;
    wanted.mutant = parser.value(mutant);
    wanted.first = firstSeed(parser.value(first));
    const bool asLongAsItLasts = parser.isSet(seconds) && !parser.isSet(seeds);
    wanted.count = asLongAsItLasts ? ~quint64(0) : parser.value(seeds).toULongLong();
    wanted.seconds = parser.value(seconds).toDouble();
    wanted.leastRate = parser.value(leastRate).toDouble();
    printf("seeds from %llu on\n", qulonglong(wanted.first));
    fflush(stdout);
    return runMany(wanted, std::max<quint64>(1, parser.value(jobs).toULongLong()));
}
