// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QObject>
#include <QProcess>
#include <functional>

namespace qd::window {

/// A local cluster in the window's care (`quarterdeck --local`): the nodes are started before the
/// window connects and stopped after it has closed, by `quarterdeckd local`, as `./qd run` does.
class LocalNodes : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(const Result<void> &)>;
    struct Setup {
        QString program; ///< quarterdeckd
        QString dir;
        int nodes = 0; ///< as many as there are, or the default
        QString base;  ///< empty: likewise
    };
    explicit LocalNodes(Setup setup, QObject *parent = nullptr);

    /// Where the operator's profile `local` lies.
    QString configFolder() const { return m_setup.dir + QStringLiteral("/console"); }
    /// `done` comes when every node is healthy; else with what the program said.
    void up(Done done);
    void down(Done done);

private:
    void run(const QStringList &words, Done done);

    Setup m_setup;
    QProcess m_process;
    Done m_done;
};

} // namespace qd::window
