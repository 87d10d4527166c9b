// The commands that speak with the hub: in the program daftar-line alone.
#pragma once

#include "client/client_store.h"
#include "client/commands/commands.h"

namespace daftar::client {

Status run_sync_command(const Session& session);
Status run_agent_command(const Session& session, const AgentCommandOptions& options);
/// As Line::learn.
Status run_learn(const Session& session, ClientStore& store, const Identity& identity,
                 const SigningKey& key);

}  // namespace daftar::client
