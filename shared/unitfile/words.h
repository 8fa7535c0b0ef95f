// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QStringList>
#include <optional>

/// Splits values into words with systemd's quotes and escapes (ch3-systemd.md 3.2).
namespace qd::unitfile {

/// Cuts words off the front of a value, one after another. Bytes, because `\xHH` makes bytes.
class WordReader {
public:
    enum Mode {
        Plain,   ///< blanks separate, nothing else is special
        Quoted,  ///< quotes group, backslash escapes as in C
        Relaxed, ///< quotes group, an end inside quotes is no error, backslash takes the next byte
    };

    WordReader(const QByteArray &text, Mode mode)
        : m_text(text)
        , m_mode(mode)
    {
    }

    /// The next word; nothing at the end. Error: a quote that is not closed, a broken escape.
    Result<std::optional<QByteArray>> next();
    /// What is left, without the blanks before it.
    QByteArrayView rest() const { return QByteArrayView(m_text).sliced(m_at); }
    bool atEnd() const { return m_at >= m_text.size(); }
    /// Passes over `count` bytes and the blanks after them.
    void skip(qsizetype count);

private:
    bool unescapeInto(QByteArray &word);
    void skipBlanks();

    QByteArray m_text;
    qsizetype m_at = 0;
    Mode m_mode;
};

/// All the words of `text`.
Result<QStringList> splitWords(const QString &text, WordReader::Mode mode);

} // namespace qd::unitfile
