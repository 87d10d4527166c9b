// Runs a sync session over gRPC to its end.
#pragma once

#include <grpcpp/channel.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "client/sync_session.h"

namespace daftar::client {

/// Called with what stops a sync while one is under way, and with nothing after it.
using CancelOn = std::function<void(std::function<void()> cancel)>;

/// One session. Code::exists in the report if another program of this folder is syncing. `context`
/// is run on the calling thread until the session is done; whatever else it serves (signals) may
/// call `cancel_on`'s argument to stop.
SyncReport run_sync(ClientStore& store, boost::asio::io_context& context,
                    const std::shared_ptr<grpc::Channel>& channel, Clock& clock,
                    const SyncSession::Progress& progress, const CancelOn& cancel_on,
                    SyncSession::Purpose purpose = SyncSession::Purpose::exchange);

/// A folder's line to its hub: the channel is kept between syncs, and made anew when the folder's
/// address, key or certificate is another one.
class HubLine {
 public:
  /// As run_sync. If the hub does not answer, this device's certificate may have ended: a new one
  /// is asked for, and if the hub gives it the sync is tried again.
  SyncReport sync(ClientStore& store, boost::asio::io_context& context, Clock& clock,
                  const SyncSession::Progress& progress, const CancelOn& cancel_on);

 private:
  Status connect(ClientStore& store);
  std::string connected_as_;  ///< address, key and certificate
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace daftar::client
