// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QObject>
#include <QTimer>
#include <functional>

class QWindow;

namespace qd::window {

/// Plays a file of acts on the window, as a person would who knows it by its accessible text:
///
///     await TEXT            until the accessible text holds it (deadline of 60 s)
///     gone TEXT             until it does not
///     click ROLE NAME       the item of that role and name, as soon as there is one
///     key SEQUENCE          Ctrl+K, Return ...
///     type TEXT             the rest of the line, key by key
///     picture NAME          NAME.png and NAME.txt in the file's folder
///
/// Empty lines and those with # are skipped. An act begins when the one before it is done.
class Driver : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(const Result<void> &)>;
    Driver(QWindow *window, QString folder, QStringList lines, QObject *parent = nullptr);
    /// The acts of a file; its folder gets the pictures. code::io.
    static Result<QStringList> read(const QString &file);
    void play(Done done);

private:
    void step();
    /// True when the act is done; an error when it cannot be.
    Result<bool> tryAct(const QString &verb, const QString &rest);
    Result<bool> clickOn(const QString &what);
    void finish(const Result<void> &result);

    QWindow *m_window;
    QString m_folder;
    QStringList m_lines;
    qsizetype m_at = 0;
    qint64 m_waitedMs = 0;
    QTimer m_turn;
    Done m_done;
};

} // namespace qd::window
