// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/frame.h"
#include "tests/fuzz/target.h"

#include <QCborArray>
#include <QCborValue>

namespace qd::fuzz {
namespace {

QByteArray framesOf(const QByteArray &stream, qsizetype piece)
{
    rpc::FrameReader reader(4096);
    QByteArray out;
    for (qsizetype at = 0; at < stream.size(); at += piece) {
        reader.feed(stream.mid(at, piece));
        while (true) {
            const auto frame = reader.next();
            if (!frame)
                return out + frame.error().code.toUtf8();
            if (!*frame)
                break;
            out += QByteArray::number((*frame)->size()) + ' ';
        }
    }
    return out;
}

Finding readFrames(const QByteArray &input)
{
    const QByteArray whole = framesOf(input, std::max<qsizetype>(1, input.size()));
    const bool same = framesOf(input, 1) == whole && framesOf(input, 5) == whole;
    return {
        same ? QString() : QStringLiteral("the same stream in pieces gives other frames"),
        whole.left(60)};
}

QByteArrayList frames()
{
    const QCborMap call{
        {QStringLiteral("call"), 1},
        {QStringLiteral("method"), QStringLiteral("unit.start")},
        {QStringLiteral("params"),
         QCborMap{{QStringLiteral("name"), QStringLiteral("a.service")}}}};
    const QCborMap rows{
        {QStringLiteral("rows"), QCborArray{1.5, QByteArray("bytes"), QCborMap{}, false}}};
    return {rpc::encodeFrame(call) + rpc::encodeFrame(rows), rpc::encodeFrame(rows)};
}

} // namespace

Target rpcFrameTarget()
{
    return {"rpc-frame", frames, readFrames};
}

} // namespace qd::fuzz
