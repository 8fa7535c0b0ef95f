// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/sim_disk.h"

#include <algorithm>

namespace qd::sim {

namespace {

constexpr qint64 kSector = 512;
/// Enough zeros behind the end to look like a preallocated file, without 16 MiB of them.
constexpr qint64 kPreallocated = 4 * kSector;

void grow(QByteArray &bytes, qint64 size)
{
    if (bytes.size() < size)
        bytes.append(size - bytes.size(), '\0');
}

void put(QByteArray &into, qint64 offset, QByteArrayView bytes)
{
    grow(into, offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(), into.data() + offset);
}

} // namespace

class SimFile final : public wal::DiskFile {
public:
    SimFile(SimDisk &disk, std::shared_ptr<FileData> data)
        : m_disk(disk)
        , m_data(std::move(data))
    {
    }
    Result<void> writeAt(qint64 offset, QByteArrayView bytes) override
    {
        m_disk.operation();
        if (const auto reserved = m_disk.reserve(*m_data, offset + bytes.size()); !reserved)
            return reserved;
        m_disk.write(*m_data, offset, bytes);
        return {};
    }
    Result<QByteArray> readAt(qint64 offset, qint64 size) const override
    {
        return m_data->seen.mid(offset, size);
    }
    qint64 size() const override { return m_data->seen.size(); }
    Result<void> resize(qint64 size) override
    {
        m_disk.operation();
        m_data->seen.resize(std::min<qint64>(size, m_data->seen.size()));
        grow(m_data->seen, size);
        m_data->durable.resize(std::min<qint64>(size, m_data->durable.size()));
        m_data->dirty.erase(m_data->dirty.lower_bound(size / kSector), m_data->dirty.end());
        return {};
    }
    Result<void> preallocate(qint64 size) override
    {
        if (const auto reserved = m_disk.reserve(*m_data, size); !reserved)
            return reserved;
        const qint64 shown = std::min(size, kPreallocated);
        grow(m_data->seen, shown);
        grow(m_data->durable, shown);
        return {};
    }
    Result<void> sync() override { return m_disk.sync(*m_data); }

private:
    SimDisk &m_disk;
    std::shared_ptr<FileData> m_data;
};

void SimDisk::operation()
{
    if (m_dieAfter > 0 && --m_dieAfter == 0)
        throw MachineDied();
}

Result<void> SimDisk::reserve(FileData &file, qint64 size)
{
    const qint64 more = std::max<qint64>(0, size - file.reserved);
    if (m_full && more > m_room)
        return fail(code::noSpace, QStringLiteral("no space left on the simulated disk"));
    m_room -= m_full ? more : 0;
    file.reserved += more;
    return {};
}

/// Only the two that matter: empty, and full.
wal::Space SimDisk::space() const
{
    constexpr qint64 kTotal = 1'000'000'000;
    return {m_full ? m_room : kTotal, kTotal};
}

void SimDisk::write(FileData &file, qint64 offset, QByteArrayView bytes)
{
    put(file.seen, offset, bytes);
    ++m_sequence;
    for (qint64 sector = offset / kSector; sector * kSector < offset + bytes.size(); ++sector)
        file.dirty[sector].push_back({m_sequence, file.seen.mid(sector * kSector, kSector)});
    if (file.isLog && m_witness != nullptr)
        m_witness->logWritten(m_sequence, bytes);
}

Result<void> SimDisk::sync(FileData &file)
{
    operation();
    if (std::exchange(m_failSync, false))
        return fail(code::io, QStringLiteral("the simulated disk failed to sync"));
    if (m_faults.forgetToSyncWhatWasFound && !file.dirty.empty() &&
        file.dirty.rbegin()->second.back().sequence <= m_processFrom)
        return {};
    for (auto at = file.dirty.begin(); at != file.dirty.end();) {
        auto &versions = at->second;
        auto later = versions.end();
        if (!isCovered(versions.back().sequence))
            later = std::find_if(versions.begin(), versions.end(), [&](const auto &v) {
                return v.sequence > m_syncMark;
            });
        if (later != versions.begin()) {
            put(file.durable, at->first * kSector, std::prev(later)->bytes);
            versions.erase(versions.begin(), later);
        }
        at = versions.empty() ? file.dirty.erase(at) : std::next(at);
    }
    if (file.isLog && m_witness != nullptr)
        m_witness->logSynced(std::min(m_syncMark, m_sequence));
    return {};
}

Result<std::unique_ptr<wal::DiskFile>> SimDisk::open(const QString &name, Mode mode)
{
    const auto found = m_folder.find(name);
    if (mode == Mode::OpenExisting) {
        if (found == m_folder.end())
            return fail(code::notFound, QStringLiteral("no file %1").arg(name));
        return std::make_unique<SimFile>(*this, found->second);
    }
    operation();
    auto data = std::make_shared<FileData>();
    data->isLog = name.endsWith(QStringLiteral(".wal"));
    m_logFiles += data->isLog ? 1 : 0;
    m_folder[name] = data;
    m_pending.push_back(m_folder);
    return std::make_unique<SimFile>(*this, std::move(data));
}

Result<QStringList> SimDisk::list() const
{
    QStringList names;
    for (const auto &[name, data] : m_folder)
        names.append(name);
    return names;
}

Result<void> SimDisk::rename(const QString &from, const QString &to)
{
    operation();
    const auto found = m_folder.find(from);
    if (found == m_folder.end())
        return fail(code::notFound, QStringLiteral("no file %1").arg(from));
    m_folder[to] = found->second;
    m_folder.erase(from);
    m_pending.push_back(m_folder);
    return {};
}

Result<void> SimDisk::remove(const QString &name)
{
    operation();
    if (const auto found = m_folder.find(name); found != m_folder.end()) {
        m_room += found->second->reserved;
        m_folder.erase(found);
    }
    m_pending.push_back(m_folder);
    return {};
}

Result<void> SimDisk::syncFolder()
{
    operation();
    if (m_faults.forgetFolderSync)
        return {};
    m_durableFolder = m_folder;
    m_pending.clear();
    return {};
}

void SimDisk::kill()
{
    m_dieAfter = 0;
    m_failSync = false;
    m_processFrom = m_sequence;
    clearSyncMark();
}

void SimDisk::crash()
{
    kill();
    const quint64 kept = m_random.below(m_pending.size() + 1);
    const Folder left = kept == 0 ? m_durableFolder : m_pending.at(kept - 1);
    m_pending.clear();
    m_folder.clear();
    for (const auto &[name, data] : left) {
        auto after = std::make_shared<FileData>();
        after->isLog = data->isLog;
        after->durable = data->durable;
        after->reserved = data->reserved;
        for (const auto &[sector, versions] : data->dirty) {
            const quint64 which = m_random.below(versions.size() + 1);
            m_torn += which < versions.size() ? 1 : 0;
            if (which > 0)
                put(after->durable, sector * kSector, versions.at(which - 1).bytes);
        }
        after->seen = after->durable;
        m_folder[name] = after;
    }
    m_durableFolder = m_folder;
}

bool SimDisk::flipBit(const QString &name, qint64 offset, int bit)
{
    const auto found = m_folder.find(name);
    if (found == m_folder.end() || offset >= found->second->durable.size())
        return false;
    for (QByteArray *bytes : {&found->second->durable, &found->second->seen})
        (*bytes)[offset] = char((*bytes)[offset] ^ (1 << bit));
    return true;
}

QByteArray SimDisk::contents(const QString &name) const
{
    const auto found = m_folder.find(name);
    return found == m_folder.end() ? QByteArray() : found->second->seen;
}

void SimDisk::setContents(const QString &name, const QByteArray &bytes)
{
    auto data = std::make_shared<FileData>();
    data->seen = bytes;
    data->durable = bytes;
    m_folder[name] = data;
    m_durableFolder[name] = data;
}

} // namespace qd::sim
