#include "client/commands/scored.h"

#include <chrono>
#include <iostream>

#include "client/profiles.h"
#include "common/base/text.h"
#include "common/ledger/entry.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

// A later one than today's was mistyped, or is a promise.
std::vector<Period> begun_until(const Register& reg, const Period::Date& day) {
  std::vector<Period> periods = reporting_periods(reg);
  std::erase_if(periods, [&](const Period& period) { return period.start() > day; });
  return periods;
}

Result<Period> choose_period(const Register& reg, const std::string& wanted,
                             const Period::Date& day) {
  if (!wanted.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const ParsedPeriod parsed, parse_period(wanted));
    return parsed.period;
  }
  const std::vector<Period> periods = begun_until(reg, day);
  if (periods.empty()) return Status(Code::not_found, Msg::score_no_period);
  return periods.back();
}

// When the hub had received the entry at a position; now without one.
Result<uint64_t> moment_of(const Session& session, ClientStore& store, LedgerId ledger,
                           std::optional<uint64_t> position) {
  uint64_t moment = session.clock->wall_ms();
  if (!position) return moment;
  if (*position == 0) return uint64_t{0};
  DAFTAR_RETURN_IF_ERROR(store.ledgers().read_entries(
      ledger, *position, *position, [&](const StoredEntry& entry) -> Status {
        DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
        moment = header.time_ms;
        return {};
      }));
  return moment;
}

// "CODE=NUMBER", to see what another weight would do.
Status try_weights(Register& reg, const std::vector<std::string>& weights) {
  for (const std::string& text : weights) {
    const size_t equals = text.rfind('=');
    Status bad{Code::invalid, Msg::weight_bad, {text}};
    if (equals == std::string::npos) return bad;
    const Result<Value> weight = parse_value(
        *find_kind(kind::indicator)->find(field::indicator_weight), text.substr(equals + 1));
    if (!weight.ok() || !weight->as_decimal()) return bad;
    if (!reg.try_weight(text.substr(0, equals), *weight->as_decimal())) return bad;
  }
  return {};
}

std::string percent_text(double share) {
  // Downwards: 99.6 % of what was expected is not all of it.
  return std::to_string(static_cast<int>(share * 100 + 1e-9)) + " %";
}

std::string score_text(const Scored& scored, const Score& score) {
  return score.has_score() ? show_score(scored.profile, score.score).text : "–";
}

}  // namespace

Result<std::unique_ptr<Scored>> score_register(const Session& session, ClientStore& store,
                                               const LedgerInfo& ledger, View& view,
                                               const ScoreCommandOptions& options,
                                               std::vector<Period> periods) {
  auto scored = std::make_unique<Scored>();
  if (!options.as_of.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(scored->position, parse_moment(view, options.as_of));
  }
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t moment,
                          moment_of(session, store, ledger.id, scored->position));
  DAFTAR_ASSIGN_OR_RETURN(scored->reg, read_register(view, scored->position));
  DAFTAR_ASSIGN_OR_RETURN(scored->profile, choose_profile(store, options.profile,
                                                          scored->position ? moment : UINT64_MAX));
  DAFTAR_RETURN_IF_ERROR(try_weights(scored->reg, options.weights));
  if (periods.empty()) {
    const Result<Period> period = choose_period(scored->reg, options.period, day_of(moment));
    if (!period.ok() && period.status().message() == Msg::score_no_period && scored->position) {
      return Status(Code::not_found, Msg::score_nothing_then, {options.as_of});
    }
    DAFTAR_RETURN_IF_ERROR(period.status());
    periods.push_back(*period);
  }
  scored->table = make_score_table(scored->reg, scored->profile, periods, {day_of(moment)});
  scored->scorer = std::make_unique<Scorer>(scored->table, scored->profile);
  scored->scorer->score_all();
  return scored;
}

Result<std::vector<Period>> begun_periods(const Session& session, const Register& reg) {
  std::vector<Period> periods = begun_until(reg, day_of(session.clock->wall_ms()));
  if (periods.empty()) return Status(Code::not_found, Msg::score_no_period);
  return periods;
}

bool is_area(const Scored& scored, NodeIndex node) {
  return node > 1 && !scored.table.nodes[node].is_indicator;
}

std::string code_of(const Scored& scored, NodeIndex node) {
  if (node < 2) return "";
  const uint32_t item = scored.table.items[node];
  return is_area(scored, node) ? scored.reg.areas()[item].code : scored.reg.indicators()[item].code;
}

std::string name_of_node(const Scored& scored, NodeIndex node) {
  if (node < 2) return text_of(Msg::score_together);
  const uint32_t item = scored.table.items[node];
  const Names& names =
      is_area(scored, node) ? scored.reg.areas()[item].names : scored.reg.indicators()[item].names;
  return name_in(names, language_of_environment());
}

RecordKey key_of(const Scored& scored, NodeIndex node) {
  const uint32_t item = scored.table.items[node];
  return is_area(scored, node) ? scored.reg.areas()[item].key : scored.reg.indicators()[item].key;
}

Result<NodeIndex> find_node(View& view, const Scored& scored, const std::string& name) {
  if (name.empty()) return NodeIndex{0};
  // By the codes of that moment, which may be others now.
  const bool is_of_area = name.starts_with("kpa:");
  const std::string code = is_of_area ? name.substr(4) : name;
  for (size_t i = 0; scored.position && i < scored.reg.indicators().size() && !is_of_area; ++i) {
    if (scored.reg.indicators()[i].code == code) return scored.table.nodes_of_indicators[i];
  }
  for (size_t i = 0; scored.position && i < scored.reg.areas().size(); ++i) {
    if (scored.reg.areas()[i].code == code) return scored.table.nodes_of_areas[i];
  }
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, name));
  if (const auto area = scored.reg.find_area(key)) return scored.table.nodes_of_areas[*area];
  if (const auto indicator = scored.reg.find_indicator(key)) {
    return scored.table.nodes_of_indicators[*indicator];
  }
  return Status(Code::not_found, Msg::score_no_record, {name});
}

bool is_pro_rata(const Scored& scored, NodeIndex node, size_t period) {
  const Score& score = scored.reported(node, period);
  if (scored.profile.method != Method::achievement || !score.has_score()) return false;
  if (score.is_own) {
    return scored.table.aim[scored.table.cell(node, period)] == AimSource::pro_rata;
  }
  const ScoreNode& of = scored.table.nodes[node];
  for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
    if (is_pro_rata(scored, child, period)) return true;
  }
  return false;
}

std::vector<std::string> codes_outside(const Scored& scored) {
  std::vector<std::string> codes;
  const ScoreNode& outside = scored.table.nodes[1];
  for (uint32_t i = 0; i < outside.children; ++i) {
    const std::string code = code_of(scored, outside.first_child + i);
    codes.push_back(code.empty() ? "#" + key_of(scored, outside.first_child + i).id() : code);
  }
  return codes;
}

Json score_json(const Scored& scored, const Score& score) {
  Json object = {{"score", nullptr}, {"coverage", score.coverage}, {"expected", score.is_expected}};
  if (score.has_score()) {
    const ShownScore shown = show_score(scored.profile, score.score);
    object["score"] = score.score;
    object["shown"] = shown.text;
    object["band"] = {{"word", shown.band.word},
                      {"text", band_text(shown.band, language_of_environment())},
                      {"colour", name_of(shown.band.colour)},
                      {"symbol", symbol_of(shown.band.colour)}};
  } else {
    object["reason"] = name_of(score.reason);
  }
  if (score.is_own) {
    object["achievement"] = score.achievement;
    if (scored.profile.method == Method::achievement) {
      object["soft_target"] = score.achievement > scored.profile.soft_above;
    }
  }
  if (score.has_accountability) object["accountability"] = score.accountability;
  return object;
}

Json node_json(const Scored& scored, NodeIndex node, size_t period) {
  Json object = score_json(scored, scored.reported(node, period));
  if (scored.table.has_verifications) {
    object["verified"] = score_json(scored, scored.verified(node, period));
  }
  if (node > 1) {
    object["code"] = code_of(scored, node);
    object["id"] = key_of(scored, node).id();
    object["weight"] = scored.table.nodes[node].weight;
  }
  object["name"] = name_of_node(scored, node);
  if (const Money money = money_of(scored, node, period); money.lines > 0) {
    object["budget"] = {{"allocated", money.allocated}, {"spent", money.spent}};
  }
  object["pro_rata"] = is_pro_rata(scored, node, period);
  const ScoreNode& of = scored.table.nodes[node];
  if (of.is_indicator) {
    const size_t cell = scored.table.cell(node, period);
    const Indicator& indicator = scored.reg.indicators()[scored.table.items[node]];
    object["standing"] = name_of(indicator.standing());
    object["definition_version"] = indicator.definition_version_in(scored.table.periods[period]);
    if (is_computed(scored, node, period)) object["computed"] = true;
    if (scored.profile.method == Method::progress_rate && scored.table.progress[cell]) {
      object["status"] = name_of(measure_progress(*scored.table.progress[cell]).status);
    }
  }
  return object;
}

Json heading_json(const Scored& scored, const LedgerInfo& ledger) {
  return {{"ledger", ledger.name},
          {"period", scored.table.periods.front().text()},
          {"profile", {{"code", scored.profile.code}, {"version", scored.profile.version}}}};
}

void print_heading(const Scored& scored, const std::string& name) {
  const Profile& profile = scored.profile;
  const std::string built_in =
      text_of(profile.code.ends_with(".json") ? Msg::score_from_file : Msg::score_built_in);
  say(Msg::score_heading, {name, scored.table.periods.front().text(), profile.code,
                           profile.version == 0 ? built_in : std::to_string(profile.version)});
}

std::string_view terminal_colour(Colour colour) {
  constexpr std::string_view kCodes[] = {"", "31", "38;5;208", "33", "32", "34"};
  return kCodes[static_cast<size_t>(colour)];
}

void print_score(const Scored& scored, const Score& reported, const Score& verified,
                 const std::string& name, bool shows_pro_rata) {
  constexpr size_t kScore = 6;
  constexpr size_t kWord = 20;
  constexpr size_t kNumber = 11;
  const ShownScore shown =
      reported.has_score() ? show_score(scored.profile, reported.score) : ShownScore{"–", Band()};
  const std::string word = reported.has_score() ? band_text(shown.band, language_of_environment())
                                                : words_of("no_score", name_of(reported.reason));
  print_coloured(std::string(symbol_of(shown.band.colour)) + " " + padded(shown.text, kScore) +
                     padded(word, kWord),
                 terminal_colour(shown.band.colour));
  std::cout << ' ' << padded(reported.is_expected ? percent_text(reported.coverage) : "–", kNumber)
            << padded(reported.has_accountability
                          ? show_score(scored.profile, reported.accountability).text
                          : "–",
                      kNumber);
  if (scored.table.has_verifications) {
    // Of how much, where that is less or more.
    const bool is_of_other = verified.has_score() && verified.coverage != reported.coverage;
    std::cout << padded(score_text(scored, verified) +
                            (is_of_other ? " (" + percent_text(verified.coverage) + ")" : ""),
                        kNumber);
  }
  std::cout << name << (shows_pro_rata ? "  " + text_of(Msg::score_pro_rata) : "") << '\n';
}

void print_columns(bool has_verifications) {
  std::cout << padded("", 2) << padded(text_of(Msg::score_column_score), 6) << padded("", 20) << ' '
            << padded(text_of(Msg::score_column_coverage), 11)
            << padded(text_of(Msg::score_column_accountable), 11)
            << (has_verifications ? padded(text_of(Msg::score_column_verified), 11) : "") << '\n';
}

// Whether its own value is what its formula gives.
bool is_computed(const Scored& scored, NodeIndex node, size_t period) {
  if (!scored.table.nodes[node].is_indicator) return false;
  const Indicator& indicator = scored.reg.indicators()[scored.table.items[node]];
  const Measurement* measurement = indicator.measurement(scored.table.periods[period]);
  return measurement != nullptr && measurement->is_computed;
}

Money money_of(const Scored& scored, NodeIndex node, size_t period) {
  if (!is_area(scored, node)) return {};
  return scored.reg.areas()[scored.table.items[node]].money_in(scored.table.periods[period]);
}

void print_node(const Scored& scored, NodeIndex node, int depth) {
  const std::string code = code_of(scored, node);
  print_score(scored, scored.reported(node), scored.verified(node),
              std::string(static_cast<size_t>(depth) * 2, ' ') + code + (code.empty() ? "" : "  ") +
                  name_of_node(scored, node) + (is_computed(scored, node) ? "  ƒ" : ""),
              is_pro_rata(scored, node));
}

}  // namespace daftar::client
