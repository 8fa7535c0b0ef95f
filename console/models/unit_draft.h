// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/cluster_api.h"

#include <QPointer>
#include <QTimer>
#include <qqmlregistration.h>

namespace qd::models {

/// A unit file that is being written: its text, what the cluster says of each line, and its way
/// into the cluster. Checked a moment after the last key.
class UnitDraft : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(QString name READ name WRITE setName NOTIFY edited)
    Q_PROPERTY(QString text READ text WRITE setText NOTIFY edited)
    Q_PROPERTY(bool existing READ isExisting NOTIFY opened)
    Q_PROPERTY(bool dirty READ isDirty NOTIFY edited)
    Q_PROPERTY(bool busy READ isBusy NOTIFY busyChanged)
    Q_PROPERTY(QVariantList diagnostics READ diagnostics NOTIFY checked)
    Q_PROPERTY(int errorCount READ errorCount NOTIFY checked)
    Q_PROPERTY(QString checkTrouble READ checkTrouble NOTIFY checked)
public:
    explicit UnitDraft(QObject *parent = nullptr);

    void setClient(session::Client *client);
    QString name() const { return m_name; }
    void setName(const QString &name);
    QString text() const { return m_text; }
    void setText(const QString &text);
    /// The unit is the one that was opened from the cluster: submitting replaces it. Under another
    /// name it is a new one.
    bool isExisting() const { return !m_openedName.isEmpty() && m_name == m_openedName; }
    bool isDirty() const { return m_text != m_original; }
    bool isBusy() const { return m_busy; }
    /// {line, severity ("Error", "Warning"), message} in line order.
    QVariantList diagnostics() const { return m_diagnostics; }
    int errorCount() const { return m_errorCount; }
    /// Why the check itself did not come about; empty = it did.
    QString checkTrouble() const { return m_checkTrouble; }

    Q_INVOKABLE void openNew();
    /// Loads the text of a unit of the cluster.
    Q_INVOKABLE void openExisting(const QString &name);
    Q_INVOKABLE void submit(bool thenStart);

Q_SIGNALS:
    void opened();
    void edited();
    void checked();
    void busyChanged();
    void submitted(const QString &name, bool thenStart);
    void failed(const QString &what, const QString &why);

private:
    void check();
    void setBusy(bool busy);
    void show(const QString &name, const QString &text, bool existing);
    void take(const QList<UnitDiagnostic> &found);

    QPointer<session::Client> m_client;
    QTimer m_pause;
    QString m_name;
    QString m_text;
    QString m_original;
    QVariantList m_diagnostics;
    QString m_checkTrouble;
    int m_errorCount = 0;
    QString m_openedName; ///< of the cluster's unit that this is; empty = a new one
    bool m_busy = false;
    quint64 m_round = 0;   ///< an answer about an older text does not count
    quint64 m_opening = 0; ///< nor does one for a unit that is no longer wanted
};

} // namespace qd::models
