// daftar score, daftar explain: figures, and what they are made of.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "client/profiles.h"
#include "common/ledger/entry.h"
#include "common/register/kinds.h"
#include "common/score/explanation.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

// A register with its scores in one period.
struct Scored {
  std::optional<uint64_t> position;  ///< as of which it is
  Register reg;
  Profile profile;
  ScoreTable table;
  std::unique_ptr<Scorer> scorer;

  [[nodiscard]] const Period& period() const { return table.periods.front(); }
  [[nodiscard]] const Score& reported(NodeIndex node) const { return scorer->at(node, 0); }
  [[nodiscard]] const Score& verified(NodeIndex node) const { return scorer->verified_at(node, 0); }
};

Result<Period> choose_period(const Register& reg, const std::string& wanted) {
  if (!wanted.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const ParsedPeriod parsed, parse_period(wanted));
    return parsed.period;
  }
  const std::vector<Period> periods = reporting_periods(reg);
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

// All of one moment: the register, the profile that was in force, and what was due.
Result<std::unique_ptr<Scored>> score_register(const Session& session, ClientStore& store,
                                               const LedgerInfo& ledger, View& view,
                                               const ScoreCommandOptions& options) {
  auto scored = std::make_unique<Scored>();
  if (!options.as_of.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(scored->position, parse_moment(view, options.as_of));
  }
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t moment,
                          moment_of(session, store, ledger.id, scored->position));
  DAFTAR_ASSIGN_OR_RETURN(scored->reg, read_register(view, scored->position));
  DAFTAR_ASSIGN_OR_RETURN(scored->profile, choose_profile(store, options.profile,
                                                          scored->position ? moment : UINT64_MAX));
  DAFTAR_ASSIGN_OR_RETURN(const Period period, choose_period(scored->reg, options.period));
  scored->table = make_score_table(scored->reg, scored->profile, {period}, {day_of(moment)});
  scored->scorer = std::make_unique<Scorer>(scored->table, scored->profile);
  scored->scorer->score_all();
  return scored;
}

// ---- names

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

std::string words_of(std::string_view group, std::string_view name) {
  const auto message = find_message(std::string(group) + "." + std::string(name));
  return message ? text_of(*message) : std::string(name);
}

// The node of a record that was named; 0 for none.
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

bool is_pro_rata(const Scored& scored, NodeIndex node) {
  return scored.profile.method == Method::achievement && scored.table.nodes[node].is_indicator &&
         scored.table.aim[scored.table.cell(node, 0)] == AimSource::pro_rata;
}

// ---- JSON

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

Json node_json(const Scored& scored, NodeIndex node) {
  Json object = score_json(scored, scored.reported(node));
  if (scored.table.has_verifications) {
    object["verified"] = score_json(scored, scored.verified(node));
  }
  if (node > 1) {
    object["code"] = code_of(scored, node);
    object["id"] = key_of(scored, node).id();
    object["weight"] = scored.table.nodes[node].weight;
  }
  object["name"] = name_of_node(scored, node);
  const ScoreNode& of = scored.table.nodes[node];
  if (of.is_indicator) {
    const size_t cell = scored.table.cell(node, 0);
    object["pro_rata"] = is_pro_rata(scored, node);
    if (scored.profile.method == Method::progress_rate && scored.table.progress[cell]) {
      object["status"] = name_of(measure_progress(*scored.table.progress[cell]).status);
    }
  }
  return object;
}

Json heading_json(const Scored& scored, const LedgerInfo& ledger) {
  return {{"ledger", ledger.name},
          {"period", scored.period().text()},
          {"profile", {{"code", scored.profile.code}, {"version", scored.profile.version}}}};
}

// ---- lines for people

void print_heading(const Scored& scored, const LedgerInfo& ledger) {
  const std::string version = scored.profile.version == 0 ? text_of(Msg::score_built_in)
                                                          : std::to_string(scored.profile.version);
  say(Msg::score_heading, {ledger.name, scored.period().text(), scored.profile.code, version});
}

std::string percent_text(double share) {
  // Downwards: 99.6 % of what was expected is not all of it.
  return std::to_string(static_cast<int>(share * 100 + 1e-9)) + " %";
}

std::string padded(const std::string& text, size_t width) {
  size_t shown = 0;
  for (const char c : text) shown += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return shown < width ? text + std::string(width - shown, ' ') : text;
}

std::string_view terminal_colour(Colour colour) {
  constexpr std::string_view kCodes[] = {"", "31", "38;5;208", "33", "32", "34"};
  return kCodes[static_cast<size_t>(colour)];
}

std::string score_text(const Scored& scored, const Score& score) {
  return score.has_score() ? show_score(scored.profile, score.score).text : "–";
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
    std::cout << padded(score_text(scored, verified), kNumber);
  }
  std::cout << name << (shows_pro_rata ? "  " + text_of(Msg::score_pro_rata) : "") << '\n';
}

void print_columns(const Scored& scored) {
  std::cout << padded("", 2) << padded(text_of(Msg::score_column_score), 6) << padded("", 20) << ' '
            << padded(text_of(Msg::score_column_coverage), 11)
            << padded(text_of(Msg::score_column_accountable), 11)
            << (scored.table.has_verifications ? padded(text_of(Msg::score_column_verified), 11)
                                               : "")
            << '\n';
}

void print_node(const Scored& scored, NodeIndex node, int depth) {
  const std::string code = code_of(scored, node);
  print_score(scored, scored.reported(node), scored.verified(node),
              std::string(static_cast<size_t>(depth) * 2, ' ') + code + (code.empty() ? "" : "  ") +
                  name_of_node(scored, node),
              is_pro_rata(scored, node));
}

struct Apart {
  Scope scope;
  std::string_view word;
};
constexpr Apart kApart[] = {{Scope::sectoral, "sectoral"},
                            {Scope::organisational, "organisational"}};

Score roll_up_scope(const Scored& scored, Scope scope, bool is_verified) {
  return scored.scorer->roll_up(0, 0, is_verified, [&](NodeIndex child) {
    return scored.reg.areas()[scored.table.items[child]].scope == scope;
  });
}

void print_tree(const Scored& scored, NodeIndex node, int depth, int deepest) {
  print_node(scored, node, depth);
  const ScoreNode& of = scored.table.nodes[node];
  if (depth >= deepest) return;
  for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
    print_tree(scored, child, depth + 1, deepest);
  }
}

Json tree_json(const Scored& scored, NodeIndex node, int depth, int deepest) {
  Json object = node_json(scored, node);
  const ScoreNode& of = scored.table.nodes[node];
  if (depth >= deepest || of.children == 0) return object;
  object["parts"] = Json::array();
  for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
    object["parts"].push_back(tree_json(scored, child, depth + 1, deepest));
  }
  return object;
}

// Indicators that hang from nothing, or from themselves.
std::vector<std::string> codes_outside(const Scored& scored) {
  std::vector<std::string> codes;
  const ScoreNode& outside = scored.table.nodes[1];
  for (uint32_t i = 0; i < outside.children; ++i) {
    const std::string code = code_of(scored, outside.first_child + i);
    codes.push_back(code.empty() ? "#" + key_of(scored, outside.first_child + i).id() : code);
  }
  return codes;
}

void print_outside(const Scored& scored) {
  constexpr size_t kShown = 20;
  const std::vector<std::string> codes = codes_outside(scored);
  if (codes.empty()) return;
  std::string shown;
  for (size_t i = 0; i < codes.size() && i < kShown; ++i) shown += (i == 0 ? "" : ", ") + codes[i];
  if (codes.size() > kShown) shown += ", …";
  say(Msg::score_outside, {std::to_string(codes.size()), shown});
}

// ---- explanations

// Who wrote what a record's value read at the moment of the figure, and when.
Result<std::optional<HistoryItem>> writer_of(View& view, std::optional<uint64_t> position,
                                             const ExplainedInput& input) {
  const FieldNumber value = input.role == ExplainedInput::Role::tolerance
                                ? field::indicator_tolerance
                            : input.role == ExplainedInput::Role::limit ? field::indicator_highest
                                                                        : field::measurement_value;
  RecordState record;
  if (position) {
    DAFTAR_ASSIGN_OR_RETURN(record, view.record_as_of(input.record, *position));
  } else {
    DAFTAR_ASSIGN_OR_RETURN(record, view.record(input.record));
  }
  const Cell* cell = record.find(value);
  const Version* current = cell == nullptr ? nullptr : cell->current();
  if (current == nullptr) return std::optional<HistoryItem>();
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<HistoryItem> history,
                          view.history(input.record, value));
  for (const HistoryItem& item : history) {
    if (item.device == current->device && item.seq == current->seq) return std::optional(item);
  }
  return std::optional<HistoryItem>();
}

Status print_inputs(View& view, std::optional<uint64_t> position, const Explanation& explanation) {
  for (const ExplainedInput& input : explanation.inputs) {
    DAFTAR_ASSIGN_OR_RETURN(const auto writer, writer_of(view, position, input));
    std::cout << "  " << padded(words_of("input", name_of(input.role)), 20)
              << padded(input.text, 14) << record_name(view, input.record);
    if (writer) {
      std::cout << "  " << author_text(writer->author, writer->device) << "  "
                << time_text(writer->saved_ms);
    }
    std::cout << '\n';
  }
  return {};
}

Result<Json> inputs_json(View& view, std::optional<uint64_t> position,
                         const Explanation& explanation) {
  Json inputs = Json::array();
  for (const ExplainedInput& input : explanation.inputs) {
    DAFTAR_ASSIGN_OR_RETURN(const auto writer, writer_of(view, position, input));
    Json object = {{"role", name_of(input.role)},
                   {"record", record_name(view, input.record)},
                   {"value", input.text}};
    if (writer) {
      object["author"] = writer->author;
      object["device"] = writer->device;
      object["saved"] = time_text(writer->saved_ms);
      object["message"] = writer->message;
    }
    inputs.push_back(std::move(object));
  }
  return inputs;
}

}  // namespace

Status run_score(const Session& session, const ScoreCommandOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const auto scored,
                          score_register(session, *store, ledger, view, options));
  DAFTAR_ASSIGN_OR_RETURN(const NodeIndex node, find_node(view, *scored, options.record));
  constexpr int kEverything = 1'000;
  const int deepest = options.all ? kEverything : 1;
  if (session.as_json) {
    Json object = heading_json(*scored, ledger);
    object.update(tree_json(*scored, node, 0, deepest));
    if (node == 0) {
      for (const Apart& apart : kApart) {
        Json& of = object[std::string(apart.word)];
        of = score_json(*scored, roll_up_scope(*scored, apart.scope, false));
        if (scored->table.has_verifications) {
          of["verified"] = score_json(*scored, roll_up_scope(*scored, apart.scope, true));
        }
      }
      object["outside"] = codes_outside(*scored);
    }
    print_json(object);
    return {};
  }
  print_heading(*scored, ledger);
  print_columns(*scored);
  if (node == 0) {
    print_node(*scored, 0, 0);
    for (const Apart& apart : kApart) {
      print_score(*scored, roll_up_scope(*scored, apart.scope, false),
                  roll_up_scope(*scored, apart.scope, true), words_of("choice.scope", apart.word),
                  false);
    }
    const ScoreNode& of = scored->table.nodes[0];
    for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
      print_tree(*scored, child, 1, deepest);
    }
    print_outside(*scored);
  } else {
    print_tree(*scored, node, 0, deepest);
  }
  return {};
}

Status run_explain(const Session& session, const ScoreCommandOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const auto scored,
                          score_register(session, *store, ledger, view, options));
  DAFTAR_ASSIGN_OR_RETURN(const NodeIndex node, find_node(view, *scored, options.record));
  const Explanation explanation = explain(scored->reg, scored->table, scored->profile,
                                          *scored->scorer, node, 0, options.verified);
  if (session.as_json) {
    Json object = heading_json(*scored, ledger);
    object.update(node_json(*scored, node));
    object["formula"] = name_of(explanation.formula);
    DAFTAR_ASSIGN_OR_RETURN(object["inputs"], inputs_json(view, scored->position, explanation));
    const Score again = recompute(explanation, scored->profile);
    object["recomputed"] = again.has_score() ? Json(again.score) : Json();
    if (explanation.numbers.aim) object["expected_value"] = explanation.numbers.aim->low;
    object["parts"] = Json::array();
    for (const Explanation::Part& part : explanation.parts) {
      object["parts"].push_back(node_json(*scored, part.node));
    }
    print_json(object);
    return {};
  }
  print_heading(*scored, ledger);
  print_columns(*scored);
  print_node(*scored, node, 0);
  if (explanation.formula != Formula::none) {
    std::cout << "  = " << words_of("formula", name_of(explanation.formula)) << '\n';
  }
  DAFTAR_RETURN_IF_ERROR(print_inputs(view, scored->position, explanation));
  if (explanation.aim == AimSource::pro_rata && explanation.numbers.aim) {
    char expected[64];
    std::snprintf(expected, sizeof expected, "%.10g", explanation.numbers.aim->low);
    std::cout << "  ";
    say(Msg::explain_pro_rata, {expected, scored->period().text()});
  }
  for (const Explanation::Part& part : explanation.parts) {
    std::cout << "  ";
    char weight[64];
    std::snprintf(weight, sizeof weight, "%.6g × ", part.weight);
    std::cout << padded(weight, 8);
    print_node(*scored, part.node, 0);
  }
  return {};
}

}  // namespace daftar::client
