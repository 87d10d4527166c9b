// daftar init: a folder and a key; then, with what the hub's operator gave, a number.
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/commands.h"
#include "common/ledger/checkpoint.h"

namespace daftar::client {
namespace {

struct Options {
  uint64_t device = 0;
  uint64_t user = 0;
  std::string hub = "127.0.0.1:7443";
  std::string hub_name;
  std::string hub_key;
  std::vector<std::string> ledgers;
  bool again = false;
};

void say_key(const Session& session, const PublicKey& key, Msg next) {
  const std::string text = key_text(key);
  if (session.as_json) {
    print_json({{"key", text}, {"folder", session.folder}, {"next", message_id(next)}});
  } else {
    std::cout << "public key: " << text << '\n' << message_text(next, {text}) << '\n';
  }
}

Status take_number(const Session& session, const Options& options, ClientStore& store) {
  Identity identity;
  identity.device = options.device;
  identity.user = options.user;
  identity.hub_address = options.hub;
  identity.hub_name = options.hub_name;
  if (options.user == 0 || options.hub_key.empty() || !is_hub_name(options.hub_name)) {
    return {Code::invalid, Msg::init_incomplete};
  }
  DAFTAR_ASSIGN_OR_RETURN(identity.hub_key, parse_key(options.hub_key));
  const Result<Identity> before = store.identity();
  if (before.ok()) {
    DAFTAR_RETURN_IF_ERROR(store.adopt(identity));
  } else {
    DAFTAR_RETURN_IF_ERROR(store.set_identity(identity));
  }
  for (const std::string& ledger : options.ledgers) {
    DAFTAR_RETURN_IF_ERROR(store.add_ledger(ledger).status());
  }
  if (session.as_json) {
    print_json({{"device", identity.device}, {"user", identity.user}, {"hub", options.hub}});
  } else {
    std::cout << message_text(Msg::init_done, {std::to_string(identity.device), options.hub})
              << '\n';
  }
  return {};
}

Status init(const Session& session, const Options& options) {
  auto store = open_store(session);
  if (!store.ok() && store.status().code() == Code::not_found) {
    DAFTAR_RETURN_IF_ERROR(ClientStore::create(session.folder));
    store = open_store(session);
    if (store.ok() && options.device == 0) {
      DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, (*store)->key());
      say_key(session, key.public_key(), Msg::init_register_key);
      return {};
    }
  }
  if (!store.ok()) return store.status();
  if (options.device != 0) return take_number(session, options, **store);
  if (options.again) {
    DAFTAR_RETURN_IF_ERROR((*store)->identity().status());
    DAFTAR_ASSIGN_OR_RETURN(const PublicKey key, (*store)->prepare_new_key());
    say_key(session, key, Msg::init_register_new_key);
    return {};
  }
  if ((*store)->identity().ok()) return {Code::exists, Msg::folder_exists, {session.folder}};
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, (*store)->key());
  say_key(session, key.public_key(), Msg::init_register_key);
  return {};
}

}  // namespace

void add_init(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "init",
      "Make this computer's Daftar folder.\n"
      "First `daftar init` makes the folder and a key, and prints the key. The hub's operator "
      "registers "
      "it (daftar-hub device add KEY) and gets the second command to run here, with the device's "
      "number. From then on you can work, with or without a line.\n"
      "`daftar init --again` begins the same anew for a copied or restored disk; no work is lost.");
  auto options = std::make_shared<Options>();
  command->add_option("--device", options->device, "The number that the hub gave this device");
  command->add_option("--user", options->user, "The number that the hub gave its user");
  command->add_option("--hub", options->hub, "The hub's address, HOST:PORT")->capture_default_str();
  command->add_option("--hub-name", options->hub_name, "The hub's name");
  command->add_option("--hub-key", options->hub_key, "The hub's public key");
  command->add_option("--begin", options->ledgers,
                      "Ledgers to begin before the first sync, e.g. administration/industry");
  command->add_flag("--again", options->again, "This disk is a copy: make a new key for it");
  session.on(command, [&session, options] { return init(session, *options); });
}

}  // namespace daftar::client
