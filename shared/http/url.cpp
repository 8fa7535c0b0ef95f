// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/url.h"

namespace qd::http {

namespace {

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool mayStandInPath(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           QByteArrayView("-_.~$&+,/:;=@").contains(c);
}

/// Whether Go prints the character as it is between quotes.
bool isPrintable(char32_t c)
{
    return c == U' ' || (QChar::isPrint(c) && !QChar::isSpace(c));
}

void appendQuoted(QByteArray &out, char32_t c, QByteArrayView utf8)
{
    static constexpr QByteArrayView kShort = "abtnvfr"; // from 7 on
    if (c == U'"' || c == U'\\')
        out.append('\\').append(char(c));
    else if (isPrintable(c))
        out.append(utf8);
    else if (c >= 7 && c < 7 + char32_t(kShort.size()))
        out.append('\\').append(kShort[qsizetype(c) - 7]);
    else if (c < 0x20 || c == 0x7f)
        out.append("\\x").append(QByteArray::number(uint(c), 16).rightJustified(2, '0'));
    else if (c < 0x10000)
        out.append("\\u").append(QByteArray::number(uint(c), 16).rightJustified(4, '0'));
    else
        out.append("\\U").append(QByteArray::number(uint(c), 16).rightJustified(8, '0'));
}

/// Between quotes, as Go shows what may be any bytes.
QByteArray quoted(QByteArrayView text)
{
    QByteArray out = "\"";
    for (qsizetype at = 0; at < text.size();) {
        qsizetype size = 1;
        while (size < 4 && at + size < text.size() && !text.sliced(at, size).isValidUtf8())
            ++size;
        const QByteArrayView character = text.sliced(at, size);
        if (character.isValidUtf8()) {
            appendQuoted(out, QString::fromUtf8(character).toUcs4().constFirst(), character);
            at += size;
        } else {
            out.append("\\x").append(text.sliced(at, 1).toByteArray().toHex());
            ++at;
        }
    }
    return out.append('"');
}

} // namespace

Result<QByteArray> percentDecoded(QByteArrayView text, bool plusIsSpace)
{
    if (!text.contains('%') && !(plusIsSpace && text.contains('+')))
        return text.toByteArray();
    QByteArray out;
    out.reserve(text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '+' && plusIsSpace) {
            out.append(' ');
        } else if (c == '%') {
            const int high = i + 1 < text.size() ? hexDigit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hexDigit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                const QByteArrayView bad = text.sliced(i, std::min<qsizetype>(3, text.size() - i));
                return fail(
                    code::badInput,
                    QStringLiteral("invalid URL escape ") + QString::fromUtf8(quoted(bad)));
            }
            out.append(char(high * 16 + low));
            i += 2;
        } else {
            out.append(c);
        }
    }
    return out;
}

QByteArray percentEncodedPath(QByteArrayView path)
{
    QByteArray out;
    for (const char c : path) {
        if (mayStandInPath(c)) {
            out.append(c);
        } else {
            out.append('%');
            out.append(QByteArray(1, c).toHex().toUpper());
        }
    }
    return out;
}

QByteArray cleanedPath(QByteArrayView path)
{
    std::vector<QByteArrayView> kept;
    qsizetype at = 0;
    while (at <= path.size()) {
        qsizetype end = path.indexOf('/', at);
        if (end < 0)
            end = path.size();
        const QByteArrayView word = path.sliced(at, end - at);
        at = end + 1;
        if (word.isEmpty() || word == QByteArrayView("."))
            continue;
        if (word != QByteArrayView(".."))
            kept.push_back(word);
        else if (!kept.empty())
            kept.pop_back();
    }
    QByteArray out;
    for (const QByteArrayView word : kept)
        out.append('/').append(word);
    if (out.isEmpty() || path.endsWith('/'))
        out.append('/');
    return out;
}

Result<void> Form::add(QByteArrayView text)
{
    Result<void> outcome;
    const auto note = [&outcome](const Error &error) {
        if (outcome)
            outcome = fail(error);
    };
    qsizetype at = 0;
    while (at < text.size()) {
        qsizetype end = text.indexOf('&', at);
        if (end < 0)
            end = text.size();
        const QByteArrayView pair = text.sliced(at, end - at);
        at = end + 1;
        if (pair.isEmpty())
            continue;
        if (pair.contains(';')) { // told before all else, as by Go
            outcome = fail(code::badInput, QStringLiteral("invalid semicolon separator in query"));
            continue;
        }
        const qsizetype equals = pair.indexOf('=');
        auto name = percentDecoded(equals < 0 ? pair : pair.first(equals), true);
        auto value = percentDecoded(equals < 0 ? QByteArrayView() : pair.sliced(equals + 1), true);
        if (!name || !value)
            note(name ? value.error() : name.error());
        else
            m_pairs.emplace_back(std::move(*name), std::move(*value));
    }
    return outcome;
}

const QByteArray *Form::find(QByteArrayView name) const
{
    for (const auto &[each, value] : m_pairs) {
        if (each == name)
            return &value;
    }
    return nullptr;
}

} // namespace qd::http
