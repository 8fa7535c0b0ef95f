// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/syscall_programs.h"

#include "agent/units/engine/syscall_groups.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/sched.h>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qd::units {

namespace {

tl::unexpected<Error> unsupported(const char *what, int negativeErrno)
{
    return fail(
        code::unsupported,
        QStringLiteral("%1: %2").arg(
            QLatin1String(what), QString::fromLocal8Bit(strerror(-negativeErrno))));
}

/// Whose calls a program judges.
enum class Calls {
    Native,
    Alike, ///< and of architectures whose calls have the same arguments
    All
};

/// Other architectures whose calls a 64-bit kernel of this kind takes.
std::vector<uint32_t> others(Calls calls)
{
    std::vector<uint32_t> out;
#ifdef __x86_64__
    if (calls != Calls::Native)
        out.push_back(SCMP_ARCH_X32);
    if (calls == Calls::All)
        out.push_back(SCMP_ARCH_X86);
#elif defined(__aarch64__)
    if (calls == Calls::All)
        out.push_back(SCMP_ARCH_ARM);
#endif
    return out;
}

/// libseccomp's description of one program.
class Draft {
public:
    /// What happens to a call that no rule names; calls of other architectures than said go on.
    explicit Draft(uint32_t otherwise, Calls calls)
        : m_context(seccomp_init(otherwise))
        , m_otherwise(otherwise)
    {
        if (!m_context)
            return;
        for (const uint32_t other : others(calls))
            (void)seccomp_arch_add(m_context.get(), other);
        (void)seccomp_attr_set(m_context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
    }
    /// The calls of 32-bit programs on a 64-bit machine, and no others.
    static std::optional<Draft> for32Bit();
    /// Nothing but the native architecture and what is named; calls of others kill.
    static Draft forArchitectures(const QStringList &names);
    /// A call that an architecture does not have is not there to be judged.
    void rule(uint32_t action, int call, const std::vector<scmp_arg_cmp> &conditions = {})
    {
        if (!m_context || action == m_otherwise)
            return;
        const int done = seccomp_rule_add_array(
            m_context.get(), action, call, unsigned(conditions.size()), conditions.data());
        if (done < 0 && done != -EDOM && done != -EEXIST && m_error == 0)
            m_error = done;
    }
    void rule(uint32_t action, const QString &name)
    {
        const int call = seccomp_syscall_resolve_name(name.toLatin1().constData());
        if (call != __NR_SCMP_ERROR)
            rule(action, call);
    }
    Result<SyscallProgram> compiled() const;

private:
    struct Release {
        void operator()(void *context) const { seccomp_release(context); }
    };
    std::unique_ptr<void, Release> m_context;
    uint32_t m_otherwise;
    int m_error = 0;
};

std::optional<uint32_t> architectureFrom(const QString &name)
{
    if (name == u"native")
        return SCMP_ARCH_NATIVE;
    const QString known = name == u"x86-64"  ? QStringLiteral("x86_64")
                          : name == u"arm64" ? QStringLiteral("aarch64")
                                             : name;
    const uint32_t token = seccomp_arch_resolve_name(known.toLatin1().constData());
    return token == 0 ? std::nullopt : std::optional(token);
}

Draft Draft::forArchitectures(const QStringList &names)
{
    Draft draft(SCMP_ACT_ALLOW, Calls::Native);
    for (const QString &name : names) {
        const auto token = architectureFrom(name);
        if (token && *token != SCMP_ARCH_NATIVE)
            (void)seccomp_arch_add(draft.m_context.get(), *token);
    }
    (void)seccomp_attr_set(draft.m_context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    return draft;
}

std::optional<Draft> Draft::for32Bit()
{
#ifdef __x86_64__
    Draft draft(SCMP_ACT_ALLOW, Calls::Native);
    (void)seccomp_arch_add(draft.m_context.get(), SCMP_ARCH_X86);
    (void)seccomp_arch_remove(draft.m_context.get(), SCMP_ARCH_NATIVE);
    return draft;
#else
    return std::nullopt;
#endif
}

/// libseccomp 2.5 writes to a descriptor only.
Result<SyscallProgram> Draft::compiled() const
{
    if (!m_context)
        return unsupported("seccomp", -ENOMEM);
    if (m_error != 0)
        return unsupported("seccomp", m_error);
    const int file = memfd_create("seccomp", MFD_CLOEXEC);
    if (file < 0)
        return unsupported("memfd", -errno);
    int wrong = seccomp_export_bpf(m_context.get(), file);
    struct stat status {};
    SyscallProgram program;
    if (wrong == 0 && fstat(file, &status) == 0) {
        program.resize(size_t(status.st_size) / sizeof(sock_filter));
        const ssize_t size = ssize_t(program.size() * sizeof(sock_filter));
        if (pread(file, program.data(), size_t(size), 0) != size)
            wrong = -EIO;
    }
    close(file);
    if (wrong != 0)
        return unsupported("seccomp", wrong);
    return program;
}

uint32_t denied(int number = EPERM)
{
    return SCMP_ACT_ERRNO(unsigned(number));
}

scmp_arg_cmp when(unsigned argument, scmp_compare comparison, quint64 value)
{
    return {argument, comparison, value, 0};
}

/// An int of the kernel's: whatever stands in the upper half of the register is not looked at.
scmp_arg_cmp is(unsigned argument, int value)
{
    return {argument, SCMP_CMP_MASKED_EQ, 0xffffffffU, uint32_t(value)};
}

scmp_arg_cmp has(unsigned argument, quint64 flags)
{
    return {argument, SCMP_CMP_MASKED_EQ, flags, flags};
}

Draft ofFamilies(const Permissions<int> &families, Calls calls)
{
    Draft draft(SCMP_ACT_ALLOW, calls);
    const uint32_t no = denied(EAFNOSUPPORT);
    if (!families.allows) {
        for (auto it = families.named.cbegin(); it != families.named.cend(); ++it)
            draft.rule(no, SCMP_SYS(socket), {is(0, it.key())});
        return draft;
    }
    if (families.named.isEmpty()) {
        draft.rule(no, SCMP_SYS(socket));
        return draft;
    }
    // A rule cannot say "none of these": below the first, above the last, and each between.
    const int first = families.named.firstKey();
    const int last = families.named.lastKey();
    draft.rule(no, SCMP_SYS(socket), {when(0, SCMP_CMP_LT, uint32_t(first))});
    draft.rule(no, SCMP_SYS(socket), {when(0, SCMP_CMP_GT, uint32_t(last))});
    for (int family = first + 1; family < last; ++family) {
        if (!families.named.contains(family))
            draft.rule(no, SCMP_SYS(socket), {is(0, family)});
    }
    return draft;
}

Draft ofNamespaces(quint64 allowed, Calls calls)
{
    constexpr quint64 kinds[] = {CLONE_NEWCGROUP, CLONE_NEWIPC,  CLONE_NEWNET, CLONE_NEWNS,
                                 CLONE_NEWPID,    CLONE_NEWUSER, CLONE_NEWUTS};
    Draft draft(SCMP_ACT_ALLOW, calls);
    // Its flags lie in memory, where no rule sees them: programs fall back to clone().
    draft.rule(denied(ENOSYS), SCMP_SYS(clone3));
    if (allowed == 0)
        draft.rule(denied(), SCMP_SYS(setns));
    else // flags of 0 mean: whatever kind the descriptor is of
        draft.rule(denied(), SCMP_SYS(setns), {is(1, 0)});
    for (const quint64 kind : kinds) {
        if ((allowed & kind) != 0)
            continue;
        draft.rule(denied(), SCMP_SYS(unshare), {has(0, kind)});
        draft.rule(denied(), SCMP_SYS(clone), {has(0, kind)});
        draft.rule(denied(), SCMP_SYS(setns), {has(1, kind)});
    }
    return draft;
}

Draft ofRealtime(Calls calls)
{
    Draft draft(SCMP_ACT_ALLOW, calls);
    for (const int policy : {SCHED_FIFO, SCHED_RR, 4 /* no policy yet */})
        draft.rule(denied(), SCMP_SYS(sched_setscheduler), {is(1, policy)});
    draft.rule(
        denied(), SCMP_SYS(sched_setscheduler), {when(1, SCMP_CMP_GT, uint32_t(SCHED_IDLE))});
    return draft;
}

/// Calls that give a file its mode, and where they have it.
void denyMode(Draft &draft, quint64 bit)
{
    const auto at = [&](int call, unsigned argument) {
        draft.rule(denied(), call, {has(argument, bit)});
    };
    at(SCMP_SYS(chmod), 1);
    at(SCMP_SYS(fchmod), 1);
    at(SCMP_SYS(fchmodat), 2);
    at(SCMP_SYS(mkdir), 1);
    at(SCMP_SYS(mkdirat), 2);
    at(SCMP_SYS(mknod), 1);
    at(SCMP_SYS(mknodat), 2);
    at(SCMP_SYS(creat), 1);
    for (const quint64 making : {quint64(O_CREAT), quint64(O_TMPFILE)}) {
        draft.rule(denied(), SCMP_SYS(open), {has(1, making), has(2, bit)});
        draft.rule(denied(), SCMP_SYS(openat), {has(2, making), has(3, bit)});
    }
}

Draft ofSuidSgid(Calls calls)
{
    Draft draft(SCMP_ACT_ALLOW, calls);
    draft.rule(denied(ENOSYS), SCMP_SYS(openat2)); // its mode lies in memory
    draft.rule(denied(ENOSYS), QStringLiteral("fchmodat2"));
    denyMode(draft, S_ISUID);
    denyMode(draft, S_ISGID);
    return draft;
}

void denyWriteExecute(Draft &draft, int map)
{
    draft.rule(denied(), map, {has(2, PROT_EXEC | PROT_WRITE)});
    for (const int call : {SCMP_SYS(mprotect), SCMP_SYS(pkey_mprotect)})
        draft.rule(denied(), call, {has(2, PROT_EXEC)});
    draft.rule(denied(), SCMP_SYS(shmat), {has(2, SHM_EXEC)});
}

std::vector<Draft> ofWriteExecute(bool nativeOnly)
{
    std::vector<Draft> out;
    out.emplace_back(SCMP_ACT_ALLOW, nativeOnly ? Calls::Native : Calls::Alike);
    denyWriteExecute(out.back(), SCMP_SYS(mmap));
    auto small = nativeOnly ? std::nullopt : Draft::for32Bit();
    if (small) {
        small->rule(
            denied(), SCMP_SYS(mmap)); // its arguments lie in memory, where no rule sees them
        denyWriteExecute(*small, SCMP_SYS(mmap2));
        out.push_back(std::move(*small));
    }
    return out;
}

Draft ofPersonality(Calls calls)
{
    Draft draft(SCMP_ACT_ALLOW, calls);
    draft.rule(denied(), SCMP_SYS(personality), {when(0, SCMP_CMP_NE, 0)});
    return draft;
}

/// What other protections forbid beside what they hide.
Draft ofCalls(const QStringList &names, Calls calls)
{
    Draft draft(SCMP_ACT_ALLOW, calls);
    for (const QString &call : names)
        draft.rule(denied(), call);
    return draft;
}

QStringList callsOfProtections(const Sandbox &sandbox)
{
    QStringList out;
    const auto group = [&out](const char *name) { out += *syscallGroup(QLatin1String(name)); };
    if (sandbox.protectKernelModules)
        group("@module");
    if (sandbox.protectClock)
        group("@clock");
    if (sandbox.privateDevices)
        group("@raw-io");
    if (sandbox.protectKernelLogs)
        out.append(QStringLiteral("syslog"));
    if (sandbox.protectKernelTunables)
        out.append(QStringLiteral("_sysctl"));
    if (sandbox.protectHostname)
        out += {QStringLiteral("sethostname"), QStringLiteral("setdomainname")};
    return out;
}

/// Whether no call of another architecture gets past SystemCallArchitectures=.
bool isNativeOnly(const SyscallRules &rules)
{
    const auto isNative = [](const QString &name) {
        const auto token = architectureFrom(name);
        return !token || *token == SCMP_ARCH_NATIVE || *token == seccomp_arch_native();
    };
    return !rules.architectures.isEmpty() &&
           std::all_of(rules.architectures.begin(), rules.architectures.end(), isNative);
}

/// What happens to a call with that error.
uint32_t actionFor(int error, uint32_t usual)
{
    if (error == kUsualError)
        return usual;
    return error == kKillCaller ? SCMP_ACT_KILL_PROCESS : denied(error);
}

Draft ofFilter(const SyscallRules &rules, Calls calls)
{
    const uint32_t usual = actionFor(rules.errorNumber, SCMP_ACT_KILL_PROCESS);
    const Permissions<QString> &list = rules.filter;
    Draft draft(list.allows ? usual : SCMP_ACT_ALLOW, calls);
    for (auto it = list.named.cbegin(); it != list.named.cend(); ++it)
        draft.rule(list.allows ? SCMP_ACT_ALLOW : actionFor(*it, usual), it.key());
    return draft;
}

/// What is logged goes on all the same: the named ones of a plain list, the others of one with "~".
Draft ofLog(const Permissions<QString> &list, Calls calls)
{
    Draft draft(list.allows ? SCMP_ACT_ALLOW : SCMP_ACT_LOG, calls);
    for (auto it = list.named.cbegin(); it != list.named.cend(); ++it)
        draft.rule(list.allows ? SCMP_ACT_LOG : SCMP_ACT_ALLOW, it.key());
    return draft;
}

std::vector<Draft> draftsOf(const Sandbox &sandbox)
{
    const SyscallRules &rules = sandbox.syscalls;
    const bool nativeOnly = isNativeOnly(rules);
    const Calls calls = nativeOnly ? Calls::Native : Calls::All;
    std::vector<Draft> drafts;
    if (rules.families
            .isSet) // 32-bit programs have the family in memory: as with systemd, it is not seen
        drafts.push_back(ofFamilies(rules.families, nativeOnly ? Calls::Native : Calls::Alike));
    if (rules.noWriteExecute) {
        for (Draft &draft : ofWriteExecute(nativeOnly))
            drafts.push_back(std::move(draft));
    }
    if (rules.noRealtime)
        drafts.push_back(ofRealtime(calls));
    if (rules.noSuidSgid)
        drafts.push_back(ofSuidSgid(calls));
    if (restrictsNamespaces(rules))
        drafts.push_back(ofNamespaces(rules.namespaces, calls));
    if (const QStringList names = callsOfProtections(sandbox); !names.isEmpty())
        drafts.push_back(ofCalls(names, calls));
    if (!rules.architectures.isEmpty())
        drafts.push_back(Draft::forArchitectures(rules.architectures));
    if (rules.lockPersonality)
        drafts.push_back(ofPersonality(calls));
    if (rules.log.isSet)
        drafts.push_back(ofLog(rules.log, calls));
    if (rules.filter.isSet)
        drafts.push_back(ofFilter(rules, calls));
    return drafts;
}

/// Of a sandbox, what its programs follow from.
Sandbox asked(const Sandbox &sandbox)
{
    Sandbox out;
    out.syscalls = sandbox.syscalls;
    for (bool Sandbox::*const flag :
         {&Sandbox::protectKernelModules, &Sandbox::protectClock, &Sandbox::privateDevices,
          &Sandbox::protectKernelLogs, &Sandbox::protectKernelTunables, &Sandbox::protectHostname})
        out.*flag = sandbox.*flag;
    return out;
}

} // namespace

Result<SyscallPrograms> syscallPrograms(const Sandbox &sandbox)
{
    SyscallPrograms out;
    for (const Draft &draft : draftsOf(sandbox)) {
        auto program = draft.compiled();
        if (!program)
            return fail(program.error());
        out.push_back(std::move(*program));
    }
    return out;
}

Result<SyscallPrograms> SyscallCompiler::programs(const Sandbox &sandbox)
{
    constexpr qsizetype kMostKept = 64;
    const Sandbox wanted = asked(sandbox);
    if (wanted == Sandbox{})
        return SyscallPrograms{};
    const auto same = std::find_if(
        m_kept.begin(), m_kept.end(), [&](const Kept &kept) { return kept.asked == wanted; });
    if (same != m_kept.end()) {
        m_kept.move(same - m_kept.begin(), 0);
        return m_kept.first().programs;
    }
    auto fresh = syscallPrograms(sandbox);
    if (!fresh)
        return fresh;
    m_kept.prepend({wanted, *fresh});
    if (m_kept.size() > kMostKept)
        m_kept.removeLast();
    return fresh;
}

} // namespace qd::units
