// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/demo/demo_connector.h"
#include "console/window/accessible_text.h"
#include "console/window/stage.h"
#include "tests/support/proof.h"

#include <QAccessible>
#include <QFont>
#include <QGuiApplication>
#include <QQuickItem>
#include <QQuickWindow>

namespace qd::test {

/// A window over an invented cluster, and the hands that drive it.
class Desk {
public:
    explicit Desk(const QString &kind = QStringLiteral("normal"), const QSize &size = {1280, 800})
        : connector(kind)
        , stage(connector, connector.clock())
    {
        const auto opened = stage.open(true, size);
        if (!opened)
            qWarning("%s", qPrintable(opened.error().text()));
        if (window())
            (void)QTest::qWaitForWindowActive(window());
    }

    QQuickWindow *window() const { return stage.window(); }
    models::ConsoleSession &session() { return stage.session(); }
    demo::DemoClient &client() { return *connector.client(); }
    /// The item of this name, as soon as it can be seen.
    QQuickItem *item(const char *name)
    {
        QQuickItem *found = nullptr;
        (void)QTest::qWaitFor([&] {
            found = qobject_cast<QQuickItem *>(stage.item(QString::fromLatin1(name)));
            return found != nullptr;
        });
        if (!found)
            qWarning("there is no %s", name);
        return found;
    }
    bool isShown(const char *name) const
    {
        return stage.item(QString::fromLatin1(name)) != nullptr;
    }
    QString textOf(const char *name)
    {
        QQuickItem *found = item(name);
        return found ? found->property("text").toString() : QString();
    }
    void click(const char *name)
    {
        QQuickItem *found = item(name);
        if (!found)
            return;
        (void)QTest::qWaitFor([found] { return found->isEnabled(); });
        (void)window()->grabWindow(); // everything has found its place
        const QPointF middle = found->mapToScene({found->width() / 2, found->height() / 2});
        QTest::mouseClick(window(), Qt::LeftButton, {}, middle.toPoint());
    }
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {})
    {
        QTest::keyClick(window(), key, modifiers);
    }
    void type(const QString &text)
    {
        for (const QChar c : text)
            c == QLatin1Char('\n') ? press(Qt::Key_Return)
                                   : QTest::keyClick(window(), c.toLatin1());
    }
    /// Opens the first profile and waits until the cluster is there.
    bool connected()
    {
        session().connectTo(QStringLiteral("harbour"));
        return QTest::qWaitFor([this] {
            return session().units()->phase() == models::LiveTable::Ready &&
                   session().store()->phase() == models::StoreTree::Ready;
        });
    }
    QString accessible() const { return window::accessibleText(window()); }
    /// Waits until a screen reader would find this text.
    bool says(const QString &text)
    {
        return QTest::qWaitFor([&] { return accessible().contains(text); });
    }

    demo::DemoConnector connector;
    window::Stage stage;
};

} // namespace qd::test

#define QD_GUI_TEST_MAIN(Class)                                                                    \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        ::qd::window::Stage::prepare();                                                            \
        QGuiApplication app(argc, argv);                                                           \
        QGuiApplication::setFont(QFont(QStringLiteral("Inter"), 10));                              \
        Class test;                                                                                \
        return ::qd::proof::run(&test, argc, argv);                                                \
    }
