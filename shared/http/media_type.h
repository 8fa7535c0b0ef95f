// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>

namespace qd::http {

/// The type that a Content-Type field names, in lower case and without its parameters; empty when
/// there is none. code::badInput with the sentence of Go's mime package when it, or one of its
/// parameters, is not well-formed: clients of Go servers see those sentences.
Result<QByteArray> mediaType(QByteArrayView field);

} // namespace qd::http
