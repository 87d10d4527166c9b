// daftar agent.
#include "client/agent.h"

#include <cstdio>

#include "client/commands/over_line.h"
#include "client/commands/shared.h"

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

Status run_agent_command(const Session& session, const AgentCommandOptions& given) {
  AgentOptions options;
  DAFTAR_ASSIGN_OR_RETURN(options.minute_of_day, parse_minute_of_day(given.at));
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_RETURN_IF_ERROR(store->key().status());  // while somebody is there to be asked
  return run_agent(*store, *session.clock, options);
}

}  // namespace daftar::client
