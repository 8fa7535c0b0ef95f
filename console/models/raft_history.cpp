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
}

void RaftHistory::clear()
{
    m_throughput.clear();
    m_sync.clear();
    m_spans.clear();
    m_elections.clear();
    Q_EMIT sampled();
}

void RaftHistory::observe()
{
    const qint64 now = m_clock.monotonicMs();
    m_model.forEach([this, now](const RaftStatus &member) { observeMember(member, now); });
    const RaftStatus *leader = m_model.leading();
    if (leader && (m_elections.empty() || m_elections.back().term < leader->term)) {
        m_elections.push_back({now, leader->term, leader->nodeName});
        if (m_elections.size() > size_t(kMostSpans))
            m_elections.erase(m_elections.begin());
    }
    Q_EMIT sampled();
}

void RaftHistory::observeMember(const RaftStatus &member, qint64 now)
{
    std::vector<Span> &spans = m_spans[member.nodeName];
    if (!spans.empty())
        spans.back().toMs = now;
    if (!spans.empty() && spans.back().role == member.role && spans.back().term == member.term &&
        spans.back().reachable == member.reachable)
        return;
    Tone::Value tone = Tone::Neutral;
    if (!member.reachable)
        tone = Tone::Bad;
    else if (member.role == Node::Role::Leader)
        tone = Tone::Good;
    else if (member.role == Node::Role::Candidate)
        tone = Tone::Warn;
    spans.push_back({now, now, member.role, member.term, member.reachable, tone});
    if (spans.size() > size_t(kMostSpans))
        spans.erase(spans.begin());
}

void RaftHistory::sample()
{
    const RaftStatus *leader = m_model.leading();
    push(m_throughput, leader ? leader->proposalsPerSecond : 0);
    m_model.forEach([this](const RaftStatus &member) {
        push(m_sync[member.nodeName], member.reachable ? member.syncMs : 0);
    });
    observe();
}

QVariantList RaftHistory::sync() const
{
    QVariantList out;
    for (auto it = m_sync.cbegin(); it != m_sync.cend(); ++it)
        out.append(QVariantMap{
            {QStringLiteral("name"), it.key()},
            {QStringLiteral("values"), QVariant::fromValue(it.value())}});
    return out;
}

QVariantList RaftHistory::lanes() const
{
    const qint64 now = m_clock.monotonicMs();
    QVariantList out;
    for (auto it = m_spans.cbegin(); it != m_spans.cend(); ++it) {
        QVariantList spans;
        for (const Span &span : it.value()) {
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
            QVariantMap{{QStringLiteral("name"), it.key()}, {QStringLiteral("spans"), spans}});
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
