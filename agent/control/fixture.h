// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/model/unit.h"
#include "shared/rpc/collection.h"

namespace qd::control {

/// Generated rows in place of the cluster's, to try a console with (`--fixture units:100000`). The
/// same number gives the same rows for ever; among them are names of 300 characters, of other
/// scripts, with markup, and descriptions that are empty.
class FixtureSource {
public:
    /// `text`: "units:<number>", at most a million. code::badInput.
    static Result<FixtureSource> parse(const QString &text);
    int count() const { return m_count; }
    Unit unit(int i) const;
    void fill(rpc::Collection<Unit> &units) const;

private:
    explicit FixtureSource(int count)
        : m_count(count)
    {
    }
    int m_count;
};

} // namespace qd::control
