// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/named_node.h"

namespace qd::cli {
namespace {

const QString kMachine = QStringLiteral("MACHINE");

QString groupOf(const Invocation &run)
{
    return run.values().text(QStringLiteral("group"));
}

/// `use` gets the machine's id: of a node by its name, else as it was said, for a machine that
/// holds a slot may be a node no more; empty for the node that answers.
void withMachine(Invocation &run, const std::function<void(const QString &id)> &use)
{
    const QString said = run.values().text(kMachine);
    if (said.isEmpty())
        return use({});
    run.then(run.api().nodes(), [said, use](const session::Listing<Node> &nodes) {
        for (const Node &node : nodes.items) {
            if (node.name == said)
                return use(node.id);
        }
        use(said);
    });
}

void tell(Invocation &run, const RebootSlots &lock)
{
    if (run.json()) {
        run.out().json(codec::toJson(lock));
    } else {
        run.out().line(QStringLiteral("Available: %1").arg(lock.available));
        run.out().line(QStringLiteral("Max: %1").arg(lock.max));
        if (!lock.holders.isEmpty()) {
            run.out().line({});
            run.out().line(QStringLiteral("MACHINE ID"));
        }
        for (const QString &holder : lock.holders)
            run.out().line(visible(holder));
    }
    run.finish();
}

void status(Invocation &run)
{
    run.then(
        run.api().rebootLock(groupOf(run)), [&run](const RebootSlots &lock) { tell(run, lock); });
}

void lock(Invocation &run)
{
    withMachine(run, [&run](const QString &id) {
        run.then(run.api().rebootLockTake(id, groupOf(run)), [&run](qint64 fence) {
            if (run.json())
                run.out().json(QJsonObject{{QStringLiteral("fence"), fence}});
            run.finish();
        });
    });
}

void unlock(Invocation &run)
{
    withMachine(run, [&run](const QString &id) {
        run.then(run.api().rebootLockRelease(id, groupOf(run)), [&run](const RebootSlots &now) {
            if (run.json())
                run.out().json(codec::toJson(now));
            run.finish();
        });
    });
}

void setMax(Invocation &run)
{
    const QString text = run.values().text(QStringLiteral("N"));
    bool isNumber = false;
    const qint64 max = text.toLongLong(&isNumber);
    if (!isNumber || max < 0)
        return run.wrongUsage(QStringLiteral("Maximum value must be an integer: %1").arg(text));
    run.then(
        run.api().rebootLockSetMax(max, groupOf(run)),
        [&run](const session::RebootMaximum &change) {
            if (run.json()) {
                run.out().json(codec::toJson(change.now));
            } else {
                run.out().line(QStringLiteral("Old: %1").arg(change.old));
                run.out().line(QStringLiteral("New: %1").arg(change.now.max));
            }
            run.finish();
        });
}

void reboot(Invocation &run)
{
    const int delay = int(run.values().number(QStringLiteral("delay"), 0));
    const QString name = run.values().text(QStringLiteral("NODE"));
    withNode(run, name, [&run, delay](const Node &node, const QList<Node> &) {
        run.then(run.api().rebootUnderLock(node.id, delay, groupOf(run)), [&run, node] {
            if (run.json())
                run.out().json(QJsonObject{{QStringLiteral("reboots"), node.id}});
            run.finish();
        });
    });
}

Applet applet(const char *verb, const char *summary, void (*act)(Invocation &))
{
    Applet out;
    out.words = QStringList{"locksmith", QString::fromLatin1(verb)};
    out.summary = QString::fromLatin1(summary);
    out.options = {{"group", "GROUP", "the machines that share a lock of their own"}};
    out.examples = QStringList{QStringLiteral("qdctl locksmith ") + QLatin1String(verb)};
    out.run = act;
    return out;
}

Argument machine()
{
    return {
        kMachine, "its id, or a node's name; left out: the node that answers",
        Argument::Count::Optional};
}

Applet rebootApplet()
{
    Applet out = applet("reboot", "Reboots a node once it holds the reboot lock.", reboot);
    out.details =
        "One attempt: when no slot is free, nothing happens. The node gives its slot back once\n"
        "it is up again. With --delay it holds the slot for so long before it reboots; it looks\n"
        "again then, and does not reboot when the slot has been taken from it in the meantime.";
    out.arguments = {{"NODE", "its name or id, as `qdctl node list` shows them"}};
    out.options.append({"delay", "SECONDS", "wait with the slot taken"});
    out.options.last().number = true;
    out.examples = QStringList{"qdctl locksmith reboot node-2"};
    out.exits = QStringList{"1 no slot was free, or it was taken away while the node waited"};
    return out;
}

} // namespace

QList<Applet> locksmithApplets()
{
    Applet show = applet("status", "Shows who holds the reboot lock.", status);
    show.details =
        "As many machines of a group as the maximum allows hold a slot, and only they may\n"
        "reboot. The lock is locksmith's: the key coreos.com/updateengine/rebootlock/semaphore,\n"
        "which is made when it is missing.";
    Applet take = applet("lock", "Takes a slot of the reboot lock for a machine.", lock);
    take.arguments = {machine()};
    take.exits = QStringList{"1 no slot is free, or the machine holds one already"};
    Applet give = applet("unlock", "Frees a machine's slot of the reboot lock.", unlock);
    give.details =
        "For a machine that will not come back: a slot does not expire. A machine that comes\n"
        "back after all does not reboot with a slot that was taken from it.";
    give.arguments = {machine()};
    give.examples = QStringList{"qdctl locksmith unlock 010a2e41e747415ba51212fa995801dd"};
    give.exits = QStringList{"1 the machine holds no slot"};
    Applet most = applet("set-max", "Sets how many machines may reboot at once.", setMax);
    most.details = "Who holds a slot keeps it, also when there are more than the new maximum.";
    most.arguments = {{"N", "how many"}};
    most.examples = QStringList{"qdctl locksmith set-max 3"};
    return {show, take, give, most, rebootApplet()};
}

} // namespace qd::cli
