// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/unit_backend.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QTimer>
#include <memory>

namespace qd::fleet {

class ManagerSignals;

/// The engine behind org.freedesktop.systemd1 (systemd1-dbus.md 2 to 7): our quarterdeck-unitd on
/// its socket, or systemd on the system bus. Connects again when it comes back.
class Systemd1Backend : public UnitBackend {
    Q_OBJECT
public:
    struct Setup {
        QString socket;      ///< path of the engine's private socket; empty: the system bus
        QString unitsFolder; ///< absolute; the engine must see it under the same path
        int retryMs = 500;
        int callMs = 10'000;
    };
    explicit Systemd1Backend(Setup setup, QObject *parent = nullptr);
    ~Systemd1Backend() override;

    void open() override;
    bool isConnected() const override { return m_connected; }
    QMap<QString, QByteArray> files() const override;
    void load(const QString &unit, const QByteArray &text, Done done) override;
    void unload(const QString &unit, Done done) override;
    void reload(Done done) override;
    void start(const QString &unit, Done done) override;
    void stop(const QString &unit, Done done) override;
    void query(const QStringList &units, States done) override;
    void properties(const QString &unit, Properties done) override;

private:
    using Answer = std::function<void(const Result<QDBusMessage> &)>;
    void tryConnect();
    void introduce();
    void dropConnection();
    void call(const QDBusMessage &message, Answer done);
    void manager(const QString &method, const QVariantList &arguments, Answer done);
    void
    job(const QString &method, const QString &unit,
        std::function<void(const Result<quint32> &)> done);
    void jobRemoved(quint32 id, const QString &unit, const QString &result);
    void keep(const QString &unit);
    void tellStart(quint32 id, const QString &result);
    void details(
        const std::shared_ptr<QMap<QString, BackendState>> &states, const QStringList &units,
        const States &done);
    void unlink(const QString &unit, Done done);

    Setup m_setup;
    QString m_connectionName;
    std::unique_ptr<QDBusConnection> m_bus;
    std::unique_ptr<ManagerSignals> m_signals;
    std::unique_ptr<QObject> m_calls; ///< the context of this connection's calls
    QTimer m_retry;
    bool m_connected = false;
    QMap<QString, BackendState> m_known; ///< of the last query
    QSet<QString> m_kept;                ///< that the engine does not forget although they rest
    QSet<QString> m_touched;             ///< a job of theirs has ended: their details come next
    QMap<quint32, QString> m_starts;     ///< by job: units whose start runs
    QMap<quint32, QString> m_results;    ///< of jobs that ended while a start was being asked for
    int m_asking = 0;                    ///< starts that are not answered yet
    qsizetype m_turn = 0;                ///< whose details come next although nothing changed
};

} // namespace qd::fleet
