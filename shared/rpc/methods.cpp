// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/methods.h"

#include "shared/base/log.h"
#include "shared/codec/error_codec.h"

namespace qd::rpc {

using security::Identity;
using security::Role;

Call::Call(Connection &connection, qint64 id, const QCborMap &frame, Caller caller)
    : m_connection(&connection)
    , m_id(id)
    , m_method(frame.value(QLatin1String("method")).toString())
    , m_params(frame.value(QLatin1String("params")).toMap())
    , m_node(frame.value(QLatin1String("node")).toString())
    , m_caller(std::move(caller))
    , m_deadlineMs(int(frame.value(QLatin1String("deadline")).toInteger(0)))
{
}

Call::~Call()
{
    reply(fail(code::internal, QStringLiteral("%1 was dropped without an answer.").arg(m_method)));
}

void Call::reply(const Result<QCborMap> &result)
{
    if (m_settled)
        return;
    m_settled = true;
    if (m_connection) {
        QByteArray frame =
            result
                ? encodeFrame({{QStringLiteral("id"), m_id}, {QStringLiteral("result"), *result}})
                : encodeFrame(
                      {{QStringLiteral("id"), m_id},
                       {QStringLiteral("error"), codec::errorToCbor(result.error())}});
        if (frame.size() - 4 > m_connection->limits().frameBytes) {
            const Error tooLarge{
                code::limit,
                QStringLiteral("The answer of %1 is larger than a frame.").arg(m_method),
                {},
                nullptr};
            frame = encodeFrame(
                {{QStringLiteral("id"), m_id},
                 {QStringLiteral("error"), codec::errorToCbor(tooLarge)}});
        }
        m_connection->sendEncoded(frame);
    }
    if (m_onSettled)
        m_onSettled();
}

std::shared_ptr<Stream> Call::stream()
{
    if (m_settled || !m_connection)
        return nullptr;
    auto stream = m_connection->acceptStream(m_id);
    reply(QCborMap{{QStringLiteral("stream"), true}});
    return stream;
}

void Call::abandon()
{
    if (m_settled)
        return;
    m_settled = true;
    if (m_onSettled)
        m_onSettled();
    if (m_cancelled)
        m_cancelled();
}

void Methods::add(const QString &name, Role needed, Handler handler)
{
    m_methods.insert(name, {needed, false, false, std::move(handler)});
}

void Methods::addForNewcomers(const QString &name, Handler handler)
{
    m_methods.insert(name, {Role::None, true, false, std::move(handler)});
}

void Methods::addForNodes(const QString &name, Handler handler)
{
    m_methods.insert(name, {Role::None, false, true, std::move(handler)});
}

void Methods::addCollection(const QString &name, LiveCollection &collection)
{
    // The collection is the caller's: the pointer that is shared does not own it.
    const CollectionPtr shared(&collection, [](LiveCollection *) {});
    m_collections.insert(name, [shared](const QCborMap &) { return shared; });
}

void Methods::addCollection(const QString &name, CollectionMaker make)
{
    m_collections.insert(name, std::move(make));
}

void Methods::setRouter(const QString &self, Handler router)
{
    m_self = self;
    m_router = std::move(router);
}

Result<void> Methods::allowed(const Method &method, const Caller &caller, const QString &name) const
{
    const bool newcomer = caller.identity.kind == Identity::Kind::Nobody;
    if (method.newcomers && newcomer)
        return {};
    if (method.nodes && caller.identity.kind == Identity::Kind::Node)
        return {};
    if (!newcomer && !method.nodes && !method.newcomers && caller.role >= method.needed)
        return {};
    const QString needed = method.newcomers ? QStringLiteral("a newcomer with a token")
                           : method.nodes   ? QStringLiteral("a node")
                                            : security::roleName(method.needed);
    return fail(Error{
        code::denied,
        QStringLiteral("%1 needs the role %2; the caller is %3 with the role %4.")
            .arg(name, needed, caller.text(), security::roleName(caller.role)),
        {{QStringLiteral("needed"), needed}},
        nullptr});
}

void Methods::run(const CallPtr &call) const
{
    const auto it = m_methods.constFind(call->method());
    if (it == m_methods.constEnd()) {
        call->reply(
            fail(code::notFound, QStringLiteral("There is no method \"%1\".").arg(call->method())));
        return;
    }
    if (const auto ok = allowed(*it, call->caller(), call->method()); !ok) {
        qCWarning(lcControl).noquote() << "refused:" << ok.error().message;
        call->reply(fail(ok.error()));
        return;
    }
    if (!call->node().isEmpty() && call->node() != m_self) {
        if (m_router)
            m_router(call);
        else
            call->reply(fail(code::notFound, QStringLiteral("This agent routes no calls.")));
        return;
    }
    it->handler(call);
}

Result<CollectionPtr> Methods::collection(const QString &name, const QCborMap &params) const
{
    const auto it = m_collections.constFind(name);
    if (it == m_collections.constEnd())
        return fail(code::notFound, QStringLiteral("There is no collection \"%1\".").arg(name));
    return (*it)(params);
}

} // namespace qd::rpc
