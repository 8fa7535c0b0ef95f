// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/store_figures.h"

#include <array>
#include <utility>

namespace qd::node {

namespace {

using store::Operation;

const std::array<std::pair<Operation, const char *>, store::kOperations> kNames{
    {{Operation::Get, "get"},
     {Operation::Set, "set"},
     {Operation::Create, "create"},
     {Operation::Update, "update"},
     {Operation::Delete, "delete"},
     {Operation::CompareAndSwap, "compareAndSwap"},
     {Operation::CompareAndDelete, "compareAndDelete"}}};

StoreOperation rowOf(
    const char *name, const store::Statistics::Count &now, const store::Statistics::Count &before,
    double seconds)
{
    StoreOperation out;
    out.name = QString::fromLatin1(name);
    out.success = qint64(now.success);
    out.fail = qint64(now.fail);
    const double more = double(now.success + now.fail) - double(before.success + before.fail);
    out.perSecond = seconds > 0 && more > 0 ? more / seconds : 0;
    return out;
}

} // namespace

QList<StoreOperation>
operationsOf(const store::Statistics &now, const store::Statistics &before, double seconds)
{
    QList<StoreOperation> out;
    for (const auto &[operation, name] : kNames)
        out.append(rowOf(name, now.of(operation), before.of(operation), seconds));
    out.append(rowOf("expire", {now.expired, 0}, {before.expired, 0}, seconds));
    return out;
}

} // namespace qd::node
