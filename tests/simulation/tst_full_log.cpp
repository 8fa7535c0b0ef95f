// SPDX-License-Identifier: GPL-3.0-or-later
// The log alone on a disk that is full for a while.
#include "agent/wal/wal.h"
#include "tests/simulation/sim_disk.h"
#include "tests/support/proof.h"

#include <deque>

using namespace qd;
using namespace qd::sim;
using namespace qd::raft;

namespace {

/// Keeps syncs until the test lets them end; each covers what was written before it began.
class HeldSyncs final : public wal::SyncRunner {
public:
    explicit HeldSyncs(SimDisk &disk)
        : m_disk(disk)
    {
    }
    void run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override
    {
        m_jobs.push_back({std::move(work), std::move(done), m_disk.writeMark()});
    }
    bool runOne()
    {
        if (m_jobs.empty())
            return false;
        const Job job = std::move(m_jobs.front());
        m_jobs.pop_front();
        m_disk.setSyncMark(job.mark);
        const auto result = job.work();
        m_disk.clearSyncMark();
        job.done(result);
        return true;
    }

private:
    struct Job {
        std::function<Result<void>()> work;
        std::function<void(Result<void>)> done;
        quint64 mark = 0;
    };
    SimDisk &m_disk;
    std::deque<Job> m_jobs;
};

} // namespace

/// What the log promises of entries that had to wait.
class TestFullLog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// An entry waits for room while a sync of what came before it runs; with room again it is
    /// written by the next write, which needs no sync itself.
    void whatWaitedForRoomIsSyncedBeforeItIsPromised()
    {
        QD_PROVES("R-45");
        for (quint64 seed = 1; seed <= 10; ++seed) {
            SeededRandom random(seed);
            SimDisk disk(random);
            HeldSyncs syncs(disk);
            const auto log = std::move(*wal::Wal::create(disk, syncs, {7, 1}, 4'096));
            int promised = 0;
            const auto append = [&](Index index, qsizetype size) {
                const std::vector<Entry> entries{
                    {1, index, EntryType::Command, QByteArray(size, 'x')}};
                wal::Wal::Batch batch;
                batch.entries = &entries;
                log->append(batch, [&](const Result<void> &result) { promised += result ? 1 : 0; });
            };
            append(1, 10);
            append(2, 10); // its sync begins after the first one's
            disk.setFull(true);
            append(3, 8'000);
            QVERIFY(log->isWaitingForRoom());
            syncs.runOne();
            disk.setFull(false);
            wal::Wal::Batch commit;
            commit.hard = HardState{1, 1, 2};
            commit.mustSync = false;
            log->append(commit, [](auto &&) {});
            while (syncs.runOne()) {
            }
            QCOMPARE(promised, 3);

            disk.crash();
            wal::Recovered found;
            QVERIFY(wal::Wal::open(disk, syncs, &found, 4'096).has_value());
            QCOMPARE(found.entries.size(), size_t(3));
        }
    }
};

QD_TEST_MAIN(TestFullLog)
#include "tst_full_log.moc"
