// daftar agent.
#include "client/agent.h"

#include <cstdio>

#include "client/commands/commands.h"

namespace daftar::client {
namespace {

Result<int> parse_minute_of_day(const std::string& text) {
  int hour = 0;
  int minute = 0;
  int end = 0;
  const int fields = std::sscanf(text.c_str(), "%2d:%2d%n", &hour, &minute, &end);
  const bool is_good = fields == 2 && static_cast<size_t>(end) == text.size() && hour >= 0 &&
                       hour < 24 && minute >= 0 && minute < 60;
  if (!is_good) return Status(Code::invalid, Msg::time_of_day_bad, {text});
  return hour * 60 + minute;
}

}  // namespace

void add_agent(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("agent",
                                         "Stay and sync every night at --at, plus an offset of "
                                         "this device's own; after a missed night or a broken "
                                         "line, as soon as the hub answers again. Ends with "
                                         "SIGTERM or SIGINT. One agent for a folder; all other "
                                         "commands work beside it.");
  auto at = std::make_shared<std::string>("02:00");
  command->add_option("--at", *at, "Local time, HH:MM")->capture_default_str();
  session.on(command, [&session, at]() -> Status {
    AgentOptions options;
    DAFTAR_ASSIGN_OR_RETURN(options.minute_of_day, parse_minute_of_day(*at));
    DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
    return run_agent(*store, *session.clock, options);
  });
}

}  // namespace daftar::client
