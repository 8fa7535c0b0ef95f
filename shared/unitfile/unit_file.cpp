// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/unit_file.h"

#include <QCryptographicHash>
#include <QStringDecoder>

namespace qd::unitfile {

namespace {

constexpr qsizetype kLongestLine = 1024 * 1024;

QByteArray trimmedStart(const QByteArray &line)
{
    qsizetype at = 0;
    while (at < line.size() && (line[at] == ' ' || line[at] == '\t'))
        ++at;
    return line.mid(at);
}

/// Without the blanks around it: those that systemd knows, not all of Unicode's.
template <typename Text>
Text stripped(const Text &text)
{
    const auto isBlank = [](auto c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    qsizetype from = 0;
    qsizetype to = text.size();
    while (from < to && isBlank(text[from]))
        ++from;
    while (to > from && isBlank(text[to - 1]))
        --to;
    return text.mid(from, to - from);
}

/// Whether the last byte is a backslash that is not itself escaped.
bool isContinued(const QByteArray &line)
{
    bool escaped = false;
    for (const char c : line)
        escaped = !escaped && c == '\\';
    return escaped;
}

class Reader {
public:
    UnitFile read(const QByteArray &text)
    {
        const QByteArray body = text.startsWith("\xef\xbb\xbf") ? text.mid(3) : text;
        qsizetype from = 0;
        for (int number = 1; from < body.size(); ++number) {
            qsizetype end = from;
            while (end < body.size() && body[end] != '\n' && body[end] != '\r' && body[end] != '\0')
                ++end;
            physicalLine(body.mid(from, end - from), number);
            const bool pair = end + 1 < body.size() && body[end] != body[end + 1] &&
                              body[end] != '\0' && (body[end + 1] == '\n' || body[end + 1] == '\r');
            from = end + (pair ? 2 : 1);
        }
        if (!m_pending.isNull())
            logicalLine(m_pending, m_pendingLine);
        return std::move(m_out);
    }

private:
    void say(int line, Problem::Severity severity, const QString &message)
    {
        m_out.problems.append(Problem{line, severity, message});
    }

    void physicalLine(const QByteArray &raw, int number)
    {
        QByteArray line = trimmedStart(raw);
        if (line.startsWith('#') || line.startsWith(';'))
            return; // also in the middle of a continued line
        if (m_pending.isNull()) {
            m_pendingLine = number;
            m_pending = QByteArray("");
        }
        m_pending += line;
        if (m_pending.size() > kLongestLine) {
            say(number, Problem::Error, QStringLiteral("Continuation line too long"));
            m_pending = QByteArray();
            return;
        }
        if (isContinued(m_pending)) {
            m_pending.back() = ' ';
            return;
        }
        logicalLine(std::exchange(m_pending, QByteArray()), m_pendingLine);
    }

    void logicalLine(const QByteArray &raw, int number)
    {
        const QByteArray bytes = stripped(raw);
        if (bytes.isEmpty())
            return;
        QStringDecoder decoder(QStringDecoder::Utf8);
        const QString line = decoder(bytes);
        if (decoder.hasError()) {
            say(number, Problem::Warning,
                QStringLiteral("String is not UTF-8 clean, ignoring assignment"));
        } else if (line.startsWith(QLatin1Char('['))) {
            header(line, number);
        } else if (m_inSection) {
            assignment(line, number);
        } else {
            say(number, Problem::Warning,
                QStringLiteral("Assignment outside of section. Ignoring."));
        }
    }

    void header(const QString &line, int number)
    {
        if (!line.endsWith(QLatin1Char(']')) || line.size() < 3) {
            say(number, Problem::Error, QStringLiteral("Invalid section header '%1'").arg(line));
            m_inSection = false;
            return;
        }
        m_section = line.mid(1, line.size() - 2);
        m_inSection = true;
        if (!m_out.sections.contains(m_section))
            m_out.sections.append(m_section);
    }

    void assignment(const QString &line, int number)
    {
        const qsizetype equals = line.indexOf(QLatin1Char('='));
        if (equals < 0) {
            say(number, Problem::Warning, QStringLiteral("Missing '=', ignoring line."));
            return;
        }
        if (equals == 0) {
            say(number, Problem::Warning,
                QStringLiteral("Missing key name before '=', ignoring line."));
            return;
        }
        Option option;
        option.section = m_section;
        option.name = stripped(line.left(equals));
        option.value = stripped(line.mid(equals + 1));
        option.line = number;
        m_out.options.append(option);
    }

    UnitFile m_out;
    QString m_section;
    bool m_inSection = false;
    QByteArray m_pending; ///< a continued line so far; null when there is none
    int m_pendingLine = 0;
};

} // namespace

QStringList UnitFile::values(const QString &section, const QString &name) const
{
    QStringList out;
    for (const Option &option : options) {
        if (option.section == section && option.name == name)
            out.append(option.value);
    }
    return out;
}

QString UnitFile::value(const QString &section, const QString &name) const
{
    for (qsizetype i = options.size() - 1; i >= 0; --i) {
        if (options[i].section == section && options[i].name == name)
            return options[i].value;
    }
    return {};
}

bool UnitFile::refused() const
{
    for (const Problem &problem : problems) {
        if (problem.severity == Problem::Error)
            return true;
    }
    return false;
}

UnitFile parse(const QByteArray &text)
{
    return Reader().read(text);
}

QByteArray serialize(const UnitFile &file)
{
    QByteArray out;
    for (const QString &section : file.sections) {
        QByteArray body;
        for (const Option &option : file.options) {
            if (option.section == section)
                body += option.name.toUtf8() + '=' + option.value.toUtf8() + '\n';
        }
        if (body.isEmpty())
            continue;
        if (!out.isEmpty())
            out += '\n';
        out += '[' + section.toUtf8() + "]\n" + body;
    }
    return out;
}

QString fleetHash(const QByteArray &text)
{
    const QByteArray hash =
        QCryptographicHash::hash(serialize(parse(text)), QCryptographicHash::Sha1);
    return QString::fromLatin1(hash.toHex());
}

} // namespace qd::unitfile
