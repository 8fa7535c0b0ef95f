// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArrayView>
#include <utility>
#include <vector>

namespace qd::http {

/// Undoes percent-encoding; code::badInput names the escape that is none. With `plusIsSpace` as in
/// forms and queries.
Result<QByteArray> percentDecoded(QByteArrayView text, bool plusIsSpace = false);

/// Percent-encodes what may not stand in a path as it is.
QByteArray percentEncodedPath(QByteArrayView path);

/// Without empty segments, "." and "..": "/a//b/../c/" is "/a/c/"; a slash at the end stays.
QByteArray cleanedPath(QByteArrayView path);

/// Names and values of a query or of an application/x-www-form-urlencoded body, in order.
class Form {
public:
    /// Adds what stands in `text`. Pairs that do not decode are left out and reported.
    Result<void> add(QByteArrayView text);
    /// The first value of that name; nullptr when it was not given.
    const QByteArray *find(QByteArrayView name) const;
    bool isEmpty() const { return m_pairs.empty(); }

private:
    std::vector<std::pair<QByteArray, QByteArray>> m_pairs;
};

} // namespace qd::http
