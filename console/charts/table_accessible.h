// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace qd::charts {

/// Lets screen readers (and the tests' accessible text) see the rows of a TableRows. What a row
/// says is put together when it is asked for, and costs nothing while nobody asks. Once is enough.
void installTableAccessible();

} // namespace qd::charts
