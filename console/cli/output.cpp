// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/output.h"

#include <QJsonDocument>
#include <cstdio>
#include <unistd.h>

namespace qd::cli {
namespace {

const char *code(Tone tone)
{
    switch (tone) {
    case Tone::Head:
        return "\x1b[1m";
    case Tone::Good:
        return "\x1b[32m";
    case Tone::Warning:
        return "\x1b[33m";
    case Tone::Bad:
        return "\x1b[31m";
    case Tone::Faint:
        return "\x1b[2m";
    case Tone::Plain:
        break;
    }
    return "";
}

Output::Sink to(FILE *file)
{
    return [file](const QByteArray &bytes) {
        fwrite(bytes.constData(), 1, size_t(bytes.size()), file);
        fflush(file);
    };
}

} // namespace

Output Output::standard()
{
    const bool colours = isatty(STDOUT_FILENO) != 0 && !qEnvironmentVariableIsSet("NO_COLOR");
    return {to(stdout), to(stderr), colours};
}

void Output::json(const QJsonObject &object)
{
    m_out(QJsonDocument(object).toJson(QJsonDocument::Indented));
}

void Output::jsonLine(const QJsonObject &object)
{
    m_out(QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n');
}

void Output::error(const QString &sentence)
{
    m_err("qdctl: " + ended(sentence).toUtf8() + '\n');
}

QString ended(const QString &sentence)
{
    const QString text = sentence.trimmed();
    const bool whole = text.isEmpty() || QStringLiteral(".?!").contains(text.back());
    return whole ? text : text + QLatin1Char('.');
}

QString Output::coloured(const QString &text, Tone tone) const
{
    if (!m_terminal || tone == Tone::Plain || text.isEmpty())
        return text;
    return QLatin1String(code(tone)) + text + QLatin1String("\x1b[0m");
}

} // namespace qd::cli
