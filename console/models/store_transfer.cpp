// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_transfer.h"

#include "words.h"

#include <QDir>
#include <QFile>
#include <QSaveFile>

namespace qd::models {
namespace {

using State = session::ImportStep::State;

QString wholePath(const QString &path)
{
    const QString trimmed = path.trimmed();
    return trimmed.startsWith(QLatin1String("~/")) ? QDir::homePath() + trimmed.mid(1) : trimmed;
}

Tone::Value toneOf(State state)
{
    switch (state) {
    case State::New:
        return Tone::Good;
    case State::Changed:
        return Tone::Warn;
    case State::Blocked:
        return Tone::Bad;
    case State::Same:
        break;
    }
    return Tone::Neutral;
}

/// What went wrong; empty = nothing did.
QString writeFile(const QString &path, const QByteArray &text)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit())
        return file.errorString();
    return {};
}

} // namespace

StoreTransfer::StoreTransfer(QObject *parent)
    : QObject(parent)
{
}

void StoreTransfer::setClient(session::Client *client)
{
    m_client = client;
    forget();
}

void StoreTransfer::setBusy(bool busy)
{
    m_busy = busy;
    Q_EMIT changed();
}

void StoreTransfer::forget()
{
    ++m_round;
    m_planned = false;
    m_plan.clear();
    m_steps.clear();
    m_unshown = 0;
    m_trouble.clear();
    setBusy(false);
}

void StoreTransfer::refuse(const QString &trouble)
{
    forget();
    m_trouble = trouble;
    Q_EMIT changed();
}

QString StoreTransfer::suggestedPath(const QString &key) const
{
    const QString name = key.section(QLatin1Char('/'), -1).left(80);
    return QStringLiteral("~/%1.json").arg(name.isEmpty() ? QStringLiteral("store") : name);
}

void StoreTransfer::exportTo(const QString &path, const QString &key)
{
    if (!m_client || m_busy)
        return;
    forget();
    setBusy(true);
    session::StoreGet request;
    request.key = key;
    request.recursive = true;
    request.quorum = true;
    session::ClusterApi(*m_client).storeRead(request).then(
        this, [this, key, file = wholePath(path),
               round = m_round](const Result<session::StoreAnswer> &answer) {
            if (round != m_round)
                return;
            setBusy(false);
            const QString what = QStringLiteral("Cannot export %1").arg(key);
            if (!answer) {
                Q_EMIT failed(what, answer.error().text());
                return;
            }
            const session::StoreFile exported = session::storeFileOf(*answer);
            if (const QString why = writeFile(file, session::toText(exported)); !why.isEmpty())
                Q_EMIT failed(what, QStringLiteral("%1: %2").arg(file, why));
            else
                Q_EMIT done(QStringLiteral("%1 entries of %2 are in %3")
                                .arg(exported.entries.size())
                                .arg(key, file));
        });
}

void StoreTransfer::plan(const QString &path, const QString &target)
{
    if (!m_client || m_busy)
        return;
    QFile file(wholePath(path));
    if (!file.open(QIODevice::ReadOnly)) {
        refuse(QStringLiteral("Cannot read %1: %2").arg(file.fileName(), file.errorString()));
        return;
    }
    const auto parsed = session::storeFileFrom(file.readAll());
    if (!parsed) {
        refuse(parsed.error().text());
        return;
    }
    forget();
    m_target = target.trimmed().isEmpty() ? parsed->key : target.trimmed();
    setBusy(true);
    session::plannedImport(*m_client, *parsed, m_target)
        .then(this, [this, round = m_round](const Result<QList<session::ImportStep>> &plan) {
            if (round != m_round)
                return;
            if (plan)
                takePlan(*plan);
            else
                refuse(plan.error().text());
        });
}

void StoreTransfer::takePlan(const QList<session::ImportStep> &plan)
{
    m_plan = plan;
    m_planned = true;
    for (const session::ImportStep &step : plan) {
        if (step.state == State::Same)
            continue;
        if (m_steps.size() >= kMostSteps) {
            ++m_unshown;
            continue;
        }
        m_steps.append(QVariantMap{
            {QStringLiteral("key"), step.wanted.key},
            {QStringLiteral("dir"), step.wanted.dir},
            {QStringLiteral("state"), session::stateText(step.state)},
            {QStringLiteral("why"), step.why},
            {QStringLiteral("tone"), int(toneOf(step.state))}});
    }
    setBusy(false);
}

QString StoreTransfer::summary() const
{
    const session::ImportCount count = session::countOf(m_plan);
    QString out = QStringLiteral("%1 new, %2 changed, %3 the same")
                      .arg(count.fresh)
                      .arg(count.changed)
                      .arg(count.same);
    if (count.blocked > 0)
        out += QStringLiteral(", %1 blocked").arg(count.blocked);
    return out;
}

void StoreTransfer::apply()
{
    if (!m_client || m_busy || !m_planned)
        return;
    setBusy(true);
    session::runImport(*m_client, m_plan)
        .then(this, [this, round = m_round](const Result<session::ImportOutcome> &outcome) {
            if (round != m_round)
                return;
            if (outcome)
                takeOutcome(*outcome);
            else
                refuse(outcome.error().text());
        });
}

void StoreTransfer::takeOutcome(const session::ImportOutcome &outcome)
{
    forget();
    const QString written = QStringLiteral("%1 keys are written").arg(outcome.written);
    if (outcome.failures.isEmpty()) {
        Q_EMIT done(written);
        return;
    }
    const session::ImportFailure &first = outcome.failures.first();
    refuse(QStringLiteral("%1; %2 are not, since they are no longer as the plan saw them. "
                          "The first: %3: %4")
               .arg(written)
               .arg(outcome.failures.size())
               .arg(first.key, first.error.text()));
}

} // namespace qd::models
