// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/applets.h"
#include "console/cli/program.h"

#include <QCborArray>
#include <QJsonDocument>
#include <QPromise>
#include <QTest>

namespace qd::test {

class FakeSubscription : public session::Subscription {
    using Subscription::Subscription;
};

class FakeStream : public session::ByteStream {
public:
    using ByteStream::ByteStream;
    void write(const QByteArray &) override {}
    void close() override {}
};

/// A cluster that answers what the test has laid down, and remembers what it was asked.
class FakeClient : public session::Client {
public:
    struct Asked {
        QString method;
        QCborMap params;
    };
    QList<Asked> asked;
    QHash<QString, Result<QCborMap>> answers;
    QHash<QString, Result<QByteArray>> streams; ///< what a stream brings before it ends
    QHash<QString, FakeSubscription *> live;    ///< the open ones, by collection
    FakeStream *stream = nullptr;               ///< the last that was opened
    State now = State::Connected;

    State state() const override { return now; }
    QCborMap welcome() const override { return {}; }
    QFuture<Result<QCborMap>>
    call(const QString &method, const QCborMap &params, const session::CallOptions &) override
    {
        asked.append({method, params});
        QPromise<Result<QCborMap>> promise;
        promise.start();
        promise.addResult(answers.value(
            method, fail(code::notFound, QStringLiteral("There is no method %1.").arg(method))));
        promise.finish();
        return promise.future();
    }
    std::unique_ptr<session::Subscription> subscribe(const QString &name, const QCborMap &) override
    {
        auto out = std::make_unique<FakeSubscription>();
        live.insert(name, out.get());
        connect(out.get(), &QObject::destroyed, this, [this, name] { live.remove(name); });
        return out;
    }
    std::unique_ptr<session::ByteStream>
    open(const QString &method, const QCborMap &params, const session::CallOptions &) override
    {
        asked.append({method, params});
        auto out = std::make_unique<FakeStream>();
        stream = out.get();
        if (const auto known = streams.constFind(method); known != streams.cend())
            QMetaObject::invokeMethod(
                stream, [to = stream, brings = *known] { feed(*to, brings); },
                Qt::QueuedConnection);
        return out;
    }

private:
    static void feed(FakeStream &to, const Result<QByteArray> &brings)
    {
        if (brings)
            Q_EMIT to.received(*brings);
        Q_EMIT to.ended(brings ? Error{} : brings.error());
    }
};

inline QCborMap listAnswer(qint64 revision, const QCborArray &items)
{
    return {{QStringLiteral("revision"), revision}, {QStringLiteral("items"), items}};
}

/// One run of qdctl in this process, with the fake cluster.
class Shell {
public:
    explicit Shell(std::shared_ptr<FakeClient> cluster, bool terminal = false)
        : client(std::move(cluster))
        , output(
              [this](const QByteArray &bytes) { out += bytes; },
              [this](const QByteArray &bytes) { err += bytes; }, terminal)
    {
    }

    /// Starts it; it may be over at once.
    void start(const QStringList &words)
    {
        program = std::make_unique<cli::Program>(
            cli::applets(), output, [this](const QString &, const QString &) {
                return Result<cli::Opened>(cli::Opened{client, QStringLiteral("deck"), 2});
            });
        QObject::connect(
            program.get(), &cli::Program::finished, program.get(), [this](int s) { status = s; });
        program->run(words);
    }
    /// Runs it to its end; its status.
    int run(const QStringList &words)
    {
        start(words);
        return await();
    }
    int await()
    {
        return QTest::qWaitFor([this] { return status >= 0; }, 10'000) ? status : -1;
    }
    QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
    QStringList lines() const
    {
        return QString::fromUtf8(out).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    }

    std::shared_ptr<FakeClient> client;
    QByteArray out;
    QByteArray err;
    int status = -1;
    cli::Output output;
    std::unique_ptr<cli::Program> program;
};

} // namespace qd::test
