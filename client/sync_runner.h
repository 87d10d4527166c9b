// Runs a sync session over gRPC to its end.
#pragma once

#include <grpcpp/channel.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "client/sync_session.h"

namespace daftar::client {

/// Code::exists in the report if another program of this folder is syncing. `context` is run on the
/// calling thread until the session is done; whatever else it serves (signals) may call
/// `cancel_on`'s argument to stop. `learn_as`: under that number, and only to learn
/// (SyncSession::Purpose).
SyncReport run_sync(ClientStore& store, boost::asio::io_context& context,
                    const std::shared_ptr<grpc::Channel>& channel, Clock& clock,
                    const SyncSession::Progress& progress,
                    const std::function<void(std::function<void()> cancel)>& cancel_on,
                    std::optional<DeviceNumber> learn_as = {});

}  // namespace daftar::client
