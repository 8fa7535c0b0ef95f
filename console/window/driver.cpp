// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/driver.h"

#include "console/window/accessible_text.h"
#include "console/window/hands.h"

#include <QFile>
#include <QWindow>

namespace qd::window {
namespace {

/// Between two acts, so that the window has drawn what the last one did.
constexpr int kTurnMs = 40;
constexpr qint64 kDeadlineMs = 60'000;

} // namespace

Driver::Driver(QWindow *window, QString folder, QStringList lines, QObject *parent)
    : QObject(parent)
    , m_window(window)
    , m_folder(std::move(folder))
    , m_lines(std::move(lines))
{
    m_turn.setInterval(kTurnMs);
    connect(&m_turn, &QTimer::timeout, this, &Driver::step);
}

Result<QStringList> Driver::read(const QString &file)
{
    QFile in(file);
    if (!in.open(QIODevice::ReadOnly))
        return fail(code::io, QStringLiteral("Cannot read %1: %2.").arg(file, in.errorString()));
    return QString::fromUtf8(in.readAll()).split(QLatin1Char('\n'));
}

void Driver::play(Done done)
{
    m_done = std::move(done);
    m_turn.start();
}

void Driver::step()
{
    while (m_at < m_lines.size()) {
        const QString line = m_lines.at(m_at).trimmed();
        if (!line.isEmpty() && !line.startsWith(QLatin1Char('#')))
            break;
        ++m_at;
    }
    if (m_at == m_lines.size()) {
        finish({});
        return;
    }
    const QString line = m_lines.at(m_at);
    const QString verb = line.section(QLatin1Char(' '), 0, 0);
    const auto acted = tryAct(verb, line.mid(verb.size() + 1));
    const QString place = QStringLiteral("line %1 (%2)").arg(m_at + 1).arg(line);
    if (!acted) {
        finish(fail(acted.error().during(place)));
    } else if (*acted) {
        ++m_at;
        m_waitedMs = 0;
        // What was awaited may be gone a turn later.
        if (m_at < m_lines.size() && m_lines.at(m_at).startsWith(QLatin1String("picture ")))
            step();
    } else if ((m_waitedMs += kTurnMs) > kDeadlineMs) {
        takePicture(m_window, m_folder, QStringLiteral("at-the-deadline"));
        finish(fail(
            code::deadline, QStringLiteral("%1: not within %2 s; the window then is in "
                                           "at-the-deadline.png and .txt.")
                                .arg(place)
                                .arg(kDeadlineMs / 1000)));
    }
}

Result<bool> Driver::tryAct(const QString &verb, const QString &rest)
{
    if (verb == QLatin1String("await"))
        return accessibleText(m_window).contains(rest);
    if (verb == QLatin1String("gone"))
        return !accessibleText(m_window).contains(rest);
    if (verb == QLatin1String("click"))
        return clickOn(rest);
    if (verb == QLatin1String("type")) {
        hands::type(m_window, rest);
        return true;
    }
    if (verb == QLatin1String("key")) {
        if (!hands::press(m_window, rest))
            return fail(code::badInput, QStringLiteral("There is no such key."));
        return true;
    }
    if (verb == QLatin1String("picture")) {
        if (!takePicture(m_window, m_folder, rest))
            return fail(code::io, QStringLiteral("The picture cannot be written."));
        return true;
    }
    return fail(code::badInput, QStringLiteral("There is no such act."));
}

Result<bool> Driver::clickOn(const QString &what)
{
    const QString role = what.section(QLatin1Char(' '), 0, 0);
    const auto place = placeOf(m_window, role, what.mid(role.size() + 1));
    if (place)
        hands::click(m_window, *place);
    return place.has_value();
}

void Driver::finish(const Result<void> &result)
{
    m_turn.stop();
    m_done(result);
}

} // namespace qd::window
