// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/schema.h"

#include <algorithm>

namespace qd::cloudconfig {

namespace {

using Type = Field::Type;

QList<Field> variables(const QString &prefix, Type type, std::initializer_list<const char *> keys)
{
    QList<Field> out;
    for (const char *const key : keys) {
        const QString name = QString::fromLatin1(key);
        out.append({name, type, prefix + name.toUpper()});
    }
    return out;
}

void setAllowed(Section &section, const QString &key, const QString &allowed)
{
    for (Field &field : section.fields) {
        if (field.key == key)
            field.allowed = allowed;
    }
}

/// ch7 3.1.
const Section &etcd2()
{
    static const Section section = [] {
        const QString prefix = QStringLiteral("ETCD_");
        Section out;
        out.fields = variables(
            prefix, Type::Text,
            {"advertise_client_urls",
             "ca_file",
             "cert_file",
             "cors",
             "data_dir",
             "discovery",
             "discovery_fallback",
             "discovery_srv",
             "discovery_proxy",
             "initial_advertise_peer_urls",
             "initial_cluster",
             "initial_cluster_state",
             "initial_cluster_token",
             "key_file",
             "listen_client_urls",
             "listen_peer_urls",
             "log_package_levels",
             "name",
             "peer_ca_file",
             "peer_cert_file",
             "peer_key_file",
             "peer_trusted_ca_file",
             "proxy",
             "trusted_ca_file",
             "wal_dir"});
        out.fields += variables(
            prefix, Type::Boolean,
            {"client_cert_auth", "debug", "enable_pprof", "force_new_cluster",
             "peer_client_cert_auth", "strict_reconfig_check"});
        out.fields += variables(
            prefix, Type::Integer,
            {"election_timeout", "heartbeat_interval", "max_snapshots", "max_wals",
             "proxy_dial_timeout", "proxy_failure_wait", "proxy_read_timeout",
             "proxy_refresh_interval", "proxy_write_timeout", "snapshot_count"});
        setAllowed(out, QStringLiteral("proxy"), QStringLiteral("^(on|off|readonly)$"));
        return out;
    }();
    return section;
}

/// The keys of etcd 0.4, and those of etcd2, for which this key is often used (ch7 3.1).
const Section &etcd()
{
    static const Section section = [] {
        const QString prefix = QStringLiteral("ETCD_");
        Section out = etcd2();
        out.fields += variables(
            prefix, Type::Text,
            {"addr", "bind_addr", "graphite_host", "peer_addr", "peer_bind_addr", "peers",
             "peers_file", "trace"});
        out.fields += variables(
            prefix, Type::Integer,
            {"cluster_active_size", "max_result_buffer", "max_retry_attempts",
             "peer_election_timeout", "peer_heartbeat_interval"});
        out.fields += variables(
            prefix, Type::Real,
            {"cluster_remove_delay", "cluster_sync_interval", "http_read_timeout",
             "http_write_timeout", "retry_interval"});
        out.fields += variables(
            prefix, Type::Boolean, {"snapshot", "verbose", "very_verbose", "very_very_verbose"});
        return out;
    }();
    return section;
}

/// ch7 3.2.
const Section &fleet()
{
    static const Section section = [] {
        const QString prefix = QStringLiteral("FLEET_");
        Section out;
        out.fields = variables(
            prefix, Type::Text,
            {"agent_ttl", "authorized_keys_file", "etcd_cafile", "etcd_certfile", "etcd_keyfile",
             "etcd_key_prefix", "etcd_password", "etcd_servers", "etcd_username", "metadata",
             "public_ip"});
        out.fields +=
            variables(prefix, Type::Real, {"engine_reconcile_interval", "etcd_request_timeout"});
        out.fields += variables(prefix, Type::Integer, {"token_limit", "verbosity"});
        out.fields += variables(prefix, Type::Boolean, {"disable_engine", "verify_units"});
        return out;
    }();
    return section;
}

/// ch7 3.3.
const Section &flannel()
{
    static const Section section = [] {
        Section out;
        out.fields = variables(
            QStringLiteral("FLANNELD_"), Type::Text,
            {"etcd_endpoints", "etcd_cafile", "etcd_certfile", "etcd_keyfile", "etcd_prefix",
             "etcd_username", "etcd_password", "ip_masq", "subnet_file", "public_ip"});
        out.fields.append(
            {QStringLiteral("interface"), Type::Text, QStringLiteral("FLANNELD_IFACE")});
        return out;
    }();
    return section;
}

/// ch7 3.4 and 9.7.
const Section &locksmith()
{
    static const Section section = [] {
        Section out;
        out.fields = variables(
            QStringLiteral("LOCKSMITHD_"), Type::Text,
            {"endpoint", "etcd_cafile", "etcd_certfile", "etcd_keyfile", "etcd_username",
             "etcd_password", "group"});
        out.fields +=
            variables(QStringLiteral("REBOOT_"), Type::Text, {"window_start", "window_length"});
        setAllowed(
            out, QStringLiteral("window_start"),
            QStringLiteral("^((?i:sun|mon|tue|wed|thu|fri|sat|sun) )?0*([0-9]|1[0-9]|2[0-3]):"
                           "0*([0-9]|[1-5][0-9])$"));
        setAllowed(
            out, QStringLiteral("window_length"),
            QStringLiteral("^[-+]?([0-9]*(\\.[0-9]*)?[a-z]+)+$"));
        return out;
    }();
    return section;
}

Section texts(std::initializer_list<const char *> keys)
{
    return {variables({}, Type::Text, keys)};
}

Section cleared(Section section)
{
    for (Field &field : section.fields)
        field.variable.clear();
    return section;
}

const Section &update()
{
    static const Section section = [] {
        Section out = cleared(texts({"reboot_strategy", "group", "server"}));
        setAllowed(
            out, QStringLiteral("reboot_strategy"),
            QStringLiteral("^(best-effort|etcd-lock|reboot|off)$"));
        return out;
    }();
    return section;
}

const Section &dropIn()
{
    static const Section section = cleared(texts({"name", "content"}));
    return section;
}

const Section &unit()
{
    static const Section section = [] {
        Section out = cleared(texts({"name", "content", "command"}));
        for (const char *const key : {"enable", "mask", "runtime"})
            out.fields.append({QString::fromLatin1(key), Type::Boolean});
        Field dropIns{QStringLiteral("drop_ins"), Type::Maps};
        dropIns.inside = &dropIn();
        out.fields.append(dropIns);
        setAllowed(
            out, QStringLiteral("command"),
            QStringLiteral("^(start|stop|restart|reload|try-restart|reload-or-restart|"
                           "reload-or-try-restart)$"));
        return out;
    }();
    return section;
}

const Section &oem()
{
    static const Section section =
        cleared(texts({"id", "name", "version_id", "home_url", "bug_report_url"}));
    return section;
}

Field map(const char *key, const Section &inside, Type type = Type::Map)
{
    Field out{QString::fromLatin1(key), type};
    out.inside = &inside;
    return out;
}

const Section &coreos()
{
    static const Section section{
        {map("etcd", etcd()), map("etcd2", etcd2()), map("fleet", fleet()),
         map("flannel", flannel()), map("locksmith", locksmith()), map("update", update()),
         map("oem", oem()), map("units", unit(), Type::Maps)}};
    return section;
}

const Section &user()
{
    static const Section section = [] {
        Section out =
            cleared(texts({"name", "passwd", "gecos", "homedir", "primary_group", "shell"}));
        for (const char *const key : {"groups", "ssh_authorized_keys"})
            out.fields.append({QString::fromLatin1(key), Type::Texts});
        for (const char *const key : {"no_create_home", "no_user_group", "system", "no_log_init"})
            out.fields.append({QString::fromLatin1(key), Type::Boolean});
        return out;
    }();
    return section;
}

const Section &file()
{
    static const Section section = [] {
        Section out = cleared(texts({"path", "content", "permissions", "owner", "encoding"}));
        setAllowed(out, QStringLiteral("permissions"), QStringLiteral("^0?[0-7]{3,4}$"));
        setAllowed(
            out, QStringLiteral("encoding"),
            QStringLiteral("^(base64|b64|gz|gzip|gz\\+base64|gzip\\+base64|gz\\+b64|gzip\\+b64)$"));
        return out;
    }();
    return section;
}

} // namespace

const Field *Section::find(const QString &key) const
{
    const auto same = std::find_if(
        fields.begin(), fields.end(), [&](const Field &field) { return field.key == key; });
    return same == fields.end() ? nullptr : &*same;
}

const Section &documentSchema()
{
    static const Section section = [] {
        Section out{{map("coreos", coreos())}};
        out.fields.append({QStringLiteral("ssh_authorized_keys"), Type::Texts});
        out.fields.append({QStringLiteral("hostname"), Type::Text});
        out.fields.append(map("users", user(), Type::Maps));
        out.fields.append(map("write_files", file(), Type::Maps));
        out.fields.append({QStringLiteral("manage_etc_hosts"), Type::Text});
        return out;
    }();
    return section;
}

const Section &serviceSchema(const QString &name)
{
    return *coreos().find(name)->inside;
}

bool fits(const YamlNode &node, Type type)
{
    const bool scalar = node.kind == YamlNode::Kind::Scalar;
    switch (type) {
    case Type::Text:
        return scalar;
    case Type::Integer:
        return scalar && node.guess == YamlNode::Guess::Integer;
    case Type::Real:
        return scalar &&
               (node.guess == YamlNode::Guess::Integer || node.guess == YamlNode::Guess::Real);
    case Type::Boolean:
        return scalar && node.guess == YamlNode::Guess::Boolean;
    case Type::Texts:
    case Type::Maps:
        return node.kind == YamlNode::Kind::List;
    case Type::Map:
        return node.kind == YamlNode::Kind::Map;
    }
    return false;
}

QString typeName(Type type)
{
    switch (type) {
    case Type::Text:
        return QStringLiteral("string");
    case Type::Integer:
        return QStringLiteral("int");
    case Type::Real:
        return QStringLiteral("float64");
    case Type::Boolean:
        return QStringLiteral("bool");
    case Type::Texts:
        return QStringLiteral("[]string");
    case Type::Map:
        return QStringLiteral("struct");
    case Type::Maps:
        return QStringLiteral("[]struct");
    }
    return {};
}

} // namespace qd::cloudconfig
