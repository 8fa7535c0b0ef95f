// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/raft.h"

namespace qd::raft::test {

inline Membership three()
{
    return {{1, 2, 3}, {}, {}};
}

/// Member 1 of three, with a log of entries of the given terms after a snapshot.
struct Member {
    explicit Member(
        std::vector<Term> terms = {}, HardState hard = {}, SnapshotMeta snapshot = {0, 0, three()})
        : raft(makeConfig(), restored(terms, hard, snapshot), random)
    {
    }
    static Config makeConfig()
    {
        Config config;
        config.id = 1;
        return config;
    }
    static Restored
    restored(const std::vector<Term> &terms, const HardState &hard, const SnapshotMeta &snapshot)
    {
        Restored out{hard, snapshot, {}};
        for (size_t i = 0; i < terms.size(); ++i)
            out.entries.push_back({terms[i], snapshot.index + 1 + i, EntryType::Command, "x"});
        return out;
    }
    /// Everything that leaves, with the disk done at once.
    std::vector<Message> settle()
    {
        std::vector<Message> out;
        while (raft.hasReady()) {
            const Ready ready = raft.takeReady();
            out.insert(out.end(), ready.messages.begin(), ready.messages.end());
            out.insert(out.end(), ready.afterSync.begin(), ready.afterSync.end());
            committed.insert(committed.end(), ready.committed.begin(), ready.committed.end());
            reads.insert(reads.end(), ready.reads.begin(), ready.reads.end());
            raft.persisted(ready.number);
        }
        return out;
    }
    std::vector<Message> step(const Message &message)
    {
        raft.step(message);
        return settle();
    }
    /// Time passes until it asks for votes.
    std::vector<Message> timeOut()
    {
        for (int i = 0; i < 20 && raft.role() == Role::Follower; ++i)
            raft.tick();
        return settle();
    }
    /// Wins an election with the vote of member 2.
    void lead()
    {
        timeOut();
        step({.type = MessageType::PreVoteAnswer, .from = 2, .to = 1, .term = raft.term() + 1});
        step({.type = MessageType::VoteAnswer, .from = 2, .to = 1, .term = raft.term()});
    }
    std::vector<Message> acknowledge(NodeId from, Index index)
    {
        return step(
            {.type = MessageType::AppendAnswer,
             .from = from,
             .to = 1,
             .term = raft.term(),
             .index = index});
    }

    SeededRandom random{1};
    std::vector<Entry> committed;
    std::vector<Ready::Read> reads;
    Raft raft;
};

inline Message voteRequest(NodeId from, Term term, Index index, Term logTerm)
{
    return {
        .type = MessageType::Vote,
        .from = from,
        .to = 1,
        .term = term,
        .index = index,
        .logTerm = logTerm};
}

inline bool grants(const std::vector<Message> &answers)
{
    return answers.size() == 1 && answers.front().type == MessageType::VoteAnswer &&
           !answers.front().reject;
}

inline Message
append(Term term, Index before, Term beforeTerm, const std::vector<Term> &terms, Index commit = 0)
{
    Message m{.type = MessageType::Append, .from = 2, .to = 1, .term = term, .index = before};
    m.logTerm = beforeTerm;
    m.commit = commit;
    for (const Term of : terms)
        m.entries.push_back({of, before + m.entries.size() + 1, EntryType::Command, "x"});
    return m;
}

} // namespace qd::raft::test
