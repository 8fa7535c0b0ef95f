// SPDX-License-Identifier: GPL-3.0-or-later
/// A disk that misbehaves when it is told to. Loaded before the C library (LD_PRELOAD) it stands
/// between an agent and its files; the file that QD_BAD_DISK names holds one order at a time, and
/// is taken away when the order has been carried out (tests/support/bad_disk.py):
///
///   fail sync .wal      the next sync of a file whose name ends so fails, and what it should have
///                       made durable is gone, as pages are that the kernel could not write
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

/// What was in a file before a write that is not durable yet.
struct Before {
    off_t offset;
    std::string bytes;
};

/// What writes have replaced since the last sync, file by file.
class Unsynced {
public:
    void note(int fd, size_t size, off_t offset)
    {
        std::string bytes(size, '\0');
        const ssize_t got = ::pread(fd, bytes.data(), size, offset);
        bytes.resize(got > 0 ? size_t(got) : 0);
        const std::lock_guard lock(m_mutex);
        m_files[inode(fd)].push_back({offset, std::move(bytes)});
    }
    std::vector<Before> take(int fd)
    {
        const std::lock_guard lock(m_mutex);
        return std::exchange(m_files[inode(fd)], {});
    }

private:
    static ino_t inode(int fd)
    {
        struct stat info {};
        return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
    }

    std::mutex m_mutex;
    std::map<ino_t, std::vector<Before>> m_files;
};

Unsynced &unsynced()
{
    static Unsynced all;
    return all;
}

using Write = ssize_t(int, const void *, size_t, off_t);

ssize_t noteAndWrite(int fd, const void *bytes, size_t size, off_t offset)
{
    static auto *const writeIt = next<Write>("pwrite");
    unsynced().note(fd, size, offset);
    return writeIt(fd, bytes, size, offset);
}

void undo(int fd, const std::vector<Before> &writes)
{
    static auto *const writeIt = next<Write>("pwrite");
    for (auto write = writes.rbegin(); write != writes.rend(); ++write)
        static_cast<void>(writeIt(fd, write->bytes.data(), write->bytes.size(), write->offset));
}

int syncOrFail(int fd, int (*syncIt)(int))
{
    const std::string path = pathOf(fd);
    while (isOrdered("stall sync", path))
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const std::vector<Before> writes = unsynced().take(fd);
    if (!isOrdered("fail sync", path))
        return syncIt(fd);
    orderDone();
    undo(fd, writes);
    errno = EIO;
    return -1;
}

} // namespace

extern "C" {

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return noteAndWrite(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    return noteAndWrite(fd, bytes, size, offset);
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
