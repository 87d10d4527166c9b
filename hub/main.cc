// daftar-hub: makes a hub, registers devices and ledgers, and serves.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "common/base/command_line.h"
#include "common/base/limits.h"
#include "common/base/report.h"
#include "common/base/text.h"
#include "common/net/address.h"
#include "common/net/https.h"
#include "common/store/files.h"
#include "hub/certificate_authority.h"
#include "hub/enrolment.h"
#include "hub/server.h"
#include "hub/service.h"
#include "hub/writer.h"

namespace daftar::hub {
namespace {

struct Options {
  std::string folder = "hub";
  bool as_json = false;
  std::string name = "hub";
  std::string listen = "127.0.0.1:7443";
  std::string enrol_listen;
  int sync_port = 0;
  std::string ledger;
  std::string root_key;
  std::string proxy_folder;
  std::string label;
  std::string party;
  std::string role;
  uint64_t user = 0;
  uint64_t device = 0;
  uint64_t number = 0;
  uint64_t minutes = 15;
  bool all_ledgers = false;
  bool is_lost = false;
  bool is_restored = false;
  bool stops_waiting = false;
  std::vector<std::string> given_up;  ///< ledgers
  std::vector<std::string> ledgers;
};

// One event a line, whatever callers wrote into it: level, message id, text.
void log_event(Msg message, const std::vector<std::string>& arguments) {
  spdlog::info("{} {}", message_id(message), one_line(message_text(message, arguments)));
}

Result<std::unique_ptr<HubStore>> open_store(const Options& options) {
  return HubStore::open(options.folder, Database::Access::read_write);
}

Status init(const Options& options) {
  SystemClock clock;
  Status made = HubStore::create(options.folder, options.name);
  if (made.code() == Code::exists) {
    // A power cut may have left a hub without certificates.
    Status certificates = CertificateAuthority::open(options.folder).status();
    if (certificates.ok()) return made;
    if (certificates.code() != Code::not_found) return certificates;
  } else {
    DAFTAR_RETURN_IF_ERROR(made);
  }
  DAFTAR_RETURN_IF_ERROR(CertificateAuthority::create(options.folder, clock.wall_ms()));
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> store, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const HubIdentity identity, store->identity());
  const std::string key = key_text(identity.key.public_key());
  if (options.as_json) {
    print_json({{"name", identity.name}, {"key", key}, {"folder", options.folder}});
  } else {
    say(Msg::hub_made, {identity.name, options.folder, key});
  }
  return {};
}

std::string numbers_text(const std::set<DeviceNumber>& numbers) {
  std::string text;
  for (const DeviceNumber number : numbers)
    text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text.empty() ? "–" : text;
}

// After a restore every ledger waits for the devices that may have seen more of it than the backup
// holds; a restart goes on waiting.
Status begin_or_end_awaiting(const Options& options, HubStore& store, Writer& writer) {
  // Nothing is begun before all names are known to be right.
  for (const std::string& ledger : options.given_up) {
    if (!is_ledger_name(ledger)) return {Code::invalid, Msg::ledger_name_bad, {ledger}};
    DAFTAR_ASSIGN_OR_RETURN(const auto known, store.ledgers().find_ledger(ledger));
    if (!known) return {Code::not_found, Msg::ledger_missing, {ledger}};
  }
  if (options.is_restored) DAFTAR_RETURN_IF_ERROR(store.begin_awaiting());
  if (options.stops_waiting) DAFTAR_RETURN_IF_ERROR(store.end_awaiting());
  for (const std::string& ledger : options.given_up) {
    DAFTAR_RETURN_IF_ERROR(store.end_awaiting(ledger));
  }
  DAFTAR_ASSIGN_OR_RETURN(const bool knows_nobody, store.knows_nobody());
  if (knows_nobody) log_event(Msg::hub_knows_nobody, {});
  DAFTAR_ASSIGN_OR_RETURN(const auto ledgers, store.ledgers().ledgers());
  for (const auto& [name, id] : ledgers) {
    DAFTAR_ASSIGN_OR_RETURN(const auto awaited, store.awaited(name));
    if (awaited) log_event(Msg::hub_restored, {name, numbers_text(*awaited)});
    DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, store.ledgers().row(id));
    if (row.published > row.size) {
      log_event(Msg::hub_ledger_short,
                {name, std::to_string(row.published), std::to_string(row.size)});
    }
  }
  Writer::Events events;
  events.shown = [](const std::string& ledger, DeviceNumber device,
                    const std::set<DeviceNumber>& still_awaited) {
    log_event(Msg::hub_device_shown, {ledger, std::to_string(device), numbers_text(still_awaited)});
  };
  events.open = [](const std::string& ledger) { log_event(Msg::hub_ledger_open, {ledger}); };
  events.national_short = [](uint64_t judged_by, uint64_t size) {
    log_event(Msg::hub_national_short, {std::to_string(judged_by), std::to_string(size)});
  };
  events.other_past = [](const std::string& ledger, DeviceNumber device, bool is_stopped) {
    log_event(is_stopped ? Msg::hub_other_past_stops : Msg::hub_other_past,
              {ledger, std::to_string(device)});
  };
  events.ledger_short = [](const std::string& ledger, uint64_t shown, uint64_t size) {
    log_event(Msg::hub_ledger_short, {ledger, std::to_string(shown), std::to_string(size)});
  };
  writer.on(std::move(events));
  return {};
}

// The hub's own certificate, looked after while it serves.
class OwnCertificate {
 public:
  OwnCertificate(boost::asio::io_context& context, const CertificateAuthority& authority,
                 Clock& clock)
      : timer_(context), authority_(authority), clock_(clock) {}

  Status renew_if_due() {
    DAFTAR_ASSIGN_OR_RETURN(const bool is_new, authority_.renew_own(clock_.wall_ms(), true));
    if (is_new) log_event(Msg::hub_certificate_renewed, {});
    return {};
  }
  void look_again() {
    timer_.expires_after(kBetweenLooks);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      const Status done = renew_if_due();
      if (!done.ok()) log_event(done.message(), done.arguments());
      look_again();
    });
  }

 private:
  static constexpr auto kBetweenLooks = std::chrono::hours(1);
  boost::asio::steady_timer timer_;
  const CertificateAuthority& authority_;
  Clock& clock_;
};

// Of an address that was listened on: any free one goes with any free one.
int next_port(const std::string& listen) {
  const int port = std::stoi(host_and_port(listen).second);
  return port == 0 ? 0 : port + 1;
}

// What strangers may take of the hub: a signing request is 1 kB.
constexpr HttpsLimits kEnrolmentLimits{16 * 1024, 64, std::chrono::seconds(10)};

Status serve(const Options& options) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("daftar-hub"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<HubStore> for_writer, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const auto lock, FileLock::acquire(options.folder + "/hub.lock"));
  if (!lock) return {Code::exists, Msg::hub_running, {options.folder}};
  DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<HubStore> for_reader, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> for_enrolment, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const HubIdentity identity, for_reader->identity());
  DAFTAR_ASSIGN_OR_RETURN(const auto authority, CertificateAuthority::open(options.folder));
  SystemClock clock;
  Writer writer(std::move(for_writer), clock);
  DAFTAR_RETURN_IF_ERROR(begin_or_end_awaiting(options, *for_reader, writer));
  Service service(std::move(for_reader), identity, writer);
  // Before the server, which outlives no call that waits for it.
  std::jthread writing([&](const std::stop_token& stop) { writer.run(stop); });
  writer.say_soon();
  Server server(service, authority, clock,
                [](const Status& why) { log_event(why.message(), why.arguments()); });
  boost::asio::io_context context;
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  OwnCertificate own(context, authority, clock);
  DAFTAR_RETURN_IF_ERROR(own.renew_if_due());
  DAFTAR_ASSIGN_OR_RETURN(const int port, server.start(options.listen));
  const int sync_port = options.sync_port == 0 ? port : options.sync_port;
  Enrolment enrolment(*for_enrolment, authority, identity, sync_port, clock, log_event);
  HttpsServer https(context, {authority.chain_path(), authority.key_path()}, kEnrolmentLimits,
                    [&](const HttpRequest& request) {
                      HttpAnswer answer = enrolment.answer(request);
                      if (answer.status == 200) writer.say_soon();  // who was enrolled
                      return answer;
                    });
  const std::string enrol_listen = options.enrol_listen.empty()
                                       ? with_port(options.listen, next_port(options.listen))
                                       : options.enrol_listen;
  DAFTAR_ASSIGN_OR_RETURN(const int enrol_port, https.start(enrol_listen));
  DAFTAR_RETURN_IF_ERROR(for_enrolment->set_enrolment_port(enrol_port));
  const std::string address = with_port(options.listen, port);
  const std::string enrol_address = with_port(enrol_listen, enrol_port);
  log_event(Msg::hub_serving,
            {identity.name, address, key_text(identity.key.public_key()), enrol_address});
  // For whoever started this with port 0 and reads where it is.
  say(Msg::hub_listening, {address, enrol_address});
  std::cout.flush();
  own.look_again();
  // Whoever is just enrolling asks again; nobody can put the end off.
  signals.async_wait([&](const boost::system::error_code&, int) { context.stop(); });
  context.run();
  log_event(Msg::hub_stopping, {});
  server.stop();
  return {};
}

Status add_ledger(const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> store, open_store(options));
  DAFTAR_RETURN_IF_ERROR(store->add_ledger(options.ledger));
  if (options.as_json) {
    print_json({{"ledger", options.ledger}});
  } else {
    say(Msg::ledger_added, {options.ledger});
  }
  return {};
}

Status list_ledgers(const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> store, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const auto ledgers, store->ledgers().ledgers());
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [name, id] : ledgers) {
    DAFTAR_RETURN_IF_ERROR(store->ledgers().begin());
    DAFTAR_ASSIGN_OR_RETURN(const auto ledger, Ledger::open(store->ledgers(), id, name));
    DAFTAR_ASSIGN_OR_RETURN(const Hash digest, ledger->digest());
    DAFTAR_RETURN_IF_ERROR(store->ledgers().commit());
    const TreeHead head = ledger->tree_head();
    list.push_back({{"ledger", name},
                    {"size", head.size},
                    {"root", to_hex(head.root)},
                    {"digest", to_hex(digest)}});
    if (!options.as_json) {
      say(Msg::ledger_line, {name, std::to_string(head.size), to_hex(head.root).substr(0, 16),
                             to_hex(digest).substr(0, 16)});
    }
  }
  if (options.as_json) print_json(list);
  return {};
}

Result<Role> parse_role(const std::string& name) {
  if (const std::optional<Role> role = find_role(name)) return *role;
  return Status(Code::invalid, Msg::role_unknown, {name, role_names()});
}

Result<std::string> parse_party(const std::string& typed) {
  constexpr size_t kMost = 100;
  Result<std::string> code = normalise_text(typed);
  const bool is_good = code.ok() && code->size() <= kMost && one_line(*code) == *code;
  return is_good ? code : Status(Code::invalid, Msg::party_bad, {one_line(typed)});
}

nlohmann::json device_json(const Device& device) {
  return {{"device", device.number},        {"user", device.user},
          {"role", role_name(device.role)}, {"party", device.party},
          {"key", key_text(device.key)},    {"label", device.label},
          {"ledgers", device.ledgers},      {"all_ledgers", device.holds_all},
          {"revoked", device.is_revoked},   {"lost", device.is_lost}};
}

Status give_token(const Options& options) {
  SystemClock clock;
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> store, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const auto authority, CertificateAuthority::open(options.folder));
  TokenTerms terms;
  if (options.user != 0) terms.user = options.user;
  if (options.number != 0) terms.number = options.number;
  if (!options.role.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(terms.role, parse_role(options.role));
  }
  DAFTAR_ASSIGN_OR_RETURN(const bool is_founding, store->is_founding());
  if (is_founding && terms.role == Role::none && !terms.user) {
    return {Code::invalid, Msg::token_needs_role};
  }
  DAFTAR_ASSIGN_OR_RETURN(terms.party, parse_party(options.party));
  terms.label = options.label;
  terms.holds_all = options.all_ledgers;
  terms.ledgers = options.ledgers;
  const uint64_t now = clock.wall_ms();
  terms.ends_ms = now + options.minutes * 60 * 1000;
  DAFTAR_ASSIGN_OR_RETURN(const std::string token, make_token(*store, authority, terms, now));
  if (options.as_json) {
    print_json({{"token", token}, {"ends", time_text(terms.ends_ms)}});
  } else {
    DAFTAR_ASSIGN_OR_RETURN(const int port, store->enrolment_port());
    say(Msg::token_made, {token, time_text(terms.ends_ms), std::to_string(port)});
  }
  return {};
}

Status renew_certificate(const Options& options) {
  SystemClock clock;
  DAFTAR_RETURN_IF_ERROR(open_store(options).status());
  DAFTAR_ASSIGN_OR_RETURN(auto authority, CertificateAuthority::open(options.folder));
  if (options.root_key.empty()) {
    DAFTAR_RETURN_IF_ERROR(authority.renew_own(clock.wall_ms(), false).status());
  } else {
    DAFTAR_RETURN_IF_ERROR(authority.renew_issuer(options.root_key, clock.wall_ms()));
  }
  const Msg done =
      options.root_key.empty() ? Msg::hub_certificate_renewed : Msg::hub_issuer_renewed;
  if (options.as_json) {
    print_json({{"done", message_id(done)}});
  } else {
    say(done, {});
  }
  return {};
}

Status equip_proxy(const Options& options) {
  SystemClock clock;
  DAFTAR_RETURN_IF_ERROR(open_store(options).status());
  DAFTAR_ASSIGN_OR_RETURN(const auto authority, CertificateAuthority::open(options.folder));
  DAFTAR_RETURN_IF_ERROR(authority.equip_proxy(options.proxy_folder, clock.wall_ms()));
  if (options.as_json) {
    print_json({{"folder", options.proxy_folder}});
  } else {
    say(Msg::proxy_equipped, {options.proxy_folder});
  }
  return {};
}

Status revoke_device(const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> store, open_store(options));
  DAFTAR_RETURN_IF_ERROR(store->revoke_device(options.device, options.is_lost));
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> device, store->device(options.device));
  if (options.as_json) {
    print_json({{"device", options.device}, {"revoked", true}, {"lost", device->is_lost}});
  } else {
    say(Msg::device_shut_out, {std::to_string(options.device)});
  }
  return {};
}

// "administration/industry, administration/water".
std::string ledgers_text(const Device& device) {
  if (device.holds_all) return text_of(Msg::device_all_ledgers);
  std::string text;
  for (const std::string& ledger : device.ledgers) text += (text.empty() ? "" : ", ") + ledger;
  return text.empty() ? text_of(Msg::device_no_ledgers) : text;
}

Status grant_device(const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> store, open_store(options));
  std::optional<Role> role;
  if (!options.role.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(role, parse_role(options.role));
  }
  DAFTAR_RETURN_IF_ERROR(store->grant(
      options.device, options.all_ledgers, options.ledgers,
      options.user == 0 ? std::nullopt : std::optional<UserNumber>(options.user), role));
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> device, store->device(options.device));
  if (options.as_json) {
    print_json(device_json(*device));
  } else {
    say(Msg::device_granted, {std::to_string(device->number), std::to_string(device->user),
                              ledgers_text(*device), std::string(role_name(device->role))});
    if (device->is_revoked) say(Msg::device_stays_out, {std::to_string(device->number)});
  }
  return {};
}

Status list_devices(const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> store, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<Device> devices, store->devices());
  nlohmann::json list = nlohmann::json::array();
  for (const Device& device : devices) {
    list.push_back(device_json(device));
    if (options.as_json) continue;
    say(device.is_revoked ? Msg::device_line_revoked : Msg::device_line,
        {std::to_string(device.number), std::to_string(device.user), device.label,
         ledgers_text(device), std::string(role_name(device.role))});
  }
  if (options.as_json) print_json(list);
  return {};
}

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
