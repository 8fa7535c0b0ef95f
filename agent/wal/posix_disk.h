// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/wal/disk.h"
#include "shared/base/duration_histogram.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace qd::wal {

/// A folder of the machine's own disk: 0700, files 0600, every descriptor close-on-exec.
class PosixDisk final : public Disk {
public:
    static Result<std::unique_ptr<PosixDisk>> open(const QString &folder);

    Result<std::unique_ptr<DiskFile>> open(const QString &name, Mode mode) override;
    Result<QStringList> list() const override;
    Result<void> rename(const QString &from, const QString &to) override;
    Result<void> remove(const QString &name) override;
    Result<void> syncFolder() override;
    Space space() const override;

private:
    explicit PosixDisk(const QString &folder)
        : m_folder(folder)
    {
    }
    QByteArray path(const QString &name) const;

    QString m_folder;
};

/// One thread that syncs. Answers come back through `post`, which must run its argument on the
/// caller's thread, in order (an event loop's queue).
class ThreadSyncRunner final : public SyncRunner {
public:
    using Post = std::function<void(std::function<void()>)>;
    explicit ThreadSyncRunner(Post post);
    ~ThreadSyncRunner() override;

    void run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override;

    /// How long the syncs since the start took. From any thread.
    DurationHistogram times() const;

private:
    struct Job {
        std::function<Result<void>()> work;
        std::function<void(Result<void>)> done;
    };
    void loop();

    Post m_post;
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<Job> m_jobs;
    bool m_stop = false;
    DurationHistogram m_times;
    std::thread m_thread;
};

} // namespace qd::wal
