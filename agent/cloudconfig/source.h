// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QElapsedTimer>
#include <QNetworkAccessManager>
#include <functional>

namespace qd::cloudconfig {

/// Where user-data comes from (ch7 5.2): a file or a URL, the other one is empty.
struct Source {
    QString file;
    QString url;
    QString type() const
    {
        return file.isEmpty() ? QStringLiteral("url") : QStringLiteral("local-file");
    }
};

/// Fetches user-data once its source is there: looks again after 100 ms, then twice as long each
/// time, up to 30 s.
class Fetching final : public QObject {
    Q_OBJECT
public:
    using Say = std::function<void(const QString &)>;
    using Done = std::function<void(const Result<QByteArray> &)>;
    /// `say` gets a line for each look. `done` comes once: with the data, code::deadline when the
    /// source was not there after `patienceMs`, or code::io.
    Fetching(Source source, qint64 patienceMs, Say say, Done done);
    void start();

private:
    void look();
    void lookAtFile();
    void lookAtUrl();
    void found(const Result<QByteArray> &data);
    void missing();

    Source m_source;
    qint64 m_patienceMs;
    Say m_say;
    Done m_done;
    QNetworkAccessManager m_network;
    QElapsedTimer m_clock;
    qint64 m_pauseMs = 100;
};

} // namespace qd::cloudconfig
