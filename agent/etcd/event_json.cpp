// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/event_json.h"

#include "agent/store/cause_text.h"

#include <QDateTime>
#include <algorithm>
#include <array>
#include <cstring>

namespace qd::etcd {

namespace {

using store::Event;
using store::Node;

/// Which bytes stand for themselves in a JSON string as Go writes it.
constexpr auto kPlain = [] {
    std::array<bool, 256> out = {};
    for (size_t c = 0x20; c < 0x80; ++c)
        out[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
    return out;
}();

/// Whether eight bytes all stand for themselves: what most values are made of, told at once. Each
/// step marks the top bit of a byte that it looks for ("Hacker's Delight", 6-1).
bool arePlain(const char *eight)
{
    constexpr quint64 kOnes = 0x0101010101010101;
    constexpr quint64 kTops = 0x8080808080808080;
    quint64 bytes = 0;
    memcpy(&bytes, eight, sizeof bytes);
    quint64 marks = bytes | (bytes - kOnes * 0x20); // not ASCII, or below the blank
    for (const quint64 c : {'"', '\\', '<', '>', '&'}) {
        const quint64 zero = bytes ^ (kOnes * c);
        marks |= zero - kOnes; // with ASCII alone a borrow comes from nothing but a zero
    }
    return (marks & kTops) == 0;
}

void appendEscaped(QByteArray &out, char16_t unit)
{
    static constexpr char kHex[] = "0123456789abcdef";
    switch (unit) {
    case u'"':
        out.append("\\\"");
        return;
    case u'\\':
        out.append("\\\\");
        return;
    case u'\n':
        out.append("\\n");
        return;
    case u'\r':
        out.append("\\r");
        return;
    case u'\t':
        out.append("\\t");
        return;
    default:
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4)
            out.append(kHex[(unit >> shift) & 15]);
    }
}

/// The bytes of one character of UTF-8 at the front; 0 when there is none.
qsizetype characterSize(QByteArrayView text)
{
    const auto first = uchar(text[0]);
    const qsizetype size = first < 0xc2   ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
    return size > 0 && size <= text.size() && text.first(size).isValidUtf8() ? size : 0;
}

/// U+2028 and U+2029 end a line in JavaScript, so Go escapes them.
bool isLineEnd(QByteArrayView character)
{
    return character == QByteArrayView("\xe2\x80\xa8") ||
           character == QByteArrayView("\xe2\x80\xa9");
}

void appendNumber(QByteArray &out, const char *name, quint64 value)
{
    char digits[20];
    char *at = digits + sizeof digits;
    do {
        *--at = char('0' + value % 10);
        value /= 10;
    } while (value != 0);
    out.append(name).append(at, digits + sizeof digits - at);
}

/// The node and what is below it, given to a visitor as a walk of the tree would.
void pass(const Node &node, store::NodeVisitor &visitor)
{
    const bool root = node.key == QLatin1String("/");
    const QByteArray key = root ? QByteArray() : node.key.toUtf8();
    const store::PassedNode passed{
        key,     node.value, node.dir, node.createdIndex, node.modifiedIndex, node.expirationUs,
        node.ttl};
    visitor.enter(passed);
    for (const Node &child : node.children)
        pass(child, visitor);
    visitor.leave(passed);
}

int statusOf(int number)
{
    switch (number) {
    case 100:
        return 404;
    case 101:
    case 105:
        return 412;
    case 102:
    case 108:
        return 403;
    case 110:
        return 401;
    case 300:
    case 301:
        return 500;
    default:
        return 400;
    }
}

KeyError keyError(int number, QByteArrayView message, QByteArrayView cause, QByteArrayView index)
{
    KeyError out;
    out.status = statusOf(number);
    out.index = index.toByteArray();
    out.body = "{\"errorCode\":" + QByteArray::number(number) + ",\"message\":";
    appendString(out.body, message);
    if (!cause.isEmpty()) {
        out.body.append(",\"cause\":");
        appendString(out.body, cause);
    }
    out.body.append(",\"index\":").append(index).append("}\n");
    return out;
}

void appendList(QByteArray &out, const QStringList &texts)
{
    out.append('[');
    for (qsizetype i = 0; i < texts.size(); ++i) {
        if (i > 0)
            out.append(',');
        appendString(out, texts[i].toUtf8());
    }
    out.append(']');
}

/// ".25" for 250,000 of 1,000,000; nothing for 0.
QByteArray fraction(qint64 part, int digits)
{
    QByteArray out = QByteArray::number(part).rightJustified(digits, '0');
    while (out.endsWith('0'))
        out.chop(1);
    return out.isEmpty() ? out : '.' + out;
}

} // namespace

void appendString(QByteArray &out, QByteArrayView utf8)
{
    out.append('"');
    qsizetype plain = 0; // what is not written yet begins here
    qsizetype at = 0;
    const auto writePlain = [&] { out.append(utf8.sliced(plain, at - plain)); };
    while (at < utf8.size()) {
        while (utf8.size() - at >= 8 && arePlain(utf8.data() + at))
            at += 8;
        if (at == utf8.size())
            break;
        const char c = utf8[at];
        if (kPlain[uchar(c)]) {
            ++at;
            continue;
        }
        const qsizetype size = uchar(c) < 0x80 ? 1 : characterSize(utf8.sliced(at));
        if (size > 1 && !isLineEnd(utf8.sliced(at, size))) {
            at += size;
            continue;
        }
        writePlain();
        if (size == 1)
            appendEscaped(out, char16_t(uchar(c)));
        else if (size > 1)
            appendEscaped(out, char16_t(0x2000 | (uchar(utf8[at + 2]) & 0x3f)));
        else
            out.append("\\ufffd");
        at += std::max<qsizetype>(size, 1);
        plain = at;
    }
    writePlain();
    out.append('"');
}

void NodeJson::enter(const store::PassedNode &node)
{
    if (!m_open.empty()) {
        m_out.append(m_open.back().hasChildren ? "," : ",\"nodes\":[");
        m_open.back().hasChildren = true;
    }
    m_open.push_back({m_out.size(), false});
    if (!node.key.isEmpty()) {
        m_out.append(",\"key\":");
        appendString(m_out, node.key);
    }
    if (m_value == Value::Shown && !node.dir) {
        m_out.append(",\"value\":");
        appendString(m_out, node.value);
    }
    if (node.dir)
        m_out.append(",\"dir\":true");
    if (node.expirationUs)
        m_out.append(",\"expiration\":\"").append(timeText(*node.expirationUs)).append('"');
    if (node.ttl && *node.ttl != 0)
        m_out.append(",\"ttl\":").append(QByteArray::number(*node.ttl));
}

void NodeJson::leave(const store::PassedNode &node)
{
    const Open open = m_open.back();
    m_open.pop_back();
    if (open.hasChildren)
        m_out.append(']');
    if (node.modifiedIndex != 0)
        appendNumber(m_out, ",\"modifiedIndex\":", node.modifiedIndex);
    if (node.createdIndex != 0)
        appendNumber(m_out, ",\"createdIndex\":", node.createdIndex);
    // The comma before its first field makes room for the brace.
    if (m_out.size() == open.start)
        m_out.append('{');
    else
        m_out[open.start] = '{';
    m_out.append('}');
}

QByteArray eventJson(const Event &event, bool bare)
{
    QByteArray out;
    out.reserve(
        512 + event.node.value.size() + (event.prevNode ? event.prevNode->value.size() : 0));
    out.append("{\"action\":\"").append(event.action.toLatin1()).append('"');
    const bool gone = event.action == QLatin1String("delete") ||
                      event.action == QLatin1String("expire") ||
                      event.action == QLatin1String("compareAndDelete");
    const bool written = !gone && event.action != QLatin1String("get");
    if (!bare || !written) {
        out.append(",\"node\":");
        NodeJson node(out, gone ? NodeJson::Value::Omitted : NodeJson::Value::Shown);
        pass(event.node, node);
        if (event.prevNode) {
            out.append(",\"prevNode\":");
            NodeJson before(out);
            pass(*event.prevNode, before);
        }
    }
    out.append("}\n");
    return out;
}

Result<Found> foundJson(const store::StoreClient &store, const store::GetRequest &request)
{
    Found out;
    out.body.reserve(1024);
    out.body.append("{\"action\":\"get\",\"node\":");
    NodeJson node(out.body);
    const auto index = store.walkLocal(request, node);
    if (!index)
        return fail(index.error());
    out.body.append("}\n");
    out.storeIndex = *index;
    return out;
}

KeyError keyError(const Error &error)
{
    bool known = false;
    const int number =
        error.code.startsWith(QLatin1String("etcd.")) ? error.code.mid(5).toInt(&known) : 0;
    if (known)
        return keyError(
            number, error.message.toUtf8(),
            store::causeBytes(error.detail.value(QStringLiteral("cause"))),
            error.detail.value(QStringLiteral("index"), QStringLiteral("0")).toLatin1());
    QByteArray cause = "etcdserver: " + error.text().toUtf8();
    if (error.code == code::unknownOutcome || error.code == code::deadline)
        cause = "etcdserver: request timed out, possibly due to connection lost";
    else if (error.code == code::noLeader)
        cause = "etcdserver: no leader";
    KeyError out = keyError(300, "Raft Internal Error", cause, "0");
    if (error.code == code::noSpace)
        out.status = 507; // not one that a client takes for the fault of this member alone
    return out;
}

QByteArray memberJson(const ClusterInfo::Member &member)
{
    QByteArray out = "{\"id\":\"" + idText(member.id) + "\",\"name\":";
    appendString(out, member.name.toUtf8());
    out.append(",\"peerURLs\":");
    appendList(out, member.peerUrls);
    out.append(",\"clientURLs\":");
    appendList(out, member.clientUrls);
    out.append('}');
    return out;
}

QByteArray membersJson(std::vector<ClusterInfo::Member> members)
{
    std::sort(
        members.begin(), members.end(), [](const auto &a, const auto &b) { return a.id < b.id; });
    QByteArray out = "{\"members\":[";
    for (size_t i = 0; i < members.size(); ++i) {
        if (i > 0)
            out.append(',');
        out.append(memberJson(members[i]));
    }
    out.append("]}\n");
    return out;
}

QByteArray messageJson(QByteArrayView message)
{
    QByteArray out = "{\"message\":";
    appendString(out, message);
    out.append('}');
    return out;
}

QByteArray idText(quint64 id)
{
    return QByteArray::number(id, 16);
}

QByteArray timeText(qint64 us)
{
    const auto seconds = us / 1'000'000;
    return QDateTime::fromSecsSinceEpoch(seconds, Qt::UTC)
               .toString(QStringLiteral("yyyy-MM-ddTHH:mm:ss"))
               .toLatin1() +
           fraction(us % 1'000'000, 6) + 'Z';
}

QByteArray durationText(qint64 us)
{
    if (us <= 0)
        return "0s";
    if (us < 1'000)
        return QByteArray::number(us) + "\xc2\xb5s";
    if (us < 1'000'000)
        return QByteArray::number(us / 1'000) + fraction(us % 1'000, 3) + "ms";
    const qint64 seconds = us / 1'000'000;
    QByteArray out;
    if (seconds >= 3'600)
        out += QByteArray::number(seconds / 3'600) + 'h';
    if (seconds >= 60)
        out += QByteArray::number(seconds / 60 % 60) + 'm';
    return out + QByteArray::number(seconds % 60) + fraction(us % 1'000'000, 6) + 's';
}

} // namespace qd::etcd
