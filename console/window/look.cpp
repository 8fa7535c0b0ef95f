// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/look.h"

#include <QMetaProperty>
#include <QQuickWindow>
#include <QSettings>

namespace qd::window {
namespace {

const QString kTheme = QStringLiteral("theme");
const QString kLight = QStringLiteral("light");

} // namespace

Look::Look(const QString &configFolder, QObject *parent)
    : QObject(parent)
    , m_file(configFolder + QStringLiteral("/console.ini"))
{
}

bool Look::dark() const
{
    return QSettings(m_file, QSettings::IniFormat).value(kTheme).toString() != kLight;
}

void Look::follow(QQuickWindow *window)
{
    const QMetaObject *type = window->metaObject();
    const QMetaProperty dark = type->property(type->indexOfProperty("dark"));
    connect(
        window, dark.notifySignal(), this,
        metaObject()->method(metaObject()->indexOfSlot("keep()")));
}

void Look::keep()
{
    QSettings(m_file, QSettings::IniFormat)
        .setValue(kTheme, sender()->property("dark").toBool() ? QStringLiteral("dark") : kLight);
}

} // namespace qd::window
