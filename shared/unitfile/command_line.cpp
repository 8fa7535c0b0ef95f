// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/command_line.h"

#include "shared/unitfile/words.h"

namespace qd::unitfile {

namespace {

bool isBlank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Whether `text` begins with `token` as a word of its own.
bool startsWithWord(QByteArrayView text, QByteArrayView token)
{
    return text.startsWith(token) && (text.size() == token.size() || isBlank(text[token.size()]));
}

/// Takes the prefixes off a command's first word.
QString takePrefixes(const QString &word, Command &command)
{
    qsizetype at = 0;
    for (; at < word.size(); ++at) {
        const QChar c = word[at];
        const bool privileges = command.fullyPrivileged || command.noSetuid || command.ambient;
        if (c == u'-' && !command.ignoreFailure)
            command.ignoreFailure = true;
        else if (c == u'@' && !command.ownArgv0)
            command.ownArgv0 = true;
        else if (c == u':' && !command.noVariables)
            command.noVariables = true;
        else if (c == u'+' && !privileges)
            command.fullyPrivileged = true;
        else if (c == u'!' && !privileges)
            command.noSetuid = true;
        else if (c == u'!' && command.noSetuid) {
            command.noSetuid = false;
            command.ambient = true;
        } else
            break;
    }
    return word.mid(at);
}

QString simplifiedPath(const QString &path)
{
    if (!path.startsWith(u'/'))
        return path;
    QStringList parts = path.split(u'/', Qt::SkipEmptyParts);
    parts.removeAll(QStringLiteral("."));
    return u'/' + parts.join(u'/');
}

Result<void> checkPath(const QString &path, const QString &value)
{
    if (path.isEmpty())
        return fail(code::badInput, QStringLiteral("Empty path in command line: %1").arg(value));
    for (const QChar c : path) {
        if (c.unicode() < 32 || c.unicode() == 127)
            return fail(
                code::badInput,
                QStringLiteral("Executable name contains special characters: %1").arg(path));
    }
    if (path.endsWith(u'/'))
        return fail(
            code::badInput, QStringLiteral("Executable path specifies a directory: %1").arg(path));
    if (!path.startsWith(u'/') &&
        (path.contains(u'/') || path == u"." || path == u".." || path.size() > 255))
        return fail(
            code::badInput,
            QStringLiteral("Neither a valid executable name nor an absolute path: %1").arg(path));
    return {};
}

/// Reads one command off the front. `more` tells whether a separator followed it.
Result<Command> readCommand(
    const QByteArray &first, WordReader &reader, const QString &value, const Expand &expand,
    bool &more)
{
    Command command;
    const auto path = expand(takePrefixes(QString::fromUtf8(first), command));
    // Read on to the end of the command first: what is ignored because of `-` must be skipped.
    std::optional<Error> wrong;
    if (!path)
        wrong = path.error();
    else if (const auto checked = checkPath(*path, value); !checked)
        wrong = checked.error();
    if (path && !command.ownArgv0)
        command.argv.append(*path);
    while (!reader.atEnd()) {
        if (startsWithWord(reader.rest(), ";")) {
            reader.skip(1);
            more = true;
            break;
        }
        if (startsWithWord(reader.rest(), "\\;")) {
            reader.skip(2);
            command.argv.append(QStringLiteral(";"));
            continue;
        }
        const auto word = reader.next();
        if (!word)
            return fail(word.error());
        const auto expanded = expand(QString::fromUtf8(**word));
        if (expanded)
            command.argv.append(*expanded);
        else if (!wrong)
            wrong = expanded.error();
    }
    if (!wrong && (command.argv.isEmpty() || command.argv.first().isEmpty()))
        wrong = Error{
            code::badInput,
            QStringLiteral("Empty executable name or zeroeth argument: %1").arg(value),
            {},
            nullptr};
    if (wrong && !command.ignoreFailure)
        return fail(*wrong);
    command.path = wrong ? QString() : simplifiedPath(*path);
    return command;
}

QString replaceBraced(const QString &word, const QMap<QString, QString> &environment)
{
    QString out;
    for (qsizetype i = 0; i < word.size(); ++i) {
        if (word[i] != u'$' || i + 1 >= word.size()) {
            out += word[i];
            continue;
        }
        if (word[i + 1] == u'$') {
            out += u'$';
            ++i;
        } else if (word[i + 1] == u'{') {
            const qsizetype end = word.indexOf(u'}', i);
            if (end < 0)
                return out + word.mid(i);
            out += environment.value(word.mid(i + 2, end - i - 2));
            i = end;
        } else {
            out += u'$';
        }
    }
    return out;
}

} // namespace

QStringList Command::flagNames() const
{
    QStringList out;
    if (ignoreFailure)
        out.append(QStringLiteral("ignore-failure"));
    if (fullyPrivileged)
        out.append(QStringLiteral("privileged"));
    if (noSetuid)
        out.append(QStringLiteral("no-setuid"));
    if (ambient)
        out.append(QStringLiteral("ambient"));
    if (noVariables)
        out.append(QStringLiteral("no-env-expand"));
    return out;
}

Result<QList<Command>> parseCommands(const QString &value, const Expand &expand)
{
    QList<Command> out;
    WordReader reader(value.toUtf8(), WordReader::Quoted);
    for (;;) {
        const auto first = reader.next();
        if (!first)
            return fail(first.error());
        if (!*first)
            return out;
        if (**first == ";")
            continue;
        bool more = false;
        auto command = readCommand(**first, reader, value, expand, more);
        if (!command)
            return fail(command.error());
        if (!command->path.isEmpty())
            out.append(*command);
        if (!more)
            return out;
    }
}

QStringList expandArguments(const QStringList &argv, const QMap<QString, QString> &environment)
{
    QStringList out;
    for (const QString &word : argv) {
        const bool alone = word.size() > 1 && word[0] == u'$' && word[1] != u'{' && word[1] != u'$';
        if (!alone) {
            out.append(replaceBraced(word, environment));
            continue;
        }
        const auto value = environment.find(word.mid(1));
        if (value == environment.end())
            continue;
        const auto words = splitWords(*value, WordReader::Relaxed);
        if (words)
            out.append(*words);
    }
    return out;
}

} // namespace qd::unitfile
