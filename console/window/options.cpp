// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/options.h"

#include "console/demo/demo_data.h"
#include "console/session/profile.h"

#include <QCommandLineParser>
#include <cstdio>

namespace qd::window {
namespace {

void describe(QCommandLineParser &parser)
{
    parser.setApplicationDescription(QStringLiteral("The console of a Quarterdeck cluster."));
    const auto add = [&parser](const char *name, const char *what, const char *value = "") {
        parser.addOption(
            {QString::fromLatin1(name), QString::fromLatin1(what), QString::fromLatin1(value)});
    };
    add("config", "Folder of profiles and keys (~/.config/quarterdeck).", "DIR");
    add("profile", "Open this cluster at once.", "NAME");
    add("local", "Host a local cluster in this window's care, and open it.");
    add("nodes", "With --local: how many nodes (3).", "N");
    add("dir", "With --local: where the nodes keep their state (.qd/local).", "DIR");
    add("base", "With --local: the first node's loopback address (127.0.0.11).", "ADDR");
    add("demo", "Show an invented cluster.");
    add("demo-kind",
        "normal, hostile, empty, loading, failing, a number of units, or keys: and a number.",
        "KIND");
    add("theme", "dark or light (as last chosen; dark).", "THEME");
    add("size", "Size of the window (1280x800).", "WxH");
    add("screenshot", "Write pictures of every view, with their accessible text, and end.", "DIR");
    add("scene", "With --screenshot: only views whose name contains this.", "TEXT");
    add("drive", "Play the keys, clicks and pictures of a file, and end.", "FILE");
    parser.addHelpOption();
    parser.addVersionOption();
}

Result<QSize> sizeOf(const QString &text)
{
    const QStringList parts = text.split(QLatin1Char('x'));
    const QSize size(parts.value(0).toInt(), parts.value(1).toInt());
    if (parts.size() != 2 || size.width() < 320 || size.height() < 240 || size.width() > 8192 ||
        size.height() > 8192)
        return fail(
            code::badInput,
            QStringLiteral("\"%1\" is not a size such as 1280x800 (320x240 to 8192x8192).")
                .arg(text));
    return size;
}

} // namespace

Result<Options> readOptions(const QStringList &arguments)
{
    QCommandLineParser parser;
    describe(parser);
    if (!parser.parse(arguments))
        return fail(code::badInput, parser.errorText());
    if (parser.isSet(QStringLiteral("help")))
        parser.showHelp(0);
    if (parser.isSet(QStringLiteral("version")))
        parser.showVersion();
    if (!parser.positionalArguments().isEmpty())
        return fail(
            code::badInput, QStringLiteral("\"%1\" is not an option; --help lists them.")
                                .arg(parser.positionalArguments().constFirst()));
    const auto text = [&parser](const char *name, const QString &otherwise = {}) {
        const QString key = QString::fromLatin1(name);
        return parser.isSet(key) ? parser.value(key) : otherwise;
    };
    Options out;
    out.configFolder = text("config", session::configFolder());
    out.profile = text("profile");
    out.local = parser.isSet(QStringLiteral("local"));
    out.localNodes = text("nodes").toInt();
    out.localDir = text("dir", QStringLiteral(".qd/local"));
    out.localBase = text("base");
    out.screenshotDir = text("screenshot");
    out.sceneFilter = text("scene");
    out.driveFile = text("drive");
    const bool invented = parser.isSet(QStringLiteral("demo")) || !out.screenshotDir.isEmpty();
    out.demoKind = text("demo-kind", invented ? QStringLiteral("normal") : QString());
    if (!out.demoKind.isEmpty() && !demo::DemoData::isKind(out.demoKind))
        return fail(
            code::badInput,
            QStringLiteral("There is no demo \"%1\": normal, hostile, empty, loading, failing, a "
                           "number of units, or keys: and a number.")
                .arg(out.demoKind));
    const QString theme = text("theme");
    if (!theme.isEmpty())
        out.dark = theme == QLatin1String("dark");
    if (!theme.isEmpty() && !*out.dark && theme != QLatin1String("light"))
        return fail(
            code::badInput, QStringLiteral("There is no theme \"%1\": dark or light.").arg(theme));
    if (parser.isSet(QStringLiteral("nodes")) && (out.localNodes < 1 || out.localNodes > 9))
        return fail(code::badInput, QStringLiteral("A local cluster has 1 to 9 nodes."));
    const auto size = sizeOf(text("size", QStringLiteral("1280x800")));
    if (!size)
        return fail(size.error());
    out.size = *size;
    return out;
}

} // namespace qd::window
