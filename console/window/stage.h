// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/models/console_session.h"
#include "shared/base/clock.h"

#include <QQmlApplicationEngine>

class QQuickWindow;

namespace qd::window {

/// One window with all that it stands on: session, engine, root item.
class Stage {
public:
    /// The connector and the clock outlive the stage.
    Stage(models::Connector &connector, const Clock &clock);
    ~Stage();

    /// What every window draws by; before the application object is made.
    static void prepare();
    /// Makes the window. code::internal when the QML does not load.
    Result<void> open(bool dark, const QSize &size);
    models::ConsoleSession &session() { return m_session; }
    QQuickWindow *window() const { return m_window; }
    /// The item of this name, for driving it; null when there is none that can be seen.
    QObject *item(const QString &objectName) const;
    void go(int place);

private:
    models::ConsoleSession m_session;
    QQmlApplicationEngine m_engine;   // goes before the session that its items show
    QQuickWindow *m_window = nullptr; // the engine's
};

} // namespace qd::window
