// daftar profiles: the scoring profiles there are, and which are in force.
#include "client/profiles.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"

namespace daftar::client {
namespace {

nlohmann::json profile_json(const KnownProfile& known) {
  nlohmann::json object = {{"code", known.profile.code},
                           {"version", known.profile.version},
                           {"in_force", known.is_in_force}};
  if (known.problem.ok()) object["content"] = nlohmann::json::parse(profile_text(known.profile));
  if (known.record) {
    object["id"] = known.record->id();
    object["content_hash"] = known.content_hash;
    object["author"] = known.author;
    object["approvers"] = known.approvers;
  }
  if (!known.problem.ok()) object["problem"] = message_id(known.problem.message());
  return object;
}

void print_profile(const KnownProfile& known) {
  std::string approvers;
  for (const UserNumber user : known.approvers) {
    approvers += (approvers.empty() ? "" : ", ") + std::to_string(user);
  }
  const Msg standing = !known.problem.ok() ? Msg::profile_unusable
                       : known.is_in_force ? Msg::profile_in_force
                       : known.record      ? Msg::profile_not_in_force
                                           : Msg::profile_replaced;
  const std::string name =
      known.profile.code + (known.record ? "  #" + known.record->id() : std::string());
  say(Msg::profile_line,
      {name, known.record ? std::to_string(known.profile.version) : text_of(Msg::score_built_in),
       text_of(standing)});
  if (!known.record) return;
  std::cout << "  ";
  say(Msg::profile_approvals,
      {std::to_string(known.author), approvers.empty() ? "–" : approvers, known.content_hash});
}

}  // namespace

Status run_profiles(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<KnownProfile> all, known_profiles(*store));
  nlohmann::json list = nlohmann::json::array();
  for (const KnownProfile& known : all) {
    session.as_json ? list.push_back(profile_json(known)) : print_profile(known);
  }
  if (session.as_json) print_json(list);
  return {};
}

}  // namespace daftar::client
