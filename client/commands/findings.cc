#include "client/commands/findings.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "client/profiles.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

std::string sentence_of(const Finding& finding) {
  const auto message = find_message("check." + std::string(id_of(finding.check)));
  return message ? text_of(*message, finding.arguments) : std::string(id_of(finding.check));
}

std::string_view colour_of(Severity severity) {
  constexpr std::string_view kCodes[] = {"31", "33", ""};
  return kCodes[static_cast<size_t>(severity)];
}

}  // namespace

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

void print_finding(View& view, const Finding& finding) {
  constexpr std::string_view kSymbols[] = {"✗", "!", "·"};
  const Severity severity = severity_of(finding.check);
  print_coloured(std::string(kSymbols[static_cast<size_t>(severity)]) + " " +
                     words_of("severity", name_of(severity)),
                 colour_of(severity));
  std::cout << "  " << record_name(view, finding.record) << "  " << sentence_of(finding) << "  ["
            << id_of(finding.check) << "]\n";
  if (finding.justification.empty()) return;
  std::cout << "    ";
  say(Msg::check_justified, {finding.justification});
}

Result<std::vector<Finding>> findings_of(const Session& session, ClientStore& store, View& view,
                                         const RecordKey& key) {
  const Kind* described = find_kind(key.kind);
  if (described == nullptr || !described->is_of_indicator()) return std::vector<Finding>();
  Register reg;
  const auto take = [&](const RecordKey& record, const RecordState& state) {
    reg.take(record, state);
    return Status();
  };
  for (const KindNumber kind :
       {kind::indicator, kind::baseline, kind::target, kind::measurement, kind::verification}) {
    DAFTAR_RETURN_IF_ERROR(view.scan(RecordKey{kind, key.device, key.counter, ""}.bytes(), take));
  }
  DAFTAR_RETURN_IF_ERROR(view.scan(kind_prefix(kind::justification), take));
  reg.finish();
  const auto index = reg.find_indicator(key);
  if (!index) return std::vector<Finding>();
  DAFTAR_ASSIGN_OR_RETURN(const Profile profile, choose_profile(store, ""));
  const Checks checks(reg, {day_of(session.clock->wall_ms())}, profile.soft_above);
  std::vector<Finding> findings;
  for (const Finding& finding : checks.of_indicator(*index)) {
    if (finding.record == key && finding.justification.empty()) findings.push_back(finding);
  }
  return findings;
}

}  // namespace daftar::client
