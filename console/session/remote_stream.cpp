// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/remote_stream.h"

namespace qd::session {

RemoteStream::RemoteStream(std::shared_ptr<rpc::Stream> stream)
    : m_stream(std::move(stream))
{
    if (!m_stream) {
        QMetaObject::invokeMethod(
            this,
            [this] {
                Q_EMIT ended(
                    {code::unreachable,
                     QStringLiteral("Not connected to a cluster."),
                     {},
                     nullptr});
            },
            Qt::QueuedConnection);
        return;
    }
    connect(m_stream.get(), &rpc::Stream::received, this, &ByteStream::received);
    connect(m_stream.get(), &rpc::Stream::ended, this, &ByteStream::ended);
}

void RemoteStream::write(const QByteArray &bytes)
{
    if (m_stream)
        m_stream->write(bytes);
}

void RemoteStream::close()
{
    if (m_stream)
        m_stream->end();
}

} // namespace qd::session
