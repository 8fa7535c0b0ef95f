// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/table.h"

#include <algorithm>

namespace qd::cli {
namespace {

/// The East Asian wide blocks and the pictures, coarsely.
bool isWide(char32_t c)
{
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

} // namespace

int shownWidth(const QString &text)
{
    int width = 0;
    const QList<uint> letters = text.toUcs4();
    for (const uint letter : letters) {
        const auto category = QChar::category(char32_t(letter));
        const bool mark = category == QChar::Mark_NonSpacing || category == QChar::Mark_Enclosing ||
                          category == QChar::Other_Format;
        width += mark ? 0 : isWide(letter) ? 2 : 1;
    }
    return width;
}

void Table::add(QList<Cell> row)
{
    for (Cell &cell : row)
        cell.text = cell.text.isEmpty() ? QStringLiteral("-") : visible(cell.text);
    m_rows.append(std::move(row));
}

void Table::print(Output &out) const
{
    QList<int> widths;
    for (qsizetype column = 0; column < m_headings.size(); ++column) {
        int width = shownWidth(m_headings.at(column));
        for (const auto &row : m_rows)
            width = std::max(width, shownWidth(row.at(column).text));
        widths.append(width);
    }
    const auto print = [&](const QList<Cell> &row) {
        QString line;
        for (qsizetype column = 0; column < row.size(); ++column) {
            const Cell &cell = row.at(column);
            const QString pad(widths.at(column) - shownWidth(cell.text), QLatin1Char(' '));
            const QString text = out.coloured(cell.text, cell.tone);
            const bool last = column + 1 == row.size();
            line += cell.right ? pad + text : last ? text : text + pad;
            line += last ? QString() : QStringLiteral("  ");
        }
        out.line(line);
    };
    QList<Cell> head;
    for (qsizetype column = 0; column < m_headings.size(); ++column) {
        Cell cell(m_headings.at(column), Tone::Head);
        cell.right = std::any_of(m_rows.cbegin(), m_rows.cend(), [column](const auto &row) {
            return row.at(column).right;
        });
        head.append(cell);
    }
    print(head);
    for (const auto &row : m_rows)
        print(row);
}

} // namespace qd::cli
