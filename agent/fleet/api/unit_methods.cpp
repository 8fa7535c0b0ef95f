// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/api/unit_methods.h"

#include "agent/fleet/engine/diagnosis.h"
#include "agent/units/journal/journal_reader.h"
#include "shared/codec/codec.h"

namespace qd::fleet {

namespace {

using rpc::CallPtr;
using security::Role;

constexpr int kStatusLines = 10;
const QString kUnit = QStringLiteral("unit");

QString textParam(const CallPtr &call, const char *name)
{
    return call->params().value(QLatin1String(name)).toString();
}

QString nameOf(const CallPtr &call)
{
    return textParam(call, "name");
}

tl::unexpected<Error> noUnit(const QString &unit)
{
    return fail(code::notFound, QStringLiteral("There is no unit %1.").arg(unit));
}

/// The last words of a unit here; none where nothing has been written.
QList<JournalLine> lastLines(const QString &folder, const QString &unit)
{
    JournalQuery query;
    query.unit = unit;
    query.lines = kStatusLines;
    const auto reader = JournalReader::open(folder, query);
    return reader ? (*reader)->read(kStatusLines) : QList<JournalLine>();
}

} // namespace

UnitMethods::UnitMethods(Setup setup, Service &service, Route route, QObject *parent)
    : QObject(parent)
    , m_setup(std::move(setup))
    , m_service(service)
    , m_route(std::move(route))
    , m_units(&Unit::name)
{
    connect(&service, &Service::unitsChanged, this, &UnitMethods::changed);
    const QStringList all = service.unitNames();
    changed(QSet<QString>(all.begin(), all.end()));
}

void UnitMethods::changed(const QSet<QString> &units)
{
    for (const QString &name : units) {
        if (const auto row = m_service.unit(name))
            m_units.set(*row);
        else
            m_units.remove(name);
    }
}

void UnitMethods::add(rpc::Methods &methods, const char *name, Role role, Handler handler)
{
    methods.add(QString::fromLatin1(name), role, [this, handler](const CallPtr &call) {
        (this->*handler)(call);
    });
}

void UnitMethods::addTo(rpc::Methods &methods)
{
    add(methods, "unit.list", Role::Viewer, &UnitMethods::list);
    add(methods, "unit.submit", Role::Operator, &UnitMethods::submit);
    add(methods, "unit.destroy", Role::Operator, &UnitMethods::destroy);
    add(methods, "unit.cat", Role::Viewer, &UnitMethods::cat);
    add(methods, "unit.check", Role::Viewer, &UnitMethods::check);
    add(methods, "unit.status", Role::Viewer, &UnitMethods::status);
    const QMap<QString, Verb> verbs{
        {QStringLiteral("unit.load"), Verb::Load},
        {QStringLiteral("unit.start"), Verb::Start},
        {QStringLiteral("unit.stop"), Verb::Stop},
        {QStringLiteral("unit.unload"), Verb::Unload}};
    for (auto it = verbs.begin(); it != verbs.end(); ++it)
        methods.add(it.key(), Role::Operator, [this, verb = it.value()](const CallPtr &call) {
            apply(verb, call);
        });
    methods.addCollection(QStringLiteral("units"), m_units);
}

void UnitMethods::list(const CallPtr &call)
{
    QCborArray items;
    const QCborValue names = call->params().value(QLatin1String("names"));
    for (const QCborValue &name : names.toArray()) {
        if (const auto row = m_units.value(name.toString()))
            items.append(codec::toCbor(*row));
    }
    if (!names.isArray()) {
        for (const QByteArray &row : m_units.rows())
            items.append(QCborValue::fromCbor(row));
    }
    call->reply(QCborMap{
        {QStringLiteral("revision"), m_units.revision()}, {QStringLiteral("items"), items}});
}

UnitRegistry::Done UnitMethods::answerWithUnit(const CallPtr &call, const QString &unit)
{
    return [this, call, unit](const Result<void> &result) {
        if (!result) {
            call->reply(fail(result.error()));
            return;
        }
        const auto row = m_service.unit(unit);
        if (row)
            call->reply(QCborMap{{kUnit, codec::toCbor(*row)}});
        else
            call->reply(noUnit(unit)); // destroyed at this very moment
    };
}

void UnitMethods::submit(const CallPtr &call)
{
    const QString unit = nameOf(call);
    m_service.registry().submit(
        unit, textParam(call, "text"), call->params().value(QLatin1String("replace")).toBool(),
        answerWithUnit(call, unit));
}

void UnitMethods::apply(Verb verb, const CallPtr &call)
{
    const QString unit = nameOf(call);
    m_service.registry().apply(verb, unit, answerWithUnit(call, unit));
}

void UnitMethods::destroy(const CallPtr &call)
{
    m_service.registry().destroy(nameOf(call), [call](const Result<void> &result) {
        call->reply(result ? Result<QCborMap>(QCborMap()) : fail(result.error()));
    });
}

void UnitMethods::cat(const CallPtr &call)
{
    const auto text = m_service.text(nameOf(call));
    if (text)
        call->reply(QCborMap{{QStringLiteral("text"), *text}});
    else
        call->reply(noUnit(nameOf(call)));
}

void UnitMethods::check(const CallPtr &call)
{
    const QString text = textParam(call, "text");
    if (text.size() > kMostText) {
        call->reply(fail(acceptable(nameOf(call), text).error()));
        return;
    }
    const auto found = diagnose(nameOf(call), text);
    call->reply(QCborMap{{QStringLiteral("diagnostics"), codec::listToCbor(found)}});
}

void UnitMethods::status(const CallPtr &call)
{
    const QString unit = nameOf(call);
    const auto row = m_service.unit(unit);
    // Another agent that asks knows where the unit is; so does one who names this node.
    const bool here = call->caller().identity.kind == security::Identity::Kind::Node ||
                      call->node() == m_setup.machineId;
    if (!row) {
        call->reply(noUnit(unit));
        return;
    }
    if (row->machineId.isEmpty() && !row->global && !here) {
        call->reply(QCborMap{
            {kUnit, codec::toCbor(*row)},
            {QStringLiteral("properties"), QCborMap()},
            {QStringLiteral("lines"), QCborArray()}});
        return;
    }
    const auto place = m_service.placeOf(unit);
    if (!here && !place)
        call->reply(fail(place.error()));
    else if (!here && *place != m_setup.machineId)
        m_route(call, *place);
    else
        statusHere(call, unit);
}

void UnitMethods::statusHere(const CallPtr &call, const QString &unit)
{
    const QPointer<UnitMethods> self(this);
    m_service.backend().properties(
        unit, [self, call, unit](const Result<QMap<QString, QString>> &properties) {
            if (!self)
                return;
            if (!properties) {
                Error why = properties.error();
                if (why.code == code::unreachable)
                    why.code = code::nodeUnreachable; // this agent is there, its engine is not
                call->reply(fail(why));
                return;
            }
            QCborMap map;
            for (auto it = properties->begin(); it != properties->end(); ++it)
                map.insert(it.key(), it.value());
            const auto row = self->m_service.unit(unit);
            const auto lines = lastLines(self->m_setup.journalFolder, unit);
            call->reply(QCborMap{
                {kUnit, codec::toCbor(row.value_or(Unit{}))},
                {QStringLiteral("properties"), map},
                {QStringLiteral("lines"), codec::listToCbor(lines)}});
        });
}

} // namespace qd::fleet
