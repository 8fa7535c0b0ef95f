// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/host/power.h"

#include <QFile>
#include <QUuid>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qd::host {

namespace {

constexpr size_t kPieceBytes = 256;

Error couldNot(const QString &what)
{
    return Error{
        code::io,
        what + QStringLiteral(": ") + QString::fromLocal8Bit(strerror(errno)),
        {},
        nullptr};
}

Result<void> write(const QString &path, const QByteArray &text)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly | QIODevice::Unbuffered) || file.write(text) < 0)
        return fail(code::io, QStringLiteral("cannot write %1: %2").arg(path, file.errorString()));
    return {};
}

} // namespace

Power::Power(const NodeSpec &spec)
    : m_spec(spec)
{
}

Power::~Power()
{
    if (m_file < 0)
        return;
    ::close(m_file);
    QFile::remove(m_spec.powerPipe());
    QFile::remove(m_spec.powerFile());
}

Result<void> Power::open()
{
    QFile::remove(m_spec.powerPipe());
    const QByteArray path = QFile::encodeName(m_spec.powerPipe());
    if (mkfifo(path.constData(), 0600) == 0)
        m_file = ::open(path.constData(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (m_file < 0)
        return fail(couldNot(QStringLiteral("cannot open %1").arg(m_spec.powerPipe())));
    note(QStringLiteral("on"));
    return {};
}

QString Power::take()
{
    std::array<char, kPieceBytes> piece{};
    const ssize_t size = m_file < 0 ? 0 : ::read(m_file, piece.data(), piece.size());
    if (size > 0)
        m_heard.append(piece.data(), size);
    const qsizetype end = m_heard.indexOf('\n');
    if (end < 0)
        return {};
    const QString out = QString::fromLatin1(m_heard.left(end));
    m_heard.remove(0, end + 1);
    return out;
}

void Power::note(const QString &state) const
{
    (void)write(m_spec.powerFile(), state.toLatin1() + '\n');
}

Result<void> Power::renewBootId() const
{
    return write(
        m_spec.bootIdFile(), QUuid::createUuid().toString(QUuid::WithoutBraces).toLatin1() + '\n');
}

QString powerState(const NodeSpec &spec)
{
    QFile file(spec.powerFile());
    if (firstProcess(spec.dir) == 0 || !file.open(QIODevice::ReadOnly))
        return QStringLiteral("off");
    return QString::fromLatin1(file.readAll()).trimmed();
}

Result<void> wake(const NodeSpec &spec)
{
    const QString state = powerState(spec);
    if (state != u"suspended" && state != u"hibernated")
        return fail(
            code::conflict, QStringLiteral("%1 does not sleep: it is %2").arg(spec.name, state));
    return write(spec.powerPipe(), "wake\n");
}

} // namespace qd::host
