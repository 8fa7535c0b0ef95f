// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/model/journal_line.h"

#include <QList>
#include <QObject>
#include <QSocketNotifier>
#include <memory>

struct sd_journal;

namespace qd {

/// Which entries of a journal are wanted.
struct JournalQuery {
    QString unit;         ///< as `journalctl -u`: its output and the manager's words; empty = all
    QString invocationId; ///< 32 hex digits: of this run of the unit only; empty = all
    QString afterCursor;  ///< begin after this entry instead of at the last `lines`
    int lines = 10;       ///< how many of the newest; 0 = none, negative = all (in batches)
};

/// Reads the journal files of a folder with libsystemd, as `journalctl` does (S27-S31). The files
/// may be written meanwhile, and new ones may appear.
class JournalReader : public QObject {
    Q_OBJECT

public:
    /// `folder` holds the files (`<log>/journal/<machine-id>`). Errors: code::notFound,
    /// code::badInput for a query that cannot be asked, code::io.
    static Result<std::unique_ptr<JournalReader>>
    open(const QString &folder, const JournalQuery &query);
    ~JournalReader() override;

    /// The next entries in order of time, at most `most`; empty = none yet.
    QList<JournalLine> read(int most = 1000);
    /// From now on arrived() tells of entries as they are written, beginning with those that
    /// read() has not given yet.
    void follow();

Q_SIGNALS:
    void arrived(const QList<qd::JournalLine> &lines);

private:
    explicit JournalReader(sd_journal *journal);

    Result<void> match(const JournalQuery &query);
    Result<void> seek(const JournalQuery &query);
    JournalLine line() const;
    QByteArray field(const char *name) const;
    void onChange();
    void deliver();

    struct Closer {
        void operator()(sd_journal *journal) const;
    };
    std::unique_ptr<sd_journal, Closer> m_journal;
    std::unique_ptr<QSocketNotifier> m_changes;
};

} // namespace qd
