// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "agent/store/command.h"
#include "shared/base/bytes.h"

namespace qd::store {

/// What the replicated log drives. Deterministic: the same commands in the same order give the same
/// state and the same bytes on every member (architecture.md 4).
class StateMachine {
public:
    virtual ~StateMachine() = default;
    virtual Result<Event> apply(raft::Index index, raft::Term term, const Command &command) = 0;
    virtual Result<Event> get(const GetRequest &request) const = 0;
    virtual Result<quint64> walk(const GetRequest &request, NodeVisitor &visitor) const = 0;
    virtual std::unique_ptr<Watch> watch(const WatchRequest &request, WatchHandler handler) = 0;
    virtual History history(const QString &key, bool recursive) const = 0;
    /// What restore() takes, at the end of `out`.
    virtual void save(ByteWriter &out) const = 0;
    /// Of all that save() writes, without walking it: the same on each member, and after a restore.
    virtual quint64 sum() const = 0;
    virtual Result<void> restore(QByteArrayView bytes) = 0;
    /// Whether anything has a time to live: only then the leader's clock is committed.
    virtual bool hasExpirations() const = 0;
};

} // namespace qd::store
