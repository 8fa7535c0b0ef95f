// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/arguments.h"

#include "console/cli/suggest.h"

namespace qd::cli {
namespace {

const QString kHelp = QStringLiteral("help");
const QString kVersion = QStringLiteral("version");
const QString kJson = QStringLiteral("json");

QString dashed(const Option &option)
{
    return QStringLiteral("--") + option.name;
}

/// Reads one command line from its first word to its last.
class Reader {
public:
    Reader(const QStringList &words, const QList<Applet> &applets)
        : m_words(words)
        , m_applets(applets)
    {
    }

    CommandLine read()
    {
        while (m_next < m_words.size() && m_line.complaint.isEmpty())
            take(m_words.at(m_next++));
        settle();
        return m_line;
    }

private:
    void take(const QString &word)
    {
        if (m_optionsOver || word == QLatin1String("-") || !word.startsWith(QLatin1Char('-')))
            takeWord(word);
        else if (word == QLatin1String("--"))
            m_optionsOver = true;
        else
            takeOption(word);
    }

    void takeWord(const QString &word)
    {
        if (!m_line.applet) {
            takeCommandWord(word);
            return;
        }
        m_arguments.append(word);
        const auto &arguments = m_line.applet->arguments;
        const qsizetype next = m_arguments.size();
        const bool rest =
            next < arguments.size() && arguments.at(next).count == Argument::Count::Rest;
        if (rest) {
            m_arguments += m_words.mid(m_next);
            m_next = m_words.size();
        }
    }

    void takeCommandWord(const QString &word)
    {
        const qsizetype depth = m_line.group.size();
        QStringList here; // what could have stood here
        m_line.group.append(word);
        for (const Applet &applet : m_applets) {
            if (applet.words.mid(0, depth) != m_line.group.mid(0, depth))
                continue;
            if (applet.words == m_line.group) {
                m_line.applet = &applet;
                return;
            }
            if (!applet.hidden && !here.contains(applet.words.value(depth)))
                here.append(applet.words.value(depth));
        }
        if (here.contains(word))
            return;
        const QString name = m_line.group.join(QLatin1Char(' '));
        m_line.group.removeLast();
        const QString help = (QStringList{QStringLiteral("qdctl")} + m_line.group +
                              QStringList{QStringLiteral("--help")})
                                 .join(QLatin1Char(' '));
        wrong(QStringLiteral("There is no command \"%1\".%2 %3 lists the commands.")
                  .arg(name, didYouMean(word, here), help));
    }

    QList<Option> known() const
    {
        QList<Option> out = m_line.applet ? m_line.applet->options : QList<Option>();
        for (const Option &option : commonOptions()) {
            if (option.name != kJson || !m_line.applet || m_line.applet->json)
                out.append(option);
        }
        return out;
    }

    void takeOption(const QString &word)
    {
        const bool isLong = word.startsWith(QLatin1String("--"));
        const qsizetype equals = isLong ? word.indexOf(QLatin1Char('=')) : -1;
        const QString name = isLong ? word.mid(2, equals < 0 ? -1 : equals - 2) : word.mid(1, 1);
        std::optional<QString> value;
        if (equals >= 0)
            value = word.mid(equals + 1);
        else if (!isLong && word.size() > 2)
            value = word.mid(2);
        const QList<Option> options = known();
        for (const Option &option : options) {
            const bool same = isLong ? option.name == name
                                     : !option.letter.isNull() && option.letter == name.at(0);
            if (same) {
                takeValue(option, value, isLong);
                return;
            }
        }
        QStringList names;
        for (const Option &option : options)
            names.append(dashed(option));
        wrong(QStringLiteral("There is no option %1.%2")
                  .arg(
                      word.left(equals < 0 ? word.size() : equals),
                      didYouMean(isLong ? QStringLiteral("--") + name : word, names)));
    }

    void takeValue(const Option &option, std::optional<QString> value, bool isLong)
    {
        if (option.value.isEmpty()) {
            if (value && isLong) {
                wrong(QStringLiteral("%1 takes no value.").arg(dashed(option)));
                return;
            }
            m_line.values.add(option.name, QString());
            if (value) // -rf: another switch behind it
                takeOption(QLatin1Char('-') + *value);
            return;
        }
        if (!value && m_next >= m_words.size()) {
            wrong(QStringLiteral("%1 needs a value: %1 %2.").arg(dashed(option), option.value));
            return;
        }
        const QString text = value ? *value : m_words.at(m_next++);
        bool ok = true;
        if (option.number)
            ok = text.toLongLong(&ok) >= 0 && ok;
        if (!ok)
            wrong(QStringLiteral("%1 takes a whole number, not \"%2\".").arg(dashed(option), text));
        else if (!option.choices.isEmpty() && !option.choices.contains(text))
            wrong(QStringLiteral("%1 is one of %2, not \"%3\".%4")
                      .arg(
                          dashed(option), option.choices.join(QStringLiteral(", ")), text,
                          didYouMean(text, option.choices)));
        else
            m_line.values.add(option.name, text);
    }

    void settle()
    {
        // Help is given whatever else is wrong with the line.
        if (m_line.values.has(kHelp) || m_words.contains(QStringLiteral("--help"))) {
            if (m_line.applet == nullptr || !beyondRest())
                m_line.kind = CommandLine::Kind::Help;
        }
        if (m_line.kind == CommandLine::Kind::Help)
            return;
        if (m_line.values.has(kVersion) && !m_line.applet)
            m_line.kind = CommandLine::Kind::Version;
        else if (!m_line.complaint.isEmpty())
            m_line.kind = CommandLine::Kind::Wrong;
        else if (!m_line.applet && m_line.group.isEmpty())
            wrong(QStringLiteral("Say what to do: qdctl --help lists the commands."));
        else if (!m_line.applet)
            wrong(QStringLiteral("Say what to do: qdctl %1 --help lists the commands.")
                      .arg(m_line.group.join(QLatin1Char(' '))));
        else
            assign();
    }

    /// Whether --help stands among words that are not ours.
    bool beyondRest() const
    {
        return !m_line.values.has(kHelp) && m_arguments.contains(QStringLiteral("--help"));
    }

    void assign()
    {
        QStringList left = m_arguments;
        for (const Argument &argument : m_line.applet->arguments) {
            const bool many =
                argument.count == Argument::Count::Many || argument.count == Argument::Count::Rest;
            const bool needed =
                argument.count == Argument::Count::One || argument.count == Argument::Count::Many;
            if (needed && left.isEmpty()) {
                wrong(QStringLiteral("%1 is missing: qdctl %2 --help tells more.")
                          .arg(argument.name, m_line.applet->name()));
                return;
            }
            for (bool more = true; more && !left.isEmpty(); more = many)
                m_line.values.add(argument.name, left.takeFirst());
        }
        if (!left.isEmpty())
            wrong(QStringLiteral("\"%1\" is one word too many: qdctl %2 --help tells more.")
                      .arg(left.first(), m_line.applet->name()));
    }

    void wrong(const QString &sentence)
    {
        m_line.kind = CommandLine::Kind::Wrong;
        m_line.complaint = sentence;
    }

    const QStringList &m_words;
    const QList<Applet> &m_applets;
    CommandLine m_line;
    QStringList m_arguments;
    qsizetype m_next = 0;
    bool m_optionsOver = false;
};

} // namespace

const QList<Option> &commonOptions()
{
    static const QList<Option> options{
        {"config", "DIR", "where profiles and keys lie (QD_CONFIG_DIR, ~/.config/quarterdeck)"},
        {"profile", "NAME", "which cluster to talk to (the only one there is)"},
        {kJson, {}, "print JSON"},
        {kHelp, {}, "print this", QLatin1Char('h')},
        {kVersion, {}, "print the version"}};
    return options;
}

CommandLine parse(const QStringList &words, const QList<Applet> &applets)
{
    return Reader(words, applets).read();
}

} // namespace qd::cli
