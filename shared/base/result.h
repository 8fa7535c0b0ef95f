// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMap>
#include <QString>
#include <memory>
#include <tl/expected.hpp>

namespace qd {

/// An error as a value: a stable code for programs, a sentence for a person, details, and the
/// cause. It survives the wire intact (architecture.md 5). Codes are lower-case words with dots,
/// such as "store.key_not_found"; the ones that every part shares are in namespace `code`.
struct Error {
    QString code;
    QString message;
    QMap<QString, QString> detail;
    std::shared_ptr<const Error> cause;

    /// The message with those of its causes, outermost first, joined by ": ".
    QString text() const
    {
        return cause ? message + QStringLiteral(": ") + cause->text() : message;
    }
    /// This error, wrapped in a sentence that says what was being done.
    Error during(const QString &what) const
    {
        return Error{code, what, {}, std::make_shared<const Error>(*this)};
    }
    /// The same under another code.
    Error as(const QString &otherCode) &&
    {
        code = otherCode;
        return std::move(*this);
    }
    Error with(const QString &key, const QString &value) &&
    {
        detail.insert(key, value);
        return std::move(*this);
    }
};

/// The codes that more than one part uses. A part's own codes stand in its own header.
namespace code {
inline const QString badInput = QStringLiteral("bad_input");
inline const QString notFound = QStringLiteral("not_found");
inline const QString denied = QStringLiteral("denied");
inline const QString unreachable = QStringLiteral("unreachable");
/// The agent that was asked is there; another node that it needs, or that node's engine, is not.
inline const QString nodeUnreachable = QStringLiteral("node.unreachable");
inline const QString deadline = QStringLiteral("deadline");
inline const QString cancelled = QStringLiteral("cancelled");
inline const QString conflict = QStringLiteral("conflict");
inline const QString limit = QStringLiteral("limit");
inline const QString io = QStringLiteral("io");
/// The disk has no room for it (ENOSPC, EDQUOT); with room again it works.
inline const QString noSpace = QStringLiteral("no_space");
inline const QString corrupt = QStringLiteral("corrupt");
inline const QString noLeader = QStringLiteral("no_leader");
/// The operation may or may not have happened: its answer was lost.
inline const QString unknownOutcome = QStringLiteral("unknown_outcome");
inline const QString unsupported = QStringLiteral("unsupported");
inline const QString internal = QStringLiteral("internal");
} // namespace code

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(code::notFound, "...")` in a function that returns a Result.
inline tl::unexpected<Error> fail(const QString &errorCode, const QString &message)
{
    return tl::unexpected<Error>(Error{errorCode, message, {}, nullptr});
}
inline tl::unexpected<Error> fail(Error error)
{
    return tl::unexpected<Error>(std::move(error));
}

} // namespace qd
