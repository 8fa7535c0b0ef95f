// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/wal/posix_disk.h"

#include <QDir>
#include <QFile>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace qd::wal {

namespace {

Error failed(const QString &what, const QByteArray &path)
{
    const bool isFull = errno == ENOSPC || errno == EDQUOT;
    return Error{
        isFull ? code::noSpace : code::io,
        QStringLiteral("cannot %1 %2: %3")
            .arg(what, QFile::decodeName(path), QString::fromLocal8Bit(strerror(errno))),
        {},
        nullptr};
}

class PosixFile final : public DiskFile {
public:
    PosixFile(int fd, const QByteArray &path)
        : m_fd(fd)
        , m_path(path)
    {
    }
    ~PosixFile() override { ::close(m_fd); }

    Result<void> writeAt(qint64 offset, QByteArrayView bytes) override
    {
        while (!bytes.isEmpty()) {
            const ssize_t wrote = ::pwrite(m_fd, bytes.data(), size_t(bytes.size()), offset);
            if (wrote < 0 && errno == EINTR)
                continue;
            if (wrote < 0)
                return fail(failed(QStringLiteral("write"), m_path));
            bytes = bytes.sliced(wrote);
            offset += wrote;
        }
        return {};
    }
    Result<QByteArray> readAt(qint64 offset, qint64 size) const override
    {
        QByteArray out(qMax(qint64(0), qMin(size, this->size() - offset)), Qt::Uninitialized);
        qint64 got = 0;
        while (got < out.size()) {
            const ssize_t read =
                ::pread(m_fd, out.data() + got, size_t(out.size() - got), offset + got);
            if (read < 0 && errno == EINTR)
                continue;
            if (read < 0)
                return fail(failed(QStringLiteral("read"), m_path));
            if (read == 0)
                break;
            got += read;
        }
        out.truncate(got);
        return out;
    }
    qint64 size() const override
    {
        struct stat info {};
        return ::fstat(m_fd, &info) == 0 ? info.st_size : 0;
    }
    Result<void> resize(qint64 size) override
    {
        if (::ftruncate(m_fd, size) != 0)
            return fail(failed(QStringLiteral("resize"), m_path));
        return {};
    }
    Result<void> preallocate(qint64 size) override
    {
        const qint64 before = this->size();
        const int number = ::posix_fallocate(m_fd, 0, size);
        if (number != 0) {
            // What it has got before it found no more is given back.
            static_cast<void>(::ftruncate(m_fd, before));
            errno = number;
            return fail(failed(QStringLiteral("reserve space for"), m_path));
        }
        return {};
    }
    Result<void> sync() override
    {
        if (::fdatasync(m_fd) == 0)
            return {};
        // Also for want of room: of what was written nobody knows what is there.
        return fail(failed(QStringLiteral("sync"), m_path).as(code::io));
    }

private:
    int m_fd;
    QByteArray m_path;
};

} // namespace

Result<std::unique_ptr<PosixDisk>> PosixDisk::open(const QString &folder)
{
    if (!QDir().mkpath(folder))
        return fail(code::io, QStringLiteral("cannot make the folder %1").arg(folder));
    const QByteArray path = QFile::encodeName(folder);
    if (::chmod(path.constData(), 0700) != 0)
        return fail(failed(QStringLiteral("protect"), path));
    return std::unique_ptr<PosixDisk>(new PosixDisk(folder));
}

QByteArray PosixDisk::path(const QString &name) const
{
    return QFile::encodeName(m_folder + QLatin1Char('/') + name);
}

Result<std::unique_ptr<DiskFile>> PosixDisk::open(const QString &name, Mode mode)
{
    const int flags = O_RDWR | O_CLOEXEC | (mode == Mode::CreateNew ? O_CREAT | O_TRUNC : 0);
    const QByteArray where = path(name);
    const int fd = ::open(where.constData(), flags, 0600);
    if (fd < 0)
        return fail(failed(QStringLiteral("open"), where));
    return std::make_unique<PosixFile>(fd, where);
}

Result<QStringList> PosixDisk::list() const
{
    const QDir folder(m_folder);
    if (!folder.isReadable())
        return fail(code::io, QStringLiteral("cannot read the folder %1").arg(m_folder));
    return folder.entryList(QDir::Files, QDir::Name);
}

Result<void> PosixDisk::rename(const QString &from, const QString &to)
{
    if (::rename(path(from).constData(), path(to).constData()) != 0)
        return fail(failed(QStringLiteral("rename"), path(from)));
    return {};
}

Result<void> PosixDisk::remove(const QString &name)
{
    if (::unlink(path(name).constData()) != 0)
        return fail(failed(QStringLiteral("remove"), path(name)));
    return {};
}

Result<void> PosixDisk::syncFolder()
{
    const QByteArray where = QFile::encodeName(m_folder);
    const int fd = ::open(where.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool ok = fd >= 0 && ::fsync(fd) == 0;
    const Error error = failed(QStringLiteral("sync the folder"), where).as(code::io);
    if (fd >= 0)
        ::close(fd);
    return ok ? Result<void>{} : fail(error);
}

Space PosixDisk::space() const
{
    struct statvfs info {};
    if (::statvfs(QFile::encodeName(m_folder).constData(), &info) != 0)
        return {};
    const auto unit = qint64(info.f_frsize);
    return {qint64(info.f_bavail) * unit, qint64(info.f_blocks) * unit};
}

ThreadSyncRunner::ThreadSyncRunner(Post post)
    : m_post(std::move(post))
    , m_thread([this] { loop(); })
{
}

ThreadSyncRunner::~ThreadSyncRunner()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_wake.notify_one();
    m_thread.join();
}

void ThreadSyncRunner::run(
    std::function<Result<void>()> work, std::function<void(Result<void>)> done)
{
    {
        const std::lock_guard lock(m_mutex);
        m_jobs.push_back({std::move(work), std::move(done)});
    }
    m_wake.notify_one();
}

void ThreadSyncRunner::loop()
{
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_wake.wait(lock, [this] { return m_stop || !m_jobs.empty(); });
        if (m_jobs.empty())
            return;
        const Job job = std::move(m_jobs.front());
        m_jobs.pop_front();
        lock.unlock();
        const auto began = std::chrono::steady_clock::now();
        const Result<void> result = job.work();
        const auto took = std::chrono::steady_clock::now() - began;
        m_post([done = job.done, result] { done(result); });
        lock.lock();
        m_times.add(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    }
}

DurationHistogram ThreadSyncRunner::times() const
{
    const std::lock_guard lock(m_mutex);
    return m_times;
}

} // namespace qd::wal
