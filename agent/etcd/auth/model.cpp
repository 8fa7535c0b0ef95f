// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/auth/model.h"

#include "agent/etcd/event_json.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace qd::etcd::auth {

namespace {

const QString kStatus = QStringLiteral("status");
const QStringList kEverything{QStringLiteral("/*")};

/// Reads one JSON object and remembers whether all was of the right kind.
class Reader {
public:
    explicit Reader(const QJsonObject &object, bool ok = true)
        : m_object(object)
        , m_ok(ok)
    {
    }
    explicit Reader(QByteArrayView json)
    {
        const QJsonDocument document = QJsonDocument::fromJson(json.toByteArray());
        m_ok = document.isObject();
        m_object = document.object();
    }

    bool ok() const { return m_ok; }
    QString text(const char *name)
    {
        const QJsonValue value = m_object.value(QLatin1String(name));
        m_ok = m_ok && (value.isUndefined() || value.isNull() || value.isString());
        return value.toString();
    }
    Names names(const char *name)
    {
        const QJsonValue value = m_object.value(QLatin1String(name));
        if (value.isUndefined() || value.isNull())
            return {};
        m_ok = m_ok && value.isArray();
        QStringList out;
        const QJsonArray array = value.toArray();
        for (const QJsonValue &each : array) {
            m_ok = m_ok && each.isString();
            out.append(each.toString());
        }
        return out;
    }
    Permissions permissions(const char *name)
    {
        const QJsonValue value = m_object.value(QLatin1String(name));
        m_ok = m_ok && (value.isUndefined() || value.isNull() || value.isObject());
        Reader kv(value.toObject().value(QLatin1String("kv")).toObject(), m_ok);
        Permissions out{kv.names("read"), kv.names("write")};
        m_ok = kv.ok();
        return out;
    }

private:
    QJsonObject m_object;
    bool m_ok = true;
};

tl::unexpected<Error> badJson()
{
    return fail(authError(400, QStringLiteral("Invalid JSON in request body.")));
}

void appendNames(QByteArray &out, const char *name, const Names &names)
{
    out.append('"').append(name).append("\":");
    if (!names) {
        out.append("null");
        return;
    }
    out.append('[');
    for (qsizetype i = 0; i < names->size(); ++i) {
        if (i > 0)
            out.append(',');
        appendString(out, names->at(i).toUtf8());
    }
    out.append(']');
}

/// `complain`: what is said of one that is there already.
template <class Complain>
Result<QStringList> granted(const Names &before, const Names &more, Complain complain)
{
    QStringList out = before.value_or(QStringList());
    const QStringList wanted = more.value_or(QStringList());
    for (const QString &each : wanted) {
        if (out.contains(each))
            return fail(authError(409, complain(each)));
        out.append(each);
    }
    out.sort();
    return out;
}

QStringList without(QStringList from, const Names &what)
{
    const QStringList gone = what.value_or(QStringList());
    for (const QString &each : gone)
        from.removeAll(each);
    return from;
}

bool matches(const QString &pattern, const QString &key, bool recursive)
{
    if (pattern.endsWith(QLatin1Char('*')))
        return QStringView(key).startsWith(QStringView(pattern).chopped(1));
    return !recursive && pattern == key;
}

} // namespace

Error authError(int status, const QString &message)
{
    return Error{code::badInput, message, {{kStatus, QString::number(status)}}, nullptr};
}

int statusOf(const Error &error)
{
    return error.detail.value(kStatus, QStringLiteral("500")).toInt();
}

Result<UserChange> readUserChange(QByteArrayView json)
{
    Reader reader(json);
    const UserChange out{
        reader.text("user"), reader.text("password").toUtf8(), reader.names("roles"),
        reader.names("grant").value_or(QStringList()),
        reader.names("revoke").value_or(QStringList())};
    if (!reader.ok())
        return badJson();
    return out;
}

Result<RoleChange> readRoleChange(QByteArrayView json)
{
    Reader reader(json);
    const RoleChange out{
        reader.text("role"), reader.permissions("permissions"), reader.permissions("grant"),
        reader.permissions("revoke")};
    if (!reader.ok())
        return badJson();
    return out;
}

Result<User> readUser(QByteArrayView json)
{
    Reader reader(json);
    const User out{reader.text("user"), reader.text("password").toUtf8(), reader.names("roles")};
    if (!reader.ok())
        return fail(code::corrupt, QStringLiteral("a stored user does not decode"));
    return out;
}

Result<Role> readRole(QByteArrayView json)
{
    Reader reader(json);
    const Role out{reader.text("role"), reader.permissions("permissions")};
    if (!reader.ok())
        return fail(code::corrupt, QStringLiteral("a stored role does not decode"));
    return out;
}

QByteArray userJson(const User &user, bool hash)
{
    QByteArray out = "{\"user\":";
    appendString(out, user.name.toUtf8());
    if (hash)
        appendString(out.append(",\"password\":"), user.hash);
    appendNames(out.append(','), "roles", user.roles);
    return out.append('}');
}

QByteArray roleJson(const Role &role)
{
    QByteArray out = "{\"role\":";
    appendString(out, role.name.toUtf8());
    appendNames(out.append(",\"permissions\":{\"kv\":{"), "read", role.permissions.read);
    appendNames(out.append(','), "write", role.permissions.write);
    return out.append("}}}");
}

Role rootRole()
{
    return {kRoot, {kEverything, kEverything}};
}

User withRootRole(User user)
{
    QStringList roles = user.roles.value_or(QStringList());
    if (user.name == kRoot && !roles.contains(kRoot))
        user.roles = roles << kRoot;
    return user;
}

Result<User> changed(const User &before, const UserChange &change)
{
    User out = before;
    auto roles = granted(before.roles, change.grant, [&before](const QString &role) {
        return QStringLiteral("auth: Granting duplicate role %1 for user %2")
            .arg(role, before.name);
    });
    if (!roles)
        return fail(roles.error());
    for (const QString &role : change.revoke) {
        if (!roles->removeOne(role))
            return fail(authError(
                409, QStringLiteral("auth: Revoking ungranted role %1 for user %2")
                         .arg(role, before.name)));
    }
    out.roles = *roles;
    if (out == before && change.password.isEmpty())
        return fail(authError(
            400, QStringLiteral(
                     "auth: User not updated. Use grant/revoke/password to update the user.")));
    return out;
}

Result<Role> changed(const Role &before, const RoleChange &change)
{
    Role out = before;
    if (!change.grant.isEmpty()) {
        const auto read =
            granted(out.permissions.read, change.grant.read, [](const QString &pattern) {
                return QStringLiteral("auth: Granting duplicate read permission %1").arg(pattern);
            });
        if (!read)
            return fail(read.error());
        const auto write =
            granted(out.permissions.write, change.grant.write, [](const QString &pattern) {
                return QStringLiteral("auth: Granting duplicate write permission %1").arg(pattern);
            });
        if (!write)
            return fail(write.error());
        out.permissions = {*read, *write};
    }
    // What was never granted may be revoked, so that who cleans up need not look first.
    if (!change.revoke.isEmpty())
        out.permissions = {
            without(out.permissions.read.value_or(QStringList()), change.revoke.read),
            without(out.permissions.write.value_or(QStringList()), change.revoke.write)};
    if (out == before)
        return fail(authError(
            400, QStringLiteral("auth: Role not updated. Use grant/revoke to update the role.")));
    return out;
}

bool opens(const Role &role, const QString &key, bool recursive, Access access)
{
    if (role.name == kRoot)
        return true;
    const Names &patterns =
        access == Access::Write ? role.permissions.write : role.permissions.read;
    const QStringList all = patterns.value_or(QStringList());
    return std::any_of(all.begin(), all.end(), [&key, recursive](const QString &pattern) {
        return matches(pattern, key, recursive);
    });
}

} // namespace qd::etcd::auth
