// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/errors.h"
#include "agent/units/bus/methods.h"
#include "agent/units/bus/wire_types.h"

#include <QRegularExpression>

namespace qd::units::bus {

namespace {

void announce(Context &context)
{
    context.forgetFileStates();
    if (context.filesChanged)
        context.filesChanged();
}

/// Answers a call that changed links.
void reply(Context &context, const Call &call, const UnitFiles::Changes &changes)
{
    if (!changes)
        return call.fail(onBus(changes.error()));
    announce(context);
    call.reply({QVariant::fromValue(*changes)});
}

void reply(Context &context, const Call &call, const Result<UnitFiles::Enabled> &enabled)
{
    if (!enabled)
        return call.fail(onBus(enabled.error()));
    announce(context);
    call.reply({enabled->carriesInstallInfo, QVariant::fromValue(enabled->changes)});
}

void listFiles(
    const Context &context, const Call &call, const QStringList &states,
    const QStringList &patterns)
{
    QList<QRegularExpression> forms;
    for (const QString &pattern : patterns)
        forms.append(QRegularExpression(QRegularExpression::wildcardToRegularExpression(pattern)));
    QList<Pair> out;
    for (const Pair &file : context.files.list()) {
        const QString name = file.first.section(u'/', -1);
        const bool matches =
            forms.isEmpty() || std::any_of(forms.begin(), forms.end(), [&](const auto &form) {
                return form.match(name).hasMatch();
            });
        if (matches && (states.isEmpty() || states.contains(file.second)))
            out.append(file);
    }
    call.reply({QVariant::fromValue(out)});
}

template <class T>
void replyText(const Call &call, const Result<T> &value)
{
    if (value)
        call.reply({*value});
    else
        call.fail(onBus(value.error()));
}

using Add = std::function<void(
    const char *name, const char *in, const char *out, std::function<void(const Call &)> run)>;

void addLinkMethods(Context &context, const Add &add)
{
    UnitFiles &files = context.files;
    add("EnableUnitFiles", "asbb", "ba(sss)", [&](const Call &call) {
        reply(context, call, files.enable(call.texts(0), call.flag(1), call.flag(2)));
    });
    add("ReenableUnitFiles", "asbb", "ba(sss)", [&](const Call &call) {
        reply(context, call, files.reenable(call.texts(0), call.flag(1), call.flag(2)));
    });
    // There are no presets here: what a distribution would enable stays as it is.
    add("PresetUnitFiles", "asbb", "ba(sss)", [&](const Call &call) {
        reply(context, call, files.enable(call.texts(0), call.flag(1), call.flag(2)));
    });
    add("DisableUnitFiles", "asb", "a(sss)", [&](const Call &call) {
        reply(context, call, files.disable(call.texts(0), call.flag(1)));
    });
    add("LinkUnitFiles", "asbb", "a(sss)", [&](const Call &call) {
        reply(context, call, files.link(call.texts(0), call.flag(1), call.flag(2)));
    });
    add("MaskUnitFiles", "asbb", "a(sss)", [&](const Call &call) {
        reply(context, call, files.mask(call.texts(0), call.flag(1), call.flag(2)));
    });
    add("UnmaskUnitFiles", "asb", "a(sss)",
        [&](const Call &call) { reply(context, call, files.unmask(call.texts(0), call.flag(1))); });
    add("RevertUnitFiles", "as", "a(sss)",
        [&](const Call &call) { reply(context, call, files.revert(call.texts(0))); });
    add("SetDefaultTarget", "sb", "a(sss)", [&](const Call &call) {
        reply(context, call, files.setDefaultTarget(call.text(0), call.flag(1)));
    });
}

/// Flags of the methods that end in WithFlags.
constexpr qulonglong kRuntime = 1;
constexpr qulonglong kForce = 4;

void addFlagMethods(Context &context, const Add &add)
{
    add("EnableUnitFilesWithFlags", "ast", "ba(sss)", [&](const Call &call) {
        const qulonglong flags = call.argument(1).toULongLong();
        reply(
            context, call,
            context.files.enable(call.texts(0), (flags & kRuntime) != 0, (flags & kForce) != 0));
    });
    add("DisableUnitFilesWithFlags", "ast", "a(sss)", [&](const Call &call) {
        const qulonglong flags = call.argument(1).toULongLong();
        reply(context, call, context.files.disable(call.texts(0), (flags & kRuntime) != 0));
    });
}

} // namespace

Methods unitFileMethods(Context &context)
{
    Methods out;
    const Add add = [&](const char *name, const char *in, const char *answer,
                        std::function<void(const Call &)> run) {
        out.insert(QLatin1String(name), {in, answer, std::move(run)});
    };
    addLinkMethods(context, add);
    addFlagMethods(context, add);
    add("ListUnitFiles", "", "a(ss)", [&](const Call &call) { listFiles(context, call, {}, {}); });
    add("ListUnitFilesByPatterns", "asas", "a(ss)",
        [&](const Call &call) { listFiles(context, call, call.texts(0), call.texts(1)); });
    add("GetUnitFileState", "s", "s",
        [&](const Call &call) { replyText(call, context.files.state(call.text(0))); });
    add("GetDefaultTarget", "", "s", [&](const Call &call) {
        // Without a link of that name it is the one that the engine knows of itself.
        replyText<QString>(
            call, context.files.defaultTarget().value_or(QStringLiteral("multi-user.target")));
    });
    add("GetUnitFileLinks", "sb", "as",
        [&](const Call &call) { call.reply({context.files.linksOf(call.text(0), call.flag(1))}); });
    return out;
}

} // namespace qd::units::bus
