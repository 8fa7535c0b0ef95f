// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/program.h"

#include "console/cli/help.h"

namespace qd::cli {
namespace {

const QString kConfig = QStringLiteral("config");
const QString kProfile = QStringLiteral("profile");

} // namespace

Program::Program(const QList<Applet> &applets, Output &out, Open open)
    : m_applets(applets)
    , m_out(out)
    , m_open(std::move(open))
{
}

Program::~Program() = default;

void Program::run(const QStringList &words)
{
    m_line = parse(words, m_applets);
    if (answerAtOnce(m_line))
        return;
    if (!m_line.applet->needsCluster) {
        begin();
        return;
    }
    const auto opened = m_open(m_line.values.text(kConfig), m_line.values.text(kProfile));
    if (!opened) {
        m_out.error(explain(opened.error()));
        // Of several profiles one must be named: that is a matter of the command line.
        end(opened.error().code == code::badInput ? exit_status::usage : exit_status::failed);
        return;
    }
    m_opened = *opened;
    const bool there = m_opened.client->state() == session::Client::State::Connected;
    if (there || m_line.values.has(m_line.applet->patientWith))
        begin();
    else
        awaitConnection();
}

bool Program::answerAtOnce(const CommandLine &line)
{
    using Kind = CommandLine::Kind;
    switch (line.kind) {
    case Kind::Help:
        m_out.bytes(
            (line.applet ? helpOf(*line.applet) : helpOfGroup(m_applets, line.group)).toUtf8());
        end(exit_status::done);
        return true;
    case Kind::Version:
        m_out.line(QStringLiteral("qdctl " QD_VERSION));
        end(exit_status::done);
        return true;
    case Kind::Wrong:
        m_out.error(line.complaint);
        end(exit_status::usage);
        return true;
    case Kind::Run:
        break;
    }
    return false;
}

void Program::awaitConnection()
{
    using session::Client;
    Client *const client = m_opened.client.get();
    connect(client, &Client::stateChanged, this, [this, client](Client::State state) {
        if (state != Client::State::Connected || m_over)
            return;
        client->disconnect(this);
        begin();
    });
    connect(client, &Client::trouble, this, [this, client](const Error &error) {
        m_troubles.append(error);
        if (m_troubles.size() < m_opened.attempts || m_over)
            return;
        client->disconnect(this);
        QStringList texts;
        int status = exit_status::cannotReach;
        for (const Error &each : std::as_const(m_troubles)) {
            texts.append(each.text());
            if (statusOf(each) != exit_status::cannotReach)
                status = exit_status::failed; // somebody answered, and refused
        }
        texts.removeDuplicates();
        m_out.error(QStringLiteral("Cannot reach the cluster \"%1\": %2")
                        .arg(m_opened.cluster, texts.join(QStringLiteral("; "))));
        end(status);
    });
}

void Program::begin()
{
    m_invocation = std::make_unique<Invocation>(m_line, m_out, m_opened.client.get());
    connect(m_invocation.get(), &Invocation::finished, this, &Program::end);
    m_line.applet->run(*m_invocation);
}

void Program::interrupt()
{
    if (m_invocation)
        m_invocation->interrupt();
    else
        end(exit_status::interrupted);
}

void Program::end(int status)
{
    if (m_over)
        return;
    m_over = true;
    Q_EMIT finished(status);
}

} // namespace qd::cli
