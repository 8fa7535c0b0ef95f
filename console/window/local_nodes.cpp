// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/local_nodes.h"

namespace qd::window {

LocalNodes::LocalNodes(Setup setup, QObject *parent)
    : QObject(parent)
    , m_setup(std::move(setup))
{
    m_process.setProcessChannelMode(QProcess::MergedChannels);
    connect(&m_process, &QProcess::finished, this, [this](int status) {
        const QString said = QString::fromUtf8(m_process.readAll()).trimmed();
        const Done done = std::exchange(m_done, {});
        if (status == 0)
            done({});
        else
            done(fail(
                code::io, said.isEmpty()
                              ? QStringLiteral("quarterdeckd ended with status %1.").arg(status)
                              : said));
    });
    connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart && m_done)
            std::exchange(m_done, {})(fail(
                code::io, QStringLiteral("%1 cannot be started: %2.")
                              .arg(m_setup.program, m_process.errorString())));
    });
}

void LocalNodes::up(Done done)
{
    QStringList words{QStringLiteral("up"), QStringLiteral("--dir"), m_setup.dir};
    if (m_setup.nodes > 0)
        words << QStringLiteral("--nodes") << QString::number(m_setup.nodes);
    if (!m_setup.base.isEmpty())
        words << QStringLiteral("--base") << m_setup.base;
    run(words, std::move(done));
}

void LocalNodes::down(Done done)
{
    run({QStringLiteral("down"), QStringLiteral("--dir"), m_setup.dir}, std::move(done));
}

void LocalNodes::run(const QStringList &words, Done done)
{
    if (m_process.state() != QProcess::NotRunning) {
        done(fail(code::conflict, QStringLiteral("The local nodes are being started or stopped.")));
        return;
    }
    m_done = std::move(done);
    m_process.start(m_setup.program, QStringList{QStringLiteral("local")} + words);
}

} // namespace qd::window
