// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/auth/registry.h"

namespace qd::etcd::auth {

using store::WriteRequest;

namespace {

const QString kUsers = QStringLiteral("/_qd/auth/users/");
const QString kRoles = QStringLiteral("/_qd/auth/roles/");
const QString kEnabled = QStringLiteral("/_qd/auth/enabled");

WriteRequest put(const QString &key, const QByteArray &value)
{
    WriteRequest out;
    out.key = key;
    out.value = value;
    return out;
}

WriteRequest creation(const QString &key, const QByteArray &value)
{
    WriteRequest out = put(key, value);
    out.prevExist = false;
    return out;
}

WriteRequest replacement(const QString &key, const QByteArray &before, const QByteArray &after)
{
    WriteRequest out = put(key, after);
    out.prevValue = before;
    return out;
}

WriteRequest removal(const QString &key)
{
    WriteRequest out;
    out.kind = WriteRequest::Kind::Delete;
    out.key = key;
    return out;
}

Error noUser(const QString &name, const char *words)
{
    return authError(404, QStringLiteral("auth: User %1 %2").arg(name, QLatin1String(words)));
}

Error noRole(const QString &name, const char *words)
{
    return authError(404, QStringLiteral("auth: Role %1 %2").arg(name, QLatin1String(words)));
}

Error changedMeanwhile(const QString &name)
{
    return authError(409, QStringLiteral("auth: %1 was changed meanwhile. Try again.").arg(name));
}

} // namespace

bool Registry::isEnabled() const
{
    return value(kEnabled) == QByteArray("true");
}

void Registry::setEnabled(bool enabled, Done<void> done)
{
    write(put(kEnabled, enabled ? "true" : "false"), {}, std::move(done));
}

Result<User> Registry::user(const QString &name) const
{
    const auto stored = value(kUsers + name);
    if (!stored)
        return fail(noUser(name, "does not exist."));
    const auto user = readUser(*stored);
    return user ? Result<User>(withRootRole(*user)) : user;
}

Result<Role> Registry::role(const QString &name) const
{
    if (name == kRoot)
        return rootRole();
    const auto stored = value(kRoles + name);
    if (!stored)
        return fail(noRole(name, "does not exist."));
    return readRole(*stored);
}

QStringList Registry::userNames() const
{
    return names(kUsers);
}

QStringList Registry::roleNames() const
{
    QStringList out = names(kRoles) << kRoot;
    out.sort();
    return out;
}

QList<Role> Registry::rolesOf(const User &user) const
{
    QList<Role> out;
    const QStringList wanted = user.roles.value_or(QStringList());
    for (const QString &name : wanted) {
        if (const auto found = role(name))
            out.append(*found);
    }
    return out;
}

void Registry::create(const User &user, Done<void> done)
{
    write(
        creation(kUsers + user.name, userJson(user, true)),
        authError(409, QStringLiteral("auth: User %1 already exists.").arg(user.name)),
        std::move(done));
}

void Registry::create(const Role &role, Done<void> done)
{
    write(
        creation(kRoles + role.name, roleJson(role)),
        authError(409, QStringLiteral("auth: Role %1 already exists.").arg(role.name)),
        std::move(done));
}

void Registry::replace(const User &before, const User &after, Done<void> done)
{
    // Root is stored with the role that it always has, so that what was read is what is stored.
    write(
        replacement(
            kUsers + before.name, userJson(before, true), userJson(withRootRole(after), true)),
        changedMeanwhile(before.name), std::move(done));
}

void Registry::replace(const Role &before, const Role &after, Done<void> done)
{
    write(
        replacement(kRoles + before.name, roleJson(before), roleJson(after)),
        changedMeanwhile(before.name), std::move(done));
}

void Registry::removeUser(const QString &name, Done<void> done)
{
    write(removal(kUsers + name), noUser(name, "does not exist"), std::move(done));
}

void Registry::removeRole(const QString &name, Done<void> done)
{
    write(removal(kRoles + name), noRole(name, "doesn't exist."), std::move(done));
}

Result<QByteArray> Registry::value(const QString &key) const
{
    store::GetRequest request;
    request.key = key;
    const auto event = m_store.getLocal(request);
    if (!event)
        return fail(event.error());
    return event->node.value;
}

QStringList Registry::names(const QString &folder) const
{
    store::GetRequest request;
    request.key = folder;
    QStringList out;
    const auto event = m_store.getLocal(request);
    if (!event)
        return out;
    for (const store::Node &child : event->node.children)
        out.append(child.key.mid(child.key.lastIndexOf(QLatin1Char('/')) + 1));
    out.sort();
    return out;
}

/// `ifRefused`: what the store's refusal (there already, not there, another value) comes to.
void Registry::write(const WriteRequest &request, Error ifRefused, Done<void> done)
{
    m_store.write(
        request, [ifRefused = std::move(ifRefused),
                  done = std::move(done)](const Result<store::Event> &event) {
            if (event)
                return done({});
            const QString &why = event.error().code;
            const bool refused = why == store::etcdErrorCode(100) ||
                                 why == store::etcdErrorCode(101) ||
                                 why == store::etcdErrorCode(105);
            done(fail(refused ? ifRefused : event.error()));
        });
}

} // namespace qd::etcd::auth
