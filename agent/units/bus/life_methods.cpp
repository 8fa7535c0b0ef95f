// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/errors.h"
#include "agent/units/bus/methods.h"
#include "shared/unitfile/environment.h"

#include <QDBusUnixFileDescriptor>
#include <sys/mman.h>
#include <unistd.h>

namespace qd::units::bus {

namespace {

QString dump(const Context &context)
{
    QString out;
    for (const Unit *unit : context.manager.units()) {
        out += QStringLiteral("-> Unit %1:\n").arg(unit->id);
        const auto line = [&](const char *name, const QString &value) {
            out += QStringLiteral("\t%1: %2\n").arg(QLatin1String(name), value);
        };
        line("Description", unit->description());
        line("Unit Load State", toText(unit->load));
        line("Unit Active State", toText(unit->active));
        line("State", unit->sub);
        line("Invocation ID", unit->invocationId);
        line("CGroup", unit->controlGroup);
        line("Fragment Path", unit->fragmentPath);
        for (int kind = 0; kind < kDependencies; ++kind) {
            for (const QString &name : unit->dependencyNames(Dependency(kind)))
                line(qPrintable(toText(Dependency(kind))), name);
        }
    }
    for (const JobInfo &job : context.manager.jobs())
        out += QStringLiteral("-> Job %1:\n\tAction: %2 -> %3\n\tState: %4\n")
                   .arg(job.id)
                   .arg(job.unit, toText(job.type), toText(job.state));
    return out;
}

/// The text in a file in memory: a message may not be large.
void replyFile(const Call &call, const QByteArray &text)
{
    const int fd = memfd_create("dump", MFD_CLOEXEC);
    if (fd < 0 || write(fd, text.constData(), size_t(text.size())) != text.size() ||
        lseek(fd, 0, SEEK_SET) != 0) {
        call.fail(error::failed, QStringLiteral("Cannot make a file in memory."));
    } else {
        call.reply({QVariant::fromValue(QDBusUnixFileDescriptor(fd))}); // a copy of fd
    }
    if (fd >= 0)
        ::close(fd);
}

void changeEnvironment(
    Context &context, const Call &call, const QStringList &unset, const QStringList &set)
{
    QStringList all = context.manager.environment();
    const auto remove = [&](const QString &name) {
        all.removeIf([&](const QString &entry) { return entry.startsWith(name + u'='); });
    };
    for (const QString &assignment : set) {
        if (!unitfile::isAssignment(assignment))
            return call.fail(error::invalidArgs, QStringLiteral("Invalid environment assignments"));
    }
    for (const QString &name : unset)
        remove(name.section(u'=', 0, 0));
    for (const QString &assignment : set) {
        remove(assignment.section(u'=', 0, 0));
        all.append(assignment);
    }
    context.manager.setEnvironment(all);
    call.reply();
}

} // namespace

Methods lifeMethods(Context &context)
{
    Methods out;
    const auto add = [&](const char *name, const char *in, const char *answer,
                         std::function<void(const Call &)> run) {
        out.insert(QLatin1String(name), {in, answer, std::move(run)});
    };
    // Every private peer hears every signal anyway (systemd1-dbus.md 2).
    add("Subscribe", "", "", [](const Call &call) { call.reply(); });
    add("Unsubscribe", "", "", [](const Call &call) { call.reply(); });
    add("Reload", "", "", [&](const Call &call) {
        context.forgetFileStates();
        context.manager.reload();
        call.reply();
    });
    add("SetEnvironment", "as", "",
        [&](const Call &call) { changeEnvironment(context, call, {}, call.texts(0)); });
    add("UnsetEnvironment", "as", "",
        [&](const Call &call) { changeEnvironment(context, call, call.texts(0), {}); });
    add("UnsetAndSetEnvironment", "asas", "",
        [&](const Call &call) { changeEnvironment(context, call, call.texts(0), call.texts(1)); });
    // At once, without the target of that name: `systemctl --force`.
    for (const auto &[name, verb] :
         {std::pair{"PowerOff", "poweroff"}, {"Reboot", "reboot"}, {"Halt", "halt"}}) {
        add(name, "", "", [&context, verb = QString::fromLatin1(verb)](const Call &call) {
            if (context.power)
                finish(call, context.power(verb));
            else
                call.fail(
                    error::notSupported, QStringLiteral("There is no machine to %1.").arg(verb));
        });
    }
    add("Dump", "", "s", [&](const Call &call) { call.reply({dump(context)}); });
    add("DumpByFileDescriptor", "", "h",
        [&](const Call &call) { replyFile(call, dump(context).toUtf8()); });
    return out;
}

} // namespace qd::units::bus
