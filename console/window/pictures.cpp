// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/accessible_text.h"
#include "console/window/driver.h"
#include "console/window/scenes.h"

#include <QDir>
#include <QQuickWindow>
#include <cstdio>

namespace qd::window {
namespace {

/// Long enough for the models' frames, the editor's check after the last key, and the scene graph.
constexpr int kSettleMs = 300;

/// Takes the scenes one by one; deletes itself after the last.
class Photographer : public QObject {
public:
    Photographer(QString folder, QList<Scene> scenes, bool dark, QSize size)
        : m_folder(std::move(folder))
        , m_scenes(std::move(scenes))
        , m_dark(dark)
        , m_size(size)
    {
    }

    void next()
    {
        m_driver.reset();
        m_stage.reset();
        m_connector.reset();
        if (m_at == m_scenes.size()) {
            finish({});
            return;
        }
        const Scene &scene = m_scenes.at(m_at);
        m_connector = std::make_unique<demo::DemoConnector>(scene.kind);
        m_stage = std::make_unique<Stage>(*m_connector, m_connector->clock());
        if (const auto opened = m_stage->open(m_dark, m_size); !opened) {
            finish(opened);
            return;
        }
        if (scene.kind != QLatin1String("offline"))
            m_stage->session().connectTo(QStringLiteral("harbour"));
        QTimer::singleShot(kSettleMs, this, [this] {
            const Scene &arranged = m_scenes.at(m_at);
            arranged.arrange(*m_stage, *m_connector);
            play(arranged.acts);
        });
    }

    std::function<void(const Result<void> &)> done;

private:
    void play(const QStringList &acts)
    {
        m_driver = std::make_unique<Driver>(m_stage->window(), m_folder, acts);
        m_driver->play([this](const Result<void> &result) {
            if (result)
                QTimer::singleShot(kSettleMs, this, [this] { take(); });
            else
                finish(fail(result.error().during(m_scenes.at(m_at).name)));
        });
    }
    void take()
    {
        const QString name = m_scenes.at(m_at).name;
        if (!takePicture(m_stage->window(), m_folder, name)) {
            finish(fail(
                code::io,
                QStringLiteral("Cannot write %1.png and .txt into %2.").arg(name, m_folder)));
            return;
        }
        printf("%s/%s.png\n", qPrintable(m_folder), qPrintable(name));
        fflush(stdout);
        ++m_at;
        next();
    }
    void finish(const Result<void> &result)
    {
        done(result);
        deleteLater();
    }

    QString m_folder;
    QList<Scene> m_scenes;
    bool m_dark;
    QSize m_size;
    qsizetype m_at = 0;
    std::unique_ptr<demo::DemoConnector> m_connector;
    std::unique_ptr<Stage> m_stage;
    std::unique_ptr<Driver> m_driver;
};

} // namespace

void takePictures(
    const QString &folder, const QString &filter, bool dark, const QSize &size,
    std::function<void(const Result<void> &)> done)
{
    QList<Scene> scenes = allScenes();
    scenes.removeIf([&filter](const Scene &scene) { return !scene.name.contains(filter); });
    if (scenes.isEmpty()) {
        done(fail(code::badInput, QStringLiteral("No view's name contains \"%1\".").arg(filter)));
        return;
    }
    if (!QDir().mkpath(folder)) {
        done(fail(code::io, QStringLiteral("The folder %1 cannot be made.").arg(folder)));
        return;
    }
    auto photographer =
        std::make_unique<Photographer>(folder, std::move(scenes), dark, size).release();
    photographer->done = std::move(done);
    photographer->next();
}

} // namespace qd::window
