// SPDX-License-Identifier: GPL-3.0-or-later
// qd-simulate: seeds through the simulator; a failing one with the line that repeats it.
#include "tests/simulation/run.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QHashSeed>
#include <QLoggingCategory>

#include <chrono>
#include <cstdio>
#include <ctime>

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

void add(Outcome &total, const Outcome &outcome)
{
    total.events += outcome.events;
    total.answered += outcome.answered;
    total.undecided += outcome.undecided;
    for (size_t i = 0; i < total.counters.size(); ++i)
        total.counters[i] += outcome.counters[i];
}

void printCounters(const Counters &counters)
{
    for (size_t i = 0; i < counters.size(); ++i)
        printf("%12llu %s\n", qulonglong(counters[i]), nameOf(Sometimes(i)));
}

int runMany(
    quint64 first, quint64 count, double seconds, const Mutant &built, const QString &mutant)
{
    const auto begin = SteadyClock::now();
    Outcome total;
    quint64 done = 0;
    for (; done < count && (seconds <= 0 || secondsSince(begin) < seconds); ++done) {
        const Outcome outcome = runSeed(first + done, built);
        if (!outcome.violation.isEmpty())
            return fail(first + done, outcome, mutant);
        add(total, outcome);
    }
    const double took = secondsSince(begin);
    const double processor = double(std::clock()) / CLOCKS_PER_SEC;
    printCounters(total.counters);
    printf(
        "%llu seeds from %llu: every invariant held; %llu answers to clients, %llu histories of a "
        "key undecided\n%llu events in %.1f s, %.0f a second (%.0f a second of the processor's "
        "time)\n",
        qulonglong(done), qulonglong(first), qulonglong(total.answered),
        qulonglong(total.undecided), qulonglong(total.events), took, double(total.events) / took,
        double(total.events) / processor);
    return 0;
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
        "held, 1 a seed failed, 2 usage."));
    parser.addHelpOption();
    const QCommandLineOption seeds(
        QStringLiteral("seeds"), QStringLiteral("How many (200)."), QStringLiteral("N"),
        QStringLiteral("200"));
    const QCommandLineOption first(
        QStringLiteral("first"), QStringLiteral("The first seed (1)."), QStringLiteral("S"),
        QStringLiteral("1"));
    const QCommandLineOption seconds(
        QStringLiteral("seconds"),
        QStringLiteral("Stop after this time; without --seeds as many as fit."),
        QStringLiteral("T"), QStringLiteral("0"));
    const QCommandLineOption one(
        QStringLiteral("seed"), QStringLiteral("This one seed, told in full."),
        QStringLiteral("S"));
    const QCommandLineOption mutant(
        QStringLiteral("mutant"), QStringLiteral("With a defect built in: %1.").arg(mutantNames()),
        QStringLiteral("NAME"));
    parser.addOptions({seeds, first, seconds, one, mutant});
    parser.process(app);
    const auto built =
        parser.isSet(mutant) ? mutantByName(parser.value(mutant)) : std::optional(Mutant());
    if (!built) {
        fprintf(stderr, "qd-simulate: unknown mutant\n");
        return 2;
    }
    if (parser.isSet(one))
        return runOne(parser.value(one).toULongLong(), *built, parser.value(mutant));
    const bool asLongAsItLasts = parser.isSet(seconds) && !parser.isSet(seeds);
    const quint64 count = asLongAsItLasts ? ~quint64(0) : parser.value(seeds).toULongLong();
    return runMany(
        parser.value(first).toULongLong(), count, parser.value(seconds).toDouble(), *built,
        parser.value(mutant));
}
