// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/visible.h"

#include <QByteArray>
#include <QJsonObject>
#include <QString>
#include <functional>

namespace qd::cli {

/// The sentence with a full stop, where it has no end of its own.
QString ended(const QString &sentence);

enum class Tone { Plain, Head, Good, Warning, Bad, Faint };

/// Where an applet writes: the shell's two streams, or a test's strings.
class Output {
public:
    using Sink = std::function<void(const QByteArray &)>;
    /// `terminal`: someone reads it as it comes; only then there are colours.
    Output(Sink out, Sink err, bool terminal)
        : m_out(std::move(out))
        , m_err(std::move(err))
        , m_terminal(terminal)
    {
    }
    /// stdout and stderr. NO_COLOR is respected.
    static Output standard();

    bool isTerminal() const { return m_terminal; }
    void line(const QString &text) { m_out(text.toUtf8() + '\n'); }
    void bytes(const QByteArray &bytes) { m_out(bytes); }
    void json(const QJsonObject &object);
    void jsonLine(const QJsonObject &object);
    /// "qdctl: sentence" on stderr; a full stop is added where none is.
    void error(const QString &sentence);
    /// For the person who waits, on stderr; nothing that a script would read.
    void note(const QString &text) { m_err(text.toUtf8() + '\n'); }
    QString coloured(const QString &text, Tone tone) const;

private:
    Sink m_out;
    Sink m_err;
    bool m_terminal;
};

} // namespace qd::cli
