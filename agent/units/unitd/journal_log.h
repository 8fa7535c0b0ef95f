// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/journal_sink.h"
#include "agent/units/journal/journal_writer.h"

namespace qd::units {

/// The engine's words and its services' output into the node's journal.
class JournalLog : public JournalSink {
public:
    explicit JournalLog(JournalWriter &writer);

    void entry(const QList<JournalField> &fields) override;

private:
    JournalWriter &m_writer;
    QList<JournalField> m_own; ///< who the engine is
};

} // namespace qd::units
