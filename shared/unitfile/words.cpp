// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/words.h"

namespace qd::unitfile {

namespace {

bool isBlank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// The letters after a backslash that stand for one byte; 0 for any other.
char simpleEscape(char c)
{
    switch (c) {
    case 'a':
        return '\a';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'v':
        return '\v';
    case 's':
        return ' ';
    case '\\':
    case '"':
    case '\'':
        return c;
    default:
        return 0;
    }
}

} // namespace

void WordReader::skipBlanks()
{
    while (m_at < m_text.size() && isBlank(m_text[m_at]))
        ++m_at;
}

void WordReader::skip(qsizetype count)
{
    m_at += count;
    skipBlanks();
}

/// m_at stands on the byte after the backslash; afterwards on the one after the escape.
bool WordReader::unescapeInto(QByteArray &word)
{
    const char c = m_text[m_at];
    if (m_mode == Relaxed) {
        word += c;
        ++m_at;
        return true;
    }
    if (const char simple = simpleEscape(c)) {
        word += simple;
        ++m_at;
        return true;
    }
    int base = 16;
    int digits = 0;
    qsizetype from = m_at + 1;
    if (c == 'x') {
        digits = 2;
    } else if (c == 'u') {
        digits = 4;
    } else if (c == 'U') {
        digits = 8;
    } else if (c >= '0' && c <= '7') {
        base = 8;
        digits = 3;
        from = m_at;
    } else {
        return false;
    }
    const QByteArray number = m_text.mid(from, digits);
    bool ok = number.size() == digits;
    for (const char digit : number)
        ok = ok && (isdigit(uchar(digit)) || (base == 16 && isxdigit(uchar(digit))));
    const uint value = ok ? number.toUInt(&ok, base) : 0;
    if (!ok || value == 0 || (base == 8 && value > 255) || value > 0x10ffff)
        return false;
    if (c == 'u' || c == 'U') {
        const char32_t point = value;
        word += QString::fromUcs4(&point, 1).toUtf8();
    } else {
        word += char(value);
    }
    m_at = from + digits;
    return true;
}

Result<std::optional<QByteArray>> WordReader::next()
{
    skipBlanks();
    if (atEnd())
        return std::optional<QByteArray>();
    QByteArray word;
    char quote = 0;
    while (!atEnd()) {
        const char c = m_text[m_at];
        if (!quote && isBlank(c))
            break;
        ++m_at;
        if (m_mode == Plain) {
            word += c;
        } else if (c == '\\') {
            if (atEnd() && m_mode == Relaxed)
                break;
            if (atEnd() || !unescapeInto(word))
                return fail(code::badInput, QStringLiteral("Invalid escape sequence"));
        } else if (quote && c == quote) {
            quote = 0;
        } else if (!quote && (c == '"' || c == '\'')) {
            quote = c;
        } else {
            word += c;
        }
    }
    if (quote && m_mode != Relaxed)
        return fail(code::badInput, QStringLiteral("Unbalanced quoting"));
    skipBlanks();
    return std::optional(word);
}

Result<QStringList> splitWords(const QString &text, WordReader::Mode mode)
{
    WordReader reader(text.toUtf8(), mode);
    QStringList out;
    for (;;) {
        auto word = reader.next();
        if (!word)
            return fail(word.error());
        if (!*word)
            return out;
        out.append(QString::fromUtf8(**word));
    }
}

} // namespace qd::unitfile
