// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/engine/documents.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace qd::fleet {

namespace {

/// A JSON string as Go writes it: `<`, `>`, `&` and the two odd line ends are escaped too.
QByteArray quoted(const QString &text)
{
    QByteArray out = "\"";
    for (const char32_t code : text.toUcs4()) {
        if (code == '"' || code == '\\')
            out += QByteArray("\\") + char(code);
        else if (code == '\n')
            out += "\\n";
        else if (code == '\r')
            out += "\\r";
        else if (code == '\t')
            out += "\\t";
        else if (
            code < 0x20 || code == '<' || code == '>' || code == '&' || code == 0x2028 ||
            code == 0x2029)
            out += "\\u" + QByteArray::number(uint(code), 16).rightJustified(4, '0');
        else
            out += QString::fromUcs4(&code, 1).toUtf8();
    }
    return out + '"';
}

QByteArray object(const QMap<QString, QString> &map)
{
    QByteArray out = "{";
    for (auto it = map.begin(); it != map.end(); ++it) {
        if (it != map.begin())
            out += ',';
        out += quoted(it.key()) + ':' + quoted(it.value());
    }
    return out + '}';
}

std::optional<QJsonObject> parsed(const QByteArray &json)
{
    const QJsonDocument document = QJsonDocument::fromJson(json);
    if (!document.isObject())
        return std::nullopt;
    return document.object();
}

QString field(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toString();
}

} // namespace

QByteArray encode(const MachineDocument &document)
{
    return "{\"ID\":" + quoted(document.id) + ",\"PublicIP\":" + quoted(document.publicIp) +
           ",\"Metadata\":" + object(document.metadata) +
           ",\"Capabilities\":{\"DISABLE_ENGINE\":false,\"GRPC\":false},\"Version\":" +
           quoted(document.version) + '}';
}

std::optional<MachineDocument> readMachine(const QByteArray &json)
{
    const auto object = parsed(json);
    if (!object || field(*object, "ID").isEmpty())
        return std::nullopt;
    MachineDocument out;
    out.id = field(*object, "ID");
    out.publicIp = field(*object, "PublicIP");
    out.version = field(*object, "Version");
    const QJsonObject metadata = object->value(QLatin1String("Metadata")).toObject();
    for (auto it = metadata.begin(); it != metadata.end(); ++it)
        out.metadata.insert(it.key(), it.value().toString());
    return out;
}

QByteArray encodeUnitText(const QString &text)
{
    return "{\"Raw\":" + quoted(text) + '}';
}

std::optional<QString> readUnitText(const QByteArray &json)
{
    const auto object = parsed(json);
    if (!object)
        return std::nullopt;
    return field(*object, "Raw");
}

QByteArray encodeJob(const QString &name, const QString &hash)
{
    QByteArray numbers;
    const QByteArray bytes = QByteArray::fromHex(hash.toLatin1());
    for (const char byte : bytes) {
        if (!numbers.isEmpty())
            numbers += ',';
        numbers += QByteArray::number(quint8(byte));
    }
    return "{\"Name\":" + quoted(name) + ",\"UnitHash\":[" + numbers + "]}";
}

std::optional<QString> readJobHash(const QByteArray &json)
{
    const auto object = parsed(json);
    const QJsonArray numbers =
        object ? object->value(QLatin1String("UnitHash")).toArray() : QJsonArray();
    if (numbers.size() != 20)
        return std::nullopt;
    QByteArray bytes;
    for (const QJsonValue &number : numbers)
        bytes += char(number.toInt());
    return QString::fromLatin1(bytes.toHex());
}

QByteArray encode(const StateDocument &document)
{
    return "{\"loadState\":" + quoted(document.loadState) +
           ",\"activeState\":" + quoted(document.activeState) +
           ",\"subState\":" + quoted(document.subState) +
           ",\"machineState\":{\"ID\":" + quoted(document.machineId) +
           ",\"PublicIP\":\"\",\"Metadata\":null,\"Capabilities\":null,\"Version\":\"\"}"
           ",\"unitHash\":" +
           quoted(document.unitHash) + ",\"invocationID\":" + quoted(document.invocationId) +
           ",\"mainPID\":" + QByteArray::number(document.mainPid) +
           ",\"sinceUSec\":" + QByteArray::number(document.sinceUs) +
           ",\"startResult\":" + quoted(document.start.result) +
           ",\"startError\":" + quoted(document.start.error) +
           ",\"startEndedUSec\":" + QByteArray::number(document.start.endedUs) + '}';
}

std::optional<StateDocument> readState(const QByteArray &json)
{
    const auto object = parsed(json);
    if (!object)
        return std::nullopt;
    StateDocument out;
    out.loadState = field(*object, "loadState");
    out.activeState = field(*object, "activeState");
    out.subState = field(*object, "subState");
    out.machineId = field(object->value(QLatin1String("machineState")).toObject(), "ID");
    out.unitHash = field(*object, "unitHash");
    out.invocationId = field(*object, "invocationID");
    out.mainPid = object->value(QLatin1String("mainPID")).toInt();
    out.sinceUs = object->value(QLatin1String("sinceUSec")).toInteger();
    out.start.result = field(*object, "startResult");
    out.start.error = field(*object, "startError");
    out.start.endedUs = object->value(QLatin1String("startEndedUSec")).toInteger();
    return out;
}

QByteArray encode(const LeaseDocument &document)
{
    return "{\"MachineID\":" + quoted(document.machineId) +
           ",\"Version\":" + QByteArray::number(document.version) + '}';
}

LeaseDocument readLease(const QByteArray &value)
{
    const auto object = parsed(value);
    if (!object)
        return {QString::fromUtf8(value), 0};
    return {field(*object, "MachineID"), object->value(QLatin1String("Version")).toInt()};
}

QByteArray encode(const ReasonDocument &document)
{
    return "{\"MachineID\":" + quoted(document.machineId) +
           ",\"Sentence\":" + quoted(document.sentence) + '}';
}

std::optional<ReasonDocument> readReason(const QByteArray &json)
{
    const auto object = parsed(json);
    if (!object)
        return std::nullopt;
    return ReasonDocument{field(*object, "MachineID"), field(*object, "Sentence")};
}

} // namespace qd::fleet
