// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/accessible_text.h"

#include <QAccessible>
#include <QMetaEnum>
#include <QQuickItem>
#include <QQuickWindow>
#include <QRegularExpression>
#include <QSaveFile>

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

/// What a person can act on must have a name.
bool isInteractive(QAccessible::Role role)
{
    switch (role) {
    case QAccessible::Button:
    case QAccessible::EditableText:
    case QAccessible::CheckBox:
    case QAccessible::RadioButton:
    case QAccessible::ComboBox:
    case QAccessible::PageTab:
    case QAccessible::Link:
    case QAccessible::Slider:
    case QAccessible::ColumnHeader:
        return true;
    default:
        return false;
    }
}

struct Item {
    QString role;
    QString name;
    QString value;
    QAccessible::State state;
    QRect rect; ///< on the screen
    int depth = 0;
};

void walk(QAccessibleInterface *item, const QRect &view, int depth, QList<Item> &out)
{
    if (!item || !item->isValid() || depth > kDeepest || item->state().invisible)
        return;
    Item found{
        roleName(item->role()),
        oneLine(item->text(QAccessible::Name)),
        {},
        item->state(),
        item->rect(),
        depth};
    // Qt 6.4 does not say it by itself.
    if (const auto *quick = qobject_cast<QQuickItem *>(item->object()))
        found.state.disabled = !quick->isEnabled();
    if (item->role() == QAccessible::EditableText)
        found.value = oneLine(item->text(QAccessible::Value));
    if (found.value.isEmpty() && item->textInterface())
        found.value =
            oneLine(item->textInterface()->text(0, item->textInterface()->characterCount()));
    const bool inView = found.rect.isEmpty() || found.rect.intersects(view);
    if (found.name.isEmpty() && isInteractive(item->role()))
        found.name = QStringLiteral("(nameless)");
    const bool says = (!found.name.isEmpty() || !found.value.isEmpty()) && inView;
    if (says)
        out.append(found);
    for (int i = 0; i < item->childCount(); ++i)
        walk(item->child(i), view, depth + (says ? 1 : 0), out);
}

QList<Item> itemsOf(QWindow *window)
{
    QList<Item> out;
    QAccessibleInterface *root = QAccessible::queryAccessibleInterface(window);
    if (root)
        walk(root, QRect(window->mapToGlobal(QPoint()), window->size()), 0, out);
    return out;
}

} // namespace

QString accessibleText(QWindow *window)
{
    QString out;
    const QList<Item> items = itemsOf(window);
    for (const Item &item : items) {
        out += QString(item.depth * 2, QLatin1Char(' ')) + item.role + QStringLiteral(": ") +
               item.name;
        if (!item.value.isEmpty() && item.value != item.name)
            out += QStringLiteral(" = ") + item.value;
        out += marks(item.state) + QLatin1Char('\n');
    }
    return out;
}

std::optional<QPointF> placeOf(QWindow *window, const QString &role, const QString &name)
{
    const QList<Item> items = itemsOf(window);
    const Item *best = nullptr;
    for (const Item &item : items) {
        if (item.role != role || item.state.disabled || !item.name.startsWith(name))
            continue;
        const bool whole = item.name == name;
        if (!best || whole || best->name != name)
            best = &item;
    }
    if (!best)
        return {};
    return window->mapFromGlobal(QRectF(best->rect).center());
}

bool takePicture(QWindow *window, const QString &folder, const QString &name)
{
    auto *view = qobject_cast<QQuickWindow *>(window);
    const QString base = folder + QLatin1Char('/') + name;
    const QByteArray text = accessibleText(window).toUtf8();
    QSaveFile file(base + QStringLiteral(".txt"));
    return view && file.open(QIODevice::WriteOnly) && file.write(text) == text.size() &&
           file.commit() && view->grabWindow().save(base + QStringLiteral(".png"));
}

} // namespace qd::window
