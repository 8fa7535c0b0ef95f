// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/source.h"

#include <QFile>
#include <QNetworkReply>
#include <QTimer>
#include <algorithm>

namespace qd::cloudconfig {

namespace {

constexpr int kTransferMs = 30'000;
constexpr qint64 kLongestPauseMs = 30'000;

} // namespace

Fetching::Fetching(Source source, qint64 patienceMs, Say say, Done done)
    : m_source(std::move(source))
    , m_patienceMs(patienceMs)
    , m_say(std::move(say))
    , m_done(std::move(done))
{
}

void Fetching::start()
{
    m_clock.start();
    QTimer::singleShot(0, this, &Fetching::look);
}

void Fetching::look()
{
    m_say(QStringLiteral("Checking availability of \"%1\"").arg(m_source.type()));
    if (m_source.file.isEmpty())
        lookAtUrl();
    else
        lookAtFile();
}

void Fetching::lookAtFile()
{
    QFile file(m_source.file);
    if (!file.exists())
        return missing();
    if (file.open(QIODevice::ReadOnly))
        return found(file.readAll());
    found(fail(code::io, QStringLiteral("%1: %2").arg(m_source.file, file.errorString())));
}

void Fetching::lookAtUrl()
{
    QNetworkRequest request{QUrl(m_source.url)};
    request.setTransferTimeout(kTransferMs);
    QNetworkReply *const reply = m_network.get(request);
    connect(reply, &QNetworkReply::finished, this, [this, reply] {
        reply->deleteLater();
        if (reply->error() == QNetworkReply::NoError)
            found(reply->readAll());
        else
            missing();
    });
}

void Fetching::found(const Result<QByteArray> &data)
{
    m_say(QStringLiteral("Fetching user-data from datasource of type \"%1\"").arg(m_source.type()));
    m_done(data);
}

void Fetching::missing()
{
    if (m_clock.elapsed() + m_pauseMs > m_patienceMs)
        return m_done(fail(code::deadline, QStringLiteral("No datasources available in time")));
    QTimer::singleShot(int(m_pauseMs), this, &Fetching::look);
    m_pauseMs = std::min(2 * m_pauseMs, kLongestPauseMs);
}

} // namespace qd::cloudconfig
