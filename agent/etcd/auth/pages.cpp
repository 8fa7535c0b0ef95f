// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/auth/pages.h"

#include "agent/etcd/event_json.h"
#include "agent/etcd/plain_answers.h"
#include "shared/http/url.h"

namespace qd::etcd::auth {

using http::Answer;
using http::Method;
using http::Request;

namespace {

const QByteArray kJson = QByteArrayLiteral("Content-Type: application/json\r\n");
const Permissions kEverything{QStringList{QStringLiteral("/*")}, QStringList{QStringLiteral("/*")}};

/// A list of documents as etcd has it: null when there is none.
QByteArray listJson(const char *name, const QByteArrayList &documents)
{
    QByteArray out = "{\"" + QByteArray(name) + "\":";
    out += documents.isEmpty() ? QByteArray("null") : '[' + documents.join(',') + ']';
    return out + "}\n";
}

/// A user with its roles written out.
QByteArray userWithRolesJson(const QString &name, const QList<Role> &roles)
{
    QByteArray out = "{\"user\":";
    appendString(out, name.toUtf8());
    for (qsizetype i = 0; i < roles.size(); ++i)
        out.append(i == 0 ? ",\"roles\":[" : ",").append(roleJson(roles[i]));
    return out.append(roles.isEmpty() ? "}" : "]}");
}

Error rootRoleIsFixed()
{
    return authError(403, QStringLiteral("auth: Cannot modify role root: is root role."));
}

} // namespace

Pages::Pages(store::StoreClient &store, const ClusterInfo &cluster, QObject *parent)
    : QObject(parent)
    , m_cluster(cluster)
    , m_registry(store)
    , m_gate(m_registry, m_passwords)
    , m_self(std::make_shared<Pages *>(this))
{
}

bool Pages::isEnabled() const
{
    // Every request asks: the answer holds until the store changes.
    const quint64 now = m_cluster.storeIndex();
    if (m_enabledAt != now || now == 0) {
        m_enabled = m_registry.isEnabled();
        m_enabledAt = now;
    }
    return m_enabled;
}

void Pages::handle(const Request &request, QByteArrayView path, const Answer &answer)
{
    QList<QByteArray> pieces = http::cleanedPath(path.toByteArray()).split('/');
    if (pieces.size() > 2 && pieces.last().isEmpty() && pieces[1] != "enable")
        pieces.removeLast(); // a slash at the end changes nothing
    const bool one = pieces.size() == 3;
    const Call call{
        request.method, one ? QString::fromUtf8(pieces[2]) : QString(), request.body.toByteArray(),
        answer};
    const QByteArray kind = pieces.value(1);
    if (kind != "users" && kind != "roles" && !(kind == "enable" && pieces.size() == 2))
        return answer.send(notFound());
    if (pieces.size() > 3)
        return answer.send({400, kJson, messageJson("Invalid path")});
    const bool gets = request.method == Method::Get;
    const bool changes = request.method == Method::Put || request.method == Method::Delete;
    if (kind == "enable" || one) {
        if (!gets && !changes)
            return answer.send(notAllowed("GET,PUT,DELETE"));
    } else if (!gets) {
        return answer.send(notAllowed("GET"));
    }
    if (kind == "enable")
        return gets ? enabled(call) : admit(Claim::of(request), call, &Pages::enable);
    if (kind == "users")
        return admit(Claim::of(request), call, one ? &Pages::user : &Pages::users);
    admit(Claim::of(request), call, one ? &Pages::role : &Pages::roles);
}

void Pages::admit(const Claim &claim, const Call &call, Show show)
{
    forRoot(claim, call.answer, [this, call, show] { (this->*show)(call); });
}

void Pages::forRoot(const Claim &claim, const Answer &answer, std::function<void()> act) const
{
    if (!isEnabled())
        return act();
    m_gate.askRoot(claim, [self = std::weak_ptr(m_self), answer, act = std::move(act)](bool may) {
        if (may && !self.expired())
            return act();
        answer.send({401, kJson, messageJson("Insufficient credentials")});
    });
}

void Pages::users(const Call &call)
{
    QByteArrayList documents;
    const QStringList names = m_registry.userNames();
    for (const QString &name : names) {
        if (const auto user = m_registry.user(name))
            documents.append(userWithRolesJson(name, m_registry.rolesOf(*user)));
    }
    send(call.answer, 200, listJson("users", documents));
}

void Pages::user(const Call &call)
{
    if (call.method == Method::Put)
        return putUser(call);
    if (call.method == Method::Delete) {
        if (call.name == kRoot && isEnabled())
            return refuse(
                call.answer,
                authError(
                    403, QStringLiteral("auth: Cannot delete root user while auth is enabled.")));
        return m_registry.removeUser(call.name, then(call, 200));
    }
    const auto found = m_registry.user(call.name);
    if (!found)
        return refuse(call.answer, found.error());
    send(call.answer, 200, userWithRolesJson(call.name, m_registry.rolesOf(*found)) + '\n');
}

void Pages::putUser(const Call &call)
{
    const auto change = readUserChange(call.body);
    if (!change)
        return refuse(call.answer, change.error());
    const bool grants = !change->grant.isEmpty() || !change->revoke.isEmpty();
    const QStringList roles = change->roles.value_or(QStringList());
    if (change->name != call.name)
        return refuse(
            call.answer,
            authError(400, QStringLiteral("User JSON name does not match the name in the URL")));
    if (grants && !roles.isEmpty())
        return refuse(
            call.answer,
            authError(400, QStringLiteral("User JSON contains both roles and grant/revoke")));
    const auto before = m_registry.user(call.name);
    if (!before && grants)
        return refuse(call.answer, before.error());
    if (before && roles.isEmpty())
        return updateUser(*before, *change, call);
    createUser(*change, call, roles.isEmpty() ? 201 : 200);
}

void Pages::createUser(const UserChange &change, const Call &call, int status)
{
    if (change.password.isEmpty())
        return refuse(
            call.answer,
            authError(
                400, QStringLiteral("auth: Cannot create user %1 with an empty password")
                         .arg(change.name)));
    if (const auto exist = rolesExist(change.roles.value_or(QStringList())); !exist)
        return refuse(call.answer, exist.error());
    const User made = withRootRole({change.name, {}, change.roles});
    m_passwords.hash(change.password, [this, made, call, status](const QByteArray &hash) {
        User user = made;
        user.hash = hash;
        m_registry.create(user, then(call, status, userJson(user) + '\n'));
    });
}

void Pages::updateUser(const User &before, const UserChange &change, const Call &call)
{
    if (const auto exist = rolesExist(change.grant); !exist)
        return refuse(call.answer, exist.error());
    const auto after = changed(before, change);
    if (!after)
        return refuse(call.answer, after.error());
    const auto keep = [this, before, call](const User &user) {
        m_registry.replace(before, user, then(call, 200, userJson(user) + '\n'));
    };
    if (change.password.isEmpty())
        return keep(*after);
    m_passwords.hash(change.password, [user = *after, keep](const QByteArray &hash) mutable {
        user.hash = hash;
        keep(user);
    });
}

void Pages::roles(const Call &call)
{
    QByteArrayList documents;
    const QStringList names = m_registry.roleNames();
    for (const QString &name : names) {
        if (const auto role = m_registry.role(name))
            documents.append(roleJson(*role));
    }
    send(call.answer, 200, listJson("roles", documents));
}

void Pages::role(const Call &call)
{
    if (call.method == Method::Put)
        return putRole(call);
    const auto found = m_registry.role(call.name);
    if (call.method == Method::Get)
        return found ? send(call.answer, 200, roleJson(*found) + '\n')
                     : refuse(call.answer, found.error());
    if (call.name == kRoot)
        return refuse(call.answer, rootRoleIsFixed());
    m_registry.removeRole(call.name, then(call, 200));
}

void Pages::putRole(const Call &call)
{
    const auto change = readRoleChange(call.body);
    if (!change)
        return refuse(call.answer, change.error());
    const bool grants = !change->grant.isEmpty() || !change->revoke.isEmpty();
    if (change->name != call.name)
        return refuse(
            call.answer,
            authError(400, QStringLiteral("Role JSON name does not match the name in the URL")));
    if (grants && !change->permissions.isEmpty())
        return refuse(
            call.answer,
            authError(400, QStringLiteral("Role JSON contains both permissions and grant/revoke")));
    if (call.name == kRoot)
        return refuse(call.answer, rootRoleIsFixed());
    if (!grants) {
        const Role made{change->name, change->permissions};
        return m_registry.create(made, then(call, 201, roleJson(made) + '\n'));
    }
    const auto before = m_registry.role(call.name);
    const auto after = before ? changed(*before, *change) : before;
    if (!after)
        return refuse(call.answer, after.error());
    m_registry.replace(*before, *after, then(call, 200, roleJson(*after) + '\n'));
}

void Pages::enabled(const Call &call)
{
    send(
        call.answer, 200,
        isEnabled() ? QByteArray("{\"enabled\":true}\n") : QByteArray("{\"enabled\":false}\n"));
}

void Pages::enable(const Call &call)
{
    const bool on = call.method == Method::Put;
    if (on == isEnabled())
        return refuse(
            call.answer, authError(
                             409, on ? QStringLiteral("auth: already enabled")
                                     : QStringLiteral("auth: already disabled")));
    if (!on)
        return m_registry.setEnabled(false, then(call, 200));
    if (!m_registry.user(kRoot))
        return refuse(
            call.answer,
            authError(409, QStringLiteral("auth: No root user available, please create one")));
    if (m_registry.role(kGuest))
        return m_registry.setEnabled(true, then(call, 200));
    // Who does not say a name may do all that he could before, until root takes it from him.
    m_registry.create(
        Role{kGuest, kEverything}, [self = std::weak_ptr(m_self), call](const Result<void> &made) {
            const auto alive = self.lock();
            if (!alive)
                return;
            if (!made)
                return (*alive)->refuse(call.answer, made.error());
            (*alive)->m_registry.setEnabled(true, (*alive)->then(call, 200));
        });
}

Result<void> Pages::rolesExist(const QStringList &names) const
{
    for (const QString &name : names) {
        if (const auto found = m_registry.role(name); !found)
            return fail(found.error());
    }
    return {};
}

Registry::Done<void> Pages::then(const Call &call, int status, const QByteArray &body)
{
    return [self = std::weak_ptr(m_self), answer = call.answer, status,
            body](const Result<void> &result) {
        const auto alive = self.lock();
        if (!alive)
            return;
        if (result)
            (*alive)->send(answer, status, body);
        else
            (*alive)->refuse(answer, result.error());
    };
}

void Pages::send(const Answer &answer, int status, const QByteArray &body) const
{
    answer.send(
        {status,
         kJson + "X-Etcd-Cluster-Id: " + QByteArray::number(m_cluster.clusterId(), 16) + "\r\n",
         body});
}

void Pages::refuse(const Answer &answer, const Error &error) const
{
    send(answer, statusOf(error), messageJson(error.text().toUtf8()));
}

} // namespace qd::etcd::auth
