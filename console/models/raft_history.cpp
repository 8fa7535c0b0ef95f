// SPDX-License-Identifier: GPL-3.0-or-later
#include "raft_history.h"

namespace qd::models {
namespace {

void push(QList<double> &ring, double value)
{
    ring.append(value);
    if (ring.size() > RaftHistory::kSamples)
        ring.removeFirst();
}

double fraction(qint64 atMs, qint64 nowMs)
{
    return qBound(0.0, 1.0 - double(nowMs - atMs) / RaftHistory::kWindowMs, 1.0);
}

} // namespace

RaftHistory::RaftHistory(const RaftModel &model, const Clock &clock, QObject *parent)
    : QObject(parent)
    , m_model(model)
    , m_clock(clock)
{
    m_second.setInterval(1000);
    connect(&m_second, &QTimer::timeout, this, &RaftHistory::sample);
    connect(&model, &LiveTable::applied, this, &RaftHistory::observe);
}

void RaftHistory::setRunning(bool running)
{
    if (running && !m_second.isActive())
        m_second.start();
    else if (!running)
        m_second.stop();
    m_holeBefore = m_holeBefore || !running;
}

void RaftHistory::clear()
{
    m_throughput.clear();
    m_members.clear();
    m_elections.clear();
    m_lastTerm = 0;
    m_holeBefore = true;
    Q_EMIT sampled();
}

void RaftHistory::observe()
{
    const qint64 now = m_clock.monotonicMs();
    m_model.forEach([this, now](const RaftStatus &member) { observeMember(member, now); });
    m_holeBefore = m_holeBefore && m_model.total() == 0;
    const RaftStatus *leader = m_model.leading();
    if (leader && leader->term > m_lastTerm) {
        // The first leader that is seen was not elected now, but some time before.
        if (m_lastTerm > 0)
            m_elections.push_back({now, leader->term, leader->nodeName});
        if (m_elections.size() > size_t(kMostSpans))
            m_elections.erase(m_elections.begin());
        m_lastTerm = leader->term;
    }
    Q_EMIT sampled();
}

void RaftHistory::observeMember(const RaftStatus &member, qint64 now)
{
    Member &known = m_members[member.nodeId];
    known.name = member.nodeName;
    std::vector<Span> &spans = known.spans;
    if (!spans.empty() && !m_holeBefore) {
        spans.back().toMs = now;
        if (spans.back().role == member.role && spans.back().term == member.term &&
            spans.back().reachable == member.reachable)
            return;
    }
    const Tone::Value tone = m_model.toneOfRow(member);
    spans.push_back({now, now, member.role, member.term, member.reachable, tone});
    if (spans.size() > size_t(kMostSpans))
        spans.erase(spans.begin());
}

void RaftHistory::sample()
{
    const RaftStatus *leader = m_model.leading();
    push(m_throughput, leader ? leader->proposalsPerSecond : -1);
    m_model.forEach([this](const RaftStatus &member) {
        push(m_members[member.nodeId].sync, member.reachable ? member.syncMs : -1);
    });
    forgetGone(m_clock.monotonicMs());
    observe();
}

/// A member that left the cluster goes from the charts when its last span has left the window.
void RaftHistory::forgetGone(qint64 now)
{
    for (auto it = m_members.begin(); it != m_members.end();) {
        const bool gone = !m_model.find(it.key());
        const bool old = it->spans.empty() || now - it->spans.back().toMs > kWindowMs;
        if (gone)
            it->sync.clear();
        it = gone && old ? m_members.erase(it) : std::next(it);
    }
}

std::vector<const RaftHistory::Member *> RaftHistory::byName() const
{
    std::vector<const Member *> out;
    for (const Member &member : m_members)
        out.push_back(&member);
    std::stable_sort(
        out.begin(), out.end(), [](const Member *a, const Member *b) { return a->name < b->name; });
    return out;
}

QVariantList RaftHistory::sync() const
{
    QVariantList out;
    for (const Member *member : byName())
        out.append(QVariantMap{
            {QStringLiteral("name"), member->name},
            {QStringLiteral("values"), QVariant::fromValue(member->sync)}});
    return out;
}

QVariantList RaftHistory::lanes() const
{
    const qint64 now = m_clock.monotonicMs();
    QVariantList out;
    for (const Member *member : byName()) {
        QVariantList spans;
        for (const Span &span : member->spans) {
            if (now - span.toMs > kWindowMs)
                continue;
            const bool lost = !span.reachable;
            spans.append(QVariantMap{
                {QStringLiteral("from"), fraction(span.fromMs, now)},
                {QStringLiteral("to"), fraction(span.toMs, now)},
                {QStringLiteral("role"), lost ? QStringLiteral("lost") : nameOf(span.role)},
                {QStringLiteral("term"), span.term},
                {QStringLiteral("tone"), int(span.tone)}});
        }
        out.append(
            QVariantMap{{QStringLiteral("name"), member->name}, {QStringLiteral("spans"), spans}});
    }
    return out;
}

QVariantList RaftHistory::elections() const
{
    const qint64 now = m_clock.monotonicMs();
    QVariantList out;
    for (const Election &election : m_elections) {
        if (now - election.atMs > kWindowMs)
            continue;
        out.append(QVariantMap{
            {QStringLiteral("at"), fraction(election.atMs, now)},
            {QStringLiteral("term"), election.term},
            {QStringLiteral("name"), election.name},
            {QStringLiteral("ago"), (now - election.atMs) / 1000}});
    }
    return out;
}

} // namespace qd::models
