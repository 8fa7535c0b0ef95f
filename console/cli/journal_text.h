// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/model/journal_line.h"

namespace qd::cli {

/// "2026-11-26 01:28:59 node-1 hello[123]: the message", as journalctl's short form, local time.
QString journalText(const JournalLine &line);

} // namespace qd::cli
