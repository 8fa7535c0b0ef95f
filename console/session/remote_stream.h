// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"
#include "shared/rpc/connection.h"

namespace qd::session {

class RemoteStream final : public ByteStream {
    Q_OBJECT
public:
    /// Null: there is no connection; the stream ends at once with an error.
    explicit RemoteStream(std::shared_ptr<rpc::Stream> stream);
    void write(const QByteArray &bytes) override;
    void close() override;

private:
    std::shared_ptr<rpc::Stream> m_stream;
};

} // namespace qd::session
