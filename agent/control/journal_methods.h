// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/control/node_links.h"
#include "agent/units/journal/journal_reader.h"

namespace qd::control {

/// A journal stream's unit runs on another node now: open it anew.
inline const QString kUnitMoved = QStringLiteral("unit.moved");

/// journal.open: the log of a unit from the node where it is, or of the node that the call names;
/// there an empty unit is the whole journal.
class JournalMethods : public QObject {
    Q_OBJECT
public:
    struct Setup {
        QString machineId;
        QString folder; ///< this machine's journal files
    };
    /// Machine id of the node where a unit is; code::notFound, code::nodeUnreachable.
    using Place = std::function<Result<QString>(const QString &unit)>;
    /// `links` must outlive it.
    JournalMethods(Setup setup, Place place, NodeLinks &links, QObject *parent = nullptr);
    ~JournalMethods() override;

    void addTo(rpc::Methods &methods);
    /// Units may have moved: streams that follow one which is elsewhere now end with kUnitMoved.
    void placesChanged();
    qsizetype openStreams() const { return qsizetype(m_open.size()); }

private:
    class Log;
    void open(const rpc::CallPtr &call);
    void openHere(const rpc::CallPtr &call, bool followsUnit);
    void forget(Log *log);

    Setup m_setup;
    Place m_place;
    NodeLinks &m_links;
    std::vector<std::unique_ptr<Log>> m_open;
};

} // namespace qd::control
