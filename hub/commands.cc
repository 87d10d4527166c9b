#include "hub/commands.h"

#include <nlohmann/json.hpp>
#include <set>

#include "common/base/clock.h"
#include "common/base/report.h"
#include "common/base/text.h"
#include "hub/certificate_authority.h"
#include "hub/enrolment.h"

namespace daftar::hub {
namespace {

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

}  // namespace

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

}  // namespace daftar::hub
