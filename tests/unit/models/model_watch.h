// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemModel>
#include <QStringList>

namespace qd::test {

/// Keeps a copy of a list model's rows by its signals alone, as a view does: when the copy and the
/// model agree, every change was told right.
class ModelWatch : public QObject {
public:
    ModelWatch(const QAbstractItemModel &model, int role)
        : m_model(model)
        , m_role(role)
    {
        read();
        connect(&model, &QAbstractItemModel::modelReset, this, [this] {
            ++resets;
            read();
        });
        connect(
            &model, &QAbstractItemModel::rowsInserted, this,
            [this](const QModelIndex &, int first, int last) {
                ++inserts;
                for (int row = first; row <= last; ++row)
                    rows.insert(row, at(row));
            });
        connect(
            &model, &QAbstractItemModel::rowsRemoved, this,
            [this](const QModelIndex &, int first, int last) {
                ++removes;
                rows.remove(first, last - first + 1);
            });
        connect(
            &model, &QAbstractItemModel::dataChanged, this,
            [this](const QModelIndex &from, const QModelIndex &to) {
                ++changes;
                for (int row = from.row(); row <= to.row(); ++row)
                    rows[row] = at(row);
            });
    }
    QStringList truth() const
    {
        QStringList out;
        for (int row = 0; row < m_model.rowCount(); ++row)
            out.append(at(row));
        return out;
    }
    int signalsSeen() const { return resets + inserts + removes + changes; }

    QStringList rows;
    int resets = 0;
    int inserts = 0;
    int removes = 0;
    int changes = 0;

private:
    QString at(int row) const
    {
        const QVariant value = m_model.data(m_model.index(row, 0), m_role);
        return value.toStringList().join(QLatin1Char('|')) +
               (value.canConvert<QStringList>() ? QString() : value.toString());
    }
    void read() { rows = truth(); }

    const QAbstractItemModel &m_model;
    int m_role;
};

} // namespace qd::test
