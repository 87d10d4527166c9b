// daftar series: an indicator or an area over all its periods, with the breaks of its definition.
#include <algorithm>
#include <iostream>
#include <set>

#include "client/commands/scored.h"
#include "common/base/text.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

constexpr size_t kPeriodWidth = 14;
constexpr size_t kNumberWidth = 14;

std::string words_for(const Measured& measured) {
  return measured.has_value() ? text_of(measured) : words_of("no_score", name_of(measured.missing));
}

// Of an indicator all periods in which anything stands; of an area those that are reported about.
std::vector<Period> periods_of(const Register& reg, const std::optional<size_t>& indicator) {
  if (!indicator) return reporting_periods(reg);
  const Indicator& of = reg.indicators()[*indicator];
  std::set<Period> periods;
  for (const Measurement& one : of.measurements) periods.insert(one.period);
  for (const Target& one : of.targets) periods.insert(one.period);
  return {periods.begin(), periods.end()};
}

// What Central Inspection says of a period: another value, or a verdict.
std::string verified_text(const Indicator& indicator, const Period& period, bool is_for_people) {
  const Verification* verification = indicator.verification(period);
  if (verification == nullptr || verification->verdict == Verdict::none) return "";
  if (const Measured* corrected = verification->corrected()) {
    return is_for_people ? words_for(*corrected) : text_of(*corrected);
  }
  const std::string_view word = word_of(verification->verdict);
  return is_for_people ? words_of("choice.verdict", word) : std::string(word);
}

Json period_json(const Scored& scored, NodeIndex node, size_t period, const Indicator* indicator) {
  Json object = node_json(scored, node, period);
  const Period& of = scored.table.periods[period];
  object["period"] = of.text();
  if (indicator == nullptr) return object;
  const Measurement* measurement = indicator->measurement(of);
  if (measurement != nullptr) object["value"] = text_of(measurement->value);
  if (const Target* target = indicator->target(of)) object["target"] = aim_text(target->aim);
  const std::string verified = verified_text(*indicator, of, false);
  if (!verified.empty()) object["verified_value"] = verified;
  return object;
}

void print_period(const Scored& scored, NodeIndex node, size_t period, const Indicator* indicator) {
  const Period& of = scored.table.periods[period];
  std::string line = padded(of.text(), kPeriodWidth);
  if (indicator != nullptr) {
    const Measurement* measurement = indicator->measurement(of);
    const Target* target = indicator->target(of);
    const std::string mark = measurement != nullptr && measurement->is_computed ? " ƒ" : "";
    line +=
        padded(measurement == nullptr ? "–" : words_for(measurement->value) + mark, kNumberWidth) +
        padded(target == nullptr ? "" : aim_text(target->aim), kNumberWidth);
  }
  const Score& score = scored.reported(node, period);
  std::cout << line;
  if (score.has_score()) {
    const ShownScore shown = show_score(scored.profile, score.score);
    print_coloured(std::string(symbol_of(shown.band.colour)) + " " + shown.text,
                   terminal_colour(shown.band.colour));
  } else {
    std::cout << "– " << words_of("no_score", name_of(score.reason));
  }
  if (is_pro_rata(scored, node, period)) std::cout << "  " << text_of(Msg::score_pro_rata);
  const std::string verified =
      indicator == nullptr ? std::string() : verified_text(*indicator, of, true);
  if (!verified.empty()) std::cout << "  " << text_of(Msg::input_verified) << ": " << verified;
  std::cout << '\n';
}

}  // namespace

Status run_series(const Session& session, const SeriesOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(Reading reading, begin_reading(session));
  auto& [store, snapshot, ledger, view] = reading;
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, options.record));
  DAFTAR_ASSIGN_OR_RETURN(const Register reg, read_register(view));
  const std::optional<size_t> index = reg.find_indicator(key);
  if (!index && !reg.find_area(key)) {
    return {Code::not_found, Msg::score_no_record, {options.record}};
  }
  const std::vector<Period> periods = periods_of(reg, index);
  if (periods.empty()) return {Code::not_found, Msg::series_none, {options.record}};
  DAFTAR_ASSIGN_OR_RETURN(const auto scored,
                          score_register(session, *store, ledger, view, {}, periods));
  DAFTAR_ASSIGN_OR_RETURN(const NodeIndex node, find_node(view, *scored, options.record));
  const Indicator* indicator = index ? &scored->reg.indicators()[*index] : nullptr;
  if (session.as_json) {
    Json object = {{"code", code_of(*scored, node)}, {"name", name_of_node(*scored, node)}};
    if (indicator != nullptr) {
      object["standing"] = name_of(indicator->standing());
      object["definition_version"] = indicator->definition_version();
      object["unit"] = indicator->unit;
    }
    object["periods"] = Json::array();
    for (size_t i = 0; i < periods.size(); ++i) {
      object["periods"].push_back(period_json(*scored, node, i, indicator));
    }
    print_json(object);
    return {};
  }
  if (indicator == nullptr) {
    std::cout << code_of(*scored, node) << "  " << name_of_node(*scored, node) << '\n';
  } else {
    say(Msg::series_heading,
        {code_of(*scored, node), name_of_node(*scored, node),
         indicator->unit.empty() ? text_of(Msg::series_no_unit) : indicator->unit,
         std::to_string(indicator->definition_version()),
         words_of("standing", name_of(indicator->standing()))});
    std::cout << padded(text_of(Msg::series_column_period), kPeriodWidth)
              << padded(text_of(Msg::series_column_value), kNumberWidth)
              << padded(text_of(Msg::series_column_target), kNumberWidth)
              << text_of(Msg::score_column_score) << '\n';
  }
  uint64_t version = 1;
  for (size_t i = 0; i < periods.size(); ++i) {
    const uint64_t now = indicator == nullptr ? 1 : indicator->definition_version_in(periods[i]);
    if (now > version) {
      std::cout << "── ";
      say(Msg::series_break, {std::to_string(now)});
      version = now;
    }
    print_period(*scored, node, i, indicator);
  }
  return {};
}

}  // namespace daftar::client
