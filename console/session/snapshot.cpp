// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/snapshot.h"

#include <QPromise>
#include <QTimer>

namespace qd::session {
namespace {

/// One reading: a child of the client, gone when it is over.
class Reading : public QObject {
public:
    Reading(Client &client, const QString &collection, const QCborMap &params, int deadlineMs)
        : QObject(&client)
        , m_live(client.subscribe(collection, params))
    {
        m_promise.start();
        connect(m_live.get(), &Subscription::reset, this, [this](const QList<QCborMap> &rows) {
            finish(Snapshot{m_live->revision(), rows});
        });
        connect(m_live.get(), &Subscription::failed, this, [this](const Error &error) {
            finish(fail(error));
        });
        connect(&client, &Client::stateChanged, this, [this, collection](Client::State state) {
            if (state != Client::State::Connected)
                finish(fail(
                    code::unreachable,
                    QStringLiteral("The connection was lost while %1 were read.").arg(collection)));
        });
        QTimer::singleShot(deadlineMs, this, [this, collection, deadlineMs] {
            finish(fail(
                code::deadline,
                QStringLiteral("%1 were not told within %2 ms.").arg(collection).arg(deadlineMs)));
        });
    }
    QFuture<Result<Snapshot>> future() const { return m_promise.future(); }

private:
    void finish(const Result<Snapshot> &result)
    {
        disconnect(m_live.get(), nullptr, this, nullptr);
        if (std::exchange(m_over, true))
            return;
        m_promise.addResult(result);
        m_promise.finish();
        deleteLater();
    }

    std::unique_ptr<Subscription> m_live;
    QPromise<Result<Snapshot>> m_promise;
    bool m_over = false;
};

} // namespace

QFuture<Result<Snapshot>>
snapshot(Client &client, const QString &collection, const QCborMap &params, int deadlineMs)
{
    if (client.state() == Client::State::Connected)
        return (new Reading(client, collection, params, deadlineMs))->future();
    QPromise<Result<Snapshot>> promise;
    promise.start();
    promise.addResult(fail(code::unreachable, QStringLiteral("Not connected to a cluster.")));
    promise.finish();
    return promise.future();
}

} // namespace qd::session
