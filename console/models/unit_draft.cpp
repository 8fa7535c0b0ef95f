// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit_draft.h"

#include "shared/codec/codec.h"

namespace qd::models {
namespace {

constexpr int kPauseMs = 200;

const QString kTemplate = QStringLiteral("[Unit]\n"
                                         "Description=\n"
                                         "\n"
                                         "[Service]\n"
                                         "ExecStart=\n"
                                         "Restart=on-failure\n"
                                         "\n"
                                         "[X-Fleet]\n");

} // namespace

UnitDraft::UnitDraft(QObject *parent)
    : QObject(parent)
{
    m_pause.setSingleShot(true);
    m_pause.setInterval(kPauseMs);
    connect(&m_pause, &QTimer::timeout, this, &UnitDraft::check);
}

void UnitDraft::setClient(session::Client *client)
{
    m_client = client;
    ++m_round;
    ++m_opening;
    setBusy(false);
}

void UnitDraft::setName(const QString &name)
{
    if (m_name == name)
        return;
    const bool wasExisting = isExisting();
    m_name = name;
    ++m_round;
    m_pause.start();
    // Not with each letter: the editor's focus hangs on it.
    if (isExisting() != wasExisting)
        Q_EMIT opened();
    Q_EMIT edited();
}

void UnitDraft::setText(const QString &text)
{
    if (m_text == text)
        return;
    m_text = text;
    ++m_round;
    m_pause.start();
    Q_EMIT edited();
}

void UnitDraft::show(const QString &name, const QString &text, bool existing)
{
    ++m_round;
    ++m_opening;
    m_name = name;
    m_text = text;
    m_original = text;
    m_openedName = existing ? name : QString();
    setBusy(false);
    m_diagnostics.clear();
    m_errorCount = 0;
    m_checkTrouble.clear();
    Q_EMIT opened();
    Q_EMIT edited();
    Q_EMIT checked();
    m_pause.start();
}

void UnitDraft::openNew()
{
    show({}, kTemplate, false);
}

void UnitDraft::openExisting(const QString &name)
{
    if (!m_client)
        return;
    setBusy(true);
    const quint64 opening = ++m_opening;
    session::ClusterApi(*m_client).unitCat(name).then(
        this, [this, name, opening](const Result<QString> &text) {
            if (opening != m_opening)
                return;
            setBusy(false);
            if (text)
                show(name, *text, true);
            else
                Q_EMIT failed(QStringLiteral("Cannot read %1").arg(name), text.error().text());
        });
}

void UnitDraft::check()
{
    if (!m_client)
        return;
    const quint64 round = m_round;
    const QString name = m_name.isEmpty() ? QStringLiteral("new.service") : m_name;
    session::ClusterApi(*m_client)
        .unitCheck(name, m_text)
        .then(this, [this, round](const Result<QList<UnitDiagnostic>> &found) {
            if (round != m_round)
                return;
            m_checkTrouble = found ? QString() : found.error().text();
            take(found.value_or(QList<UnitDiagnostic>()));
        });
}

void UnitDraft::take(const QList<UnitDiagnostic> &found)
{
    QList<UnitDiagnostic> ordered = found;
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto &a, const auto &b) {
        return a.line < b.line;
    });
    m_diagnostics.clear();
    m_errorCount = 0;
    for (const UnitDiagnostic &one : std::as_const(ordered)) {
        m_diagnostics.append(codec::toJson(one).toVariantMap());
        m_errorCount += one.severity == UnitDiagnostic::Severity::Error ? 1 : 0;
    }
    Q_EMIT checked();
}

void UnitDraft::setBusy(bool busy)
{
    if (m_busy == busy)
        return;
    m_busy = busy;
    Q_EMIT busyChanged();
}

void UnitDraft::submit(bool thenStart)
{
    if (!m_client || m_busy)
        return;
    setBusy(true);
    const QString name = m_name;
    const QString text = m_text;
    const quint64 opening = ++m_opening;
    session::ClusterApi(*m_client)
        .unitSubmit(name, text, isExisting())
        .then(this, [this, name, text, thenStart, opening](const Result<Unit> &unit) {
            if (opening == m_opening)
                setBusy(false);
            if (!unit) {
                Q_EMIT failed(QStringLiteral("Cannot submit %1").arg(name), unit.error().text());
                return;
            }
            if (opening == m_opening) {
                m_original = text;
                m_openedName = name;
                Q_EMIT opened();
                Q_EMIT edited();
            }
            Q_EMIT submitted(name, thenStart);
        });
}

} // namespace qd::models
