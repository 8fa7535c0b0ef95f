// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/accessible_text.h"

#include <QAccessible>
#include <QMetaEnum>
#include <QRegularExpression>
#include <QWindow>

namespace qd::window {
namespace {

constexpr int kDeepest = 60;

QString roleName(QAccessible::Role role)
{
    switch (role) {
    case QAccessible::StaticText:
        return QStringLiteral("text");
    case QAccessible::EditableText:
        return QStringLiteral("field");
    case QAccessible::PageTab:
        return QStringLiteral("tab");
    default:
        break;
    }
    const char *key = QMetaEnum::fromType<QAccessible::Role>().valueToKey(int(role));
    QString out = key ? QString::fromLatin1(key) : QStringLiteral("item");
    static const QRegularExpression hump(QStringLiteral("(?<=[a-z])([A-Z])"));
    return out.replace(hump, QStringLiteral(" \\1")).toLower();
}

QString marks(const QAccessible::State &state)
{
    QString out;
    if (state.selected)
        out += QStringLiteral(" [selected]");
    if (state.focused)
        out += QStringLiteral(" [focus]");
    if (state.disabled)
        out += QStringLiteral(" [disabled]");
    return out;
}

QString oneLine(QString text)
{
    return text.replace(QLatin1Char('\n'), QStringLiteral(" ⏎ ")).simplified();
}

void walk(QAccessibleInterface *item, const QRect &view, int depth, QString &out)
{
    if (!item || !item->isValid() || depth > kDeepest)
        return;
    const QAccessible::State state = item->state();
    if (state.invisible)
        return;
    const QString name = oneLine(item->text(QAccessible::Name));
    QString value = item->role() == QAccessible::EditableText
                        ? oneLine(item->text(QAccessible::Value))
                        : QString();
    if (value.isEmpty() && item->textInterface())
        value = oneLine(item->textInterface()->text(0, item->textInterface()->characterCount()));
    const bool inView = item->rect().isEmpty() || item->rect().intersects(view);
    const bool says = (!name.isEmpty() || !value.isEmpty()) && inView;
    if (says) {
        out += QString(depth * 2, QLatin1Char(' ')) + roleName(item->role()) +
               QStringLiteral(": ") + name;
        if (!value.isEmpty() && value != name)
            out += QStringLiteral(" = ") + value;
        out += marks(state) + QLatin1Char('\n');
    }
    for (int i = 0; i < item->childCount(); ++i)
        walk(item->child(i), view, depth + (says ? 1 : 0), out);
}

} // namespace

QString accessibleText(QWindow *window)
{
    QString out;
    QAccessibleInterface *root = QAccessible::queryAccessibleInterface(window);
    if (root)
        walk(root, QRect(window->position(), window->size()), 0, out);
    return out;
}

} // namespace qd::window
