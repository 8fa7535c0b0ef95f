// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/http/client.h"

#include <QByteArrayView>
#include <memory>

namespace qd::http {

class Poller;
class TlsContext;

/// Bytes to and from one client, whatever carries them: TCP, a unix socket, TLS.
class Stream : public Client {
public:
    /// Who hears what happens. Any of these may destroy the stream.
    class Listener {
    public:
        virtual ~Listener() = default;
        virtual void readable() = 0;
        virtual void writable() = 0;
        /// The client sends no more; it may still read.
        virtual void halfClosed() = 0;
        /// Nothing can be read or written any more.
        virtual void broken() = 0;
    };
    static constexpr qsizetype kLater = -1;
    static constexpr qsizetype kBroken = -2;

    /// Whether requests may be expected: a handshake, if there is one, is done.
    virtual bool isReady() const { return true; }
    /// Bytes read; 0 when the client has ended; kLater; kBroken.
    virtual qsizetype read(char *to, qsizetype most) = 0;
    /// Bytes taken, perhaps fewer than given; kLater; kBroken.
    virtual qsizetype write(QByteArrayView bytes) = 0;
    /// Tells the client that nothing follows.
    virtual void endWriting() = 0;
    /// What the listener wants to hear of.
    virtual void want(bool reading, bool writing) = 0;
};

/// A connected socket (TCP or unix), which it closes at its end.
std::unique_ptr<Stream> socketStream(Poller &poller, int socket, Stream::Listener &listener);
/// The same with TLS, whose handshake is yet to come.
std::unique_ptr<Stream>
tlsStream(Poller &poller, int socket, const TlsContext &context, Stream::Listener &listener);

} // namespace qd::http
