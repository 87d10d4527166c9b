// daftar profiles: the scoring profiles there are, and which are in force; proposing another
// version, what it would do, and approving it.
#include "client/profiles.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/scored.h"
#include "common/base/text.h"
#include "common/register/kinds.h"

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

Status save_record(const Session& session, ClientStore& store, KindNumber kind,
                   std::vector<CellEdit> cells, const std::string& message, RecordKey* key) {
  DAFTAR_ASSIGN_OR_RETURN(const auto national, store.held_ledger(kNational));
  if (!national) return {Code::not_found, Msg::ledger_missing, {std::string(kNational)}};
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, store.identity());
  Draft draft;
  DAFTAR_ASSIGN_OR_RETURN(draft.context, store.current_context(national->id));
  DAFTAR_ASSIGN_OR_RETURN(draft.message, parse_message(message));
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t counter, store.reserve_ids(1));
  *key = {kind, own.device, counter, ""};
  draft.records.push_back({*key, std::move(cells)});
  return store.save(national->id, {draft}, session.clock->wall_ms()).status();
}

// A file's content as the next version of the profile of that name: "undp.json" of undp.
Status propose(const Session& session, const ProfilesOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const Profile profile, choose_profile(*store, options.propose));
  const std::string code = std::filesystem::path(options.propose).stem().string();
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<KnownProfile> all, known_profiles(*store));
  uint64_t version = 1;
  for (const KnownProfile& known : all) {
    if (known.profile.code == code) version = std::max(version, known.profile.version + 1);
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::string kept, normalise_text(code));
  RecordKey key;
  DAFTAR_RETURN_IF_ERROR(
      save_record(session, *store, kind::profile,
                  {{field::profile_code, Value::text(kept), std::nullopt},
                   {field::profile_version, Value::decimal(Decimal(static_cast<int64_t>(version))),
                    std::nullopt},
                   {field::profile_content, Value::text(profile_text(profile)), std::nullopt}},
                  options.message, &key));
  const std::string name = "#" + key.id();
  if (session.as_json) {
    print_json({{"id", key.id()}, {"code", kept}, {"version", version}});
  } else {
    say(Msg::profile_proposed, {name});
  }
  return {};
}

Status approve(const Session& session, const ProfilesOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<KnownProfile> all, known_profiles(*store));
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, store->identity());
  for (const KnownProfile& known : all) {
    if (!known.record || options.approve != "#" + known.record->id()) continue;
    if (!known.problem.ok()) return known.problem;
    if (known.author == own.user) return {Code::refused, Msg::profile_own, {options.approve}};
    RecordKey key;
    DAFTAR_RETURN_IF_ERROR(save_record(
        session, *store, kind::profile_approval,
        {{field::profile_approval_profile, Value::reference(*known.record), std::nullopt},
         {field::profile_approval_content, Value::text(known.content_hash), std::nullopt}},
        options.message, &key));
    if (session.as_json) {
      print_json({{"id", key.id()}, {"profile", known.record->id()}});
    } else {
      say(Msg::profile_approved, {options.approve});
    }
    return {};
  }
  return {Code::not_found, Msg::profile_not_proposed, {options.approve}};
}

// How many live indicators and areas change their colour.
size_t changed_bands(const Scored& now, const Scored& then, size_t period) {
  size_t changed = 0;
  for (NodeIndex node = 2; node < now.table.nodes.size(); ++node) {
    const Score& a = now.reported(node, period);
    const Score& b = then.reported(node, period);
    const auto colour = [&](const Scored& scored, const Score& score) {
      return score.has_score() ? show_score(scored.profile, score.score).band.colour : Colour::grey;
    };
    if (colour(now, a) != colour(then, b)) ++changed;
  }
  return changed;
}

// What another profile would have said of every period that was reported about.
Status preview(const Session& session, const ProfilesOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(Reading reading, begin_reading(session));
  auto& [store, snapshot, ledger, view] = reading;
  DAFTAR_ASSIGN_OR_RETURN(const Register reg, read_register(view));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<Period> periods, begun_periods(session, reg));
  ScoreCommandOptions other;
  other.profile = options.preview;
  DAFTAR_ASSIGN_OR_RETURN(const auto now,
                          score_register(session, *store, ledger, view, {}, periods));
  DAFTAR_ASSIGN_OR_RETURN(const auto then,
                          score_register(session, *store, ledger, view, other, periods));
  nlohmann::json list = nlohmann::json::array();
  if (!session.as_json) say(Msg::score_what_if, {});
  for (size_t i = 0; i < periods.size(); ++i) {
    const size_t changed = changed_bands(*now, *then, i);
    const bool has_any = now->reported(0, i).has_score() || then->reported(0, i).has_score();
    if (!has_any && changed == 0) continue;
    if (session.as_json) {
      list.push_back({{"period", periods[i].text()},
                      {"now", score_json(*now, now->reported(0, i))},
                      {"then", score_json(*then, then->reported(0, i))},
                      {"changed", changed}});
      continue;
    }
    const auto shown = [&](const Scored& scored) {
      const Score& score = scored.reported(0, i);
      if (!score.has_score()) return std::string("–");
      const ShownScore text = show_score(scored.profile, score.score);
      return std::string(symbol_of(text.band.colour)) + " " + text.text;
    };
    constexpr size_t kWidth = 12;
    std::cout << padded(periods[i].text(), kWidth) << padded(shown(*now), kWidth) << "→ "
              << padded(shown(*then), kWidth);
    say(Msg::profile_changed, {std::to_string(changed)});
  }
  if (session.as_json) print_json(list);
  return {};
}

}  // namespace

Status run_profiles(const Session& session, const ProfilesOptions& options) {
  if (!options.propose.empty()) return propose(session, options);
  if (!options.approve.empty()) return approve(session, options);
  if (!options.preview.empty()) return preview(session, options);
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
