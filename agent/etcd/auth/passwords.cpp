// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/auth/passwords.h"

#include "shared/base/random.h"

#include <QCryptographicHash>
#include <QMessageAuthenticationCode>
#include <crypt.h>

namespace qd::etcd::auth {

namespace {

constexpr int kCost = 10; // as etcd's
constexpr qsizetype kRemembered = 10'000;
constexpr int kMostWaiting = 256; // of checks; who guesses faster than that is refused

QByteArray crypted(const QByteArray &password, const QByteArray &setting)
{
    const auto data = std::make_unique<crypt_data>();
    const char *out = crypt_r(password.constData(), setting.constData(), data.get());
    // A failure is a null pointer or a text that is no hash ("*0").
    return out && out[0] != '*' ? QByteArray(out) : QByteArray();
}

QByteArray freshSetting()
{
    char out[CRYPT_GENSALT_OUTPUT_SIZE];
    // With no bytes given the system's random source is used.
    return crypt_gensalt_rn("$2b$", kCost, nullptr, 0, out, int(sizeof out)) ? QByteArray(out)
                                                                             : QByteArray();
}

/// As long for wrong as for right.
bool equal(const QByteArray &a, const QByteArray &b)
{
    if (a.size() != b.size())
        return false;
    unsigned char difference = 0;
    for (qsizetype i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned char>(a[i] ^ b[i]);
    return difference == 0;
}

} // namespace

Passwords::Passwords(QObject *parent)
    : QObject(parent)
{
    m_worker.setMaxThreadCount(1);
    m_key = SystemRandom::bytes(32);
}

Passwords::~Passwords()
{
    m_worker.waitForDone();
}

void Passwords::hash(const QByteArray &password, std::function<void(const QByteArray &)> done)
{
    m_worker.start([this, password, done = std::move(done)] {
        const QByteArray out = crypted(password, freshSetting());
        QMetaObject::invokeMethod(
            this, [done, out] { done(out); }, Qt::QueuedConnection);
    });
}

void Passwords::check(
    const QByteArray &hash, const QByteArray &password, std::function<void(bool)> done)
{
    const QByteArray mark = digest(hash, password);
    if (m_right.contains(mark))
        return done(true);
    if (m_waiting >= kMostWaiting)
        return done(false);
    ++m_waiting;
    m_worker.start([this, hash, password, mark, done = std::move(done)] {
        const bool right = !hash.isEmpty() && equal(crypted(password, hash), hash);
        QMetaObject::invokeMethod(
            this,
            [this, right, mark, done] {
                --m_waiting;
                if (m_right.size() >= kRemembered)
                    m_right.clear();
                if (right)
                    m_right.insert(mark);
                done(right);
            },
            Qt::QueuedConnection);
    });
}

QByteArray Passwords::digest(const QByteArray &hash, const QByteArray &password) const
{
    return QMessageAuthenticationCode::hash(
        hash + '\0' + password, m_key, QCryptographicHash::Sha256);
}

} // namespace qd::etcd::auth
