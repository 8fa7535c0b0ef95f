// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QVariant>

namespace qd::units::bus {

/// One method call that waits for its answer. A copy may be kept to answer later.
class Call {
public:
    Call(const QDBusMessage &message, const QDBusConnection &connection)
        : m_message(message)
        , m_connection(connection)
    {
    }

    const QDBusMessage &message() const { return m_message; }
    const QDBusConnection &connection() const { return m_connection; }
    QString path() const { return m_message.path(); }
    /// Who calls: its name on the bus, or that of its own connection.
    QString client() const
    {
        return m_message.service().isEmpty() ? m_connection.name() : m_message.service();
    }
    QVariant argument(qsizetype i) const { return m_message.arguments().value(i); }
    QString text(qsizetype i) const { return argument(i).toString(); }
    bool flag(qsizetype i) const { return argument(i).toBool(); }
    quint32 number(qsizetype i) const { return argument(i).toUInt(); }
    QStringList texts(qsizetype i) const { return argument(i).toStringList(); }
    /// An argument of one of the types of wire_types.h, or a list of them.
    template <class T>
    T as(qsizetype i) const
    {
        return qdbus_cast<T>(argument(i));
    }

    void reply(const QVariantList &values = {}) const
    {
        if (m_message.isReplyRequired())
            m_connection.send(m_message.createReply(values));
    }
    void fail(const QString &name, const QString &text) const
    {
        if (m_message.isReplyRequired())
            m_connection.send(m_message.createErrorReply(name, text));
    }
    void fail(const Error &error) const { fail(error.code, error.message); }

private:
    QDBusMessage m_message;
    QDBusConnection m_connection;
};

/// A method that an interface offers: its types as systemd's introspection has them.
struct Method {
    const char *in;
    const char *out;
    std::function<void(const Call &)> run;
};
using Methods = QHash<QString, Method>;

} // namespace qd::units::bus
