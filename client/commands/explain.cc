// daftar explain: what a figure is made of.
#include <iostream>

#include "client/commands/organisations.h"
#include "client/commands/scored.h"
#include "common/base/text.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

constexpr int kDigits = 10;  // of amounts

// Who wrote what a record's value read at the moment of the figure, and when.
Result<std::optional<HistoryItem>> writer_of(View& view, std::optional<uint64_t> position,
                                             const ExplainedInput& input) {
  FieldNumber value = field::measurement_value;
  switch (input.role) {
    case ExplainedInput::Role::tolerance:
      value = field::indicator_tolerance;
      break;
    case ExplainedInput::Role::limit:
      value = field::indicator_highest;
      break;
    case ExplainedInput::Role::formula:
      value = field::indicator_formula;
      break;
    default:
      break;
  }
  RecordState record;
  if (position) {
    DAFTAR_ASSIGN_OR_RETURN(record, view.record_as_of(input.record, *position));
  } else {
    DAFTAR_ASSIGN_OR_RETURN(record, view.record(input.record));
  }
  // A verdict alone has no value beside it.
  if (input.role == ExplainedInput::Role::verified && record.reading(value).is_empty()) {
    value = field::verification_verdict;
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

Status run_explain(const Session& session, const ScoreCommandOptions& options) {
  if (!options.sector.empty() || !options.ministry.empty()) {
    return score_organisations(session, options, true);
  }
  DAFTAR_ASSIGN_OR_RETURN(Reading reading, begin_reading(session));
  auto& [store, snapshot, ledger, view] = reading;
  DAFTAR_ASSIGN_OR_RETURN(const auto scored,
                          score_register(session, *store, ledger, view, options));
  DAFTAR_ASSIGN_OR_RETURN(const NodeIndex node, find_node(view, *scored, options.record));
  const Explanation explanation = explain(scored->reg, scored->table, scored->profile,
                                          *scored->scorer, node, 0, options.verified);
  if (session.as_json) {
    Json object = heading_json(*scored, ledger);
    object.update(node_json(*scored, node));
    object["is_verified"] = explanation.is_verified;
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
  print_heading(*scored, ledger.name);
  print_columns(scored->table.has_verifications);
  print_node(*scored, node, 0);
  if (const Money money = money_of(*scored, node); money.lines > 0) {
    std::cout << "  ";
    say(Msg::explain_budget,
        {number_text(money.allocated, kDigits), number_text(money.spent, kDigits)});
  }
  if (explanation.formula != Formula::none) {
    std::cout << "  = " << words_of("formula", name_of(explanation.formula)) << '\n';
  }
  DAFTAR_RETURN_IF_ERROR(print_inputs(view, scored->position, explanation));
  if (explanation.aim == AimSource::pro_rata && explanation.numbers.aim) {
    std::cout << "  ";
    say(Msg::explain_pro_rata,
        {number_text(explanation.numbers.aim->low, kDigits), scored->table.periods.front().text()});
  }
  for (const Explanation::Part& part : explanation.parts) {
    std::cout << "  ";
    std::cout << padded(number_text(part.weight, 6) + " × ", 8);
    print_node(*scored, part.node, 0);
  }
  return {};
}

}  // namespace daftar::client
