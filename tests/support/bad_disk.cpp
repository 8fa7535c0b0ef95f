// SPDX-License-Identifier: GPL-3.0-or-later
/// A disk that misbehaves when it is told to. Loaded before the C library (LD_PRELOAD) it stands
/// between an agent and its files; the file that QD_BAD_DISK names holds one order at a time, and
/// is taken away when the order has been carried out (tests/support/bad_disk.py):
///
///   fail sync .wal      the next sync of a file whose name ends so fails, and what it should have
///                       made durable is gone, as pages are that the kernel could not write; so
///                       is what is written to it later
///   stall sync .tmp     such syncs wait for as long as the order is there
///   before rename .snap the process is killed at the next rename to such a name, before it happens
///   after unlink .wal   or after it; calls are rename and unlink
///
/// The end of the name may be left out.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

template <class Function>
Function *next(const char *name)
{
    return reinterpret_cast<Function *>(::dlsym(RTLD_NEXT, name));
}

const char *orderFile()
{
    static const char *const path = std::getenv("QD_BAD_DISK");
    return path;
}

std::string order()
{
    std::string line;
    if (orderFile() != nullptr && ::access(orderFile(), F_OK) == 0)
        std::getline(std::ifstream(orderFile()), line);
    return line;
}

void orderDone()
{
    static auto *const unlinkIt = next<int(const char *)>("unlink");
    unlinkIt(orderFile());
}

/// Whether the order is this one, for a name that ends so.
bool isOrdered(const std::string &what, std::string_view path)
{
    const std::string told = order();
    if (told.rfind(what, 0) != 0)
        return false;
    const std::string ending = told.size() > what.size() ? told.substr(what.size() + 1) : "";
    return path.size() >= ending.size() && path.substr(path.size() - ending.size()) == ending;
}

/// Ends the process when it was ordered for this moment.
void killAt(const char *when, const char *call, std::string_view path)
{
    if (!isOrdered(std::string(when) + ' ' + call, path))
        return;
    orderDone();
    ::kill(::getpid(), SIGKILL);
    ::pause();
}

std::string pathOf(int fd)
{
    std::string path(4096, '\0');
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
    path.resize(size > 0 ? size_t(size) : 0);
    return path;
}

using Write = ssize_t(int, const void *, size_t, off_t);

/// What was in a file before a write that is not durable yet.
struct Before {
    off_t offset;
    std::string bytes;
};

/// Writes, and what they have replaced since the last sync. What a failed sync takes away is all of
/// that, as if it had never been written, and nothing comes to the file any more: no later write
/// may stand behind a hole that no disk would leave.
class Unsynced {
public:
    ssize_t write(int fd, const void *bytes, size_t size, off_t offset)
    {
        const std::lock_guard lock(m_mutex);
        File &file = m_files[inode(fd)];
        if (file.isLost)
            return ssize_t(size);
        std::string before(size, '\0');
        const ssize_t got = ::pread(fd, before.data(), size, offset);
        before.resize(got > 0 ? size_t(got) : 0);
        file.writes.push_back({offset, std::move(before)});
        return writeThrough(fd, bytes, size, offset);
    }
    void willSync(int fd)
    {
        const std::lock_guard lock(m_mutex);
        m_files[inode(fd)].writes.clear();
    }
    void lose(int fd)
    {
        const std::lock_guard lock(m_mutex);
        File &file = m_files[inode(fd)];
        for (auto write = file.writes.rbegin(); write != file.writes.rend(); ++write)
            writeThrough(fd, write->bytes.data(), write->bytes.size(), write->offset);
        file = {{}, true};
    }

private:
    struct File {
        std::vector<Before> writes;
        bool isLost = false;
    };
    static ssize_t writeThrough(int fd, const void *bytes, size_t size, off_t offset)
    {
        static auto *const writeIt = next<Write>("pwrite");
        return writeIt(fd, bytes, size, offset);
    }
    static ino_t inode(int fd)
    {
        struct stat info {};
        return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
    }

    std::mutex m_mutex;
    std::map<ino_t, File> m_files;
};

Unsynced &unsynced()
{
    static Unsynced all;
    return all;
}

int syncOrFail(int fd, int (*syncIt)(int))
{
    const std::string path = pathOf(fd);
    while (isOrdered("stall sync", path))
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (!isOrdered("fail sync", path)) {
        unsynced().willSync(fd);
        return syncIt(fd);
    }
    orderDone();
    unsynced().lose(fd);
    errno = EIO;
    return -1;
}

} // namespace

extern "C" {

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return unsynced().write(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    return unsynced().write(fd, bytes, size, offset);
}

int fdatasync(int fd)
{
    static auto *const syncIt = next<int(int)>("fdatasync");
    return syncOrFail(fd, syncIt);
}

int fsync(int fd)
{
    static auto *const syncIt = next<int(int)>("fsync");
    return syncOrFail(fd, syncIt);
}

int rename(const char *from, const char *to) noexcept
{
    static auto *const renameIt = next<int(const char *, const char *)>("rename");
    killAt("before", "rename", to);
    const int done = renameIt(from, to);
    killAt("after", "rename", to);
    return done;
}

int unlink(const char *path) noexcept
{
    static auto *const unlinkIt = next<int(const char *)>("unlink");
    killAt("before", "unlink", path);
    const int done = unlinkIt(path);
    killAt("after", "unlink", path);
    return done;
}

} // extern "C"
