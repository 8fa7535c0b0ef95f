// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/scenes.h"

namespace qd::window {
namespace {

enum Place { Nodes, Units, Raft, Store, Script };

/// A scene that only goes to a place.
Scene at(const char *name, const char *kind, Place place)
{
    return {
        QString::fromLatin1(name), QString::fromLatin1(kind),
        [place](Stage &stage, demo::DemoConnector &) { stage.go(place); }};
}

Scene nodes(const char *name, const char *kind, int row)
{
    return {
        QString::fromLatin1(name), QString::fromLatin1(kind),
        [row](Stage &stage, demo::DemoConnector &) {
            stage.go(Nodes);
            models::NodesModel *model = stage.session().nodes();
            model->setCurrentKey(model->keyAt(row));
        }};
}

Scene units(const char *name, const char *kind, int row)
{
    return {
        QString::fromLatin1(name), QString::fromLatin1(kind),
        [row](Stage &stage, demo::DemoConnector &) {
            stage.go(Units);
            models::UnitsModel *model = stage.session().units();
            model->setCurrentKey(model->keyAt(row));
        }};
}

} // namespace

QList<Scene> allScenes()
{
    return {
        at("connect", "offline", Nodes),
        at("nodes", "normal", Nodes),
        nodes("nodes-details", "normal", 1),
        nodes("nodes-hostile", "hostile", 0),
        at("nodes-empty", "empty", Nodes),
        at("nodes-loading", "loading", Nodes),
        at("nodes-error", "failing", Nodes),
        at("units", "normal", Units),
        units("units-details", "normal", 4),
        units("units-hostile", "hostile", 3),
        units("units-many", "100000", 4242),
        at("units-empty", "empty", Units),
        at("units-loading", "loading", Units),
        at("units-error", "failing", Units),
        at("raft", "normal", Raft),
        at("store", "normal", Store),
        at("script", "normal", Script)};
}

} // namespace qd::window
