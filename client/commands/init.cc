// daftar init: a folder, a key, and with the token of the hub's operator a number and a
// certificate.
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "client/enrolment.h"
#include "common/ledger/checkpoint.h"
#include "common/net/address.h"
#include "common/trust/token.h"

namespace daftar::client {
namespace {

constexpr char kUsualAddress[] = "127.0.0.1:7444";

// What was typed, understood as a whole before anything is written.
Status check_options(const InitOptions& options) {
  if (!options.token.empty()) DAFTAR_RETURN_IF_ERROR(parse_token(options.token).status());
  for (const std::string& address : {options.hub, options.sync}) {
    if (!address.empty() && !is_address(address)) {
      return {Code::invalid, Msg::hub_address_bad, {address}};
    }
  }
  for (const std::string& ledger : options.ledgers) {
    if (!is_ledger_name(ledger)) return {Code::invalid, Msg::ledger_name_bad, {ledger}};
  }
  return {};
}

Result<std::unique_ptr<ClientStore>> open_or_create(const Session& session, bool may_create) {
  auto store = open_store(session);
  if (store.ok() || store.status().code() != Code::not_found) return store;
  if (!may_create) return Status(Code::invalid, Msg::init_needs_token);
  DAFTAR_RETURN_IF_ERROR(ClientStore::create(session.folder));
  return open_store(session);
}

// A device that has a number keeps its number, user and hub; what the hub says anew is where it is.
Status take_again(ClientStore& store, const Identity& before, const Identity& now) {
  const bool is_same = before.device == now.device && before.user == now.user &&
                       before.hub_key == now.hub_key && before.hub_name == now.hub_name;
  if (!is_same) {
    return {Code::exists, Msg::init_is_enrolled, {std::to_string(before.device), before.hub_name}};
  }
  return store.set_identity(now);
}

Result<Identity> ask(const Session& session, const InitOptions& options,
                     const CertificateWish& wish, const SigningKey& key) {
  Result<Identity> asked = session.line->enrol(session, wish, key);
  if (!asked.ok() && asked.status().message() == Msg::hub_unreachable) {
    return Status(Code::unavailable, Msg::enrolment_unreachable, {wish.address});
  }
  DAFTAR_ASSIGN_OR_RETURN(Identity identity, std::move(asked));
  if (!options.sync.empty()) identity.hub_address = options.sync;
  return identity;
}

// A number of its own for a disk that is a copy.
Result<Identity> begin_again(const Session& session, const InitOptions& options,
                             const CertificateWish& wish, ClientStore& store) {
  DAFTAR_RETURN_IF_ERROR(store.prepare_new_key().status());
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, store.new_key());
  DAFTAR_ASSIGN_OR_RETURN(const Identity fresh, ask(session, options, wish, key));
  // Only what the hub does not have may be made again under the new number. The old one may be shut
  // out by now.
  DAFTAR_RETURN_IF_ERROR(session.line->learn(session, store, fresh, key));
  DAFTAR_RETURN_IF_ERROR(store.adopt(fresh));
  return fresh;
}

Result<Identity> enrol(const Session& session, const InitOptions& options, ClientStore& store) {
  Result<Identity> before = store.identity();
  CertificateWish wish;
  wish.address = options.hub;
  wish.token = options.token;
  if (!before.ok()) {
    if (before.status().code() != Code::not_found) return before;
    if (options.again) return before;
    if (options.token.empty()) return Status(Code::invalid, Msg::init_needs_token);
    if (wish.address.empty()) wish.address = kUsualAddress;
    DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, store.key());
    DAFTAR_ASSIGN_OR_RETURN(const Identity identity, ask(session, options, wish, key));
    DAFTAR_RETURN_IF_ERROR(store.set_identity(identity));
    return identity;
  }
  if (wish.address.empty()) wish.address = before->enrol_address;
  wish.role = before->role;
  // A token says which root it is for: a hub whose root was seen by others has made another.
  if (options.token.empty()) wish.root = before->root;
  if (options.again) {
    if (options.token.empty()) return Status(Code::invalid, Msg::init_needs_token);
    wish.follows = before->device;
    return begin_again(session, options, wish, store);
  }
  if (options.token.empty() && options.hub.empty()) {
    return Status(Code::exists, Msg::folder_exists, {session.folder});
  }
  wish.device = before->device;
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, store.key());
  DAFTAR_ASSIGN_OR_RETURN(Identity now, ask(session, options, wish, key));
  if (options.token.empty()) now.user = before->user;  // a restored hub may have forgotten it
  DAFTAR_RETURN_IF_ERROR(take_again(store, *before, now));
  return now;
}

}  // namespace

Status run_init(const Session& session, const InitOptions& options) {
  DAFTAR_RETURN_IF_ERROR(check_options(options));
  const bool may_create = !options.token.empty() && !options.again;
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_or_create(session, may_create));
  DAFTAR_ASSIGN_OR_RETURN(const Identity identity, enrol(session, options, *store));
  for (const std::string& ledger : options.ledgers) {
    DAFTAR_RETURN_IF_ERROR(store->add_ledger(ledger).status());
  }
  DAFTAR_ASSIGN_OR_RETURN(const PublicKey key, store->public_key());
  if (session.as_json) {
    print_json({{"device", identity.device},
                {"user", identity.user},
                {"key", key_text(key)},
                {"hub", identity.hub_address},
                {"hub_name", identity.hub_name},
                {"hub_key", key_text(identity.hub_key)}});
  } else {
    say(Msg::init_done, {std::to_string(identity.device), identity.hub_address});
  }
  return {};
}

}  // namespace daftar::client
