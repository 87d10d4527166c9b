// daftar init: a folder and a key; then, with what the hub's operator gave, a number.
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/ledger/checkpoint.h"

namespace daftar::client {
namespace {

void say_key(const Session& session, const PublicKey& key, Msg next,
             const std::vector<std::string>& more = {}) {
  const std::string text = key_text(key);
  if (session.as_json) {
    print_json({{"key", text}, {"folder", session.folder}, {"next", message_id(next)}});
  } else {
    say(Msg::public_key, {text});
    std::vector<std::string> arguments = {text};
    arguments.insert(arguments.end(), more.begin(), more.end());
    say(next, arguments);
  }
}

bool is_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view port = text.substr(colon + 1);
  return !port.empty() && port.size() <= 5 &&
         port.find_first_not_of("0123456789") == std::string_view::npos &&
         std::stoi(std::string(port)) <= 65'535;
}

// What the operator gave, understood as a whole before anything is written.
Result<Identity> parse_identity(const InitOptions& options) {
  Identity identity;
  identity.device = options.device;
  identity.user = options.user;
  identity.hub_address = options.hub;
  identity.hub_name = options.hub_name;
  if (options.user == 0 || options.hub_key.empty() || !is_hub_name(options.hub_name)) {
    return Status(Code::invalid, Msg::init_incomplete);
  }
  if (!is_address(options.hub)) return Status(Code::invalid, Msg::hub_address_bad, {options.hub});
  DAFTAR_ASSIGN_OR_RETURN(identity.hub_key, parse_key(options.hub_key));
  for (const std::string& ledger : options.ledgers) {
    if (!is_ledger_name(ledger)) return Status(Code::invalid, Msg::ledger_name_bad, {ledger});
  }
  return identity;
}

// A device that has a number keeps its number and hub; only the address may be another, or, with
// the key of --again, the number.
Status take_identity(const Session& session, ClientStore& store, const Identity& identity) {
  const Result<Identity> before = store.identity();
  if (!before.ok()) return store.set_identity(identity);
  const bool is_same_hub =
      before->hub_key == identity.hub_key && before->hub_name == identity.hub_name;
  const bool is_same_device = before->device == identity.device && before->user == identity.user;
  if (!is_same_hub || (!is_same_device && !store.has_new_key())) {
    return {
        Code::exists, Msg::init_is_enrolled, {std::to_string(before->device), before->hub_name}};
  }
  // Only what the hub does not have may be made again under the new number. The old one may be shut
  // out by now.
  if (!is_same_device) DAFTAR_RETURN_IF_ERROR(session.line->learn(session, store, identity));
  return store.adopt(identity);
}

Status take_number(const Session& session, const InitOptions& options, ClientStore& store) {
  DAFTAR_ASSIGN_OR_RETURN(const Identity identity, parse_identity(options));
  DAFTAR_RETURN_IF_ERROR(take_identity(session, store, identity));
  for (const std::string& ledger : options.ledgers) {
    DAFTAR_RETURN_IF_ERROR(store.add_ledger(ledger).status());
  }
  if (session.as_json) {
    print_json({{"device", identity.device}, {"user", identity.user}, {"hub", options.hub}});
  } else {
    say(Msg::init_done, {std::to_string(identity.device), options.hub});
  }
  return {};
}

}  // namespace

Status run_init(const Session& session, const InitOptions& options) {
  auto store = open_store(session);
  if (!store.ok() && store.status().code() == Code::not_found && options.device == 0) {
    DAFTAR_RETURN_IF_ERROR(ClientStore::create(session.folder));
    store = open_store(session);
  }
  if (!store.ok()) return store.status();
  if (options.device != 0) return take_number(session, options, **store);
  if (options.again) {
    DAFTAR_RETURN_IF_ERROR((*store)->identity().status());
    DAFTAR_ASSIGN_OR_RETURN(const PublicKey key, (*store)->prepare_new_key());
    DAFTAR_ASSIGN_OR_RETURN(const Identity own, (*store)->identity());
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> ledgers, (*store)->held_ledgers());
    std::string grants;
    for (const LedgerInfo& ledger : ledgers) grants += " --ledger " + ledger.name;
    say_key(session, key, Msg::init_register_new_key, {std::to_string(own.user), grants});
    return {};
  }
  if ((*store)->identity().ok()) return {Code::exists, Msg::folder_exists, {session.folder}};
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, (*store)->key());
  say_key(session, key.public_key(), Msg::init_register_key);
  return {};
}

}  // namespace daftar::client
