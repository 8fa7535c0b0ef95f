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
                    QStringLiteral("invalid URL escape \"%1\"").arg(QString::fromUtf8(bad)));
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
        if (pair.contains(';')) {
            note({code::badInput, QStringLiteral("invalid semicolon separator in query"), {}, {}});
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
