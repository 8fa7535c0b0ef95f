// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

namespace qd::session {

/// An error for a person: its text, and the key or name that the store's messages leave out, as in
/// "Key not found (/app)".
inline QString errorText(const Error &error)
{
    QString text = error.text().trimmed();
    const QString about = error.detail.value(QStringLiteral("cause"));
    if (about.isEmpty() || text.contains(about))
        return text;
    if (text.endsWith(QLatin1Char('.')))
        text.chop(1);
    return QStringLiteral("%1 (%2)").arg(text, about);
}

} // namespace qd::session
