// daftar-hub: makes a hub, registers devices and ledgers, and serves. What people type; what it
// does is in commands.cc and serve.cc.
#include <functional>

#include "common/base/command_line.h"
#include "common/base/limits.h"
#include "common/base/report.h"
#include "common/store/files.h"
#include "hub/commands.h"

namespace daftar::hub {
namespace {

using On = std::function<void(CLI::App* sub, Status (*action)(const Options&))>;

void add_device_commands(CLI::App& app, Options& options, const On& on) {
  CLI::App* token = app.add_subcommand(
      "token", "A token that enrols one device: hand it to the person there, for daftar init");
  CLI::Option* user =
      token->add_option("--user", options.user, "An existing user's number; else a new one")
          ->check(CLI::Range(uint64_t{1}, limits::kNumber));
  token
      ->add_option(
          "--number", options.number,
          "After a restore: the number that the device had, for which its ledgers then wait "
          "until it has synced; else the next free one")
      ->needs(user)
      ->check(CLI::Range(uint64_t{1}, limits::kNumber));
  token->add_option("--role", options.role,
                    "What its user may write: data-officer, focal-point, director-general, "
                    "omsar-analyst, omsar-administrator, ci-inspector, inspector-general, "
                    "hub-operator, auditor. Once there are two administrators, they appoint");
  token->add_option("--party", options.party,
                    "The code of the party that its user belongs to, such as transport or omsar");
  token->add_option("--label", options.label, "What people call the device");
  token->add_option("--ledger", options.ledgers,
                    "A ledger that it may read and write; made if missing");
  token->add_flag("--all-ledgers", options.all_ledgers, "Every ledger, those to come too");
  token->add_option("--minutes", options.minutes, "How long it can be used")
      ->check(CLI::Range(uint64_t{1}, uint64_t{24 * 60}))
      ->capture_default_str();
  on(token, give_token);

  CLI::App* device = app.add_subcommand("device", "List, revoke and grant devices");
  device->require_subcommand(1);
  CLI::App* device_revoke = device->add_subcommand("revoke", "Shut a device out");
  device_revoke->add_option("NUMBER", options.device)
      ->required()
      ->check(CLI::Range(uint64_t{1}, limits::kNumber));
  device_revoke->add_flag("--lost", options.is_lost,
                          "It was lost or stolen: work that it has not sent may not be handed "
                          "over either");
  on(device_revoke, revoke_device);
  CLI::App* device_grant =
      device->add_subcommand("grant", "Open further ledgers to a registered device");
  device_grant->add_option("NUMBER", options.device)
      ->required()
      ->check(CLI::Range(uint64_t{1}, limits::kNumber));
  device_grant
      ->add_option("--user", options.user,
                   "The user of a device that came back after a restore, and has none")
      ->check(CLI::Range(uint64_t{1}, limits::kNumber));
  device_grant->add_option("--role", options.role, "What its user may write from now on");
  device_grant->add_option("--ledger", options.ledgers, "A ledger; made if missing");
  device_grant->add_flag("--all-ledgers", options.all_ledgers, "Every ledger, those to come too");
  on(device_grant, grant_device);
  on(device->add_subcommand("list", "All devices"), list_devices);
}

int run(int count, char** arguments) {
  Options options;
  std::function<Status()> command;
  CLI::App app{
      "The hub of Daftar: one order for every ledger, kept so that it can be proved.\n"
      "Begin with: daftar-hub init; daftar-hub ledger add administration/industry;\n"
      "daftar-hub serve. Exit codes are those of `daftar --help`."};
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--folder", options.folder, "Where the hub keeps its database and keys")
      ->envname("DAFTAR_HUB_FOLDER")
      ->capture_default_str();
  app.add_flag("--json", options.as_json, "Print JSON, with message ids");
  const On on = [&](CLI::App* sub, Status (*action)(const Options&)) {
    sub->callback(
        [&command, &options, action] { command = [&options, action] { return action(options); }; });
  };

  CLI::App* init_command =
      app.add_subcommand("init", "Make a new hub: its folder, database and key");
  init_command
      ->add_option("--name", options.name,
                   "The hub's name, the first part of every checkpoint's origin")
      ->capture_default_str();
  on(init_command, init);

  CLI::App* serve_command = app.add_subcommand("serve", "Answer devices until SIGTERM or SIGINT");
  serve_command
      ->add_option("--listen", options.listen,
                   "HOST:PORT for enrolled devices; 0.0.0.0 for all networks; port 0 takes any "
                   "free one")
      ->capture_default_str();
  serve_command->add_option(
      "--enrol-listen", options.enrol_listen,
      "HOST:PORT for enrolment and for certificates that have ended; else the next "
      "port of --listen");
  serve_command
      ->add_option("--sync-port", options.sync_port,
                   "The port at which devices are told to sync, where a proxy takes their calls")
      ->check(CLI::Range(1, 65'535));
  serve_command->add_flag("--restored", options.is_restored,
                          "This folder came back from a backup: take no work for a ledger until "
                          "each of its devices has synced once and given back what is missing. "
                          "Kept over restarts");
  serve_command
      ->add_flag("--stop-waiting", options.stops_waiting,
                 "Wait for no more devices after --restored: what only they know is lost")
      ->excludes("--restored");
  serve_command
      ->add_option("--give-up", options.given_up,
                   "Wait for no more devices for this ledger alone; may be given several times")
      ->excludes("--restored");
  on(serve_command, serve);

  CLI::App* ledger = app.add_subcommand("ledger", "Add and list ledgers");
  ledger->require_subcommand(1);
  CLI::App* ledger_add = ledger->add_subcommand("add", "Add an empty ledger");
  ledger_add->add_option("NAME", options.ledger, "e.g. administration/industry")->required();
  on(ledger_add, add_ledger);
  on(ledger->add_subcommand("list", "Each ledger's size, root and state digest"), list_ledgers);

  CLI::App* certificate = app.add_subcommand(
      "certificate", "Renew the hub's own certificate now; serve does it in time by itself");
  certificate->add_option("--root-key", options.root_key,
                          "The file root.key: also make a new issuer. The old one still counts");
  on(certificate, renew_certificate);

  CLI::App* proxy = app.add_subcommand(
      "proxy", "Write the certificates of a proxy in front of the hub (deploy/haproxy.cfg)");
  proxy->add_option("FOLDER", options.proxy_folder, "Where the proxy reads them")->required();
  on(proxy, equip_proxy);

  add_device_commands(app, options, on);

  if (const std::optional<int> ended = parse_command_line(app, count, arguments)) return *ended;
  const Status done = command();
  return done.ok() ? 0 : report_failure(done, options.as_json);
}

}  // namespace
}  // namespace daftar::hub

int main(int count, char** arguments) {
  daftar::use_one_heap();
  return daftar::hub::run(count, arguments);
}
