// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <algorithm>

namespace qd::test {

/// Keeps what is logged, to look for reasons.
class LogKeeper {
public:
    LogKeeper()
    {
        s_lines = &lines;
        m_before = qInstallMessageHandler([](QtMsgType, const QMessageLogContext &,
                                             const QString &text) { s_lines->append(text); });
    }
    ~LogKeeper()
    {
        qInstallMessageHandler(m_before);
        s_lines = nullptr;
    }
    bool has(const QString &part) const
    {
        return std::any_of(
            lines.begin(), lines.end(), [&](const QString &line) { return line.contains(part); });
    }
    Q_DISABLE_COPY_MOVE(LogKeeper)
    QStringList lines;

private:
    static inline QStringList *s_lines = nullptr;
    QtMessageHandler m_before;
};

} // namespace qd::test
