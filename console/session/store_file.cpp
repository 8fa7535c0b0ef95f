// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/store_file.h"

#include "shared/codec/codec.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>

namespace qd::session {
namespace {

const QString kFormat = QStringLiteral("quarterdeck-store");
constexpr int kVersion = 1;
const QString kKey = QStringLiteral("key");
const QString kValue = QStringLiteral("value");
const QString kDir = QStringLiteral("dir");
const QString kTtl = QStringLiteral("ttl");

QString relative(const QString &key, const QString &base)
{
    if (key == base)
        return {};
    return key.mid(base == QLatin1String("/") ? 1 : base.size() + 1);
}

QString absolute(const QString &key, const QString &base)
{
    const QStringList parts =
        base.split(QLatin1Char('/'), Qt::SkipEmptyParts) + key.split(u'/', Qt::SkipEmptyParts);
    return QLatin1Char('/') + parts.join(QLatin1Char('/'));
}

QJsonObject entryJson(const StoreEntry &entry)
{
    QJsonObject out{{kKey, entry.key}};
    if (entry.dir)
        out.insert(kDir, true);
    else
        out.insert(kValue, codec::toJson(entry).value(kValue)); // {base64} when it is no text
    if (entry.ttl > 0)
        out.insert(kTtl, entry.ttl);
    return out;
}

Error wrong(const QString &what)
{
    return {
        code::badInput, QStringLiteral("This is no export of a store: %1.").arg(what), {}, nullptr};
}

Result<StoreEntry> entryFrom(const QJsonValue &value, qsizetype number)
{
    const auto bad = [number](const QString &what) {
        return fail(wrong(QStringLiteral("entry %1 %2").arg(number).arg(what)));
    };
    const QJsonObject json = value.toObject();
    if (!json.value(kKey).isString())
        return bad(QStringLiteral("has no key"));
    const QString key = json.value(kKey).toString();
    const QStringList parts = key.split(QLatin1Char('/'));
    if (key.startsWith(QLatin1Char('/')) || parts.contains(QStringLiteral("..")))
        return bad(QStringLiteral("has a key that leads elsewhere: %1").arg(key));
    auto entry = codec::fromJson<StoreEntry>(QJsonObject{
        {kKey, key}, {kDir, json.value(kDir).toBool()}, {kTtl, json.value(kTtl).toInteger()}});
    if (!entry)
        return bad(entry.error().text());
    if (entry->dir)
        return entry;
    const auto valued = codec::fromJson<StoreEntry>(QJsonObject{{kValue, json.value(kValue)}});
    if (!valued || json.value(kValue).isUndefined())
        return bad(QStringLiteral("has no value"));
    entry->value = valued->value;
    return entry;
}

ImportStep stepFor(const StoreEntry &wanted, const StoreEntry *there)
{
    ImportStep step;
    step.wanted = wanted;
    if (!there) {
        step.state = ImportStep::State::New;
        return step;
    }
    step.seenIndex = there->modifiedIndex;
    if (there->dir != wanted.dir) {
        step.state = ImportStep::State::Blocked;
        step.why =
            there->dir ? QStringLiteral("a folder is there") : QStringLiteral("a key is there");
        return step;
    }
    const bool same =
        wanted.dir || (there->value == wanted.value && (there->ttl > 0) == (wanted.ttl > 0));
    step.state = same ? ImportStep::State::Same : ImportStep::State::Changed;
    return step;
}

/// A key below one that is no folder cannot be written.
bool standsBelowAKey(const QString &key, const QMap<QString, const StoreEntry *> &there)
{
    for (qsizetype slash = key.lastIndexOf(u'/'); slash > 0;
         slash = key.lastIndexOf(u'/', slash - 1)) {
        const auto above = there.constFind(key.left(slash));
        if (above != there.cend() && !(*above)->dir)
            return true;
    }
    return false;
}

} // namespace

StoreFile storeFileOf(const StoreAnswer &read)
{
    StoreFile out;
    out.key = read.entry.key;
    out.index = read.index;
    QList<StoreEntry> all = read.children;
    if (!read.entry.dir)
        all.prepend(read.entry);
    for (StoreEntry &entry : all) {
        entry.key = relative(entry.key, out.key);
        out.entries.append(entry);
    }
    return out;
}

QByteArray toText(const StoreFile &file)
{
    QJsonArray entries;
    for (const StoreEntry &entry : file.entries)
        entries.append(entryJson(entry));
    const QJsonObject json{
        {QStringLiteral("format"), kFormat},
        {QStringLiteral("version"), kVersion},
        {kKey, file.key},
        {QStringLiteral("index"), file.index},
        {QStringLiteral("entries"), entries}};
    return QJsonDocument(json).toJson(QJsonDocument::Indented);
}

Result<StoreFile> storeFileFrom(const QByteArray &text)
{
    QJsonParseError trouble;
    const QJsonDocument document = QJsonDocument::fromJson(text, &trouble);
    if (trouble.error != QJsonParseError::NoError) {
        const QString at = QStringLiteral(" at byte %1").arg(trouble.offset);
        return fail(wrong(trouble.errorString() + at));
    }
    const QJsonObject json = document.object();
    if (json.value(QLatin1String("format")).toString() != kFormat)
        return fail(wrong(QStringLiteral("its \"format\" is not \"%1\"").arg(kFormat)));
    if (json.value(QLatin1String("version")).toInt() != kVersion)
        return fail(wrong(QStringLiteral("its \"version\" is not %1").arg(kVersion)));
    StoreFile out;
    out.key = absolute({}, json.value(kKey).toString());
    out.index = json.value(QLatin1String("index")).toInteger();
    const QJsonArray entries = json.value(QLatin1String("entries")).toArray();
    for (qsizetype i = 0; i < entries.size(); ++i) {
        const auto entry = entryFrom(entries.at(i), i + 1);
        if (!entry)
            return fail(entry.error());
        out.entries.append(*entry);
    }
    std::stable_sort(out.entries.begin(), out.entries.end(), [](const auto &a, const auto &b) {
        return a.key < b.key; // a parent's key is shorter, and so before its children's
    });
    return out;
}

QString stateText(ImportStep::State state)
{
    switch (state) {
    case ImportStep::State::New:
        return QStringLiteral("new");
    case ImportStep::State::Changed:
        return QStringLiteral("changed");
    case ImportStep::State::Same:
        return QStringLiteral("same");
    case ImportStep::State::Blocked:
        break;
    }
    return QStringLiteral("blocked");
}

QList<ImportStep>
planImport(const StoreFile &file, const QString &target, const QList<StoreEntry> &there)
{
    QMap<QString, const StoreEntry *> known;
    for (const StoreEntry &entry : there)
        known.insert(entry.key, &entry);
    QList<ImportStep> out;
    for (const StoreEntry &entry : file.entries) {
        StoreEntry wanted = entry;
        wanted.key = absolute(entry.key, target);
        ImportStep step = stepFor(wanted, known.value(wanted.key));
        if (step.state == ImportStep::State::New && standsBelowAKey(wanted.key, known)) {
            step.state = ImportStep::State::Blocked;
            step.why = QStringLiteral("what is above it is no folder");
        }
        out.append(step);
    }
    return out;
}

StoreWrite writeOf(const ImportStep &step)
{
    StoreWrite out;
    out.key = step.wanted.key;
    out.value = step.wanted.value;
    out.dir = step.wanted.dir;
    if (step.wanted.ttl > 0)
        out.ttl = step.wanted.ttl;
    if (step.state == ImportStep::State::New)
        out.prevExist = false;
    else
        out.prevIndex = step.seenIndex;
    return out;
}

ImportCount countOf(const QList<ImportStep> &plan)
{
    ImportCount out;
    for (const ImportStep &step : plan) {
        switch (step.state) {
        case ImportStep::State::New:
            ++out.fresh;
            break;
        case ImportStep::State::Changed:
            ++out.changed;
            break;
        case ImportStep::State::Same:
            ++out.same;
            break;
        case ImportStep::State::Blocked:
            ++out.blocked;
            break;
        }
    }
    return out;
}

} // namespace qd::session
