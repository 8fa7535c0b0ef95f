// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QtGlobal>
#include <optional>
#include <vector>

namespace qd::sim {

/// What a client did with one key, and what it was told.
struct Operation {
    enum class Kind { Read, Set, Create, Update, Swap, Delete, DeleteIf };
    enum class Outcome {
        Done,     ///< with `index`, or for a read with what is there
        NotFound, ///< etcd's 100
        Exists,   ///< etcd's 105
        Differs,  ///< etcd's 101
        Unknown   ///< it may have happened at any time since, or never
    };
    Kind kind = Kind::Read;
    Outcome outcome = Outcome::Unknown;
    QByteArray value;    ///< written, or read
    QByteArray expected; ///< Swap, DeleteIf
    /// When done: the key's modified index afterwards, or as read. Of a write with an unknown
    /// outcome: where it happened, if that is known from elsewhere.
    quint64 index = 0;
    bool hadBefore = false; ///< a write that is done says what it found
    QByteArray before;
    quint64 begin = 0; ///< the order of all calls and answers
    quint64 end = ~quint64(0);
};

enum class Verdict { Linearizable, Not, Undecided };

/// Whether there is an order of the operations on one key, each at one moment between its call and
/// its answer, that explains every answer (Wing and Gong; with Lowe's memory of what was tried).
/// Operations are in the order of their calls. Undecided when that takes more than `budget` steps.
Verdict check(const std::vector<Operation> &operations, int budget = 200'000);

} // namespace qd::sim
