// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/witness.h"

#include "agent/wal/record.h"
#include "tests/simulation/violation.h"

#include <QtEndian>

#include <algorithm>

namespace qd::sim {

using namespace raft;

void Witness::logWritten(quint64 sequence, QByteArrayView records)
{
    while (const auto header = wal::readHeader(records)) {
        const QByteArrayView payload = records.sliced(wal::kHeaderSize, header->length);
        Record record;
        record.sequence = sequence;
        if (header->type == wal::RecordType::Entry) {
            record.term = qFromLittleEndian<quint64>(payload.data());
            record.index = qFromLittleEndian<quint64>(payload.data() + sizeof(quint64));
            m_underWay.push_back(record);
        } else if (header->type == wal::RecordType::HardState) {
            const auto hard = wal::decodeHardState(payload);
            record.kind = Record::Kind::Hard;
            record.term = hard->term;
            record.vote = hard->vote;
            m_underWay.push_back(record);
        } else if (header->type == wal::RecordType::Marker) {
            const auto marker = wal::decodeMarker(payload);
            record.kind = Record::Kind::Marker;
            std::tie(record.index, record.term) = *marker;
            m_underWay.push_back(record);
        }
        records = records.sliced(std::min(wal::recordSize(header->length), records.size()));
    }
}

void Witness::logSynced(quint64 upTo)
{
    while (!m_underWay.empty() && m_underWay.front().sequence <= upTo) {
        keep(m_underWay.front());
        m_underWay.pop_front();
    }
}

void Witness::keep(const Record &record)
{
    switch (record.kind) {
    case Record::Kind::Hard:
        m_term = record.term;
        m_vote = record.vote;
        return;
    case Record::Kind::Entry:
        if (record.index <= m_boundary)
            return;
        require(record.index <= lastIndex() + 1, "what is persisted has no gap");
        m_terms.resize(record.index - m_boundary - 1);
        m_terms.push_back(record.term);
        return;
    case Record::Kind::Marker:
        if (record.index <= m_boundary)
            return;
        if (record.index <= lastIndex() && termAt(record.index) == record.term)
            m_terms.erase(m_terms.begin(), m_terms.begin() + qint64(record.index - m_boundary));
        else
            m_terms.clear();
        m_boundary = record.index;
    }
}

bool Witness::holds(Index index, Term term) const
{
    if (index <= m_boundary)
        return true;
    return index <= lastIndex() && termAt(index) == term;
}

bool Witness::isSure(Index index) const
{
    const auto concerns = [index](const Record &record) {
        return record.kind != Record::Kind::Hard && record.index <= index;
    };
    return std::none_of(m_underWay.begin(), m_underWay.end(), concerns) &&
           std::none_of(m_perhaps.begin(), m_perhaps.end(), concerns);
}

void Witness::powerFails()
{
    m_perhaps.insert(m_perhaps.end(), m_underWay.begin(), m_underWay.end());
    m_underWay.clear();
}

void Witness::check(const Raft &raft) const
{
    require(raft.term() >= m_term, "a synced term is not forgotten");
    require(
        raft.term() > m_term || m_vote == kNobody || raft.vote() == m_vote,
        "a synced vote is not forgotten (R-11)");
    const Log &log = raft.log();
    for (Index index = std::max(m_boundary + 1, log.firstIndex()); index <= lastIndex(); ++index) {
        if (isSure(index))
            require(log.termAt(index) == termAt(index), "a synced entry is not forgotten (R-18)");
    }
    require(log.lastIndex() >= m_boundary, "a snapshot is not forgotten (R-39)");
}

void Witness::found(const Raft &raft)
{
    m_boundary = raft.log().firstIndex() - 1;
    m_terms.clear();
    for (Index index = m_boundary + 1; index <= raft.log().lastIndex(); ++index)
        m_terms.push_back(raft.log().termAt(index));
    m_term = raft.term();
    m_vote = raft.vote();
    m_perhaps.clear();
}

} // namespace qd::sim
