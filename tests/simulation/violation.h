// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace qd::sim {

/// Thrown when something happened that must not happen.
struct Violation {
    std::string what;
};

inline void require(bool condition, const char *what)
{
    if (!condition) [[unlikely]]
        throw Violation{what};
}

} // namespace qd::sim
