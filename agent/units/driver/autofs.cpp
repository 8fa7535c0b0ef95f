// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/autofs.h"

#include <QFile>
#include <QSocketNotifier>
#include <QTimer>
#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <linux/auto_fs4.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace qd::units {

namespace {

constexpr quint64 kSecondUs = 1'000'000;

Error systemError(const char *what)
{
    return Error{
        code::io,
        QStringLiteral("%1: %2").arg(QLatin1String(what), QString::fromLocal8Bit(strerror(errno))),
        {},
        nullptr};
}

/// As the kernel numbers devices in one word.
quint32 encodedDevice(dev_t device)
{
    const unsigned high = major(device);
    const unsigned low = minor(device);
    return (low & 0xff) | (high << 8) | ((low & ~0xffU) << 12);
}

// linux/auto_dev-ioctl.h is not for C++: what is needed of it.
struct DeviceArguments {
    quint32 major = 1, minor = 1;
    quint32 size = sizeof(DeviceArguments); ///< with a path behind it
    qint32 place = -1;                      ///< descriptor of the automounter's place
    std::array<quint32, 2> words{};         ///< as the call has them
};
constexpr unsigned long callOf(int number)
{
    return _IOWR(AUTOFS_IOCTL, number, DeviceArguments);
}
constexpr unsigned long kOpenMount = callOf(0x74);
constexpr unsigned long kReady = callOf(0x76);
constexpr unsigned long kFail = callOf(0x77);
constexpr unsigned long kTimeout = callOf(0x7a);
constexpr unsigned long kExpire = callOf(0x7c);

/// Asks the kernel to give up what nobody uses, as long as there is such. Each asking lasts until
/// the engine has answered, so it has a thread of its own.
void expireInThread(int device, int control)
{
    std::thread([device, control] {
        for (;;) {
            DeviceArguments call;
            call.place = control;
            if (ioctl(device, kExpire, &call) < 0)
                break;
        }
        ::close(device);
        ::close(control);
    }).detach();
}

} // namespace

Autofs::Autofs(const AutomountSettings &automount, QObject *parent)
    : QObject(parent)
    , m_automount(automount)
{
}

Autofs::~Autofs()
{
    close();
}

Result<void> Autofs::mountIt(int pipe) const
{
    const QByteArray where = QFile::encodeName(m_automount.where);
    QByteArray options = QByteArrayLiteral("fd=") + QByteArray::number(pipe) +
                         ",pgrp=" + QByteArray::number(getpgrp()) + ",minproto=5,maxproto=5,direct";
    if (!m_automount.extraOptions.isEmpty())
        options += ',' + m_automount.extraOptions.toUtf8();
    const QByteArray name = "systemd-" + QByteArray::number(getpid());
    if (mount(name.constData(), where.constData(), "autofs", 0, options.constData()) != 0)
        return fail(systemError("mount"));
    return {};
}

Result<void> Autofs::openControl(dev_t device)
{
    DeviceArguments opening;
    opening.words[0] = encodedDevice(device);
    const QByteArray where = QFile::encodeName(m_automount.where);
    opening.size += quint32(where.size()) + 1;
    std::vector<char> bytes(opening.size);
    memcpy(bytes.data(), &opening, sizeof opening);
    memcpy(bytes.data() + sizeof opening, where.constData(), size_t(where.size()));
    if (ioctl(m_device, kOpenMount, bytes.data()) < 0)
        return fail(systemError("open"));
    memcpy(&opening, bytes.data(), sizeof opening);
    m_control = opening.place;
    fcntl(m_control, F_SETFD, FD_CLOEXEC);
    DeviceArguments timeout;
    timeout.place = m_control;
    const quint64 seconds = (m_automount.timeoutIdleUs + kSecondUs - 1) / kSecondUs;
    memcpy(timeout.words.data(), &seconds, sizeof seconds); // one number of both words
    if (ioctl(m_device, kTimeout, &timeout) < 0)
        return fail(systemError("timeout"));
    return {};
}

Result<void> Autofs::open()
{
    m_device = ::open("/dev/autofs", O_CLOEXEC | O_RDONLY);
    if (m_device < 0)
        return fail(systemError("/dev/autofs"));
    int pipe[2];
    if (pipe2(pipe, O_NONBLOCK | O_CLOEXEC) != 0)
        return fail(systemError("pipe"));
    m_pipe = pipe[0];
    const auto mounted = mountIt(pipe[1]);
    ::close(pipe[1]);
    if (!mounted) {
        ::close(std::exchange(m_pipe, -1)); // nothing to unmount
        return mounted;
    }
    struct stat found {};
    if (stat(QFile::encodeName(m_automount.where).constData(), &found) != 0)
        return fail(systemError("stat"));
    if (const auto control = openControl(found.st_dev); !control)
        return control;
    m_notifier = std::make_unique<QSocketNotifier>(m_pipe, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, [this] { readRequests(); });
    if (m_automount.timeoutIdleUs > 0) {
        m_idle = std::make_unique<QTimer>();
        const quint64 everyUs = std::max(m_automount.timeoutIdleUs / 3, kSecondUs);
        m_idle->setInterval(int(std::min<quint64>(everyUs / 1000, INT_MAX)));
        connect(m_idle.get(), &QTimer::timeout, this, [this] { expire(); });
        m_idle->start();
    }
    return {};
}

void Autofs::expire() const
{
    const int device = fcntl(m_device, F_DUPFD_CLOEXEC, 3);
    const int control = fcntl(m_control, F_DUPFD_CLOEXEC, 3);
    if (device >= 0 && control >= 0)
        return expireInThread(device, control);
    for (const int file : {device, control}) {
        if (file >= 0)
            ::close(file);
    }
}

/// Who hears of it may close all of this.
void Autofs::readRequests()
{
    autofs_v5_packet packet{};
    const ssize_t size = read(m_pipe, &packet, sizeof packet);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size != ssize_t(sizeof packet)) {
        Q_EMIT broke();
        return;
    }
    const bool isExpiration = packet.hdr.type == autofs_ptype_expire_direct;
    if (isExpiration || packet.hdr.type == autofs_ptype_missing_direct)
        Q_EMIT asked(
            AutomountRequest{quint32(packet.wait_queue_token), qint32(packet.pid), isExpiration});
}

void Autofs::answer(quint32 token, bool done) const
{
    DeviceArguments call;
    call.place = m_control;
    call.words[0] = token;
    call.words[1] = done ? 0 : quint32(-ENOENT);
    ioctl(m_device, done ? kReady : kFail, &call);
}

void Autofs::close()
{
    if (m_pipe < 0) {
        if (m_device >= 0)
            ::close(std::exchange(m_device, -1));
        return;
    }
    m_idle.reset();
    if (m_notifier) {
        m_notifier->setEnabled(false);
        m_notifier.release()->deleteLater(); // it may be what calls us
    }
    for (int *file : {&m_control, &m_device, &m_pipe}) {
        if (*file >= 0)
            ::close(std::exchange(*file, -1));
    }
    // What is mounted on top of it, and then itself.
    const QByteArray where = QFile::encodeName(m_automount.where);
    while (umount2(where.constData(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
    }
}

} // namespace qd::units
