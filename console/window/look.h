// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

class QQuickWindow;

namespace qd::window {

/// How the user left the window: the theme, in DIR/console.ini. A file that cannot be read or
/// written costs the memory of it and nothing else.
class Look : public QObject {
    Q_OBJECT
public:
    explicit Look(const QString &configFolder, QObject *parent = nullptr);

    bool dark() const;
    /// Keeps what the user chooses in this window from now on.
    void follow(QQuickWindow *window);

private Q_SLOTS:
    void keep();

private:
    QString m_file;
};

} // namespace qd::window
