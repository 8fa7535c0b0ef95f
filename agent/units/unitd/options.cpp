// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/unitd/options.h"

#include <QDir>
#include <QFile>
#include <QMap>
#include <functional>

namespace qd::units {

namespace {

using Setter = std::function<void(DaemonOptions &, const QString &)>;

const QMap<QString, Setter> &setters()
{
    static const QMap<QString, Setter> all{
        {QStringLiteral("--run"), [](DaemonOptions &o, const QString &v) { o.run = v; }},
        {QStringLiteral("--log"), [](DaemonOptions &o, const QString &v) { o.log = v; }},
        {QStringLiteral("--kernel-log"),
         [](DaemonOptions &o, const QString &v) { o.kernelLog = v; }},
        {QStringLiteral("--power"), [](DaemonOptions &o, const QString &v) { o.power = v; }},
        {QStringLiteral("--stamps"), [](DaemonOptions &o, const QString &v) { o.stamps = v; }},
        {QStringLiteral("--system-bus"),
         [](DaemonOptions &o, const QString &v) { o.systemBus = v; }},
        {QStringLiteral("--target"), [](DaemonOptions &o, const QString &v) { o.target = v; }},
        {QStringLiteral("--private-socket"),
         [](DaemonOptions &o, const QString &v) { o.privateSockets.append(v); }},
        {QStringLiteral("--unit-path"),
         [](DaemonOptions &o, const QString &v) { o.unitPaths.append(QDir::cleanPath(v)); }}};
    return all;
}

void fillUnitPaths(DaemonOptions &options)
{
    if (options.unitPaths.isEmpty())
        options.unitPaths = {
            QStringLiteral("/etc/quarterdeck/units"), options.run + QStringLiteral("/units"),
            QStringLiteral("/usr/local/lib/quarterdeck/units"),
            QStringLiteral("/usr/lib/quarterdeck/units")};
}

} // namespace

bool DaemonOptions::isRuntime(const QString &folder) const
{
    return folder.startsWith(QStringLiteral("/run/")) || folder.startsWith(run + u'/');
}

QString DaemonOptions::persistentUnits() const
{
    for (const QString &folder : unitPaths) {
        if (!isRuntime(folder))
            return folder;
    }
    return unitPaths.value(0);
}

QString DaemonOptions::runtimeUnits() const
{
    for (const QString &folder : unitPaths) {
        if (isRuntime(folder))
            return folder;
    }
    return unitPaths.value(0);
}

Result<DaemonOptions> parseDaemonOptions(const QStringList &words)
{
    DaemonOptions out;
    // A container's kernel is the machine's, whose log has its messages.
    out.isContainer = QFile::exists(QStringLiteral("/run/systemd/container"));
    if (!out.isContainer)
        out.kernelLog = QStringLiteral("/dev/kmsg");
    for (qsizetype i = 0; i < words.size(); ++i) {
        const QString name = words.at(i).section(u'=', 0, 0);
        if (name == u"--help" || name == u"-h") {
            out.help = true;
            continue;
        }
        if (name == u"--version") {
            out.version = true;
            continue;
        }
        const auto setter = setters().constFind(name);
        if (setter == setters().constEnd())
            return fail(code::badInput, QStringLiteral("unknown option %1").arg(words.at(i)));
        const bool joined = words.at(i).contains(u'=');
        if (!joined && i + 1 == words.size())
            return fail(code::badInput, QStringLiteral("%1 needs a value").arg(name));
        (*setter)(out, joined ? words.at(i).section(u'=', 1) : words.at(++i));
    }
    fillUnitPaths(out);
    return out;
}

QString daemonHelp()
{
    return QStringLiteral(
        "quarterdeck-unitd - the unit engine of a node: starts, keeps and stops services\n\n"
        "usage: quarterdeck-unitd [OPTIONS]\n\n"
        "  --run DIR             sockets and what lasts until the machine stops "
        "(/run/quarterdeck)\n"
        "  --log DIR             the journal goes to DIR/journal/MACHINE-ID (/var/log)\n"
        "  --kernel-log FILE     the kernel's messages, for the journal (/dev/kmsg; none in a "
        "container)\n"
        "  --power PIPE          where poweroff, reboot, halt, suspend, hibernate are written to; "
        "without it the engine refuses them\n"
        "  --stamps DIR          last times of timers with Persistent= "
        "(/var/lib/systemd/timers)\n"
        "  --private-socket PATH one more socket, such as systemctl's /run/systemd/private\n"
        "  --system-bus SOCKET   of a message bus that the engine joins when it is there\n"
        "  --unit-path DIR       a folder of unit files; the first one given wins; may be "
        "repeated\n"
        "  --target UNIT         what to start at first (default.target; empty: nothing)\n"
        "  --version, --help\n\n"
        "SIGTERM stops all units in order, then the engine.\n");
}

} // namespace qd::units
