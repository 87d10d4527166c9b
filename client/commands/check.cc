// daftar check: what somebody should look at before the register is reported.
#include "common/check/check.h"

#include <chrono>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "client/profiles.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

std::string sentence_of(const Finding& finding) {
  const auto message = find_message("check." + std::string(id_of(finding.check)));
  return message ? text_of(*message, finding.arguments) : std::string(id_of(finding.check));
}

std::string severity_text(Severity severity) {
  const auto message = find_message("severity." + std::string(name_of(severity)));
  return message ? text_of(*message) : std::string(name_of(severity));
}

Json finding_json(View& view, const Finding& finding) {
  Json object = {{"check", id_of(finding.check)},
                 {"severity", name_of(severity_of(finding.check))},
                 {"record", record_name(view, finding.record)},
                 {"id", finding.record.id()},
                 {"text", sentence_of(finding)},
                 {"arguments", finding.arguments}};
  if (!finding.justification.empty()) object["justification"] = finding.justification;
  return object;
}

std::string_view colour_of(Severity severity) {
  constexpr std::string_view kCodes[] = {"31", "33", ""};
  return kCodes[static_cast<size_t>(severity)];
}

void print_finding(View& view, const Finding& finding) {
  constexpr std::string_view kSymbols[] = {"✗", "!", "·"};
  const Severity severity = severity_of(finding.check);
  print_coloured(
      std::string(kSymbols[static_cast<size_t>(severity)]) + " " + severity_text(severity),
      colour_of(severity));
  std::cout << "  " << record_name(view, finding.record) << "  " << sentence_of(finding) << "  ["
            << id_of(finding.check) << "]\n";
  if (finding.justification.empty()) return;
  std::cout << "    ";
  say(Msg::check_justified, {finding.justification});
}

// Whether a finding is about an indicator that was named, or about anything of it.
bool is_of(const Finding& finding, const RecordKey& named) {
  return finding.record.device == named.device && finding.record.counter == named.counter;
}

}  // namespace

Status run_check(const Session& session, const CheckOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  std::optional<RecordKey> named;
  if (!options.record.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(named, parse_record(view, options.record));
  }
  DAFTAR_ASSIGN_OR_RETURN(const Register reg, read_register(view));
  DAFTAR_ASSIGN_OR_RETURN(const Profile profile, choose_profile(*store, ""));
  const std::vector<Finding> all =
      check_register(reg, {day_of(session.clock->wall_ms())}, profile.soft_above);
  std::map<Severity, size_t> counts;
  size_t justified = 0;
  Json list = Json::array();
  for (const Finding& finding : all) {
    if (named && !is_of(finding, *named)) continue;
    if (finding.justification.empty()) {
      ++counts[severity_of(finding.check)];
    } else {
      ++justified;
    }
    if (!finding.justification.empty() && !options.all) continue;
    session.as_json ? list.push_back(finding_json(view, finding)) : print_finding(view, finding);
  }
  if (session.as_json) {
    print_json({{"ledger", ledger.name},
                {"errors", counts[Severity::error]},
                {"warnings", counts[Severity::warning]},
                {"notes", counts[Severity::note]},
                {"justified", justified},
                {"findings", list}});
    return {};
  }
  say(Msg::check_done,
      {std::to_string(counts[Severity::error]), std::to_string(counts[Severity::warning]),
       std::to_string(counts[Severity::note]), std::to_string(justified)});
  return {};
}

}  // namespace daftar::client
