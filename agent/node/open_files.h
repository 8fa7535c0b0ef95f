// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace qd::node {

/// Raises the process's limit of open files as far as it may go without privileges: each client
/// and each watcher holds one, and the usual limit is 1,024.
void raiseOpenFileLimit();

} // namespace qd::node
