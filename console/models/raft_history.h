// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cluster_models.h"
#include "shared/base/clock.h"

#include <QTimer>

namespace qd::models {

/// What the raft collection has shown over the last minutes: who led when, in which term, and the
/// throughput and sync times second by second. Kept by the console, from the deltas that come
/// anyway.
class RaftHistory : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(QList<double> throughput READ throughput NOTIFY sampled)
    Q_PROPERTY(QVariantList sync READ sync NOTIFY sampled)
    Q_PROPERTY(QVariantList lanes READ lanes NOTIFY sampled)
    Q_PROPERTY(QVariantList elections READ elections NOTIFY sampled)
    Q_PROPERTY(int windowSeconds READ windowSeconds CONSTANT)
    Q_PROPERTY(int samples READ samples CONSTANT)
public:
    static constexpr int kSamples = 120;          ///< one a second
    static constexpr int kWindowMs = 10 * 60'000; ///< of the election axis
    static constexpr int kMostSpans = 400;        ///< of a member; the oldest go first

    RaftHistory(const RaftModel &model, const Clock &clock, QObject *parent = nullptr);

    /// Proposals a second of the leader, oldest first; -1 = no leader was known.
    QList<double> throughput() const { return m_throughput; }
    /// For each member, by name, {name, values}: mean fdatasync time in ms; -1 = not reachable.
    QVariantList sync() const;
    /// For each member, by name, {name, spans: [{from, to, role, term, tone}]}; from and to are
    /// fractions of the window, 1 = now. What was not seen (no connection) is a hole.
    QVariantList lanes() const;
    /// Each leader that came while this console watched: {at (fraction), term, name, ago (s)}.
    QVariantList elections() const;
    int windowSeconds() const { return kWindowMs / 1000; }
    int samples() const { return kSamples; }

    void clear();
    /// Takes the model's present state into the lanes.
    void observe();
    /// One second has passed.
    void sample();
    void setRunning(bool running);

Q_SIGNALS:
    void sampled();

private:
    struct Span {
        qint64 fromMs = 0;
        qint64 toMs = 0;
        Node::Role role = Node::Role::None;
        qint64 term = 0;
        bool reachable = true;
        Tone::Value tone = Tone::Neutral;
    };
    struct Election {
        qint64 atMs = 0;
        qint64 term = 0;
        QString name;
    };
    struct Member {
        QString name;
        QList<double> sync;
        std::vector<Span> spans;
    };
    void observeMember(const RaftStatus &member, qint64 now);
    std::vector<const Member *> byName() const;
    void forgetGone(qint64 now);

    const RaftModel &m_model;
    const Clock &m_clock;
    QTimer m_second;
    QList<double> m_throughput;
    QMap<QString, Member> m_members; ///< by node id
    std::vector<Election> m_elections;
    qint64 m_lastTerm = 0;    ///< in which a leader was seen; 0 = none yet
    bool m_holeBefore = true; ///< the next observation does not join the one before
};

} // namespace qd::models
