// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/canonical_place.h"

namespace qd::units {

bool isCanonicalPlace(const Driver &driver, const QString &path)
{
    Condition isLink;
    isLink.type = QStringLiteral("ConditionPathIsSymbolicLink");
    for (qsizetype end = path.indexOf(u'/', 1);; end = path.indexOf(u'/', end + 1)) {
        isLink.parameter = end < 0 ? path : path.left(end);
        if (driver.test(isLink))
            return false;
        if (end < 0)
            return true;
    }
}

} // namespace qd::units
