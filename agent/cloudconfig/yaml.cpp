// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/yaml.h"

#include <QRegularExpression>
#include <QSet>
#include <optional>
#include <yaml.h>

namespace qd::cloudconfig {

namespace {

/// Aliases of aliases could make a small document a huge one.
constexpr int kMostNodes = 100'000;
constexpr int kDeepest = 100;

YamlNode::Guess guessOf(const QByteArray &plain)
{
    static const QSet<QByteArray> booleans{
        "y", "Y", "yes", "Yes", "YES", "true",  "True",  "TRUE",  "on",  "On",  "ON",
        "n", "N", "no",  "No",  "NO",  "false", "False", "FALSE", "off", "Off", "OFF"};
    if (booleans.contains(plain))
        return YamlNode::Guess::Boolean;
    static const QRegularExpression integer(
        QStringLiteral("^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$"));
    static const QRegularExpression real(
        QStringLiteral("^[-+]?([0-9][0-9_]*\\.?[0-9_]*|\\.[0-9_]+)([eE][-+]?[0-9]+)?$"));
    const QString text = QString::fromUtf8(plain);
    if (integer.match(text).hasMatch()) {
        bool fits = false;
        (void)QString(text).remove(u'_').toLongLong(&fits, 0); // 0: as in C, 0x and octal, too
        return fits ? YamlNode::Guess::Integer : YamlNode::Guess::Real;
    }
    return real.match(text).hasMatch() ? YamlNode::Guess::Real : YamlNode::Guess::Text;
}

bool isNull(const QByteArray &plain)
{
    return plain.isEmpty() || plain == "~" || plain == "null" || plain == "Null" || plain == "NULL";
}

/// Builds our nodes from libyaml's.
class Builder {
public:
    explicit Builder(yaml_document_t &document)
        : m_document(document)
    {
    }
    YamlNode node(int id, int depth);
    const std::optional<YamlError> &error() const { return m_error; }

private:
    YamlNode scalar(const yaml_node_t &source);
    void addPair(YamlNode &map, const YamlNode &key, YamlNode value);
    void refuse(const yaml_node_t &source, const QString &problem);

    yaml_document_t &m_document;
    std::optional<YamlError> m_error;
    int m_count = 0;
};

void Builder::refuse(const yaml_node_t &source, const QString &problem)
{
    if (!m_error)
        m_error = YamlError{int(source.start_mark.line) + 1, problem};
}

YamlNode Builder::scalar(const yaml_node_t &source)
{
    YamlNode out;
    out.kind = YamlNode::Kind::Scalar;
    out.text = QByteArray(
        reinterpret_cast<const char *>(source.data.scalar.value),
        qsizetype(source.data.scalar.length));
    const QByteArray tag(reinterpret_cast<const char *>(source.tag));
    if (tag == "tag:yaml.org,2002:binary") {
        const auto decoded = QByteArray::fromBase64Encoding(
            QByteArray(out.text).replace("\n", "").replace(" ", ""),
            QByteArray::AbortOnBase64DecodingErrors);
        if (!decoded)
            refuse(source, QStringLiteral("!!binary value contains invalid base64 data"));
        else
            out.text = *decoded;
    } else if (source.data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        if (isNull(out.text))
            out.kind = YamlNode::Kind::Nothing;
        else
            out.guess = guessOf(out.text);
    }
    return out;
}

/// "<<: *map", or a list of maps: their pairs, before which the own ones win.
void Builder::addPair(YamlNode &map, const YamlNode &key, YamlNode value)
{
    if (key.text != "<<") {
        map.keys.append(QString::fromUtf8(key.text).replace(u'-', u'_'));
        value.line = key.line;
        map.items.push_back(std::move(value));
        return;
    }
    const std::vector<YamlNode> sources =
        value.kind == YamlNode::Kind::List ? value.items : std::vector<YamlNode>{value};
    for (const YamlNode &source : sources) { // of several the first one wins: it comes last
        map.keys = source.keys + map.keys;
        map.items.insert(map.items.begin(), source.items.begin(), source.items.end());
    }
}

YamlNode Builder::node(int id, int depth)
{
    const yaml_node_t *const source = yaml_document_get_node(&m_document, id);
    YamlNode out;
    if (source == nullptr)
        return out;
    if (++m_count > kMostNodes || depth > kDeepest) {
        refuse(*source, QStringLiteral("the document is too large or too deep"));
        return out;
    }
    if (source->type == YAML_SCALAR_NODE) {
        out = scalar(*source);
    } else if (source->type == YAML_SEQUENCE_NODE) {
        out.kind = YamlNode::Kind::List;
        for (auto *item = source->data.sequence.items.start;
             item < source->data.sequence.items.top && !m_error; ++item)
            out.items.push_back(node(*item, depth + 1));
    } else if (source->type == YAML_MAPPING_NODE) {
        out.kind = YamlNode::Kind::Map;
        for (auto *pair = source->data.mapping.pairs.start;
             pair < source->data.mapping.pairs.top && !m_error; ++pair) {
            const YamlNode key = node(pair->key, depth + 1);
            addPair(out, key, node(pair->value, depth + 1));
        }
    }
    out.line = int(source->start_mark.line) + 1;
    return out;
}

struct Parser {
    Parser() { yaml_parser_initialize(&parser); }
    ~Parser() { yaml_parser_delete(&parser); }
    Parser(const Parser &) = delete;
    Parser &operator=(const Parser &) = delete;
    yaml_parser_t parser;
};

struct Document {
    Document() = default;
    ~Document() { yaml_document_delete(&document); }
    Document(const Document &) = delete;
    Document &operator=(const Document &) = delete;
    yaml_document_t document{};
};

YamlError errorOf(const yaml_parser_t &parser, const QByteArray &text)
{
    // Of a character that is none it tells the place in bytes.
    const bool isReaders = parser.error == YAML_READER_ERROR;
    const auto offset = qsizetype(parser.problem_offset);
    return {
        isReaders ? int(text.left(offset).count('\n')) + 1 : int(parser.problem_mark.line) + 1,
        parser.problem != nullptr ? QString::fromUtf8(parser.problem)
                                  : QStringLiteral("the document cannot be read")};
}

} // namespace

const YamlNode *YamlNode::find(const QString &key) const
{
    const qsizetype at = keys.lastIndexOf(key);
    return at < 0 ? nullptr : &items.at(size_t(at));
}

const YamlNode *child(const YamlNode *node, const char *key)
{
    return node == nullptr ? nullptr : node->find(QString::fromLatin1(key));
}

tl::expected<YamlNode, YamlError> readYaml(const QByteArray &text)
{
    Parser reader;
    yaml_parser_set_input_string(
        &reader.parser, reinterpret_cast<const unsigned char *>(text.constData()),
        size_t(text.size()));
    Document document;
    if (yaml_parser_load(&reader.parser, &document.document) == 0)
        return tl::unexpected(errorOf(reader.parser, text));
    if (yaml_document_get_root_node(&document.document) == nullptr)
        return YamlNode{};
    Builder builder(document.document);
    YamlNode root = builder.node(1, 0);
    if (builder.error())
        return tl::unexpected(*builder.error());
    return root;
}

} // namespace qd::cloudconfig
