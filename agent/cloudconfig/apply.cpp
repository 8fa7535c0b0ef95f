// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/apply.h"

#include "agent/cloudconfig/content.h"
#include "agent/cloudconfig/file_owner.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qd::cloudconfig {

namespace {

tl::unexpected<Error> system(const QString &what)
{
    const int number = errno;
    return fail(
        number == ENOSPC || number == EDQUOT ? code::noSpace : code::io,
        QStringLiteral("%1: %2").arg(what, QString::fromLocal8Bit(strerror(number))));
}

/// A file under a name of its own until it is whole; removed if it does not come to that.
class NewFile {
public:
    explicit NewFile(const QString &target)
        : m_path(QFile::encodeName(target + QStringLiteral(".XXXXXX")))
        , m_fd(mkostemp(m_path.data(), O_CLOEXEC))
    {
    }
    ~NewFile()
    {
        if (m_fd < 0)
            return;
        close(m_fd);
        if (!m_renamed)
            unlink(m_path.constData());
    }
    NewFile(const NewFile &) = delete;
    NewFile &operator=(const NewFile &) = delete;
    bool isOpen() const { return m_fd >= 0; }
    bool write(const QByteArray &bytes);
    bool give(const Owner &owner, int mode)
    {
        return fchown(m_fd, owner.user, owner.group) == 0 && fchmod(m_fd, mode_t(mode)) == 0;
    }
    bool become(const QByteArray &target)
    {
        m_renamed = fsync(m_fd) == 0 && rename(m_path.constData(), target.constData()) == 0;
        return m_renamed;
    }

private:
    QByteArray m_path;
    int m_fd;
    bool m_renamed = false;
};

bool NewFile::write(const QByteArray &bytes)
{
    for (qsizetype done = 0; done < bytes.size();) {
        const ssize_t n = ::write(m_fd, bytes.constData() + done, size_t(bytes.size() - done));
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? n : 0;
    }
    return true;
}

Result<void> writeFile(const QString &root, const FileWrite &file)
{
    const QString path = root + cleaned(file.path); // ".." stays below the root
    const auto owner = ownerOf(file.owner);
    if (!owner)
        return fail(owner.error().during(path));
    if (!QDir().mkpath(QFileInfo(path).path()))
        return system(QFileInfo(path).path());
    NewFile fresh(path);
    if (!fresh.isOpen() || !fresh.write(file.content) || !fresh.give(*owner, file.mode) ||
        !fresh.become(QFile::encodeName(path)))
        return system(path);
    return {};
}

/// One run over a plan.
class Run {
public:
    Run(const QString &root, UnitEngine &engine, const std::function<void(const QString &)> &say)
        : m_root(root)
        , m_engine(engine)
        , m_say(say)
    {
    }
    Result<void> file(const FileWrite &file)
    {
        m_say(QStringLiteral("Writing file to \"%1\"").arg(file.path));
        return writeFile(m_root, file);
    }
    Result<void> unit(const UnitChange &unit);
    Result<void> finish(const QList<UnitChange> &units);

private:
    Result<void> unitFiles(const UnitChange &unit);
    Result<void> command(const UnitChange &unit);

    const QString &m_root;
    UnitEngine &m_engine;
    const std::function<void(const QString &)> &m_say;
    bool m_written = false; ///< something that the engine must read
    bool m_network = false;
};

Result<void> Run::unitFiles(const UnitChange &unit)
{
    const QString path = unit.folder() + u'/' + unit.name;
    if (unit.content) {
        m_say(QStringLiteral("Writing unit \"%1\" to filesystem").arg(unit.name));
        if (const auto good = writeFile(m_root, {path, *unit.content, 0644, {}}); !good)
            return good;
        m_written = true;
    }
    for (const DropIn &dropIn : unit.dropIns) {
        m_say(QStringLiteral("Writing drop-in unit \"%1\" to filesystem").arg(dropIn.name));
        const FileWrite file{path + QStringLiteral(".d/") + dropIn.name, dropIn.content, 0644, {}};
        if (const auto good = writeFile(m_root, file); !good)
            return good;
        m_written = true;
    }
    return {};
}

Result<void> Run::unit(const UnitChange &unit)
{
    if (const auto good = unitFiles(unit); !good)
        return good;
    if (unit.isNetwork()) {
        m_network = true; // networkd reads it; command and enable mean nothing
        return {};
    }
    Result<void> done;
    if (unit.mask) {
        m_say(QStringLiteral("Masking unit file \"%1\"").arg(unit.name));
        done = m_engine.mask(unit.name, unit.runtime);
    } else if (unit.runtime) {
        m_say(QStringLiteral("Ensuring runtime unit file \"%1\" is unmasked").arg(unit.name));
        done = m_engine.unmask(unit.name, true);
    }
    if (done && unit.enable) {
        m_say(QStringLiteral("Enabling unit file \"%1\"").arg(unit.name));
        done = m_engine.enable(unit.name, unit.runtime);
        m_written = true;
    }
    return done;
}

Result<void> Run::command(const UnitChange &unit)
{
    m_say(QStringLiteral("Calling unit command \"%1\" on \"%2\"'").arg(unit.command, unit.name));
    const auto result = m_engine.run(unit.command, unit.name);
    if (!result)
        return fail(result.error().during(unit.name));
    m_say(QStringLiteral("Result of \"%1\" on \"%2\": %3").arg(unit.command, unit.name, *result));
    return {};
}

Result<void> Run::finish(const QList<UnitChange> &units)
{
    if (m_written) {
        if (const auto good = m_engine.reload(); !good)
            return good;
    }
    QList<UnitChange> all = units;
    if (m_network)
        all.prepend(
            {.name = QStringLiteral("systemd-networkd.service"),
             .command = QStringLiteral("restart")});
    for (const UnitChange &unit : std::as_const(all)) {
        if (unit.command.isEmpty() || unit.isNetwork())
            continue;
        if (const auto good = command(unit); !good)
            return good;
    }
    return {};
}

} // namespace

Result<void> apply(
    const Plan &plan, const QString &root, UnitEngine &engine,
    const std::function<void(const QString &)> &say)
{
    for (const QString &remark : plan.remarks)
        say(remark);
    Run run(root, engine, say);
    for (const FileWrite &file : plan.files) {
        if (const auto good = run.file(file); !good)
            return good;
    }
    for (const UnitChange &unit : plan.units) {
        if (const auto good = run.unit(unit); !good)
            return fail(good.error().during(unit.name));
    }
    return run.finish(plan.units);
}

} // namespace qd::cloudconfig
