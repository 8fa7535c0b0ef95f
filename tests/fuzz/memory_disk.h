// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/wal/disk.h"

#include <QMap>

namespace qd::fuzz {

/// A folder in memory, and as one run of bytes: for each file the length of its name, the name, a
/// u32 length, the content.
class MemoryDisk final : public wal::Disk {
public:
    MemoryDisk() = default;
    /// What does not fit is left out.
    explicit MemoryDisk(QByteArrayView image);
    QByteArray image() const;

    Result<std::unique_ptr<wal::DiskFile>> open(const QString &name, Mode mode) override;
    Result<QStringList> list() const override;
    Result<void> rename(const QString &from, const QString &to) override;
    Result<void> remove(const QString &name) override;
    Result<void> syncFolder() override { return {}; }
    wal::Space space() const override { return {}; }

private:
    QMap<QString, std::shared_ptr<QByteArray>> m_files;
};

/// Syncs at once.
class SyncAtOnce final : public wal::SyncRunner {
public:
    void run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override
    {
        done(work());
    }
};

} // namespace qd::fuzz
