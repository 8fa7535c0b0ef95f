// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/linearizability.h"

#include <algorithm>
#include <set>

namespace qd::sim {

namespace {

struct State {
    bool there = false;
    QByteArray value;
    quint64 index = 0; // 0: written by one who was never told
    quint64 highest = 0;

    auto key() const { return std::tie(there, value, index, highest); }
};

using Kind = Operation::Kind;
using Outcome = Operation::Outcome;

bool isWrite(const Operation &op)
{
    return op.kind != Kind::Read;
}

/// Whether the write changes anything in this state.
bool applies(const Operation &op, const State &state)
{
    switch (op.kind) {
    case Kind::Read:
        return false;
    case Kind::Set:
        return true;
    case Kind::Create:
        return !state.there;
    case Kind::Update:
    case Kind::Delete:
        return state.there;
    case Kind::Swap:
    case Kind::DeleteIf:
        return state.there && state.value == op.expected;
    }
    return false;
}

State after(const Operation &op, const State &state)
{
    const bool gone = op.kind == Kind::Delete || op.kind == Kind::DeleteIf;
    State out;
    out.there = !gone;
    out.value = gone ? QByteArray() : op.value;
    out.index = gone ? 0 : op.index;
    out.highest = std::max(state.highest, op.index);
    return out;
}

std::optional<State> readDone(const Operation &op, State state)
{
    if (!state.there || state.value != op.value || (state.index != 0 && state.index != op.index))
        return std::nullopt;
    state.index = op.index;
    state.highest = std::max(state.highest, op.index);
    return state;
}

std::optional<State> writeDone(const Operation &op, const State &state)
{
    const bool fits = applies(op, state) && op.index > state.highest &&
                      op.hadBefore == state.there && op.before == state.value;
    return fits ? std::optional(after(op, state)) : std::nullopt;
}

/// The state after the operation took place here; nothing when its answer would have been another.
std::optional<State> step(const Operation &op, const State &state)
{
    const auto when = [&](bool fits) { return fits ? std::optional(state) : std::nullopt; };
    switch (op.outcome) {
    case Outcome::Done:
        return isWrite(op) ? writeDone(op, state) : readDone(op, state);
    case Outcome::NotFound:
        return when(!state.there);
    case Outcome::Exists:
        return when(state.there);
    case Outcome::Differs:
        return when(state.there && state.value != op.expected);
    case Outcome::Unknown:
        return applies(op, state) && (op.index == 0 || op.index > state.highest)
                   ? std::optional(after(op, state))
                   : std::nullopt;
    }
    return std::nullopt;
}

class Search {
public:
    Search(const std::vector<Operation> &operations, int budget)
        : m_operations(operations)
        , m_placed(operations.size(), false)
        , m_budget(budget)
    {
        m_left = std::count_if(operations.begin(), operations.end(), isAnswered);
        for (size_t i = 0; i < operations.size(); ++i) {
            if (isOrdered(operations[i]))
                m_order.push_back(i);
        }
        std::sort(m_order.begin(), m_order.end(), [&](size_t a, size_t b) {
            return operations[a].index < operations[b].index;
        });
    }
    Verdict run()
    {
        if (explain({}))
            return Verdict::Linearizable;
        return m_budget > 0 ? Verdict::Not : Verdict::Undecided;
    }

private:
    static bool isAnswered(const Operation &op) { return op.outcome != Outcome::Unknown; }
    /// Where it stands among the writes is known.
    static bool isOrdered(const Operation &op)
    {
        return isWrite(op) && op.index != 0 &&
               (op.outcome == Outcome::Done || op.outcome == Outcome::Unknown);
    }
    bool isItsTurn(size_t i) const
    {
        return !isOrdered(m_operations[i]) || m_order.at(m_ordered) == i;
    }

    bool explain(const State &state)
    {
        if (m_left == 0)
            return true;
        if (--m_budget <= 0 || !m_tried.emplace(m_placed, state.key()).second)
            return false;
        while (m_first < m_placed.size() && m_placed[m_first])
            ++m_first;
        const size_t first = m_first;
        // Nothing may be placed that was called after another's answer.
        quint64 deadline = ~quint64(0);
        for (size_t i = first; i < m_operations.size() && m_operations[i].begin < deadline; ++i) {
            if (!m_placed[i])
                deadline = std::min(deadline, m_operations[i].end);
        }
        for (const bool answered : {true, false}) {
            for (size_t i = first; i < m_operations.size() && m_operations[i].begin <= deadline;
                 ++i) {
                if (m_placed[i] || isAnswered(m_operations[i]) != answered)
                    continue;
                if (place(i, state))
                    return true;
                m_first = first;
            }
        }
        return false;
    }
    bool place(size_t i, const State &state)
    {
        const auto next = isItsTurn(i) ? step(m_operations[i], state) : std::nullopt;
        if (!next)
            return false;
        const int answered = isAnswered(m_operations[i]) ? 1 : 0;
        const size_t ordered = isOrdered(m_operations[i]) ? 1 : 0;
        m_placed[i] = true;
        m_left -= answered;
        m_ordered += ordered;
        if (explain(*next))
            return true;
        m_placed[i] = false;
        m_left += answered;
        m_ordered -= ordered;
        return false;
    }

    const std::vector<Operation> &m_operations;
    std::vector<bool> m_placed;
    std::set<std::pair<std::vector<bool>, std::tuple<bool, QByteArray, quint64, quint64>>> m_tried;
    std::vector<size_t> m_order; // of the writes whose place is known
    size_t m_ordered = 0;        // so many of them are placed
    std::ptrdiff_t m_left = 0;
    size_t m_first = 0;
    int m_budget;
};

} // namespace

Verdict check(const std::vector<Operation> &operations, int budget)
{
    return Search(operations, budget).run();
}

} // namespace qd::sim
