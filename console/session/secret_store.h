// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/profile.h"

#include <QMap>

namespace qd::session {

/// Secrets as files of mode 0600 in a folder of mode 0700.
class FileSecretStore final : public SecretStore {
public:
    explicit FileSecretStore(QString folder)
        : m_folder(std::move(folder))
    {
    }
    Result<void> save(const QString &name, const QByteArray &secret) override;
    Result<QByteArray> load(const QString &name) const override;
    void remove(const QString &name) override;

private:
    QString file(const QString &name) const;
    QString m_folder;
};

/// Secrets that end with the process.
class MemorySecretStore final : public SecretStore {
public:
    Result<void> save(const QString &name, const QByteArray &secret) override;
    Result<QByteArray> load(const QString &name) const override;
    void remove(const QString &name) override;

private:
    QMap<QString, QByteArray> m_secrets;
};

/// Writes a file of mode 0600, whole or not at all, in a folder of mode 0700. code::io.
Result<void> writePrivately(const QString &path, const QByteArray &bytes);
/// Makes a name fit for a file: what is not a letter, digit, dot or dash becomes %XX.
QString fileNameOf(const QString &name);

} // namespace qd::session
