// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/engine_bus.h"

#include <QFileInfo>
#include <QHash>
#include <cstring>
#include <systemd/sd-bus.h>

namespace qd::cloudconfig {

namespace {

constexpr const char *kService = "org.freedesktop.systemd1";
constexpr const char *kRoot = "/org/freedesktop/systemd1";
constexpr const char *kManager = "org.freedesktop.systemd1.Manager";
constexpr const char *kSocket = "/run/systemd/private";

struct Closing {
    void operator()(sd_bus *bus) const { sd_bus_flush_close_unref(bus); }
    void operator()(sd_bus_message *message) const { sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, Closing>;
using Message = std::unique_ptr<sd_bus_message, Closing>;

tl::unexpected<Error> system(const char *what, int negativeErrno)
{
    return fail(
        code::unreachable,
        QStringLiteral("%1: %2").arg(
            QLatin1String(what), QString::fromLocal8Bit(strerror(-negativeErrno))));
}

Result<Bus> open()
{
    sd_bus *raw = nullptr;
    int result = 0;
    if (QFileInfo::exists(QLatin1String(kSocket))) {
        result = sd_bus_new(&raw);
        if (result >= 0)
            result = sd_bus_set_address(raw, (QByteArray("unix:path=") + kSocket).constData());
        if (result >= 0)
            result = sd_bus_start(raw);
    } else {
        result = sd_bus_open_system(&raw);
    }
    Bus bus(raw);
    if (result < 0)
        return system("the unit engine does not answer", result);
    return bus;
}

} // namespace

class EngineBus::Connection {
public:
    explicit Connection(Bus bus)
        : m_bus(std::move(bus))
    {
    }
    /// Hears of ended jobs from now on.
    Result<void> listen();
    Result<Message> newCall(const char *method) const;
    Result<Message> call(const Message &message) const;
    /// Waits for the job's end, however long it takes.
    Result<QString> resultOf(const QString &path);

private:
    static int ended(sd_bus_message *message, void *self, sd_bus_error *);

    Bus m_bus;
    QHash<QString, QString> m_results; ///< of jobs, by path: one may end before its path is known
};

int EngineBus::Connection::ended(sd_bus_message *message, void *self, sd_bus_error *)
{
    uint32_t id = 0;
    const char *path = nullptr;
    const char *unit = nullptr;
    const char *result = nullptr;
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0)
        static_cast<Connection *>(self)->m_results.insert(
            QString::fromUtf8(path), QString::fromUtf8(result));
    return 0;
}

Result<void> EngineBus::Connection::listen()
{
    const int heard = sd_bus_match_signal(
        m_bus.get(), nullptr, nullptr, kRoot, kManager, "JobRemoved", &Connection::ended, this);
    if (heard < 0)
        return system("JobRemoved", heard);
    auto message = newCall("Subscribe");
    if (!message)
        return fail(message.error());
    const auto answer = call(*message);
    return answer ? Result<void>() : fail(answer.error());
}

Result<Message> EngineBus::Connection::newCall(const char *method) const
{
    sd_bus_message *raw = nullptr;
    const int made =
        sd_bus_message_new_method_call(m_bus.get(), &raw, kService, kRoot, kManager, method);
    if (made < 0)
        return system(method, made);
    return Message(raw);
}

Result<Message> EngineBus::Connection::call(const Message &message) const
{
    sd_bus_error error{};
    sd_bus_message *raw = nullptr;
    const int result = sd_bus_call(m_bus.get(), message.get(), 0, &error, &raw);
    const QString name = QString::fromUtf8(sd_bus_message_get_member(message.get()));
    const QString sentence = QString::fromUtf8(error.message != nullptr ? error.message : "");
    sd_bus_error_free(&error);
    Message reply(raw);
    if (result >= 0)
        return reply;
    if (sentence.isEmpty())
        return system(qPrintable(name), result);
    return fail(code::io, QStringLiteral("%1: %2").arg(name, sentence));
}

Result<QString> EngineBus::Connection::resultOf(const QString &path)
{
    while (!m_results.contains(path)) {
        int done = sd_bus_process(m_bus.get(), nullptr);
        if (done == 0)
            done = sd_bus_wait(m_bus.get(), UINT64_MAX);
        if (done < 0)
            return system("the unit engine went away", done);
    }
    return m_results.take(path);
}

/// A call that is to be filled and sent.
struct EngineBus::Call {
    Connection &bus;
    Message text;
};

EngineBus::EngineBus() = default;
EngineBus::~EngineBus() = default;

Result<EngineBus::Connection *> EngineBus::connection()
{
    if (m_connection)
        return m_connection.get();
    auto bus = open();
    if (!bus)
        return fail(bus.error());
    auto fresh = std::make_unique<Connection>(std::move(*bus));
    if (const auto good = fresh->listen(); !good)
        return fail(good.error());
    m_connection = std::move(fresh);
    return m_connection.get();
}

Result<EngineBus::Call> EngineBus::newCall(const char *method)
{
    const auto bus = connection();
    if (!bus)
        return fail(bus.error());
    auto message = (*bus)->newCall(method);
    if (!message)
        return fail(message.error());
    return Call{**bus, std::move(*message)};
}

Result<void> EngineBus::reload()
{
    const auto message = newCall("Reload");
    if (!message)
        return fail(message.error());
    const auto done = message->bus.call(message->text);
    return done ? Result<void>() : fail(done.error());
}

Result<void> EngineBus::enable(const QString &unit, bool runtime)
{
    return files("EnableUnitFiles", unit, runtime, true);
}

Result<void> EngineBus::mask(const QString &unit, bool runtime)
{
    return files("MaskUnitFiles", unit, runtime, true);
}

Result<void> EngineBus::unmask(const QString &unit, bool runtime)
{
    return files("UnmaskUnitFiles", unit, runtime, false);
}

Result<void>
EngineBus::files(const char *method, const QString &unit, bool runtime, bool takesForce)
{
    const auto message = newCall(method);
    if (!message)
        return fail(message.error());
    const QByteArray name = unit.toUtf8();
    int put = sd_bus_message_append(message->text.get(), "asb", 1, name.constData(), int(runtime));
    if (put >= 0 && takesForce)
        put = sd_bus_message_append(message->text.get(), "b", 1);
    if (put < 0)
        return system(method, put);
    const auto done = message->bus.call(message->text);
    return done ? Result<void>() : fail(done.error());
}

Result<QString> EngineBus::run(const QString &verb, const QString &unit)
{
    static const QHash<QString, const char *> methods{
        {QStringLiteral("start"), "StartUnit"},
        {QStringLiteral("stop"), "StopUnit"},
        {QStringLiteral("restart"), "RestartUnit"},
        {QStringLiteral("reload"), "ReloadUnit"},
        {QStringLiteral("try-restart"), "TryRestartUnit"},
        {QStringLiteral("reload-or-restart"), "ReloadOrRestartUnit"},
        {QStringLiteral("reload-or-try-restart"), "ReloadOrTryRestartUnit"}};
    const char *const method = methods.value(verb, nullptr);
    if (method == nullptr)
        return fail(code::badInput, QStringLiteral("invalid value %1").arg(verb));
    const auto message = newCall(method);
    if (!message)
        return fail(message.error());
    const int put =
        sd_bus_message_append(message->text.get(), "ss", unit.toUtf8().constData(), "replace");
    if (put < 0)
        return system(method, put);
    const auto reply = message->bus.call(message->text);
    if (!reply)
        return fail(reply.error());
    const char *path = nullptr;
    const int read = sd_bus_message_read(reply->get(), "o", &path);
    if (read < 0)
        return system(method, read);
    return message->bus.resultOf(QString::fromUtf8(path));
}

} // namespace qd::cloudconfig
