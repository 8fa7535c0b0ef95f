// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/cloudconfig/plan.h"

#include <functional>

namespace qd::cloudconfig {

/// What applying asks of the node's unit engine. Each call returns when it is done.
class UnitEngine {
public:
    virtual ~UnitEngine() = default;
    virtual Result<void> reload() = 0;
    virtual Result<void> enable(const QString &unit, bool runtime) = 0;
    virtual Result<void> mask(const QString &unit, bool runtime) = 0;
    virtual Result<void> unmask(const QString &unit, bool runtime) = 0;
    /// One of the seven verbs of coreos.units; gives the job's result, such as "done".
    virtual Result<QString> run(const QString &verb, const QString &unit) = 0;
};

/// Carries a plan out below the folder `root` ("" on a real node). The first step that fails ends
/// it: what comes after it is not done (ch7 5.4). A command whose job fails is no such step, it is
/// said. `say` gets a line for each step. Doing it again changes nothing.
Result<void> apply(
    const Plan &plan, const QString &root, UnitEngine &engine,
    const std::function<void(const QString &)> &say);

} // namespace qd::cloudconfig
