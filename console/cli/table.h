// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/output.h"

#include <QList>
#include <QStringList>

namespace qd::cli {

struct Cell {
    QString text; ///< empty is shown as "-"
    Tone tone = Tone::Plain;
    bool right = false; ///< numbers stand to the right

    Cell(const QString &t, Tone how = Tone::Plain)
        : text(t)
        , tone(how)
    {
    }
    Cell(qint64 number)
        : text(QString::number(number))
        , right(true)
    {
    }
};

/// Rows under headings, aligned by what a terminal shows; the last column is not padded.
class Table {
public:
    explicit Table(QStringList headings)
        : m_headings(std::move(headings))
    {
    }
    void add(QList<Cell> row);
    bool isEmpty() const { return m_rows.isEmpty(); }
    void print(Output &out) const;

private:
    QStringList m_headings;
    QList<QList<Cell>> m_rows;
};

/// How many columns of a terminal a text takes: wide letters two, combining marks none.
int shownWidth(const QString &text);

} // namespace qd::cli
