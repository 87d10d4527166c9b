// daftar-hub: makes a hub, registers devices and ledgers, and serves.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "common/base/command_line.h"
#include "common/base/limits.h"
#include "common/base/report.h"
#include "common/store/files.h"
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
  std::string ledger;
  std::string key;
  std::string label;
  uint64_t user = 0;
  uint64_t device = 0;
  uint64_t number = 0;
  bool all_ledgers = false;
  bool is_restored = false;
  bool stops_waiting = false;
  std::vector<std::string> ledgers;
};

// One event a line: level, message id, text.
void log_event(Msg message, const std::vector<std::string>& arguments) {
  spdlog::info("{} {}", message_id(message), message_text(message, arguments));
}

Result<std::unique_ptr<HubStore>> open_store(const Options& options) {
  return HubStore::open(options.folder, Database::Access::read_write);
}

Status init(const Options& options) {
  DAFTAR_RETURN_IF_ERROR(HubStore::create(options.folder, options.name));
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
  return text;
}

// After a restore every ledger waits for the devices that may have seen more of it than the backup
// holds; a restart goes on waiting.
Status begin_or_end_awaiting(const Options& options, HubStore& store, Writer& writer) {
  if (options.is_restored) DAFTAR_RETURN_IF_ERROR(store.begin_awaiting());
  if (options.stops_waiting) DAFTAR_RETURN_IF_ERROR(store.end_awaiting());
  DAFTAR_ASSIGN_OR_RETURN(const auto ledgers, store.ledgers().ledgers());
  for (const auto& [name, id] : ledgers) {
    DAFTAR_ASSIGN_OR_RETURN(const auto awaited, store.awaited(name));
    if (awaited) log_event(Msg::hub_restored, {name, numbers_text(*awaited)});
  }
  writer.on_shown([](const std::string& ledger, DeviceNumber device,
                     const std::set<DeviceNumber>& still_awaited) {
    if (still_awaited.empty()) {
      log_event(Msg::hub_ledger_open, {ledger});
    } else {
      log_event(Msg::hub_device_shown,
                {ledger, std::to_string(device), numbers_text(still_awaited)});
    }
  });
  return {};
}

Status serve(const Options& options) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("daftar-hub"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<HubStore> for_writer, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const auto lock, FileLock::acquire(options.folder + "/hub.lock"));
  if (!lock) return {Code::exists, Msg::hub_running, {options.folder}};
  DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<HubStore> for_reader, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const HubIdentity identity, for_reader->identity());
  SystemClock clock;
  // Everybody may write what was granted, until roles come with the records of `national`.
  Writer writer(std::move(for_writer), clock,
                [](const Changeset&, uint64_t) { return std::optional<RefusalReason>(); });
  DAFTAR_RETURN_IF_ERROR(begin_or_end_awaiting(options, *for_reader, writer));
  Service service(std::move(for_reader), identity, writer);
  LoopbackIdentity callers;
  Server server(service, callers,
                [](const Status& why) { log_event(why.message(), why.arguments()); });
  boost::asio::io_context context;
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  DAFTAR_ASSIGN_OR_RETURN(const int port, server.start(options.listen));
  std::jthread writing([&](const std::stop_token& stop) { writer.run(stop); });
  const std::string host = options.listen.substr(0, options.listen.rfind(':'));
  log_event(Msg::hub_serving, {identity.name, host + ":" + std::to_string(port),
                               key_text(identity.key.public_key())});
  log_event(Msg::hub_loopback_only, {});
  // For whoever started this with port 0 and reads where it is.
  say(Msg::hub_listening, {host + ":" + std::to_string(port)});
  std::cout.flush();
  signals.async_wait([](const boost::system::error_code&, int) {});
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

nlohmann::json device_json(const Device& device) {
  return {{"device", device.number},     {"user", device.user},
          {"key", key_text(device.key)}, {"label", device.label},
          {"ledgers", device.ledgers},   {"all_ledgers", device.holds_all},
          {"revoked", device.is_revoked}};
}

Status add_device(const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> store, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const PublicKey key, parse_key(options.key));
  DAFTAR_ASSIGN_OR_RETURN(const HubIdentity identity, store->identity());
  DAFTAR_ASSIGN_OR_RETURN(
      const Device device,
      store->add_device(key,
                        options.user == 0 ? std::nullopt : std::optional<UserNumber>(options.user),
                        options.label, options.all_ledgers, options.ledgers,
                        options.number == 0 ? std::nullopt : std::optional(options.number)));
  const std::string hub_key = key_text(identity.key.public_key());
  if (options.as_json) {
    nlohmann::json object = device_json(device);
    object["hub_name"] = identity.name;
    object["hub_key"] = hub_key;
    print_json(object);
  } else {
    say(Msg::device_registered,
        {std::to_string(device.number), std::to_string(device.user), identity.name, hub_key});
  }
  return {};
}

Status revoke_device(const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> store, open_store(options));
  DAFTAR_RETURN_IF_ERROR(store->revoke_device(options.device));
  if (options.as_json) {
    print_json({{"device", options.device}, {"revoked", true}});
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
  DAFTAR_RETURN_IF_ERROR(
      store->grant(options.device, options.all_ledgers, options.ledgers,
                   options.user == 0 ? std::nullopt : std::optional<UserNumber>(options.user)));
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> device, store->device(options.device));
  if (options.as_json) {
    print_json(device_json(*device));
  } else {
    say(Msg::device_granted,
        {std::to_string(device->number), std::to_string(device->user), ledgers_text(*device)});
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
         ledgers_text(device)});
  }
  if (options.as_json) print_json(list);
  return {};
}

using On = std::function<void(CLI::App* sub, Status (*action)(const Options&))>;

void add_device_commands(CLI::App& app, Options& options, const On& on) {
  CLI::App* device = app.add_subcommand("device", "Register, list and revoke devices");
  device->require_subcommand(1);
  CLI::App* device_add = device->add_subcommand(
      "add", "Register the device whose key `daftar init` printed; prints its number and user");
  device_add->add_option("KEY", options.key, "The device's public key")->required();
  device_add->add_option("--user", options.user, "An existing user's number; else a new one")
      ->check(CLI::Range(uint64_t{1}, limits::kNumber));
  device_add
      ->add_option(
          "--number", options.number,
          "After a restore: the number that the device had, for which its ledgers then wait "
          "until it has synced; else the next free one")
      ->check(CLI::Range(uint64_t{1}, limits::kNumber));
  device_add->add_option("--label", options.label, "What people call the device");
  device_add->add_option("--ledger", options.ledgers,
                         "A ledger that it may read and write; made if missing");
  device_add->add_flag("--all-ledgers", options.all_ledgers, "Every ledger, those to come too");
  on(device_add, add_device);
  CLI::App* device_revoke = device->add_subcommand("revoke", "Shut a device out");
  device_revoke->add_option("NUMBER", options.device)
      ->required()
      ->check(CLI::Range(uint64_t{1}, limits::kNumber));
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
  app.add_option("--folder", options.folder, "Where the hub keeps its database and key")
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

  CLI::App* serve_command =
      app.add_subcommand("serve",
                         "Answer devices until SIGTERM or SIGINT. Listens on this machine alone "
                         "while there are no certificates");
  serve_command->add_option("--listen", options.listen, "HOST:PORT; port 0 takes any free one")
      ->capture_default_str();
  serve_command->add_flag("--restored", options.is_restored,
                          "This folder came back from a backup: take no work for a ledger until "
                          "each of its devices has synced once and given back what is missing. "
                          "Kept over restarts");
  serve_command
      ->add_flag("--stop-waiting", options.stops_waiting,
                 "Wait for no more devices after --restored: what only they know is lost")
      ->excludes("--restored");
  on(serve_command, serve);

  CLI::App* ledger = app.add_subcommand("ledger", "Add and list ledgers");
  ledger->require_subcommand(1);
  CLI::App* ledger_add = ledger->add_subcommand("add", "Add an empty ledger");
  ledger_add->add_option("NAME", options.ledger, "e.g. administration/industry")->required();
  on(ledger_add, add_ledger);
  on(ledger->add_subcommand("list", "Each ledger's size, root and state digest"), list_ledgers);

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
