// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QtEndian>

namespace qd {

/// Appends little-endian numbers and length-prefixed bytes to a byte array.
class ByteWriter {
public:
    explicit ByteWriter(QByteArray &out)
        : m_out(out)
    {
    }

    template <class T>
    void number(T value)
    {
        const T little = qToLittleEndian(value);
        m_out.append(reinterpret_cast<const char *>(&little), sizeof little);
    }
    void u8(quint8 v) { m_out.append(char(v)); }
    void bytes(QByteArrayView v)
    {
        number<quint32>(quint32(v.size()));
        m_out.append(v);
    }
    void text(const QString &v) { bytes(v.toUtf8()); }
    /// As bytes(), of what `fill` writes here: large parts need no array of their own.
    template <class F>
    void section(const F &fill)
    {
        const qsizetype at = m_out.size();
        number<quint32>(0);
        fill(*this);
        const auto size = qsizetype(sizeof(quint32));
        qToLittleEndian(quint32(m_out.size() - at - size), m_out.data() + at);
    }

private:
    QByteArray &m_out;
};

/// What `thing` saves of itself.
template <class T>
QByteArray saved(const T &thing)
{
    QByteArray out;
    ByteWriter writer(out);
    thing.save(writer);
    return out;
}

/// Reads what ByteWriter wrote. A read past the end, or a length larger than what is left, makes
/// `ok()` false and every later read zero or empty: check once at the end. Allocates nothing on
/// the word of a stranger's length.
class ByteReader {
public:
    explicit ByteReader(QByteArrayView in)
        : m_in(in)
    {
    }

    template <class T>
    T number()
    {
        if (m_in.size() < qsizetype(sizeof(T))) {
            m_ok = false;
            m_in = {};
            return T{};
        }
        const T value = qFromLittleEndian<T>(m_in.data());
        m_in = m_in.sliced(sizeof(T));
        return value;
    }
    quint8 u8() { return number<quint8>(); }
    QByteArrayView view()
    {
        const auto size = number<quint32>();
        if (qsizetype(size) > m_in.size()) {
            m_ok = false;
            m_in = {};
            return {};
        }
        const QByteArrayView out = m_in.first(size);
        m_in = m_in.sliced(size);
        return out;
    }
    QByteArray bytes() { return view().toByteArray(); }
    QString text() { return QString::fromUtf8(view()); }

    bool ok() const { return m_ok; }
    bool atEnd() const { return m_in.isEmpty(); }
    qsizetype left() const { return m_in.size(); }

private:
    QByteArrayView m_in;
    bool m_ok = true;
};

} // namespace qd
