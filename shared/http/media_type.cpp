// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/media_type.h"

#include <optional>
#include <set>

namespace qd::http {

namespace {

bool isSpecial(char c)
{
    return QByteArrayView("()<>@,;:\\\"/[]?=").contains(c);
}

bool isTokenCharacter(char c)
{
    return c > 0x20 && c < 0x7f && !isSpecial(c);
}

QByteArray takeToken(QByteArrayView &text)
{
    qsizetype size = 0;
    while (size < text.size() && isTokenCharacter(text[size]))
        ++size;
    const QByteArrayView token = text.first(size);
    text = text.sliced(size);
    return token.toByteArray();
}

bool takeCharacter(QByteArrayView &text, char c)
{
    while (text.startsWith(' ') || text.startsWith('\t'))
        text = text.sliced(1);
    if (!text.startsWith(c))
        return false;
    text = text.sliced(1);
    while (text.startsWith(' ') || text.startsWith('\t'))
        text = text.sliced(1);
    return true;
}

/// A token, or what stands between quotes: there a backslash hides only special characters.
std::optional<QByteArray> takeValue(QByteArrayView &text)
{
    if (!text.startsWith('"')) {
        const QByteArray token = takeToken(text);
        return token.isEmpty() ? std::nullopt : std::optional(token);
    }
    QByteArray out;
    for (qsizetype i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text = text.sliced(i + 1);
            return out;
        }
        if (text[i] == '\\' && i + 1 < text.size() && isSpecial(text[i + 1]))
            ++i;
        out.append(text[i]);
    }
    return std::nullopt;
}

const char *complaintAboutType(QByteArrayView type)
{
    if (takeToken(type).isEmpty())
        return "mime: no media type";
    if (type.isEmpty())
        return nullptr;
    if (!type.startsWith('/'))
        return "mime: expected slash after first token";
    type = type.sliced(1);
    if (takeToken(type).isEmpty())
        return "mime: expected token after slash";
    return type.isEmpty() ? nullptr : "mime: unexpected content after media subtype";
}

const char *complaintAboutParameters(QByteArrayView text)
{
    std::set<QByteArray> known;
    while (!text.trimmed().isEmpty()) {
        const QByteArrayView before = text;
        const bool begins = takeCharacter(text, ';');
        const QByteArray name = begins ? takeToken(text).toLower() : QByteArray();
        const bool named = !name.isEmpty() && takeCharacter(text, '=');
        const auto value = named ? takeValue(text) : std::nullopt;
        if (!value)
            return before.trimmed() == QByteArrayView(";") ? nullptr
                                                           : "mime: invalid media parameter";
        if (!known.insert(name).second)
            return "mime: duplicate parameter name";
    }
    return nullptr;
}

} // namespace

Result<QByteArray> mediaType(QByteArrayView field)
{
    if (field.isEmpty())
        return QByteArray();
    const qsizetype semicolon = field.indexOf(';');
    const QByteArray type =
        (semicolon < 0 ? field : field.first(semicolon)).toByteArray().toLower().trimmed();
    const char *complaint = complaintAboutType(type);
    if (complaint == nullptr && semicolon >= 0)
        complaint = complaintAboutParameters(field.sliced(semicolon));
    if (complaint != nullptr)
        return fail(code::badInput, QString::fromLatin1(complaint));
    return type;
}

} // namespace qd::http
