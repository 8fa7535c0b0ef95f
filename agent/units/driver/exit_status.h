// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// Exit statuses of a process that could not be set up before its program ran: systemd's numbers
/// (U-26). `unitfile::exitStatusName` gives their words.
namespace qd::units::exit_status {

constexpr int kChdir = 200;
constexpr int kNice = 201;
constexpr int kFds = 202;
constexpr int kExec = 203;
constexpr int kLimits = 205;
constexpr int kOomAdjust = 206;
constexpr int kStdin = 208;
constexpr int kStdout = 209;
constexpr int kSecurebits = 213;
constexpr int kGroup = 216;
constexpr int kUser = 217;
constexpr int kCapabilitiesStatus = 218;
constexpr int kCgroup = 219;
constexpr int kSetsid = 220;
constexpr int kStderr = 222;
constexpr int kNetwork = 225;
constexpr int kNamespace = 226; // also of RootDirectory=
constexpr int kNoNewPrivileges = 227;
constexpr int kSeccomp = 228;
constexpr int kRuntimeDirectory = 233;
constexpr int kStateDirectory = 238; // then 239 CACHE, 240 LOGS, 241 CONFIGURATION

} // namespace qd::units::exit_status
