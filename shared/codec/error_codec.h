// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QCborMap>

namespace qd::codec {

/// An error as it crosses the wire: `{code, message, detail, cause}`, causes nested.
QCborMap errorToCbor(const Error &error);
/// Never fails: what is missing or misshapen becomes code::internal and a general sentence. Causes
/// beyond a depth of 16 are dropped.
Error errorFromCbor(const QCborMap &map);

} // namespace qd::codec
