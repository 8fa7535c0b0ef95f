// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/unit_file.h"
#include "tests/fuzz/target.h"

namespace qd::fuzz {
namespace {

Finding readUnit(const QByteArray &input)
{
    const unitfile::UnitFile file = unitfile::parse(input);
    // As systemd reads lines: a zero byte ends one, too.
    const qsizetype lines = input.count('\n') + input.count('\r') + input.count('\0') + 1;
    for (const unitfile::Problem &problem : file.problems) {
        if (problem.line < 0 || problem.line > lines)
            return {QStringLiteral("a problem in line %1 of %2").arg(problem.line).arg(lines), {}};
    }
    const QByteArray text = unitfile::serialize(file);
    // A value may end in a backslash that a blank followed; fleet writes it as it is, too, and its
    // hash is of that.
    const bool stable =
        std::none_of(file.options.begin(), file.options.end(), [](const unitfile::Option &option) {
            return option.value.endsWith(u'\\');
        });
    if (stable && unitfile::serialize(unitfile::parse(text)) != text)
        return {QStringLiteral("written, read and written again it is another file"), {}};
    return {
        {},
        QByteArray::number(file.sections.size()) + '/' + QByteArray::number(file.options.size()) +
            ' ' +
            (file.problems.isEmpty() ? QByteArray()
                                     : file.problems.first().message.left(40).toUtf8())};
}

QByteArrayList units()
{
    return {
        "[Unit]\nDescription=a\n\n[Service]\nExecStart=/bin/sh -c 'a \\\n  b'\nEnvironment=A=1 "
        "\"B=2 3\"\n"
        "Environment=\n# comment\n; other\n[X-Fleet]\nMachineMetadata=a=b\nGlobal=true\n",
        "\xef\xbb\xbf[Unit]\r\nAfter=%i.service\r\n[Install]\r\nWantedBy=a.target\r\n",
        "[Service\nExecStart\n=x\n[Unit]\nA=\\\n\\\n"};
}

} // namespace

Target unitFileTarget()
{
    return {"unit-file", units, readUnit};
}

} // namespace qd::fuzz
