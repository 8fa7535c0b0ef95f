// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>

/// Unit names: their grammar, their parts, and the escaping that turns paths into names and back
/// (ch3-systemd.md 3.1, 8, 12.1; S177).
namespace qd::unitfile {

/// What a name is: `a.service`, `a@.service`, `a@b.service`.
enum class NameKind { Invalid, Plain, Template, Instance };

/// At most 255 characters of [A-Za-z0-9:_.\-@], one of systemd's suffixes, something before it.
NameKind nameKind(const QString &name);
inline bool isValidName(const QString &name)
{
    return nameKind(name) != NameKind::Invalid;
}

/// The suffix without its dot: "service"; empty when there is none.
QString nameType(const QString &name);
/// Up to the `@`, or to the suffix: `a@b.service` -> `a`.
QString namePrefix(const QString &name);
/// Between `@` and the suffix; empty for a plain name.
QString nameInstance(const QString &name);
/// Without the suffix: `a@b.service` -> `a@b`.
QString nameStem(const QString &name);
/// `a@b.service` -> `a@.service`; empty for a plain name.
QString templateOf(const QString &name);
/// `a@.service`, `b` -> `a@b.service`
QString instanceOf(const QString &templateName, const QString &instance);

/// What `systemd-escape TEXT` prints.
QString escape(const QString &text);
/// What `systemd-escape -u TEXT` prints; nothing for a broken escape.
std::optional<QString> unescape(const QString &text);
/// What `systemd-escape -p PATH` prints; nothing for a path with `..`.
std::optional<QString> escapePath(const QString &path);
/// What `systemd-escape -u -p TEXT` prints.
std::optional<QString> unescapePath(const QString &text);

} // namespace qd::unitfile
