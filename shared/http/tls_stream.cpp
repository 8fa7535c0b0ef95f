// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/base/log.h"
#include "shared/http/poller.h"
#include "shared/http/socket_address.h"
#include "shared/http/stream.h"
#include "shared/http/tls_context.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace qd::http {

namespace {

using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;

/// What OpenSSL complains of, for the log; empty: the client has just gone.
QString complaint(const SSL *session)
{
    if (const long verdict = SSL_get_verify_result(session); verdict != X509_V_OK)
        return QString::fromLatin1(X509_verify_cert_error_string(verdict));
    return QString::fromLatin1(ERR_reason_error_string(ERR_peek_error()));
}

QByteArray commonName(const SSL *session)
{
    X509 *const certificate = SSL_get0_peer_certificate(session);
    if (certificate == nullptr)
        return {};
    X509_NAME *const name = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0)
        return {};
    unsigned char *text = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    const QByteArray out(reinterpret_cast<const char *>(text), std::max(size, 0));
    OPENSSL_free(text);
    return out;
}

/// TLS by OpenSSL straight on the socket. Until the client has been greeted nothing is told but
/// its end.
class TlsStream final : public Stream, Poller::Watcher {
public:
    TlsStream(Poller &poller, int socket, const TlsContext &context, Listener &listener)
        : m_poller(poller)
        , m_socket(socket)
        , m_listener(listener)
        , m_context(context)
        , m_session(SSL_new(context.get()), SSL_free)
        , m_alive(std::make_shared<bool>(true))
        , m_number(poller.add(socket, EPOLLIN | EPOLLRDHUP, *this))
    {
        // OpenSSL reads as from a file, and would wait.
        ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
        SSL_set_fd(m_session.get(), socket);
        SSL_set_accept_state(m_session.get());
    }
    ~TlsStream() override
    {
        sayGoodbye();
        m_poller.remove(m_number);
        ::close(m_socket);
    }

    qsizetype read(char *to, qsizetype most) override
    {
        ERR_clear_error();
        const int count = SSL_read(m_session.get(), to, int(most));
        m_starved = count <= 0;
        return count > 0 ? count : verdict(count);
    }
    qsizetype write(QByteArrayView bytes) override
    {
        if (!m_greeted)
            return kLater;
        ERR_clear_error();
        const int count =
            SSL_write(m_session.get(), bytes.data(), int(std::min<qsizetype>(bytes.size(), kMost)));
        if (count > 0)
            return count;
        // Whoever has said goodbye and is gone takes no more: an end of input, but a broken stream.
        const qsizetype later = verdict(count);
        return later == 0 ? qsizetype(kBroken) : later;
    }
    void endWriting() override
    {
        sayGoodbye();
        ::shutdown(m_socket, SHUT_WR);
    }
    void want(bool reading, bool writing) override
    {
        // What OpenSSL has read already makes no socket ready: ask for a round all the same.
        m_again = m_again || (reading && !m_reading && SSL_has_pending(m_session.get()) == 1);
        m_reading = reading;
        m_writing = writing;
        update();
    }
    bool isReady() const override { return m_greeted; }

    QByteArray address() const override { return peerAddress(m_socket); }
    bool isEncrypted() const override { return true; }
    QByteArray certificateName() const override
    {
        return m_context.namesClients() ? commonName(m_session.get()) : QByteArray();
    }

private:
    static constexpr qsizetype kMost = 1 << 20;

    void ready(quint32 events) override
    {
        if (events & (EPOLLERR | EPOLLHUP))
            return m_listener.broken();
        if (!m_greeted && !greet())
            return;
        const bool again = std::exchange(m_again, false);
        const bool stuck = std::exchange(m_wantsOut, false);
        if (m_reading && (again || stuck || (events & EPOLLIN)))
            return readOn();
        if (events & EPOLLRDHUP) {
            m_halfClosed = true;
            return m_listener.halfClosed();
        }
        if (m_writing && (events & EPOLLOUT))
            return m_listener.writable();
        update();
    }
    /// True once the handshake is done; false: later, or the stream is gone.
    bool greet()
    {
        ERR_clear_error();
        const int done = SSL_do_handshake(m_session.get());
        if (done == 1) {
            m_greeted = true;
            m_again = true; // a request may have come with the last of it
            return true;
        }
        if (verdict(done) == kLater) {
            update();
            return false;
        }
        if (const QString why = complaint(m_session.get()); !why.isEmpty())
            qCInfo(lcHttp).noquote() << "refused" << address() << "TLS:" << why;
        m_broken = true;
        m_listener.broken();
        return false;
    }
    void readOn()
    {
        const std::weak_ptr<bool> alive = m_alive;
        do
            m_listener.readable();
        while (!alive.expired() && m_reading && !m_starved &&
               SSL_has_pending(m_session.get()) == 1);
        if (!alive.expired())
            update();
    }
    qsizetype verdict(int result)
    {
        switch (SSL_get_error(m_session.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return kLater;
        case SSL_ERROR_WANT_WRITE:
            m_wantsOut = true;
            return kLater;
        case SSL_ERROR_ZERO_RETURN:
            return 0;
        default:
            m_broken = true;
            return kBroken;
        }
    }
    void update()
    {
        quint32 events = 0;
        if (!m_halfClosed)
            events |= EPOLLRDHUP;
        if (m_reading || !m_greeted)
            events |= EPOLLIN;
        if ((m_writing && m_greeted) || m_again || m_wantsOut)
            events |= EPOLLOUT;
        m_poller.change(m_number, events);
    }
    void sayGoodbye()
    {
        if (!m_greeted || m_broken || std::exchange(m_saidGoodbye, true))
            return;
        ERR_clear_error();
        SSL_shutdown(m_session.get());
    }

    Poller &m_poller;
    int m_socket;
    Listener &m_listener;
    TlsContext m_context;
    Session m_session;
    std::shared_ptr<bool> m_alive;
    bool m_greeted = false;
    bool m_broken = false;
    bool m_saidGoodbye = false;
    bool m_reading = true;
    bool m_writing = false;
    bool m_halfClosed = false;
    bool m_starved = false;  ///< the last reading found nothing whole
    bool m_again = false;    ///< read in the next round, whatever the socket says
    bool m_wantsOut = false; ///< OpenSSL itself has something to send
    quint32 m_number;
};

} // namespace

std::unique_ptr<Stream>
tlsStream(Poller &poller, int socket, const TlsContext &context, Stream::Listener &listener)
{
    return std::make_unique<TlsStream>(poller, socket, context, listener);
}

} // namespace qd::http
