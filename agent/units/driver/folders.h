// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace qd::units {

/// While it lives, what is made gets exactly the mode that is asked for, whatever mask the engine
/// was started with.
class ExactMode {
public:
    explicit ExactMode(uint mode);
    ~ExactMode();
    ExactMode(const ExactMode &) = delete;
    ExactMode &operator=(const ExactMode &) = delete;

private:
    uint m_before;
};

/// Makes a folder and those above it; one that is there stays as it is. False, with errno, when
/// one cannot be made.
bool makeFolders(const QString &path, uint mode);
/// The same for the folders above a path.
bool makeFoldersAbove(const QString &path, uint mode);
/// Removes a folder with all that is in it, or a file, or a link; no link is followed, whoever
/// exchanges what for one meanwhile. True when nothing is left.
bool removeTree(const QString &path);

} // namespace qd::units
