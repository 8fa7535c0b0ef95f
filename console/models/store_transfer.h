// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/store_import.h"

#include <QPointer>
#include <QVariantList>
#include <qqmlregistration.h>

namespace qd::models {

/// A subtree of the store on its way into a file, and back: what an import would do is shown
/// before it is done.
class StoreTransfer : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(bool busy READ isBusy NOTIFY changed)
    Q_PROPERTY(bool planned READ isPlanned NOTIFY changed)
    Q_PROPERTY(QString target READ target NOTIFY changed)
    Q_PROPERTY(QString trouble READ trouble NOTIFY changed)
    Q_PROPERTY(QString summary READ summary NOTIFY changed)
    Q_PROPERTY(int writes READ writes NOTIFY changed)
    Q_PROPERTY(QVariantList steps READ steps NOTIFY changed)
    Q_PROPERTY(int unshown READ unshown NOTIFY changed)
public:
    static constexpr int kMostSteps = 500; ///< that are listed; all are written

    explicit StoreTransfer(QObject *parent = nullptr);

    void setClient(session::Client *client);
    bool isBusy() const { return m_busy; }
    bool isPlanned() const { return m_planned; }
    QString target() const { return m_target; }
    /// Why there is no plan, or what has not been written.
    QString trouble() const { return m_trouble; }
    /// "3 new, 1 changed, 12 the same"
    QString summary() const;
    int writes() const { return session::countOf(m_plan).writes(); }
    /// {key, state, why, tone}: all but what is the same.
    QVariantList steps() const { return m_steps; }
    int unshown() const { return m_unshown; }

    /// A path such as ~/app.json.
    Q_INVOKABLE void exportTo(const QString &path, const QString &key);
    /// `target` empty: where it was exported from.
    Q_INVOKABLE void plan(const QString &path, const QString &target);
    Q_INVOKABLE void apply();
    Q_INVOKABLE void forget();
    Q_INVOKABLE QString suggestedPath(const QString &key) const;

Q_SIGNALS:
    void changed();
    void done(const QString &what);
    void failed(const QString &what, const QString &why);

private:
    void setBusy(bool busy);
    void refuse(const QString &trouble);
    void takePlan(const QList<session::ImportStep> &plan);
    void takeOutcome(const session::ImportOutcome &outcome);

    QPointer<session::Client> m_client;
    bool m_busy = false;
    bool m_planned = false;
    QString m_target;
    QString m_trouble;
    QList<session::ImportStep> m_plan;
    QVariantList m_steps;
    int m_unshown = 0;
    quint64 m_round = 0;
};

} // namespace qd::models
