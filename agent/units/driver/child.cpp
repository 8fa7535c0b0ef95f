// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/child.h"

#include "agent/units/driver/exit_status.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace qd::units {

using namespace exit_status;

namespace {

[[noreturn]] void giveUp(const ChildPlan &plan, int status)
{
    const ChildReport report{status, errno};
    (void)!write(plan.reportFile, &report, sizeof report);
    _exit(status);
}

void resetSignals(const ChildPlan &plan)
{
    for (int number = 1; number < NSIG; ++number)
        signal(number, SIG_DFL); // fails for KILL and STOP, which is right
    if (plan.ignoreSigpipe)
        signal(SIGPIPE, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

void enterGroups(const ChildPlan &plan)
{
    for (const int file : plan.groupFiles) {
        if (write(file, "0\n", 2) != 2)
            giveUp(plan, kCgroup);
    }
}

void connectStream(const ChildPlan &plan, const ChildPlan::Stream &stream, int target, int status)
{
    int fd = stream.fd;
    if (fd < 0)
        fd = open(stream.path.constData(), stream.flags | O_NOCTTY, 0666);
    if (fd < 0)
        giveUp(plan, status);
    if (fd == target)
        fcntl(fd, F_SETFD, 0);
    else if (dup2(fd, target) < 0)
        giveUp(plan, status);
}

void connectStreams(const ChildPlan &plan)
{
    connectStream(plan, plan.input, STDIN_FILENO, kStdin);
    connectStream(plan, plan.output, STDOUT_FILENO, kStdout);
    if (plan.errors)
        connectStream(plan, *plan.errors, STDERR_FILENO, kStderr);
    else if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        giveUp(plan, kStderr);
}

void adjustOomScore(const ChildPlan &plan)
{
    if (plan.oomScore.isEmpty())
        return;
    const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    const auto size = size_t(plan.oomScore.size());
    // Only a privileged process may lower it; that ends no service.
    if (file < 0 || (write(file, plan.oomScore.constData(), size) < 0 && errno != EACCES))
        giveUp(plan, kOomAdjust);
    close(file);
}

void setResources(const ChildPlan &plan)
{
    adjustOomScore(plan);
    if (plan.nice && setpriority(PRIO_PROCESS, 0, *plan.nice) != 0)
        giveUp(plan, kNice);
    for (const ChildPlan::Limit &limit : plan.limits) {
        rlimit value = limit.value;
        if (setrlimit(__rlimit_resource_t(limit.resource), &value) == 0)
            continue;
        // Without the privilege to raise the hard limit: as far as it goes, as systemd does.
        rlimit now{};
        if (errno != EPERM || getrlimit(__rlimit_resource_t(limit.resource), &now) != 0)
            giveUp(plan, kLimits);
        value.rlim_max = value.rlim_max < now.rlim_max ? value.rlim_max : now.rlim_max;
        value.rlim_cur = value.rlim_cur < value.rlim_max ? value.rlim_cur : value.rlim_max;
        if (setrlimit(__rlimit_resource_t(limit.resource), &value) != 0)
            giveUp(plan, kLimits);
    }
}

void confine(const ChildPlan &plan, int (*part)(const Confinement &))
{
    if (const int wrong = part(plan.confinement); wrong != 0)
        giveUp(plan, wrong);
}

void becomeUser(const ChildPlan &plan)
{
    if (plan.gid && setresgid(*plan.gid, *plan.gid, *plan.gid) != 0)
        giveUp(plan, kGroup);
    if (plan.setGroups && setgroups(plan.groups.size(), plan.groups.data()) != 0)
        giveUp(plan, kGroup);
    if (!plan.root.isEmpty() && (chroot(plan.root.constData()) != 0 || chdir("/") != 0))
        giveUp(plan, kNamespace);
    if (plan.uid && setresuid(*plan.uid, *plan.uid, *plan.uid) != 0)
        giveUp(plan, kUser);
}

void enterFolder(const ChildPlan &plan)
{
    if (chdir(plan.folder.constData()) == 0)
        return;
    if (!plan.folderMayBeMissing || chdir("/") != 0)
        giveUp(plan, kChdir);
}

/// Puts what is passed on at descriptor 3 and the next ones. All go out of the way first: what is
/// to be 4 may be 3 now.
void passFiles(ChildPlan &plan)
{
    if (plan.passed.empty())
        return;
    const int first = STDERR_FILENO + 1;
    const int end = first + int(plan.passed.size());
    if (plan.reportFile >= 0)
        plan.reportFile = fcntl(plan.reportFile, F_DUPFD_CLOEXEC, end);
    for (int &file : plan.passed) {
        file = fcntl(file, F_DUPFD_CLOEXEC, end);
        if (file < 0)
            giveUp(plan, kFds);
    }
    int target = first;
    for (const int file : plan.passed) {
        const int flags = fcntl(file, F_GETFL);
        const int wanted = plan.passedDoNotWait ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        if (flags < 0 || (wanted != flags && fcntl(file, F_SETFL, wanted) != 0) ||
            dup2(file, target++) < 0)
            giveUp(plan, kFds);
    }
}

void writePid(char *where)
{
    char digits[10];
    int count = 0;
    for (pid_t pid = getpid(); pid > 0 && count < 10; pid /= 10)
        digits[count++] = char('0' + pid % 10);
    for (int i = 0; i < count; ++i)
        where[i] = digits[count - 1 - i];
    where[count] = '\0';
}

} // namespace

void runChild(ChildPlan &plan)
{
    resetSignals(plan);
    enterGroups(plan);
    if (!plan.keepsSession && setsid() < 0)
        giveUp(plan, kSetsid);
    umask(plan.umask);
    connectStreams(plan);
    // Whatever some library forgot to mark: nothing but the three streams, and what is passed on,
    // reaches the program.
    syscall(SYS_close_range, 3U, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    passFiles(plan);
    setResources(plan);
    if (plan.refusal != 0) {
        errno = ENOENT;
        giveUp(plan, plan.refusal);
    }
    confine(plan, confineBefore);
    confine(plan, keepCapabilities);
    becomeUser(plan);
    enterFolder(plan);
    for (char *where : plan.pidTexts)
        writePid(where);
    confine(plan, confineAfter); // filters come last: they judge what is called from here on
    errno = ENOENT;
    for (size_t i = 0; i < plan.programs.size(); ++i) {
        execve(plan.programs.at(i), plan.arguments.data(), plan.environment.data());
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            break;
    }
    giveUp(plan, kExec);
}

} // namespace qd::units
