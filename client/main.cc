// daftar: the register of an office.
#include <cstdlib>

#include "client/commands/commands.h"
#include "common/base/report.h"

namespace daftar::client {
namespace {

std::string default_folder() {
  const char* home = std::getenv("HOME");
  return (home == nullptr ? std::string(".") : std::string(home)) + "/.daftar";
}

int run(int count, char** arguments) {
  SystemClock clock;
  Session session;
  session.folder = default_folder();
  session.clock = &clock;
  CLI::App app{
      "Daftar: the register of an office. It works without a network, remembers every version of "
      "every value, "
      "and sends and fetches changes when there is a line.\n"
      "Begin with `daftar init`. `daftar COMMAND --help` teaches each command.\n"
      "Exit codes: 0 done, 1 fault of Daftar, 2 wrong input, 3 not found, 4 refused, 5 conflict, 6 "
      "hub or file "
      "not available now, 7 damaged data, 8 over a limit, 9 disk, 10 stopped, 11 made by a newer "
      "Daftar, 12 this "
      "disk is a copy, 13 exists already; above 100: the command line itself is wrong."};
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--folder", session.folder, "Where this office's Daftar is kept")
      ->envname("DAFTAR_FOLDER")
      ->capture_default_str();
  app.add_option("--ledger", session.ledger, "Which ledger, if the folder holds several")
      ->envname("DAFTAR_LEDGER");
  app.add_flag("--json", session.as_json, "Print JSON, with message ids");
  add_init(app, session);
  add_import(app, session);
  add_show(app, session);
  add_edit(app, session);
  add_history(app, session);
  add_sync(app, session);
  add_conflicts(app, session);
  add_export(app, session);
  add_agent(app, session);
  CLI11_PARSE(app, count, arguments);
  const Status done = session.command();
  return done.ok() ? 0 : report_failure(done, session.as_json);
}

}  // namespace
}  // namespace daftar::client

int main(int count, char** arguments) { return daftar::client::run(count, arguments); }
