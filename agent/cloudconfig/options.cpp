// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/options.h"

#include <QMap>

namespace qd::cloudconfig {

namespace {

struct Flag {
    const char *value; ///< what it takes; nullptr: it is a switch
    const char *help;
    Result<void> (*apply)(CloudinitOptions &, const QString &);
};

Result<void> setSwitch(bool &target, const QString &value)
{
    if (value != QLatin1String("true") && value != QLatin1String("false"))
        return fail(code::badInput, QStringLiteral("\"%1\" is neither true nor false").arg(value));
    target = value == QLatin1String("true");
    return {};
}

Result<void> setText(QString &target, const QString &value)
{
    if (value.isEmpty())
        return fail(code::badInput, QStringLiteral("the value is empty"));
    target = value;
    return {};
}

const QMap<QString, Flag> &flags()
{
    using Options = CloudinitOptions;
    static const QMap<QString, Flag> all{
        {QStringLiteral("validate"),
         {nullptr, "check the user-data, apply nothing",
          [](Options &o, const QString &v) { return setSwitch(o.validateOnly, v); }}},
        {QStringLiteral("from-file"),
         {"PATH", "read the user-data from a file",
          [](Options &o, const QString &v) { return setText(o.source.file, v); }}},
        {QStringLiteral("from-url"),
         {"URL", "read it from a server",
          [](Options &o, const QString &v) { return setText(o.source.url, v); }}},
        {QStringLiteral("ignore-failure"),
         {nullptr, "exit 0 although the user-data is bad",
          [](Options &o, const QString &v) { return setSwitch(o.ignoreFailure, v); }}},
        {QStringLiteral("patience"),
         {"SECONDS", "how long a source may take to appear (300)",
          [](Options &o, const QString &v) {
              bool good = false;
              o.patienceMs = qint64(v.toUInt(&good)) * 1000;
              return good ? Result<void>()
                          : fail(code::badInput, QStringLiteral("\"%1\" is no number").arg(v));
          }}},
        {QStringLiteral("root"),
         {"DIR", "write files below this folder, for a look at them",
          [](Options &o, const QString &v) { return setText(o.root, v); }}},
        {QStringLiteral("help"),
         {nullptr, "this text", [](Options &o, const QString &v) { return setSwitch(o.help, v); }}},
        {QStringLiteral("version"), {nullptr, "the version", [](Options &o, const QString &v) {
                                         return setSwitch(o.version, v);
                                     }}}};
    return all;
}

Result<void> checkSource(const CloudinitOptions &options)
{
    const int sources = int(!options.source.file.isEmpty()) + int(!options.source.url.isEmpty());
    if (options.help || options.version || sources == 1)
        return {};
    if (sources == 2)
        return fail(code::badInput, QStringLiteral("-from-file and -from-url: say one of them"));
    return fail(
        code::badInput,
        QStringLiteral("Provide at least one of -from-file, -from-url\n") + cloudinitHelp());
}

} // namespace

Result<CloudinitOptions> parseCloudinitOptions(const QStringList &words)
{
    CloudinitOptions options;
    for (qsizetype i = 0; i < words.size(); ++i) {
        QString name = words.at(i);
        const qsizetype dashes = name.startsWith(QLatin1String("--")) ? 2 : 1;
        if (!name.startsWith(u'-') || name.size() <= dashes)
            return fail(code::badInput, QStringLiteral("unexpected word \"%1\"").arg(name));
        const qsizetype equals = name.indexOf(u'=');
        QString value = equals < 0 ? QString() : name.mid(equals + 1);
        name = equals < 0 ? name.mid(dashes) : name.mid(dashes, equals - dashes);
        const auto known = flags().constFind(name);
        if (known == flags().cend())
            return fail(
                code::badInput,
                QStringLiteral("flag provided but not defined: -%1\n").arg(name) + cloudinitHelp());
        if (equals < 0) {
            if (known->value != nullptr && i + 1 >= words.size())
                return fail(
                    code::badInput, QStringLiteral("flag needs an argument: -%1").arg(name));
            value = known->value == nullptr ? QStringLiteral("true") : words.at(++i);
        }
        if (const auto good = known->apply(options, value); !good)
            return fail(good.error().during(QStringLiteral("-") + name));
    }
    if (const auto good = checkSource(options); !good)
        return fail(good.error());
    return options;
}

QString cloudinitHelp()
{
    QString out = QStringLiteral("usage: coreos-cloudinit [FLAGS]\n\n");
    for (auto it = flags().cbegin(); it != flags().cend(); ++it) {
        QString left = QStringLiteral("-") + it.key();
        if (it->value != nullptr)
            left += u'=' + QLatin1String(it->value);
        out += QStringLiteral("  %1 %2\n").arg(left, -22).arg(QLatin1String(it->help));
    }
    return out;
}

} // namespace qd::cloudconfig
