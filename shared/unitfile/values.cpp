// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/values.h"

#include "shared/unitfile/time_span.h"

#include <QHash>
#include <csignal>

namespace qd::unitfile {

namespace {

struct Named {
    const char *name;
    int number;
};

constexpr Named kSignals[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP}, {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},
    {"KILL", SIGKILL}, {"USR1", SIGUSR1},     {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT},
    {"CHLD", SIGCHLD}, {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
    {"IO", SIGIO},     {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

// What systemd calls exit statuses: libc's, LSB's, its own set-up failures, the BSD ones.
constexpr Named kStatuses[] = {
    {"SUCCESS", 0},
    {"FAILURE", 1},
    {"INVALIDARGUMENT", 2},
    {"NOTIMPLEMENTED", 3},
    {"NOPERMISSION", 4},
    {"NOTINSTALLED", 5},
    {"NOTCONFIGURED", 6},
    {"NOTRUNNING", 7},
    {"USAGE", 64},
    {"DATAERR", 65},
    {"NOINPUT", 66},
    {"NOUSER", 67},
    {"NOHOST", 68},
    {"UNAVAILABLE", 69},
    {"SOFTWARE", 70},
    {"OSERR", 71},
    {"OSFILE", 72},
    {"CANTCREAT", 73},
    {"IOERR", 74},
    {"TEMPFAIL", 75},
    {"PROTOCOL", 76},
    {"NOPERM", 77},
    {"CONFIG", 78},
    {"CHDIR", 200},
    {"NICE", 201},
    {"FDS", 202},
    {"EXEC", 203},
    {"MEMORY", 204},
    {"LIMITS", 205},
    {"OOM_ADJUST", 206},
    {"SIGNAL_MASK", 207},
    {"STDIN", 208},
    {"STDOUT", 209},
    {"CHROOT", 210},
    {"IOPRIO", 211},
    {"TIMERSLACK", 212},
    {"SECUREBITS", 213},
    {"SETSCHEDULER", 214},
    {"CPUAFFINITY", 215},
    {"GROUP", 216},
    {"USER", 217},
    {"CAPABILITIES", 218},
    {"CGROUP", 219},
    {"SETSID", 220},
    {"CONFIRM", 221},
    {"STDERR", 222},
    {"PAM", 224},
    {"NETWORK", 225},
    {"NAMESPACE", 226},
    {"NO_NEW_PRIVILEGES", 227},
    {"SECCOMP", 228},
    {"SELINUX_CONTEXT", 229},
    {"PERSONALITY", 230},
    {"APPARMOR", 231},
    {"ADDRESS_FAMILIES", 232},
    {"RUNTIME_DIRECTORY", 233},
    {"CHOWN", 235},
    {"SMACK_PROCESS_LABEL", 236},
    {"KEYRING", 237},
    {"STATE_DIRECTORY", 238},
    {"CACHE_DIRECTORY", 239},
    {"LOGS_DIRECTORY", 240},
    {"CONFIGURATION_DIRECTORY", 241},
    {"NUMA_POLICY", 242},
    {"CREDENTIALS", 243},
    {"BPF", 244},
    {"EXCEPTION", 255},
};

} // namespace

std::optional<bool> parseBool(const QString &text)
{
    static const QStringList yes{QStringLiteral("1"), QStringLiteral("yes"),
                                 QStringLiteral("y"), QStringLiteral("true"),
                                 QStringLiteral("t"), QStringLiteral("on")};
    static const QStringList no{QStringLiteral("0"), QStringLiteral("no"),
                                QStringLiteral("n"), QStringLiteral("false"),
                                QStringLiteral("f"), QStringLiteral("off")};
    if (yes.contains(text, Qt::CaseInsensitive))
        return true;
    if (no.contains(text, Qt::CaseInsensitive))
        return false;
    return std::nullopt;
}

std::optional<int> parseSignal(const QString &text)
{
    bool isNumber = false;
    const int number = text.toInt(&isNumber);
    if (isNumber)
        return number >= 1 && number <= 64 ? std::optional(number) : std::nullopt;
    const QString name = text.startsWith(u"SIG") ? text.mid(3) : text;
    for (const Named &known : kSignals) {
        if (name == QLatin1String(known.name))
            return known.number;
    }
    return std::nullopt;
}

QString signalName(int number)
{
    for (const Named &known : kSignals) {
        if (number == known.number)
            return QString::fromLatin1(known.name);
    }
    return QString::number(number);
}

std::optional<ExitSet> parseExitSet(const QString &text)
{
    ExitSet out;
    const QStringList words = text.split(u' ', Qt::SkipEmptyParts);
    for (const QString &word : words) {
        bool isNumber = false;
        const int number = word.toInt(&isNumber);
        if (isNumber) {
            if (number < 0 || number > 255)
                return std::nullopt;
            out.statuses.insert(number);
            continue;
        }
        bool named = false;
        for (const Named &known : kStatuses) {
            if (word == QLatin1String(known.name)) {
                out.statuses.insert(known.number);
                named = true;
            }
        }
        const auto asSignal = parseSignal(word);
        if (!named && !asSignal)
            return std::nullopt;
        if (!named)
            out.signalNumbers.insert(*asSignal);
    }
    return out;
}

QString exitStatusName(int status)
{
    for (const Named &known : kStatuses) {
        if (status == known.number)
            return QString::fromLatin1(known.name);
    }
    return {};
}

std::optional<quint64> parseLimit(const QString &text, bool size)
{
    if (text == u"infinity")
        return kInfinity;
    QString digits = text;
    quint64 factor = 1;
    static const QString suffixes = QStringLiteral("BKMGTPE");
    if (size && !text.isEmpty() && suffixes.contains(text.back())) {
        factor = 1ULL << (10 * suffixes.indexOf(text.back()));
        digits.chop(1);
    }
    bool ok = false;
    const quint64 number = digits.trimmed().toULongLong(&ok);
    if (!ok || number > kInfinity / factor)
        return std::nullopt;
    return number * factor;
}

std::optional<uint> parseMode(const QString &text)
{
    bool ok = false;
    const uint mode = text.toUInt(&ok, 8);
    return ok && mode <= 07777 ? std::optional(mode) : std::nullopt;
}

QStringList enumWords(const QString &kind)
{
    static const QHash<QString, QStringList> words{
        {QStringLiteral("SERVICETYPE"),
         QStringLiteral("simple exec forking oneshot dbus notify idle").split(u' ')},
        {QStringLiteral("SERVICERESTART"),
         QStringLiteral("no on-success on-failure on-abnormal on-watchdog on-abort always")
             .split(u' ')},
        {QStringLiteral("KILLMODE"),
         QStringLiteral("control-group process mixed none").split(u' ')},
        {QStringLiteral("SERVICEEXITTYPE"), QStringLiteral("main cgroup").split(u' ')},
        {QStringLiteral("BINDIPV6ONLY"), QStringLiteral("default both ipv6-only").split(u' ')},
        {QStringLiteral("TIMEOUTMODE"), QStringLiteral("terminate abort kill").split(u' ')},
        {QStringLiteral("ACCESS"), QStringLiteral("none main exec all").split(u' ')},
    };
    return words.value(kind);
}

} // namespace qd::unitfile
