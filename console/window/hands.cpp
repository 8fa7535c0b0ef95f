// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/hands.h"

#include <QKeyEvent>
#include <QKeySequence>
#include <QMouseEvent>
#include <QWindow>

// Qt Gui's entry points for simulated input, which Qt Test calls, too.
Q_GUI_EXPORT void qt_handleKeyEvent(
    QWindow *window, QEvent::Type type, int key, Qt::KeyboardModifiers modifiers,
    const QString &text, bool repeated, ushort count);
Q_GUI_EXPORT void qt_handleMouseEvent(
    QWindow *window, const QPointF &local, const QPointF &global, Qt::MouseButtons state,
    Qt::MouseButton button, QEvent::Type type, Qt::KeyboardModifiers modifiers, int timestamp);

namespace qd::window::hands {
namespace {

void strike(QWindow *window, int key, Qt::KeyboardModifiers modifiers, const QString &text)
{
    for (const QEvent::Type type : {QEvent::KeyPress, QEvent::KeyRelease})
        qt_handleKeyEvent(window, type, key, modifiers, text, false, 1);
}

/// The key on which a character stands; layouts do not matter here.
int keyOf(QChar character)
{
    return character.unicode() < 0x80 ? int(character.toUpper().unicode()) : int(Qt::Key_unknown);
}

} // namespace

bool press(QWindow *window, const QString &sequence)
{
    const QKeySequence keys(sequence, QKeySequence::PortableText);
    if (keys.isEmpty() || keys[0].key() == Qt::Key_unknown)
        return false;
    const Qt::Key key = keys[0].key();
    const Qt::KeyboardModifiers modifiers = keys[0].keyboardModifiers();
    const bool plain = (modifiers & ~Qt::ShiftModifier) == Qt::NoModifier && key < 0x80;
    const QChar character(plain ? char16_t(key) : char16_t(0));
    const bool shifted = modifiers.testFlag(Qt::ShiftModifier);
    const QString text = plain ? QString(shifted ? character : character.toLower()) : QString();
    strike(window, key, modifiers, text);
    return true;
}

void type(QWindow *window, const QString &text)
{
    for (const QChar character : text)
        strike(
            window, keyOf(character),
            character.isUpper() ? Qt::ShiftModifier : Qt::KeyboardModifiers(Qt::NoModifier),
            QString(character));
}

void click(QWindow *window, const QPointF &at)
{
    static int moment = 0;
    moment += 1'000; // two clicks are never a double click
    const QPointF global = window->mapToGlobal(at);
    const auto event = [&](QEvent::Type type, Qt::MouseButtons state, Qt::MouseButton button) {
        qt_handleMouseEvent(window, at, global, state, button, type, Qt::NoModifier, ++moment);
    };
    event(QEvent::MouseMove, Qt::NoButton, Qt::NoButton);
    event(QEvent::MouseButtonPress, Qt::LeftButton, Qt::LeftButton);
    event(QEvent::MouseButtonRelease, Qt::NoButton, Qt::LeftButton);
}

} // namespace qd::window::hands
