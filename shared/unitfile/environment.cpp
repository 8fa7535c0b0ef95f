// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/environment.h"

namespace qd::unitfile {

namespace {

bool isBlank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool isNewline(char c)
{
    return c == '\n' || c == '\r';
}

/// The states of systemd's reader of environment files, byte by byte.
class FileReader {
public:
    QStringList read(const QByteArray &text)
    {
        for (const char c : text)
            take(c);
        if (m_state != BeforeKey && m_state != Key && m_state != Comment &&
            m_state != CommentEscape)
            push();
        return m_out;
    }

private:
    enum State {
        BeforeKey,
        Key,
        BeforeValue,
        Value,
        ValueEscape,
        SingleQuoted,
        DoubleQuoted,
        DoubleQuotedEscape,
        Comment,
        CommentEscape,
    };

    void take(char c)
    {
        switch (m_state) {
        case BeforeKey:
        case Key:
            return takeInKey(c);
        case BeforeValue:
        case Value:
            return takeInValue(c);
        case ValueEscape:
            m_state = Value;
            if (!isNewline(c))
                m_value += c;
            m_solid = m_value.size();
            return;
        case SingleQuoted:
            return takeQuoted(c, '\'');
        case DoubleQuoted:
            return takeQuoted(c, '"');
        case DoubleQuotedEscape:
            m_state = DoubleQuoted;
            if (!strchr("\"\\`$", c) && c != '\n')
                m_value += '\\';
            if (c != '\n')
                m_value += c;
            m_solid = m_value.size();
            return;
        case Comment:
            if (c == '\\')
                m_state = CommentEscape;
            else if (isNewline(c))
                m_state = BeforeKey;
            return;
        case CommentEscape:
            m_state = Comment;
            return;
        }
    }

    void takeInKey(char c)
    {
        if (m_state == BeforeKey) {
            if (c == '#' || c == ';') {
                m_state = Comment;
            } else if (!isBlank(c)) {
                m_state = Key;
                m_key = QByteArray(1, c);
            }
        } else if (isNewline(c)) {
            m_state = BeforeKey;
        } else if (c == '=') {
            m_state = BeforeValue;
            m_value.clear();
            m_solid = 0;
        } else {
            m_key += c;
        }
    }

    void takeInValue(char c)
    {
        if (isNewline(c)) {
            push();
            m_state = BeforeKey;
        } else if (m_state == BeforeValue && c == '\'') {
            m_state = SingleQuoted;
        } else if (m_state == BeforeValue && c == '"') {
            m_state = DoubleQuoted;
        } else if (c == '\\') {
            m_state = ValueEscape;
        } else if (m_state == Value || !isBlank(c)) {
            m_state = Value;
            m_value += c;
            if (!isBlank(c))
                m_solid = m_value.size();
        }
    }

    void takeQuoted(char c, char quote)
    {
        if (c == quote) {
            m_state = BeforeValue;
        } else if (c == '\\' && quote == '"') {
            m_state = DoubleQuotedEscape;
        } else {
            m_value += c;
            m_solid = m_value.size();
        }
    }

    void push()
    {
        m_value.truncate(m_solid);
        const QString line = QString::fromUtf8(m_key.trimmed()) + u'=' + QString::fromUtf8(m_value);
        if (isAssignment(line))
            m_out.append(line);
    }

    QStringList m_out;
    State m_state = BeforeKey;
    QByteArray m_key;
    QByteArray m_value;
    qsizetype m_solid = 0; ///< bytes of the value that blanks at its end do not belong to
};

} // namespace

bool isAssignment(const QString &text)
{
    const qsizetype equals = text.indexOf(u'=');
    if (equals <= 0 || text[0].isDigit())
        return false;
    for (qsizetype i = 0; i < equals; ++i) {
        const QChar c = text[i];
        if (c.unicode() >= 128 || !(c.isLetterOrNumber() || c == u'_'))
            return false;
    }
    return true;
}

QStringList parseEnvironmentFile(const QByteArray &text)
{
    return FileReader().read(text);
}

QMap<QString, QString> environmentMap(const QStringList &assignments)
{
    QMap<QString, QString> out;
    for (const QString &assignment : assignments) {
        const qsizetype equals = assignment.indexOf(u'=');
        out.insert(assignment.left(equals), assignment.mid(equals + 1));
    }
    return out;
}

} // namespace qd::unitfile
