// What both programs do with a command line that is wrong: a message of the catalogue, as JSON if
// that was asked for. Includes CLI11; for the files with a main() alone.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/report.h"

namespace daftar {

/// Parses the command line; nothing if the program may go on, else the exit code: 0 after --help, 2
/// when it is wrong.
inline std::optional<int> parse_command_line(CLI::App& app, int count, char** arguments) {
  try {
    app.parse(count, arguments);
    return std::nullopt;
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    const bool as_json = std::any_of(arguments, arguments + count, [](const char* argument) {
      return std::string_view(argument) == "--json";
    });
    // "A subcommand is required" is all that CLI11 says of a command or an option that there is
    // not.
    const std::vector<std::string> left = app.remaining(true);
    const bool is_unknown = app.get_subcommands().empty() && !left.empty();
    const bool is_option = is_unknown && left.front().starts_with('-');
    const std::string reason = is_option ? "There is no option " + left.front() : wrong.what();
    const Status said = is_unknown && !is_option
                            ? Status(Code::invalid, Msg::command_unknown, {left.front()})
                            : Status(Code::invalid, Msg::command_line_bad, {reason});
    return report_failure(said, as_json);
  }
}

}  // namespace daftar
