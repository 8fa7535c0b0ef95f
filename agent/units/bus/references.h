// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QStringList>

namespace qd::units::bus {

/// Which client keeps which units in memory: its hold ends with it at the latest.
class References {
public:
    void add(const QString &client, const QString &unit) { m_units[client].append(unit); }
    /// Whether the client had one.
    bool remove(const QString &client, const QString &unit)
    {
        const auto it = m_units.find(client);
        const bool had = it != m_units.end() && it->removeOne(unit);
        if (had && it->isEmpty())
            m_units.erase(it);
        return had;
    }
    bool isEmpty() const { return m_units.isEmpty(); }
    /// All of a client that is gone, as often as it holds them.
    QStringList takeAll(const QString &client) { return m_units.take(client); }

private:
    QHash<QString, QStringList> m_units;
};

} // namespace qd::units::bus
