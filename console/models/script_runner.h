// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

namespace qd::models {

/// Runs a script somewhere else than in the window's process; one at a time.
class ScriptRunner : public QObject {
    Q_OBJECT
public:
    enum class Kind { Print, Alert, Error };
    Q_ENUM(Kind)

    using QObject::QObject;
    ~ScriptRunner() override = default;
    /// `fileName` is what errors call the text.
    virtual void start(const QString &text, const QString &fileName) = 0;
    virtual void stop() = 0;

Q_SIGNALS:
    void output(const QString &line, qd::models::ScriptRunner::Kind kind);
    /// 0 done, 1 failed, 130 stopped by the user, 137 killed.
    void finished(int status);
};

} // namespace qd::models
