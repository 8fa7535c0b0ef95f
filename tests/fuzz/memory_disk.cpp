// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/memory_disk.h"

#include <QtEndian>

namespace qd::fuzz {
namespace {

class MemoryFile final : public wal::DiskFile {
public:
    explicit MemoryFile(std::shared_ptr<QByteArray> bytes)
        : m_bytes(std::move(bytes))
    {
    }
    Result<void> writeAt(qint64 offset, QByteArrayView bytes) override
    {
        if (m_bytes->size() < offset + bytes.size())
            m_bytes->resize(offset + bytes.size(), '\0');
        std::copy(bytes.begin(), bytes.end(), m_bytes->begin() + offset);
        return {};
    }
    Result<QByteArray> readAt(qint64 offset, qint64 size) const override
    {
        return m_bytes->mid(offset, size);
    }
    qint64 size() const override { return m_bytes->size(); }
    Result<void> resize(qint64 size) override
    {
        m_bytes->resize(size, '\0');
        return {};
    }
    Result<void> preallocate(qint64) override { return {}; }
    Result<void> sync() override { return {}; }

private:
    std::shared_ptr<QByteArray> m_bytes;
};

} // namespace

MemoryDisk::MemoryDisk(QByteArrayView image)
{
    while (!image.isEmpty()) {
        const qsizetype nameLength = uchar(image.front());
        if (image.size() < 1 + nameLength + 4)
            return;
        const QString name = QString::fromLatin1(image.sliced(1, nameLength));
        const auto length = qFromBigEndian<quint32>(image.data() + 1 + nameLength);
        image = image.sliced(1 + nameLength + 4);
        const qsizetype there = std::min<qsizetype>(length, image.size());
        m_files[name] = std::make_shared<QByteArray>(image.first(there).toByteArray());
        image = image.sliced(there);
    }
}

QByteArray MemoryDisk::image() const
{
    QByteArray out;
    for (auto it = m_files.begin(); it != m_files.end(); ++it) {
        const QByteArray name = it.key().toLatin1();
        const quint32 length = qToBigEndian(quint32(it.value()->size()));
        out += char(name.size()) + name;
        out += QByteArray(reinterpret_cast<const char *>(&length), 4) + *it.value();
    }
    return out;
}

Result<std::unique_ptr<wal::DiskFile>> MemoryDisk::open(const QString &name, Mode mode)
{
    const bool there = m_files.contains(name);
    if (there && mode == Mode::CreateNew)
        return fail(code::io, name + QStringLiteral(" exists"));
    if (!there && mode == Mode::OpenExisting)
        return fail(code::io, name + QStringLiteral(" is not there"));
    if (!there)
        m_files[name] = std::make_shared<QByteArray>();
    return std::make_unique<MemoryFile>(m_files[name]);
}

Result<QStringList> MemoryDisk::list() const
{
    return m_files.keys();
}

Result<void> MemoryDisk::rename(const QString &from, const QString &to)
{
    m_files[to] = m_files.take(from);
    return {};
}

Result<void> MemoryDisk::remove(const QString &name)
{
    m_files.remove(name);
    return {};
}

} // namespace qd::fuzz
