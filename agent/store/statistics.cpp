// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/statistics.h"

namespace qd::store {

Operation operationOf(const WriteRequest &request)
{
    const bool compares =
        request.prevIndex > 0 || (request.prevValue && !request.prevValue->isEmpty());
    switch (request.kind) {
    case WriteRequest::Kind::Post:
        return Operation::Create;
    case WriteRequest::Kind::Delete:
        return compares ? Operation::CompareAndDelete : Operation::Delete;
    case WriteRequest::Kind::Put:
        break;
    }
    if (request.prevExist && !*request.prevExist)
        return Operation::Create;
    if (compares)
        return Operation::CompareAndSwap;
    return request.prevExist ? Operation::Update : Operation::Set;
}

} // namespace qd::store
