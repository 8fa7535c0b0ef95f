// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/cloudconfig/source.h"

#include <QStringList>

namespace qd::cloudconfig {

/// What coreos-cloudinit is called with (ch7 5.2).
struct CloudinitOptions {
    Source source;
    bool validateOnly = false;
    bool ignoreFailure = false;
    bool help = false;
    bool version = false;
    QString root; ///< before each path of a file; empty: this node's own
    qint64 patienceMs = 5 * 60 * 1000;
};

/// One or two dashes; "-flag=value" or "-flag value". code::badInput, with the flags' list if no
/// source is said.
Result<CloudinitOptions> parseCloudinitOptions(const QStringList &words);
QString cloudinitHelp();

} // namespace qd::cloudconfig
