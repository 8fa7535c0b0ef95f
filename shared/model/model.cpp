// SPDX-License-Identifier: GPL-3.0-or-later
// Compiles the nouns' meta-objects.
#include "shared/model/alarm.h"
#include "shared/model/journal_line.h"
#include "shared/model/node.h"
#include "shared/model/raft_status.h"
#include "shared/model/reboot_slots.h"
#include "shared/model/store_entry.h"
#include "shared/model/unit.h"
