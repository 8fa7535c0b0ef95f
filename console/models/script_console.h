// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "script_runner.h"

#include <QAbstractListModel>
#include <QTimer>
#include <deque>
#include <memory>
#include <qqmlregistration.h>

namespace qd::models {

/// The Script workspace's state: the text, the run, and the lines that came out of it.
class ScriptConsole : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(QString text READ text WRITE setText NOTIFY textChanged)
    Q_PROPERTY(QString fileName READ fileName NOTIFY textChanged)
    Q_PROPERTY(bool running READ isRunning NOTIFY runningChanged)
    Q_PROPERTY(bool ready READ isReady NOTIFY runningChanged)
    Q_PROPERTY(int status READ status NOTIFY runningChanged)
    Q_PROPERTY(int count READ count NOTIFY countChanged)
    Q_PROPERTY(int dropped READ dropped NOTIFY countChanged)
    Q_PROPERTY(QVariantList marks READ marks NOTIFY marksChanged)
    Q_PROPERTY(QStringList examples READ examples CONSTANT)
public:
    static constexpr int kCapacity = 10'000; ///< lines of output kept
    enum Role { TextRole = Qt::UserRole, KindRole };

    explicit ScriptConsole(QObject *parent = nullptr);

    void setRunner(std::unique_ptr<ScriptRunner> runner);
    QString text() const { return m_text; }
    void setText(const QString &text);
    QString fileName() const { return m_fileName; }
    bool isRunning() const { return m_running; }
    bool isReady() const { return bool(m_runner); }
    /// Of the last run; -1 before the first.
    int status() const { return m_status; }
    int count() const { return int(m_lines.size()); }
    int dropped() const { return m_dropped; }
    /// Where errors of the last run point into the text: {line, severity, message}. A line of the
    /// text that is edited away from under them clears them.
    QVariantList marks() const { return m_marks; }
    QStringList examples() const;
    /// Shows an example instead of what is written; `openOwn` brings that back.
    Q_INVOKABLE void openExample(const QString &name);
    Q_INVOKABLE void openOwn();
    /// The line of the text that a line of output names ("name.js:4: ..."); 0 = none.
    Q_INVOKABLE int lineNamedIn(const QString &output) const;
    Q_INVOKABLE void run();
    Q_INVOKABLE void stop();
    Q_INVOKABLE void clear();
    Q_INVOKABLE QString outputText() const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

Q_SIGNALS:
    void textChanged();
    void runningChanged();
    void countChanged();
    void marksChanged();

private:
    struct Line {
        QString text;
        ScriptRunner::Kind kind;
    };
    void take(const QString &line, ScriptRunner::Kind kind);
    void flush();
    void show(const QString &fileName, const QString &text);
    void clearMarks();

    std::unique_ptr<ScriptRunner> m_runner;
    QTimer m_frame;
    std::deque<Line> m_pending;
    std::deque<Line> m_lines;
    int m_dropped = 0;
    QString m_text;
    QString m_fileName;
    QString m_ownText; ///< what the user wrote, while an example is shown
    QVariantList m_marks;
    bool m_running = false;
    int m_status = -1;
};

} // namespace qd::models
