// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/invocation.h"

#include "console/session/error_text.h"

#include <QJsonDocument>

namespace qd::cli {

int statusOf(const Error &error)
{
    const bool silent = error.code == code::unreachable || error.code == code::nodeUnreachable ||
                        error.code == code::deadline || error.code == code::unknownOutcome;
    return silent ? exit_status::cannotReach : exit_status::failed;
}

QString explain(const Error &error)
{
    QString text = session::errorText(error);
    if (error.code == code::unknownOutcome)
        text = ended(text) + QStringLiteral(" Whether it was carried out is not known.");
    return text;
}

Invocation::Invocation(const CommandLine &line, Output &out, session::Client *client)
    : m_line(line)
    , m_out(out)
    , m_client(client)
{
}

Invocation::~Invocation() = default;

void Invocation::finish(int status)
{
    if (m_over)
        return;
    m_over = true;
    Q_EMIT finished(status);
}

void Invocation::fail(const Error &error)
{
    if (m_over)
        return;
    m_out.error(explain(error));
    finish(statusOf(error));
}

void Invocation::wrongUsage(const QString &sentence)
{
    if (m_over)
        return;
    m_out.error(sentence);
    finish(exit_status::usage);
}

void Invocation::interrupt()
{
    if (m_onInterrupt && !m_over)
        m_onInterrupt();
    else
        finish(exit_status::interrupted);
}

void followLines(
    Invocation &run, std::unique_ptr<session::ByteStream> owned,
    std::function<void(const QJsonObject &)> onLine, std::function<bool(const Error &)> mended)
{
    session::ByteStream *const stream = run.keep(std::move(owned));
    run.onInterrupt([&run] { run.finish(); });
    const auto pending = std::make_shared<QByteArray>();
    QObject::connect(
        stream, &session::ByteStream::received, &run,
        [&run, pending, onLine = std::move(onLine)](const QByteArray &bytes) {
            pending->append(bytes);
            for (qsizetype end = pending->indexOf('\n'); end >= 0 && !run.isOver();
                 end = pending->indexOf('\n')) {
                onLine(QJsonDocument::fromJson(pending->first(end)).object());
                pending->remove(0, end + 1);
            }
        });
    QObject::connect(stream, &session::ByteStream::ended, &run, [&run, mended](const Error &error) {
        if (error.code.isEmpty())
            run.finish();
        else if (!mended || !mended(error))
            run.fail(
                error.code == code::unreachable
                    ? error.during(QStringLiteral("The connection to the cluster was lost"))
                    : error);
    });
}

} // namespace qd::cli
