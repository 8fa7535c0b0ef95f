// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/cluster_info.h"
#include "agent/store/store_client.h"

#include <QByteArray>

/// The bodies of etcd's v2 API, to the byte (peer-contracts.md 1.4, 1.5, 1.8).
namespace qd::etcd {

/// Appends a JSON string as Go writes it: <, > and & are escaped too, what is not UTF-8 becomes
/// U+FFFD.
void appendString(QByteArray &out, QByteArrayView utf8);

/// Writes the nodes that it sees.
class NodeJson final : public store::NodeVisitor {
public:
    /// What a key that has gone held stands in prevNode alone.
    enum class Value : quint8 { Shown, Omitted };
    explicit NodeJson(QByteArray &out, Value value = Value::Shown)
        : m_out(out)
        , m_value(value)
    {
    }
    void enter(const store::PassedNode &node) override;
    void leave(const store::PassedNode &node) override;

private:
    struct Open {
        qsizetype start = 0;
        bool hasChildren = false;
    };
    QByteArray &m_out;
    Value m_value;
    std::vector<Open> m_open; ///< from the first node down to the present one
};

/// The answer to a GET, straight from the store: it may be large.
struct Found {
    QByteArray body;
    quint64 storeIndex = 0;
};
Result<Found> foundJson(const store::StoreClient &store, const store::GetRequest &request);

/// With `bare` the answer to noValueOnSuccess: the action alone.
QByteArray eventJson(const store::Event &event, bool bare = false);

/// An error as the keys API prints it, and its status.
struct KeyError {
    int status = 500;
    QByteArray index; ///< for X-Etcd-Index
    QByteArray body;
};
KeyError keyError(const Error &error);

QByteArray memberJson(const ClusterInfo::Member &member);
QByteArray membersJson(std::vector<ClusterInfo::Member> members);
QByteArray messageJson(QByteArrayView message);
/// A member's id as the API shows it: hex without leading zeros.
QByteArray idText(quint64 id);

/// RFC 3339, UTC, without zeros at the end of the fraction.
QByteArray timeText(qint64 us);
/// As Go prints a duration: "31h6m45.277397s", "499.651ms".
QByteArray durationText(qint64 us);

} // namespace qd::etcd
