// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/auth/gate.h"

#include "shared/http/client.h"

namespace qd::etcd::auth {

namespace {

/// A hash that no password has, at the cost of a real one.
const QByteArray kNobodysHash = "$2b$10$" + QByteArray(53, 'a');

} // namespace

Claim Claim::of(const http::Request &request)
{
    const QByteArrayView field = request.field("Authorization");
    constexpr QByteArrayView kBasic = "basic ";
    Claim out;
    out.made = !field.isEmpty();
    if (request.client != nullptr)
        out.certificateName = QString::fromUtf8(request.client->certificateName());
    if (field.first(std::min(field.size(), kBasic.size())).compare(kBasic, Qt::CaseInsensitive) !=
        0)
        return out;
    const auto decoded = QByteArray::fromBase64Encoding(
        field.sliced(kBasic.size()).toByteArray(), QByteArray::AbortOnBase64DecodingErrors);
    const qsizetype colon = decoded ? decoded.decoded.indexOf(':') : -1;
    if (colon < 0)
        return out;
    out.valid = true;
    out.name = QString::fromUtf8(decoded.decoded.first(colon));
    out.password = decoded.decoded.sliced(colon + 1);
    return out;
}

void Gate::askKey(
    const Claim &claim, const QString &key, bool recursive, Access access, Done done) const
{
    const auto decide = [key, recursive, access](const QList<Role> &roles) {
        return std::any_of(roles.begin(), roles.end(), [&](const Role &role) {
            return opens(role, key, recursive, access);
        });
    };
    if (claim.made)
        return ask(claim, decide, std::move(done));
    if (const auto user = certified(claim))
        return done(decide(m_registry.rolesOf(*user)));
    const auto guest = m_registry.role(kGuest);
    done(guest && decide({*guest}));
}

void Gate::askRoot(const Claim &claim, Done done) const
{
    const auto decide = [](const QList<Role> &roles) {
        return std::any_of(
            roles.begin(), roles.end(), [](const Role &role) { return role.name == kRoot; });
    };
    if (const auto user = certified(claim))
        return done(decide(m_registry.rolesOf(*user)));
    ask(claim, decide, std::move(done));
}

std::optional<User> Gate::certified(const Claim &claim) const
{
    if (claim.made || claim.certificateName.isEmpty())
        return {};
    const Result<User> user = m_registry.user(claim.certificateName);
    return user ? std::optional(*user) : std::nullopt;
}

void Gate::ask(const Claim &claim, Decide decide, Done done) const
{
    // A name that does not exist costs as much as one that does: names cannot be guessed by time.
    if (!claim.valid)
        return done(false);
    const Result<User> user = m_registry.user(claim.name);
    const QList<Role> roles = user ? m_registry.rolesOf(*user) : QList<Role>();
    m_passwords.check(
        user ? user->hash : kNobodysHash, claim.password,
        [known = user.has_value(), roles, decide = std::move(decide),
         done = std::move(done)](bool right) { done(known && right && decide(roles)); });
}

} // namespace qd::etcd::auth
