// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/run.h"

#include "shared/base/clock.h"
#include "tests/fuzz/mutator.h"

#include <QDir>
#include <QFile>
#include <QSet>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qd::fuzz {
namespace {

constexpr qsizetype kMostBytes = 1 << 20;
constexpr int kHangMs = 20'000;
constexpr qsizetype kPool = 4'000;
constexpr rlim_t kMemory = rlim_t(4) << 30;
constexpr int kComplained = 3;

/// What parent and child share: the input that is being tried.
struct Shared {
    std::atomic<quint64> tried = 0;
    std::atomic<quint64> ways = 0;
    std::atomic<qsizetype> size = 0;
    char input[kMostBytes];
    char complaint[4096];
};

QByteArrayList keptInputs(const QString &folder)
{
    QByteArrayList out;
    if (folder.isEmpty())
        return out;
    const QDir dir(folder);
    for (const QString &name : dir.entryList(QDir::Files, QDir::Name)) {
        QFile file(dir.filePath(name));
        if (file.open(QIODevice::ReadOnly))
            out.append(file.readAll());
    }
    return out;
}

/// The child's work.
class Trial {
public:
    Trial(const Target &target, const Plan &plan, Shared &shared)
        : m_target(target)
        , m_plan(plan)
        , m_shared(shared)
        , m_pool(target.seeds() + keptInputs(plan.corpus))
    {
    }

    int all()
    {
        const QByteArrayList known = m_pool;
        for (const QByteArray &input : known) {
            if (!passes(input))
                return kComplained;
        }
        Mutator mutator(m_plan.seed);
        const qint64 end = SystemClock().monotonicMs() + m_plan.seconds * 1000LL;
        while (SystemClock().monotonicMs() < end) {
            for (int i = 0; i < 50; ++i) {
                if (!passes(mutator.next(m_pool)))
                    return kComplained;
            }
        }
        return 0;
    }

private:
    bool passes(const QByteArray &input)
    {
        const qsizetype size = std::min(input.size(), kMostBytes);
        memcpy(m_shared.input, input.data(), size_t(size));
        m_shared.size = size;
        const Finding finding = m_target.run(input);
        ++m_shared.tried;
        if (!finding.complaint.isEmpty()) {
            qstrncpy(
                m_shared.complaint, finding.complaint.toUtf8().constData(),
                sizeof m_shared.complaint);
            return false;
        }
        if (!m_ways.contains(finding.way) && m_pool.size() < kPool) {
            m_ways.insert(finding.way);
            m_pool.append(input);
            m_shared.ways = quint64(m_ways.size());
        }
        return true;
    }

    const Target &m_target;
    const Plan &m_plan;
    Shared &m_shared;
    QByteArrayList m_pool;
    QSet<QByteArray> m_ways;
};

[[noreturn]] void beChild(const Target &target, const Plan &plan, Shared &shared)
{
    const rlimit memory{kMemory, kMemory}; // a length that is believed shows
#ifndef __SANITIZE_ADDRESS__
    setrlimit(RLIMIT_AS, &memory);
#else
    Q_UNUSED(memory)
#endif
    const rlimit noCore{0, 0};
    setrlimit(RLIMIT_CORE, &noCore);
    _exit(Trial(target, plan, shared).all());
}

/// Waits for the child; kills it when it is stuck with one input. Its status as waitpid tells.
int await(pid_t child, const Shared &shared)
{
    int status = 0;
    quint64 seen = 0;
    qint64 since = SystemClock().monotonicMs();
    while (waitpid(child, &status, WNOHANG) == 0) {
        poll(nullptr, 0, 20);
        const quint64 now = shared.tried;
        if (now != seen)
            since = SystemClock().monotonicMs();
        seen = now;
        if (SystemClock().monotonicMs() - since > kHangMs)
            kill(child, SIGALRM);
    }
    return status;
}

QString endOf(int status, const Shared &shared)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return {};
    if (WIFEXITED(status) && WEXITSTATUS(status) == kComplained)
        return QString::fromUtf8(shared.complaint);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return QStringLiteral("it did not come to an end within %1 s").arg(kHangMs / 1000);
    if (WIFSIGNALED(status))
        return QStringLiteral("it ended by signal %1").arg(WTERMSIG(status));
    return QStringLiteral("it exited %1").arg(WEXITSTATUS(status));
}

} // namespace

int run(const Target &target, const Plan &plan)
{
    void *const memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    auto *const shared = new (memory) Shared;
    const pid_t child = fork();
    if (child < 0) {
        perror("fork");
        return 1;
    }
    if (child == 0)
        beChild(target, plan, *shared);
    const QString wrong = endOf(await(child, *shared), *shared);
    printf(
        "%s: %llu inputs, taken in %llu ways, seed %llu\n", target.name.constData(),
        static_cast<unsigned long long>(shared->tried.load()),
        static_cast<unsigned long long>(shared->ways.load()),
        static_cast<unsigned long long>(plan.seed));
    if (wrong.isEmpty())
        return 0;
    const QString path = QDir(plan.keep).filePath(
        QStringLiteral("%1-%2").arg(QString::fromLatin1(target.name)).arg(plan.seed));
    QFile file(path);
    if (QDir().mkpath(plan.keep) && file.open(QIODevice::WriteOnly))
        file.write(shared->input, shared->size);
    printf(
        "FAILED: %s\nreproduce: qd-fuzz --target %s --input %s\n", qPrintable(wrong),
        target.name.constData(), qPrintable(path));
    return 1;
}

int reproduce(const Target &target, const QByteArray &input)
{
    const Finding finding = target.run(input);
    printf(
        "%s: %s\n%s\n", target.name.constData(),
        finding.complaint.isEmpty() ? "nothing wrong" : qPrintable(finding.complaint),
        finding.way.constData());
    return finding.complaint.isEmpty() ? 0 : 1;
}

} // namespace qd::fuzz
