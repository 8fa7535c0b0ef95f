// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/stage.h"

#include <QAccessible>
#include <QQuickItem>
#include <QQuickWindow>
#include <QSurfaceFormat>

namespace qd::window {
namespace {

QQuickItem *find(QQuickItem *item, const QString &name)
{
    if (!item->isVisible())
        return nullptr;
    if (item->objectName() == name)
        return item;
    const QList<QQuickItem *> children = item->childItems();
    for (QQuickItem *child : children) {
        if (QQuickItem *found = find(child, name))
            return found;
    }
    return nullptr;
}

} // namespace

void Stage::prepare()
{
    // Before any item is made, else names are missing from what a screen reader finds.
    QAccessible::setActive(true);
    // Smooth strokes and crisp text also where the graphics card draws.
    QSurfaceFormat format = QSurfaceFormat::defaultFormat();
    format.setSamples(4);
    QSurfaceFormat::setDefaultFormat(format);
    QQuickWindow::setTextRenderType(QQuickWindow::NativeTextRendering);
}

Stage::Stage(models::Connector &connector, const Clock &clock)
    : m_session(connector, clock)
{
    m_engine.addImportPath(QStringLiteral("qrc:/"));
}

Stage::~Stage() = default;

Result<void> Stage::open(bool dark, const QSize &size)
{
    QStringList trouble;
    QObject::connect(
        &m_engine, &QQmlEngine::warnings, &m_session, [&trouble](const QList<QQmlError> &errors) {
            for (const QQmlError &error : errors)
                trouble.append(error.toString());
        });
    m_engine.setInitialProperties(
        {{QStringLiteral("session"), QVariant::fromValue(&m_session)},
         {QStringLiteral("dark"), dark},
         {QStringLiteral("width"), size.width()},
         {QStringLiteral("height"), size.height()}});
    m_engine.load(QUrl(QStringLiteral("qrc:/Quarterdeck/Main.qml")));
    QObject::disconnect(&m_engine, &QQmlEngine::warnings, &m_session, nullptr);
    if (!m_engine.rootObjects().isEmpty())
        m_window = qobject_cast<QQuickWindow *>(m_engine.rootObjects().constFirst());
    if (!m_window)
        return fail(
            code::internal,
            QStringLiteral("The window cannot be made: %1").arg(trouble.join(QLatin1Char('\n'))));
    return {};
}

QObject *Stage::item(const QString &objectName) const
{
    return m_window ? find(m_window->contentItem(), objectName) : nullptr;
}

void Stage::go(int place)
{
    QObject *shell = item(QStringLiteral("shell"));
    if (shell)
        QMetaObject::invokeMethod(shell, "go", Q_ARG(int, place));
}

} // namespace qd::window
