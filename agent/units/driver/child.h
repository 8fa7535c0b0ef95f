// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/driver/confinement.h"

#include <QByteArray>
#include <optional>
#include <sys/resource.h>
#include <sys/types.h>
#include <vector>

namespace qd::units {

/// Strings as execve() takes them: an array of pointers with a null at its end.
class CStrings {
public:
    CStrings() = default;
    explicit CStrings(std::vector<QByteArray> texts)
        : m_texts(std::move(texts))
    {
        for (QByteArray &text : m_texts)
            m_pointers.push_back(text.data());
        m_pointers.push_back(nullptr);
    }
    CStrings(CStrings &&) = default;
    CStrings &operator=(CStrings &&) = default;
    CStrings(const CStrings &) = delete;
    CStrings &operator=(const CStrings &) = delete;
    ~CStrings() = default;

    char *const *data() const { return m_pointers.data(); }
    size_t size() const { return m_texts.size(); }
    char *at(size_t i) const { return m_pointers[i]; }

private:
    std::vector<QByteArray> m_texts;
    std::vector<char *> m_pointers;
};

/// All that a new process has to do to itself before its program runs, laid out before the fork:
/// between fork and exec nothing may allocate or lock.
struct ChildPlan {
    /// A standard stream: an open descriptor, or a file that the process itself opens.
    struct Stream {
        int fd = -1;
        QByteArray path;
        int flags = 0;
    };
    struct Limit {
        int resource;
        rlimit value;
    };

    Stream input, output;
    std::optional<Stream> errors; ///< none: the same as output
    CStrings programs;            ///< the first one that is there is run
    CStrings arguments;
    CStrings environment;
    /// In `environment`, ten characters each where the process puts its number.
    std::vector<char *> pidTexts;
    std::vector<int> passed; ///< what the program finds open, from descriptor 3 on
    bool passedDoNotWait = false;
    std::vector<int> groupFiles; ///< cgroup.procs of the groups that it enters
    std::vector<Limit> limits;
    mode_t umask = 0022;
    std::optional<int> nice;
    QByteArray oomScore; ///< empty: as it is
    bool ignoreSigpipe = true;
    bool keepsSession = false; ///< stays in the engine's process group
    bool setGroups = false;
    std::vector<gid_t> groups;
    std::optional<gid_t> gid;
    std::optional<uid_t> uid;
    QByteArray root; ///< empty: as it is
    QByteArray folder;
    bool folderMayBeMissing = false;
    Confinement confinement;
    int refusal = 0; ///< exit status for what is known to be wrong already
    int reportFile = -1;

    /// The first thing that is wrong is what it ends with.
    void refuse(int status) { refusal = refusal == 0 ? status : refusal; }
};

/// What a process writes to the report file when it has to give up; nothing when its program runs.
struct ChildReport {
    int status = 0; ///< one of exit_status.h
    int error = 0;  ///< errno
};

/// Runs in the new process. Only async-signal-safe calls in here.
[[noreturn]] void runChild(ChildPlan &plan);

} // namespace qd::units
