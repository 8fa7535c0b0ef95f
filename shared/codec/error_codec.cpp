// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/codec/error_codec.h"

namespace qd::codec {
namespace {

constexpr int kDeepest = 16;
const QString kCode = QStringLiteral("code");
const QString kMessage = QStringLiteral("message");
const QString kDetail = QStringLiteral("detail");
const QString kCause = QStringLiteral("cause");

Error decode(const QCborMap &map, int depth)
{
    Error error{
        map.value(kCode).toString(code::internal),
        map.value(kMessage).toString(QStringLiteral("The peer reported an error without a text.")),
        {},
        nullptr};
    const QCborMap detail = map.value(kDetail).toMap();
    for (const auto &pair : detail)
        error.detail.insert(pair.first.toString(), pair.second.toString());
    const QCborValue cause = map.value(kCause);
    if (cause.isMap() && depth < kDeepest)
        error.cause = std::make_shared<const Error>(decode(cause.toMap(), depth + 1));
    return error;
}

} // namespace

QCborMap errorToCbor(const Error &error)
{
    QCborMap map{{kCode, error.code}, {kMessage, error.message}};
    if (!error.detail.isEmpty()) {
        QCborMap detail;
        for (auto it = error.detail.begin(); it != error.detail.end(); ++it)
            detail.insert(it.key(), it.value());
        map.insert(kDetail, detail);
    }
    if (error.cause)
        map.insert(kCause, errorToCbor(*error.cause));
    return map;
}

Error errorFromCbor(const QCborMap &map)
{
    return decode(map, 0);
}

} // namespace qd::codec
