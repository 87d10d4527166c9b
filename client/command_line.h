// The command line of `daftar`, for the programs that run it.
#pragma once

#include "client/commands/commands.h"

namespace daftar::client {

/// Runs the command that was typed; returns the exit code.
int run_command_line(int count, char** arguments, Line& line);

}  // namespace daftar::client
