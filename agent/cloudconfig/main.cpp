// SPDX-License-Identifier: GPL-3.0-or-later
// quarterdeck-cloudinit, also called coreos-cloudinit: applies or checks a node's user-data (ch7
// 5).
#include "agent/cloudconfig/apply.h"
#include "agent/cloudconfig/engine_bus.h"
#include "agent/cloudconfig/options.h"
#include "agent/cloudconfig/validate.h"
#include "shared/base/log.h"

#include <QCoreApplication>
#include <QFile>
#include <QSysInfo>
#include <cstdio>
#include <sys/stat.h>

using namespace qd;
using namespace qd::cloudconfig;

namespace {

void say(const QString &line)
{
    printf("%s\n", qPrintable(line));
    (void)fflush(stdout);
}

int refuse(const Error &error, const CloudinitOptions &options)
{
    fprintf(stderr, "Failed to apply cloud-config: %s\n", qPrintable(error.text()));
    return options.ignoreFailure ? 0 : 1;
}

/// Below another root nothing runs: it is only said what would be asked for.
class NoEngine final : public UnitEngine {
public:
    Result<void> reload() override { return {}; }
    Result<void> enable(const QString &, bool) override { return {}; }
    Result<void> mask(const QString &, bool) override { return {}; }
    Result<void> unmask(const QString &, bool) override { return {}; }
    Result<QString> run(const QString &, const QString &) override
    {
        return QStringLiteral("not done");
    }
};

int tellFindings(const QByteArray &userData)
{
    const QList<Finding> findings = validate(userData);
    for (const Finding &finding : findings)
        say(finding.text());
    return findings.isEmpty() ? 0 : 1;
}

NodeFacts factsOf(const QString &root)
{
    NodeFacts facts;
    facts.hostName = QSysInfo::machineHostName();
    facts.addresses = {
        qgetenv("COREOS_PRIVATE_IPV4"), qgetenv("COREOS_PUBLIC_IPV4"),
        qgetenv("COREOS_PRIVATE_IPV6"), qgetenv("COREOS_PUBLIC_IPV6")};
    QFile file(root + QStringLiteral("/etc/environment"));
    if (file.open(QIODevice::ReadOnly))
        facts.environment = file.readAll();
    return facts;
}

Result<void> applyDocument(const QByteArray &text, const QString &root)
{
    const NodeFacts facts = factsOf(root);
    const auto tree = readYaml(substituted(text, facts.addresses));
    if (!tree)
        return fail(
            code::badInput,
            Finding{tree.error().line, Finding::Kind::Error, tree.error().problem}.text());
    const auto plan = planOf(*tree, facts);
    if (!plan)
        return fail(plan.error());
    if (!root.isEmpty()) {
        NoEngine none;
        return apply(*plan, root, none, say);
    }
    EngineBus engine;
    return apply(*plan, root, engine, say);
}

int applyUserData(const QByteArray &userData, const CloudinitOptions &options)
{
    const auto text = unpacked(userData);
    if (!text)
        return refuse(text.error(), options);
    switch (kindOf(*text)) {
    case UserDataKind::Empty:
        return 0;
    case UserDataKind::Ignition:
        say(QStringLiteral("Detected an Ignition config. Exiting..."));
        return 0;
    case UserDataKind::Script:
        return refuse(
            {code::unsupported, QStringLiteral("scripts are not run by this version"), {}, nullptr},
            options);
    case UserDataKind::Unknown:
        fprintf(
            stderr, "Failed to parse user-data: must be \"#cloud-config\" or begin with \"#!\"\n");
        return options.ignoreFailure ? 0 : 1;
    case UserDataKind::CloudConfig:
        break;
    }
    const auto done = applyDocument(*text, options.root);
    return done ? 0 : refuse(done.error(), options);
}

int finish(const Result<QByteArray> &userData, const CloudinitOptions &options)
{
    if (userData)
        return options.validateOnly ? tellFindings(*userData) : applyUserData(*userData, options);
    if (userData.error().code == code::deadline)
        say(userData.error().message);
    else
        fprintf(
            stderr, "Failed fetching user-data from datasource: %s\n",
            qPrintable(userData.error().text()));
    return 1;
}

} // namespace

int main(int argc, char **argv)
{
    umask(0022); // folders on the way are for everybody, whoever calls
    logOnOneLine();
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("coreos-cloudinit"));
    const auto options = parseCloudinitOptions(QCoreApplication::arguments().mid(1));
    if (!options) {
        fprintf(stderr, "%s\n", qPrintable(options.error().text()));
        return 2;
    }
    if (options->help || options->version) {
        printf(
            "%s", options->help ? qPrintable(cloudinitHelp())
                                : "coreos-cloudinit (Quarterdeck) " QD_VERSION "\n");
        return 0;
    }
    Fetching fetching(
        options->source, options->patienceMs, say, [&](const Result<QByteArray> &userData) {
            QCoreApplication::exit(finish(userData, *options));
        });
    fetching.start();
    return QCoreApplication::exec();
}
