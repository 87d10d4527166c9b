// Asking a person at the terminal for something that must not be seen. What only one operating
// system has for that is here.
#pragma once

#include <string>

#include "common/base/status.h"

namespace daftar {

/// Shows `prompt` on the terminal of this process and reads a line without showing it, whatever
/// standard input and output are. Code::invalid if there is no terminal, or nothing more comes.
Result<std::string> read_secret(const std::string& prompt);

/// Whether standard output is a terminal.
bool is_terminal_output();

}  // namespace daftar
