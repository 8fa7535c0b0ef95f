// SPDX-License-Identifier: GPL-3.0-or-later
// qd-simulate: seeds through the simulator; a failing one with the line that repeats it.
#include "tests/simulation/run.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QHashSeed>

#include <chrono>
#include <cstdio>

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

int runMany(
    quint64 first, quint64 count, double seconds, const qd::raft::Faults &faults,
    const QString &mutant)
{
    const auto begin = SteadyClock::now();
    Outcome total;
    quint64 done = 0;
    for (; done < count && (seconds <= 0 || secondsSince(begin) < seconds); ++done) {
        const Outcome outcome = runSeed(first + done, faults);
        if (!outcome.violation.isEmpty())
            return fail(first + done, outcome, mutant);
        total.events += outcome.events;
        total.elections += outcome.elections;
        total.acknowledged += outcome.acknowledged;
        total.deaths += outcome.deaths;
    }
    const double took = secondsSince(begin);
    printf(
        "%llu seeds from %llu: every invariant held; %llu events, %.0f events/s; %llu elections, "
        "%llu acknowledged writes, %llu machines ended by their disk\n",
        qulonglong(done), qulonglong(first), qulonglong(total.events), double(total.events) / took,
        qulonglong(total.elections), qulonglong(total.acknowledged), qulonglong(total.deaths));
    return 0;
}

int runOne(quint64 seed, const qd::raft::Faults &faults, const QString &mutant)
{
    const Outcome outcome = runSeed(seed, faults);
    if (!outcome.violation.isEmpty())
        return fail(seed, outcome, mutant);
    printf(
        "seed %llu: every invariant held; %.3f s, %llu events, %llu elections, %llu acknowledged "
        "writes, %llu machines ended by their disk, trace %016llx\n",
        qulonglong(seed), double(outcome.virtualUs) / 1e6, qulonglong(outcome.events),
        qulonglong(outcome.elections), qulonglong(outcome.acknowledged), qulonglong(outcome.deaths),
        qulonglong(outcome.traceHash));
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    QHashSeed::setDeterministicGlobalSeed();
    QCoreApplication app(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("Runs the deterministic simulator of consensus and log. Exit status: 0 all "
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
        QStringLiteral("mutant"),
        QStringLiteral("With a defect built in: %1.").arg(mutantNames().join(QStringLiteral(", "))),
        QStringLiteral("NAME"));
    parser.addOptions({seeds, first, seconds, one, mutant});
    parser.process(app);
    const auto faults = parser.isSet(mutant) ? mutantByName(parser.value(mutant))
                                             : std::optional(qd::raft::Faults());
    if (!faults) {
        fprintf(stderr, "qd-simulate: unknown mutant\n");
        return 2;
    }
    if (parser.isSet(one))
        return runOne(parser.value(one).toULongLong(), *faults, parser.value(mutant));
    const bool asLongAsItLasts = parser.isSet(seconds) && !parser.isSet(seeds);
    const quint64 count = asLongAsItLasts ? ~quint64(0) : parser.value(seeds).toULongLong();
    return runMany(
        parser.value(first).toULongLong(), count, parser.value(seconds).toDouble(), *faults,
        parser.value(mutant));
}
