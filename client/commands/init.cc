// daftar init: a folder and a key; then, with what the hub's operator gave, a number.
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/ledger/checkpoint.h"

namespace daftar::client {
namespace {

void say_key(const Session& session, const PublicKey& key, Msg next) {
  const std::string text = key_text(key);
  if (session.as_json) {
    print_json({{"key", text}, {"folder", session.folder}, {"next", message_id(next)}});
  } else {
    std::cout << "public key: " << text << '\n' << message_text(next, {text}) << '\n';
  }
}

Status take_number(const Session& session, const InitOptions& options, ClientStore& store) {
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

}  // namespace

Status run_init(const Session& session, const InitOptions& options) {
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

}  // namespace daftar::client
