// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/arguments.h"
#include "console/cli/output.h"
#include "console/session/cluster_api.h"
#include "shared/codec/codec.h"

#include <QJsonArray>
#include <QObject>

namespace qd::cli {

/// The exit status for an error: cannotReach when no answer came, else failed.
int statusOf(const Error &error);
/// The error as one sentence for the person at the shell.
QString explain(const Error &error);

/// One run of an applet: what it was told, where it writes, and how it ends. An applet returns at
/// once and goes on in callbacks; it ends by finish() or fail(), after which nothing more is heard
/// of it.
class Invocation : public QObject {
    Q_OBJECT
public:
    /// `client` may be null when the applet needs none.
    Invocation(const CommandLine &line, Output &out, session::Client *client);
    ~Invocation() override;

    const Values &values() const { return m_line.values; }
    const Applet &applet() const { return *m_line.applet; }
    Output &out() { return m_out; }
    session::Client &client() { return *m_client; }
    session::ClusterApi api() { return session::ClusterApi(*m_client); }
    bool json() const { return m_line.values.has(QStringLiteral("json")); }

    /// `use` gets the value; an error ends the applet.
    template <class T, class Use>
    void then(const QFuture<Result<T>> &future, Use use)
    {
        settle(future, [this, use](const Result<T> &result) {
            if (!result)
                fail(result.error());
            else if constexpr (std::is_void_v<T>)
                use();
            else
                use(*result);
        });
    }
    /// `use` gets the result, whatever it is; not after the end.
    template <class T, class Use>
    void settle(QFuture<Result<T>> future, Use use)
    {
        future.then(this, [this, use](const Result<T> &result) {
            if (!m_over)
                use(result);
        });
    }

    void finish(int status = exit_status::done);
    void fail(const Error &error);
    void wrongUsage(const QString &sentence);
    bool isOver() const { return m_over; }

    /// What Ctrl+C does; without it the applet ends with status 130.
    void onInterrupt(std::function<void()> act) { m_onInterrupt = std::move(act); }
    void interrupt();

    /// Lives as long as this run.
    template <class T>
    T *keep(std::unique_ptr<T> thing)
    {
        T *const raw = thing.get();
        m_kept.push_back(std::shared_ptr<T>(std::move(thing)));
        return raw;
    }

Q_SIGNALS:
    void finished(int status);

private:
    CommandLine m_line;
    Output &m_out;
    session::Client *m_client;
    std::function<void()> m_onInterrupt;
    std::vector<std::shared_ptr<void>> m_kept;
    bool m_over = false;
};

/// {"revision": n, "items": [...]}
template <class T>
QJsonObject listJson(qint64 revision, const QList<T> &items)
{
    QJsonArray array;
    for (const T &item : items)
        array.append(codec::toJson(item));
    return {{QStringLiteral("revision"), revision}, {QStringLiteral("items"), array}};
}

/// Follows a stream of lines of JSON until it ends: in order, by an error, or by Ctrl+C (status 0).
/// `mended`: tells that it has made up for the error; then the run goes on.
void followLines(
    Invocation &run, std::unique_ptr<session::ByteStream> stream,
    std::function<void(const QJsonObject &)> onLine,
    std::function<bool(const Error &)> mended = {});

} // namespace qd::cli
