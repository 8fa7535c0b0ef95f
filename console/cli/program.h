// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/invocation.h"

namespace qd::cli {

/// A client that is on its way to the cluster.
struct Opened {
    std::shared_ptr<session::Client> client;
    QString cluster;  ///< for messages
    int attempts = 1; ///< after so many troubles it is clear that nobody answers
};

/// From one command line to one exit status.
class Program : public QObject {
    Q_OBJECT
public:
    /// `config` and `profile` as given, empty otherwise.
    using Open = std::function<Result<Opened>(const QString &config, const QString &profile)>;

    Program(const QList<Applet> &applets, Output &out, Open open);
    ~Program() override;

    /// The words after the program's name. finished() comes once, perhaps at once.
    void run(const QStringList &words);
    /// Ctrl+C.
    void interrupt();

Q_SIGNALS:
    void finished(int status);

private:
    bool answerAtOnce(const CommandLine &line);
    void awaitConnection();
    void begin();
    void end(int status);

    const QList<Applet> &m_applets;
    Output &m_out;
    Open m_open;
    CommandLine m_line;
    Opened m_opened;
    QList<Error> m_troubles;
    std::unique_ptr<Invocation> m_invocation;
    bool m_over = false;
};

/// Opens the chosen profile of the user's configuration folder.
Result<Opened> openProfile(const QString &config, const QString &profile);

} // namespace qd::cli
