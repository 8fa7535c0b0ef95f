// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/scripting/fall.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <new>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace qd::scripting::fall {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
/// What lies just below a thread's stack counts as it: a large frame may jump over the guard.
constexpr std::uintptr_t kNearStack = 256 * 1024;
constexpr size_t kHandlerStack = 64 * 1024;

// Written before the handlers are set, read by them.
std::uint64_t g_limit = 0;  ///< bytes of address space
std::uint64_t g_narrow = 0; ///< so little of it left means that it is used up
std::uintptr_t g_stackLow = 0;
std::uintptr_t g_stackHigh = 0;
char g_handlerStack[kHandlerStack];

/// Bytes of address space in use; only calls that a signal handler may make.
std::uint64_t used()
{
    char text[64] = {};
    const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    const ssize_t size = read(file, text, sizeof(text) - 1);
    close(file);
    std::uint64_t pages = 0;
    for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i)
        pages = pages * 10 + std::uint64_t(text[i] - '0');
    return pages * std::uint64_t(sysconf(_SC_PAGESIZE));
}

[[noreturn]] void fallBy(int number)
{
    signal(number, SIG_DFL);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    raise(number);
    _exit(128 + number);
}

void handle(int number, siginfo_t *info, void *)
{
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    const bool inStack = number == SIGSEGV && g_stackLow != 0 &&
                         address + kNearStack >= g_stackLow && address < g_stackHigh;
    if (inStack)
        fallBy(forDepth);
    if (g_limit != 0 && used() + g_narrow > g_limit)
        fallBy(forMemory);
    fallBy(number);
}

/// An allocation that failed and that nobody caught, however much was left.
[[noreturn]] void terminated()
{
    try {
        if (const std::exception_ptr error = std::current_exception())
            std::rethrow_exception(error);
    } catch (const std::bad_alloc &) {
        fallBy(forMemory);
    } catch (...) {
        fallBy(SIGABRT);
    }
    fallBy(SIGABRT);
}

} // namespace

Result<void> limitMemory(int memoryMiB)
{
    const std::uint64_t now = used();
    if (now == 0)
        return fail(code::io, QStringLiteral("cannot read /proc/self/statm"));
    const std::uint64_t more = std::uint64_t(memoryMiB) * kMiB;
    g_limit = now + more;
    g_narrow = more / 4;
    const rlimit limit{g_limit, g_limit};
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return fail(
            code::io, QStringLiteral("cannot limit the script's memory: %1")
                          .arg(QString::fromLocal8Bit(strerror(errno))));
    const rlimit noCore{0, 0};
    setrlimit(RLIMIT_CORE, &noCore);
    std::set_terminate(terminated);
    struct sigaction action = {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGILL})
        sigaction(number, &action, nullptr);
    return {};
}

void watchStackOfThisThread()
{
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    void *low = nullptr;
    size_t size = 0;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
        g_stackLow = reinterpret_cast<std::uintptr_t>(low);
        g_stackHigh = g_stackLow + size;
    }
    pthread_attr_destroy(&attributes);
    stack_t own = {};
    own.ss_sp = g_handlerStack;
    own.ss_size = kHandlerStack;
    sigaltstack(&own, nullptr);
}

QString explain(int signalNumber, int memoryMiB)
{
    switch (signalNumber) {
    case forMemory:
        return QStringLiteral("the script was stopped: it needed more than %1 MiB of memory")
            .arg(memoryMiB);
    case forDepth:
        return QStringLiteral("the script was stopped: its calls went too deep (an endless "
                              "recursion?)");
    case SIGKILL:
        return QStringLiteral("the script's process was killed");
    default:
        return QStringLiteral("the script's process fell (signal %1); this is a fault of the "
                              "script engine")
            .arg(signalNumber);
    }
}

} // namespace qd::scripting::fall
