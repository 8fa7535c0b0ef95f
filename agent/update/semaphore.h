// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"

#include <QStringList>

/// Updates of a node: for now, who may reboot.
namespace qd::update {

/// locksmith's document: how many machines may reboot at once, and which ones are about to.
struct Semaphore {
    qint64 free = 1; ///< slots; below 0 when the maximum was lowered below the holders
    qint64 max = 1;
    std::optional<QStringList> holders; ///< sorted; absent (null) until the first one comes

    bool holds(const QString &holder) const { return holders && holders->contains(holder); }
    bool operator==(const Semaphore &) const = default;
};

/// Below it stand the semaphores.
inline const QString kLockFolder = QStringLiteral("/coreos.com/updateengine/rebootlock");
/// Machines of a group share a semaphore; empty: those of no group do.
QString semaphoreKey(const QString &group);
/// The other way round; nothing for a key that is no semaphore's.
std::optional<QString> groupOf(const QString &key);

/// code::corrupt: not locksmith's document.
Result<Semaphore> parseSemaphore(const QByteArray &json);
/// To the byte as locksmith writes it.
QByteArray toJson(const Semaphore &semaphore);

/// code::conflict, in locksmith's words: "semaphore is at 0", which it looks at first, or "holder
/// exists".
Result<Semaphore> withHolder(Semaphore semaphore, const QString &holder);
/// code::notFound: "holder does not exist".
Result<Semaphore> withoutHolder(Semaphore semaphore, const QString &holder);
/// Who holds a slot keeps it.
Semaphore withMax(Semaphore semaphore, qint64 max);

/// A slot, and the fencing index: the semaphore's modified index when it was taken.
struct Claim {
    QString key;
    QString holder;
    quint64 fence = 0;
};

/// Whether the slot is the holder's still, and has been all the time since it was taken: a machine
/// that slept over the loss of its slot must not act on one that was given to its name later.
/// `now` is a read that was sent after the wish to know; `since` what is kept of the key's history.
/// code::conflict: it is not, or nobody can tell any more.
Result<void>
stillHeld(const Claim &claim, const Result<store::Event> &now, const store::History &since);

} // namespace qd::update
