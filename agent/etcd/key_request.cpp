// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/key_request.h"

#include "agent/store/tree.h"
#include "shared/http/media_type.h"
#include "shared/http/url.h"

#include <limits>

namespace qd::etcd {

namespace {

using http::Form;
using http::Method;

constexpr QByteArrayView kForm = "application/x-www-form-urlencoded";

/// Collects the parameters; the first bad one is what the client hears of, in etcd's order.
class Reader {
public:
    explicit Reader(const Form &form)
        : m_form(form)
    {
    }

    const std::optional<Error> &error() const { return m_error; }
    void refuse(int number, const QString &cause)
    {
        if (!m_error)
            m_error = store::etcdError(number, cause, 0);
    }

    bool given(QByteArrayView name) const { return m_form.find(name) != nullptr; }
    QByteArray text(QByteArrayView name) const
    {
        const QByteArray *value = m_form.find(name);
        return value != nullptr ? *value : QByteArray();
    }
    quint64 number(QByteArrayView name, int complaint)
    {
        const QByteArray *value = m_form.find(name);
        if (value == nullptr)
            return 0;
        bool ok = !value->isEmpty();
        for (const char c : *value)
            ok = ok && c >= '0' && c <= '9';
        const quint64 out = ok ? value->toULongLong(&ok) : 0;
        if (!ok)
            refuse(complaint, bad(name, true));
        return out;
    }
    bool flag(QByteArrayView name, bool quoted = true)
    {
        static const QByteArrayList kTrue = {"1", "t", "T", "TRUE", "true", "True"};
        static const QByteArrayList kFalse = {"0", "f", "F", "FALSE", "false", "False"};
        const QByteArray *value = m_form.find(name);
        if (value == nullptr || kFalse.contains(*value))
            return false;
        if (!kTrue.contains(*value))
            refuse(209, bad(name, quoted));
        return true;
    }

private:
    static QString bad(QByteArrayView name, bool quoted)
    {
        const QString shown = QString::fromLatin1(name);
        return QStringLiteral("invalid value for ") +
               (quoted ? QLatin1Char('"') + shown + QLatin1Char('"') : shown);
    }

    const Form &m_form;
    std::optional<Error> m_error;
};

/// What is wrong with the body's type is told whether or not there is a body, as etcd does.
Result<void> addBody(Form &form, const http::Request &request)
{
    if (request.method != Method::Put && request.method != Method::Post)
        return {};
    const QByteArrayView said = request.field("Content-Type");
    if (said == kForm) // nearly every request
        return form.add(request.body);
    const auto type = http::mediaType(said);
    if (!type)
        return fail(type.error());
    return *type == kForm ? form.add(request.body) : Result<void>();
}

Result<Form> readForm(const http::Request &request)
{
    Form form;
    const auto body = addBody(form, request);
    const auto query = form.add(request.query);
    if (body && query)
        return form;
    return fail(store::etcdError(210, body ? query.error().message : body.error().message, 0));
}

std::optional<qint64> readTtl(Reader &reader)
{
    if (reader.text("ttl").isEmpty())
        return std::nullopt;
    return qint64(
        std::min<quint64>(reader.number("ttl", 202), quint64(std::numeric_limits<qint64>::max())));
}

KeyRequest plainGet(const QString &key)
{
    store::GetRequest get;
    get.key = key;
    return {get};
}

} // namespace

Result<KeyRequest> readKeyRequest(const http::Request &request, QByteArrayView key)
{
    if (!key.isValidUtf8())
        return fail(store::etcdError(209, QStringLiteral("the key is not UTF-8"), 0));
    const QString path = QString::fromUtf8(key);
    const bool reads = request.method == Method::Get || request.method == Method::Head;
    if (reads && request.query.isEmpty())
        return plainGet(path);
    const auto form = readForm(request);
    if (!form)
        return fail(form.error());
    Reader reader(*form);
    store::WriteRequest write;
    store::GetRequest get;
    store::WatchRequest watch;
    write.key = get.key = watch.key = path;

    write.prevIndex = reader.number("prevIndex", 203);
    watch.waitIndex = reader.number("waitIndex", 203);
    write.recursive = get.recursive = watch.recursive = reader.flag("recursive");
    get.sorted = reader.flag("sorted");
    const bool wait = reader.flag("wait");
    write.dir = reader.flag("dir");
    get.quorum = reader.flag("quorum");
    watch.stream = reader.flag("stream");
    if (wait && request.method != Method::Get)
        reader.refuse(209, QStringLiteral("\"wait\" can only be used with GET requests"));
    if (const QByteArray value = reader.text("prevValue"); !value.isEmpty())
        write.prevValue = value;
    else if (reader.given("prevValue"))
        reader.refuse(201, QStringLiteral("\"prevValue\" cannot be empty"));
    const bool bare = reader.flag("noValueOnSuccess");
    write.ttlGiven = reader.given("ttl");
    write.ttl = readTtl(reader);
    if (reader.given("prevExist"))
        write.prevExist = reader.flag("prevExist", false);
    write.value = reader.text("value");
    write.refresh = reader.flag("refresh", false);
    if (write.refresh && !write.value.isEmpty())
        reader.refuse(211, QStringLiteral("A value was provided on a refresh"));
    if (write.refresh && !write.ttl)
        reader.refuse(212, QStringLiteral("No TTL value set"));
    if (reader.error())
        return fail(*reader.error());

    // A read through the log does not wait: etcd takes quorum for the stronger word.
    if (wait && !get.quorum)
        return KeyRequest{watch, bare};
    if (reads)
        return KeyRequest{get, bare};
    write.kind = request.method == Method::Put    ? store::WriteRequest::Kind::Put
                 : request.method == Method::Post ? store::WriteRequest::Kind::Post
                                                  : store::WriteRequest::Kind::Delete;
    return KeyRequest{std::move(write), bare};
}

} // namespace qd::etcd
