// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/users.h"

#include <algorithm>
#include <functional>
#include <grp.h>
#include <pwd.h>

namespace qd::units {

namespace {

constexpr size_t kFirstBuffer = 4096;
constexpr size_t kLastBuffer = 1024 * 1024;

/// Digits only, no sign, no leading zero: what may be a number instead of a name.
std::optional<quint32> numberOf(const QString &text)
{
    const bool digits = !text.isEmpty() && std::all_of(text.begin(), text.end(), [](QChar c) {
        return c >= QLatin1Char('0') && c <= QLatin1Char('9');
    });
    if (!digits || (text.size() > 1 && text.startsWith(QLatin1Char('0'))))
        return std::nullopt;
    bool fits = false;
    const quint32 number = text.toUInt(&fits);
    const bool reserved = number == 0xffffffffU || number == 0xffffU;
    return fits && !reserved ? std::optional(number) : std::nullopt;
}

/// The user and group databases want a buffer, of a size that only trying tells.
template <class Entry>
bool lookUp(Entry &entry, std::vector<char> &buffer, const std::function<int(Entry **)> &ask)
{
    for (buffer.resize(kFirstBuffer); buffer.size() <= kLastBuffer;
         buffer.resize(buffer.size() * 4)) {
        Entry *found = nullptr;
        const int result = ask(&found);
        if (result != ERANGE)
            return result == 0 && found == &entry;
    }
    return false;
}

QString nameOfGroup(gid_t gid)
{
    group entry{};
    std::vector<char> buffer;
    const bool found = lookUp<group>(entry, buffer, [&](group **out) {
        return getgrgid_r(gid, &entry, buffer.data(), buffer.size(), out);
    });
    return found ? QString::fromLocal8Bit(entry.gr_name) : QString::number(gid);
}

UserInfo infoOf(const passwd &entry)
{
    UserInfo out;
    out.name = QString::fromLocal8Bit(entry.pw_name);
    out.uid = entry.pw_uid;
    out.gid = entry.pw_gid;
    out.group = nameOfGroup(entry.pw_gid);
    out.home = QString::fromLocal8Bit(entry.pw_dir);
    out.shell = QString::fromLocal8Bit(entry.pw_shell);
    return out;
}

} // namespace

std::optional<UserInfo> findUser(const QString &nameOrId)
{
    const auto number = numberOf(nameOrId);
    const QByteArray name = nameOrId.toLocal8Bit();
    passwd entry{};
    std::vector<char> buffer;
    const bool found = lookUp<passwd>(entry, buffer, [&](passwd **out) {
        return number ? getpwuid_r(*number, &entry, buffer.data(), buffer.size(), out)
                      : getpwnam_r(name.constData(), &entry, buffer.data(), buffer.size(), out);
    });
    if (found)
        return infoOf(entry);
    if (!number)
        return std::nullopt;
    UserInfo out;
    out.name = nameOrId;
    out.uid = *number;
    out.gid = *number;
    out.group = nameOfGroup(*number);
    out.home = QStringLiteral("/");
    out.shell = QStringLiteral("/bin/sh");
    return out;
}

std::optional<gid_t> findGroup(const QString &nameOrId)
{
    if (const auto number = numberOf(nameOrId))
        return gid_t(*number);
    const QByteArray name = nameOrId.toLocal8Bit();
    group entry{};
    std::vector<char> buffer;
    const bool found = lookUp<group>(entry, buffer, [&](group **out) {
        return getgrnam_r(name.constData(), &entry, buffer.data(), buffer.size(), out);
    });
    return found ? std::optional(entry.gr_gid) : std::nullopt;
}

std::vector<gid_t> groupsOf(const QString &user, gid_t primary)
{
    const QByteArray name = user.toLocal8Bit();
    int count = 32;
    std::vector<gid_t> out(static_cast<size_t>(count));
    while (getgrouplist(name.constData(), primary, out.data(), &count) < 0)
        out.resize(static_cast<size_t>(count));
    out.resize(static_cast<size_t>(count));
    return out;
}

} // namespace qd::units
