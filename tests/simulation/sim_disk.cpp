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

qint64 sectorBegin(qint64 offset)
{
    return offset / kSector * kSector;
}

bool isDirty(const FileData &file, qint64 from, qint64 to)
{
    const auto at = file.dirty.lower_bound(from / kSector);
    return at != file.dirty.end() && at->first * kSector < to;
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
        std::erase_if(m_data->past, [size](const auto &write) { return write.end() > size; });
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
    if (!bytes.isEmpty())
        file.past.push_back({offset, bytes.size(), m_sequence});
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
    noteSynced(file);
    if (file.isLog && m_witness != nullptr)
        m_witness->logSynced(std::min(m_syncMark, m_sequence));
    return {};
}

void SimDisk::noteSynced(FileData &file)
{
    for (auto write = file.past.rbegin(); write != file.past.rend() && write->syncedAt == 0;
         ++write) {
        if (!isCovered(write->sequence))
            continue;
        write->syncedAt = m_sequence;
        if (file.isLog)
            m_newestLogSynced = std::max(m_newestLogSynced, write->sequence);
    }
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
        std::copy_if(
            data->past.begin(), data->past.end(), std::back_inserter(after->past),
            [](const auto &write) { return write.syncedAt != 0; });
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

bool SimDisk::flipSomeBit(Random &random, const QString &suffix)
{
    std::vector<std::pair<QString, qint64>> writes; // each by its file and place, so to say its lot
    for (const auto &[name, data] : m_folder) {
        if (!name.endsWith(suffix))
            continue;
        for (const FileData::PastWrite &write : data->past) {
            const qint64 offset = write.offset + qint64(random.below(quint64(write.size)));
            if (write.syncedAt != 0 && !isDirty(*data, offset, offset + 1))
                writes.emplace_back(name, offset);
        }
    }
    if (writes.empty())
        return false;
    const auto &[name, offset] = writes.at(random.below(writes.size()));
    m_damage.append(name);
    return flipBit(name, offset, int(random.below(8)));
}

/// Of each write that qualifies, that which no later write to the same sector has put right.
std::vector<SimDisk::Place> SimDisk::misdirectable() const
{
    std::vector<Place> out;
    for (const auto &[name, data] : m_folder) {
        const auto &past = data->past;
        for (size_t i = 0; i < past.size(); ++i) {
            const bool isRemembered = past[i].syncedAt < m_newestLogSynced || !data->isLog;
            if (past[i].syncedAt == 0 || !isRemembered)
                continue;
            const qint64 end = i + 1 == past.size()
                                   ? past[i].end()
                                   : std::min(past[i].end(), sectorBegin(past[i + 1].offset));
            if (end > past[i].offset)
                out.push_back({name, past[i].offset, end});
        }
    }
    return out;
}

bool SimDisk::misdirectSomeWrite(Random &random)
{
    const std::vector<Place> all = misdirectable();
    if (all.empty())
        return false;
    const Place &lost = all.at(random.below(all.size()));
    const auto file = m_folder.find(lost.name);
    const qint64 first = sectorBegin(lost.offset);
    overwrite(lost, file->second->seen.mid(first, lost.end - first), random);
    const QByteArray nothing(lost.end - lost.offset, '\0');
    for (QByteArray *bytes : {&file->second->seen, &file->second->durable})
        put(*bytes, lost.offset, nothing);
    m_damage.append(lost.name);
    // Where a segment ends too early, the next one says so.
    const auto next = std::find_if(
        std::next(file), m_folder.end(), [](const auto &item) { return item.second->isLog; });
    if (next != m_folder.end())
        m_damage.append(next->first);
    return true;
}

/// Not behind its own place in the log: there lies what remembers it.
void SimDisk::overwrite(const Place &lost, const QByteArray &sectors, Random &random)
{
    const bool isOfLog = m_folder.at(lost.name)->isLog;
    const auto target = std::next(m_folder.begin(), qint64(random.below(m_folder.size())));
    const auto &[name, data] = *target;
    const bool isBehind = isOfLog && data->isLog && name >= lost.name;
    const qint64 room = isBehind ? sectorBegin(lost.offset) - sectors.size() : data->seen.size();
    if ((isBehind && name != lost.name) || room < 0)
        return; // it is nowhere at all
    const qint64 offset = kSector * qint64(random.below(quint64(room / kSector + 1)));
    if (isDirty(*data, offset, offset + sectors.size()))
        return;
    for (QByteArray *bytes : {&data->seen, &data->durable})
        put(*bytes, offset, sectors);
    m_damage.append(name);
}

void SimDisk::empty()
{
    m_folder.clear();
    m_durableFolder.clear();
    m_pending.clear();
    m_damage = QStringList{QStringLiteral("log")};
}

QByteArray SimDisk::contents(const QString &name) const
{
    const auto found = m_folder.find(name);
    return found == m_folder.end() ? QByteArray() : found->second->seen;
}

void SimDisk::setContents(const QString &name, const QByteArray &bytes)
{
    auto data = std::make_shared<FileData>();
    data->isLog = name.endsWith(QStringLiteral(".wal"));
    data->seen = bytes;
    data->durable = bytes;
    m_folder[name] = data;
    m_durableFolder[name] = data;
}

} // namespace qd::sim
