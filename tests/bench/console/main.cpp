// SPDX-License-Identifier: GPL-3.0-or-later
// qd-bench-console: the Units view over 100,000 units of a real agent, over TLS: what a frame of
// scrolling costs, what a key of the filter costs, and how much memory it takes.
#include "console/window/stage.h"
#include "fixture_agent.h"
#include "frame_meter.h"

#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QFont>
#include <QGuiApplication>
#include <QQuickItem>
#include <QQuickWindow>
#include <QTest>
#include <cstdio>

using namespace qd;
using namespace qd::bench;

namespace {

constexpr int kLoadMs = 120'000;
constexpr double kFrameBound = 16; ///< ms, p99
constexpr double kKeyBound = 50;   ///< ms, the slowest key

/// 300 frames of a wheel's pace, 200 of pages, 100 of jumps over the whole list.
QList<Cost> scroll(FrameMeter &meter, QQuickItem *view, int frames)
{
    QList<Cost> out;
    for (int frame = 0; frame < frames; ++frame) {
        const double height = view->property("contentHeight").toDouble() - view->height();
        const double at = view->property("contentY").toDouble();
        double to = at + 90;
        if (frame >= frames / 2)
            to = at + view->height() * 0.9;
        if (frame >= frames * 5 / 6)
            to = height * ((frame * 37) % 100) / 100;
        out.append(meter.measure([view, to] { view->setProperty("contentY", to); }));
    }
    return out;
}

QList<Cost> filter(FrameMeter &meter, window::Stage &stage)
{
    QList<Cost> out;
    auto *field = qobject_cast<QQuickItem *>(stage.item(QStringLiteral("unitFilter")));
    field->forceActiveFocus();
    const auto key = [&](Qt::Key code, char text = 0) {
        out.append(meter.measure([&] {
            text ? QTest::keyClick(stage.window(), text) : QTest::keyClick(stage.window(), code);
        }));
    };
    for (const char *text : {"unit-0777", "7 failed", "node-42", "nothing"}) {
        for (const char *c = text; *c; ++c)
            key(Qt::Key_unknown, *c);
        for (const char *c = text; *c; ++c)
            key(Qt::Key_Backspace);
    }
    return out;
}

int judge(const char *what, double value, double bound)
{
    if (value <= bound)
        return 0;
    fprintf(stderr, "%s: %.1f ms, the bound is %.0f ms\n", what, value, bound);
    return 1;
}

int measure(window::Stage &stage, int units, int frames, bool check)
{
    const double bare = residentMiB();
    QElapsedTimer clock;
    clock.start();
    stage.session().connectTo(QStringLiteral("bench"));
    models::UnitsModel *model = stage.session().units();
    if (!QTest::qWaitFor([&] { return model->count() == units; }, kLoadMs)) {
        fprintf(
            stderr, "%d of %d units came: %s\n", model->count(), units,
            qPrintable(stage.session().trouble()));
        return 1;
    }
    const double loaded = double(clock.elapsed()) / 1000;
    stage.go(1);
    auto *table = qobject_cast<QQuickItem *>(stage.item(QStringLiteral("unitTable")));
    auto *view = table ? table->property("view").value<QQuickItem *>() : nullptr;
    if (!view || !stage.item(QStringLiteral("unitFilter"))) {
        fprintf(stderr, "The Units view is not there.\n");
        return 1;
    }
    FrameMeter meter(stage.window());
    for (int warm = 0; warm < 10; ++warm)
        (void)meter.measure([] {});
    const QList<Cost> frameCosts = scroll(meter, view, frames);
    const double scrolled = residentMiB();
    const QList<Cost> keyCosts = filter(meter, stage);
    printf("%d units over TLS in %.1f s\n", units, loaded);
    printf(
        "%s\n",
        qPrintable(summary(QStringLiteral("frame of %1, scrolling").arg(frames), frameCosts)));
    printf(
        "%s\n",
        qPrintable(summary(QStringLiteral("key of %1, filter").arg(keyCosts.size()), keyCosts)));
    printf(
        "memory: %.0f MiB before, %.0f MiB with the units and after scrolling\n", bare, scrolled);
    if (!check)
        return 0;
    return judge("p99 of a frame", cpuPercentile(frameCosts, 0.99), kFrameBound) |
           judge("slowest key of the filter", cpuPercentile(keyCosts, 1), kKeyBound);
}

} // namespace

int main(int argc, char **argv)
{
    // A bench has no display, and the figures of one machine are to be those of another.
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    window::Stage::prepare();
    QGuiApplication app(argc, argv);
    QGuiApplication::setFont(QFont(QStringLiteral("Inter"), 10));
    QCommandLineParser parser;
    parser.addHelpOption();
    const QCommandLineOption units(
        QStringLiteral("units"), QStringLiteral("How many units."), QStringLiteral("n"),
        QStringLiteral("100000"));
    const QCommandLineOption frames(
        QStringLiteral("frames"), QStringLiteral("How many frames of scrolling."),
        QStringLiteral("n"), QStringLiteral("600"));
    const QCommandLineOption check(
        QStringLiteral("check"),
        QStringLiteral("Fail when a frame (p99) takes over 16 ms or a key over 50 ms of CPU."));
    parser.addOptions({units, frames, check});
    parser.process(app);
    FixtureAgent agent(parser.value(units).toInt());
    if (const auto started = agent.start(); !started) {
        fprintf(stderr, "%s\n", qPrintable(started.error().text()));
        return 1;
    }
    const SystemClock clock;
    window::Stage stage(agent, clock);
    if (const auto opened = stage.open(true, QSize(1280, 800)); !opened) {
        fprintf(stderr, "%s\n", qPrintable(opened.error().text()));
        return 1;
    }
    return measure(
        stage, parser.value(units).toInt(), parser.value(frames).toInt(), parser.isSet(check));
}
