// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/store_import.h"

#include <QJsonArray>
#include <QPromise>

namespace qd::session {
namespace {

const QString kNoSuchKey = QStringLiteral("etcd.100");
const QString kKeyThere = QStringLiteral("etcd.105");
const QString kEtcd = QStringLiteral("etcd.");

/// One import: a child of the client, gone when it is over.
class Importing : public QObject {
public:
    Importing(Client &client, QList<ImportStep> plan)
        : QObject(&client)
        , m_client(client)
        , m_plan(std::move(plan))
    {
        m_promise.start();
        // Not from inside the call: who asks wants his future first.
        QMetaObject::invokeMethod(
            this, [this] { next(); }, Qt::QueuedConnection);
    }
    QFuture<Result<ImportOutcome>> future() const { return m_promise.future(); }

private:
    bool isWritten() const
    {
        const auto state = m_plan.at(m_at).state;
        return state == ImportStep::State::New || state == ImportStep::State::Changed;
    }

    void next()
    {
        while (m_at < m_plan.size() && !isWritten())
            ++m_at;
        if (m_at == m_plan.size()) {
            finish(m_outcome);
            return;
        }
        const StoreWrite write = writeOf(m_plan.at(m_at));
        ClusterApi(m_client).storeSet(write).then(
            this, [this, write](const Result<StoreAnswer> &answer) { take(write, answer); });
    }

    void take(const StoreWrite &write, const Result<StoreAnswer> &answer)
    {
        ++m_at;
        const bool there = !answer && write.dir && answer.error().code == kKeyThere;
        if (answer) {
            ++m_outcome.written;
        } else if (answer.error().code.startsWith(kEtcd)) {
            if (!there)
                m_outcome.failures.append({write.key, answer.error()});
        } else {
            finish(fail(answer.error()));
            return;
        }
        next();
    }

    void finish(const Result<ImportOutcome> &result)
    {
        m_promise.addResult(result);
        m_promise.finish();
        deleteLater();
    }

    Client &m_client;
    QList<ImportStep> m_plan;
    qsizetype m_at = 0;
    ImportOutcome m_outcome;
    QPromise<Result<ImportOutcome>> m_promise;
};

} // namespace

QFuture<Result<QList<ImportStep>>>
plannedImport(Client &client, const StoreFile &file, const QString &target)
{
    StoreGet request;
    request.key = target;
    request.recursive = true;
    request.quorum = true;
    return ClusterApi(client).storeRead(request).then(
        [file, target](const Result<StoreAnswer> &read) -> Result<QList<ImportStep>> {
            if (!read && read.error().code != kNoSuchKey)
                return fail(read.error());
            QList<StoreEntry> there;
            if (read)
                there = read->children + QList<StoreEntry>{read->entry};
            return planImport(file, target, there);
        });
}

QJsonObject importJson(const QList<ImportStep> &plan, const ImportOutcome &outcome)
{
    QJsonArray steps;
    for (const ImportStep &step : plan) {
        QJsonObject json{
            {QStringLiteral("key"), step.wanted.key},
            {QStringLiteral("state"), stateText(step.state)}};
        if (!step.why.isEmpty())
            json.insert(QStringLiteral("why"), step.why);
        steps.append(json);
    }
    QJsonArray failed;
    for (const ImportFailure &failure : outcome.failures)
        failed.append(QJsonObject{
            {QStringLiteral("key"), failure.key}, {QStringLiteral("why"), failure.error.text()}});
    return {
        {QStringLiteral("steps"), steps},
        {QStringLiteral("written"), outcome.written},
        {QStringLiteral("failed"), failed}};
}

QFuture<Result<ImportOutcome>> runImport(Client &client, const QList<ImportStep> &plan)
{
    return (new Importing(client, plan))->future();
}

} // namespace qd::session
