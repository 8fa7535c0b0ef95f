// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/journal_text.h"

#include "console/cli/output.h"

namespace qd::cli {

QString journalText(const JournalLine &line)
{
    QString who = line.identifier.isEmpty() ? line.unit : line.identifier;
    if (line.pid > 0)
        who += QStringLiteral("[%1]").arg(line.pid);
    return QStringLiteral("%1 %2 %3: %4")
        .arg(
            line.time.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")), line.nodeName,
            visible(who), visible(line.message));
}

} // namespace qd::cli
