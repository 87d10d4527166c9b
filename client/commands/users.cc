// daftar users: who takes part and in which role, as `national` says here.
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/authority.h"
#include "client/commands/shared.h"
#include "common/base/report.h"

namespace daftar::client {
namespace {

nlohmann::json device_json(DeviceNumber number, const DirectoryDevice& device) {
  nlohmann::json ledgers = nlohmann::json::array();
  for (const auto& [key, ledger] : device.grants) ledgers.push_back(ledger);
  return {{"device", number}, {"standing", standing_name(device.standing)}, {"ledgers", ledgers}};
}

nlohmann::json user_json(const Directory& directory, UserNumber user) {
  nlohmann::json devices = nlohmann::json::array();
  for (const auto& [number, device] : directory.devices()) {
    if (device.user == user) devices.push_back(device_json(number, device));
  }
  return {{"user", user},
          {"role", role_name(directory.role_of(user))},
          {"party", directory.party_of(user)},
          {"approved_by_hub", !directory.approvals_by_hub(user).empty()},
          {"approved_by", directory.approvers(user)},
          {"devices", std::move(devices)}};
}

void print_user(const nlohmann::json& user) {
  const std::string party = user["party"];
  say(Msg::users_line,
      {std::to_string(user["user"].get<UserNumber>()), user["role"], party.empty() ? "–" : party});
  if (user["approved_by_hub"]) {
    std::cout << "  ";
    say(Msg::users_founder, {});
  }
  std::string approvers;
  for (const auto& number : user["approved_by"]) {
    approvers += (approvers.empty() ? "" : ", ") + std::to_string(number.get<UserNumber>());
  }
  if (!approvers.empty()) {
    std::cout << "  ";
    say(Msg::users_approved, {approvers});
  }
  for (const nlohmann::json& device : user["devices"]) {
    std::string ledgers;
    for (const std::string ledger : device["ledgers"]) {
      ledgers += (ledgers.empty() ? "" : ", ") + ledger;
    }
    std::cout << "  ";
    say(Msg::users_device, {std::to_string(device["device"].get<DeviceNumber>()),
                            device["standing"], ledgers.empty() ? "–" : ledgers});
  }
}

}  // namespace

Status run_users(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_RETURN_IF_ERROR(store->identity().status());
  const ClientStore::Snapshot snapshot(*store);
  Session national = session;
  national.ledger = kNational;
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(national, *store));
  DAFTAR_ASSIGN_OR_RETURN(const Directory directory, read_directory(store->ledgers(), ledger.id));
  nlohmann::json users = nlohmann::json::array();
  for (const auto& [number, user] : directory.users()) {
    users.push_back(user_json(directory, number));
  }
  if (session.as_json) {
    print_json({{"founding", directory.is_founding()}, {"users", users}});
    return {};
  }
  for (const nlohmann::json& user : users) print_user(user);
  if (directory.is_founding()) say(Msg::users_founding, {});
  return {};
}

}  // namespace daftar::client
