// The agent of a folder: syncs every night, and when the line is back after a missed night.
#pragma once

#include <boost/asio/io_context.hpp>

#include "client/client_store.h"
#include "client/sync_schedule.h"
#include "common/base/clock.h"

namespace daftar::client {

struct AgentOptions {
  int minute_of_day = 120;  ///< of the nightly sync, local time
};

/// Runs until SIGTERM or SIGINT; a sync under way is cancelled then, and what it did is kept.
/// Code::exists if the folder has an agent already.
Status run_agent(ClientStore& store, Clock& clock, const AgentOptions& options);

}  // namespace daftar::client
