// daftar set, daftar delete.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "client/commands/findings.h"
#include "client/profiles.h"
#include "common/base/period.h"
#include "common/register/kinds.h"
#include "common/register/value_formula.h"

namespace daftar::client {
namespace {

std::string check_ids() {
  std::string ids;
  for (const Check check : all_checks()) {
    ids += (ids.empty() ? "" : ", ") + std::string(id_of(check));
  }
  return ids;
}

// A formula that cannot be read would give nothing.
Status check_formula(const RecordEdits& edits) {
  if (edits.key.kind != kind::indicator) return {};
  for (const CellEdit& cell : edits.cells) {
    const auto text = cell.value.as_text();
    if (cell.field != field::indicator_formula || !text) continue;
    DAFTAR_RETURN_IF_ERROR(ValueFormula::parse(*text).status());
  }
  return {};
}

// A justification that names no check would justify nothing.
Status check_justification(const RecordEdits& edits) {
  if (edits.key.kind != kind::justification) return {};
  for (const CellEdit& cell : edits.cells) {
    if (cell.field != field::justification_check) continue;
    const std::string id = value_text(cell.value);
    const bool is_known = std::any_of(all_checks().begin(), all_checks().end(),
                                      [&](Check check) { return id == id_of(check); });
    if (!is_known) return {Code::not_found, Msg::check_unknown, {id, check_ids()}};
  }
  return {};
}

// Areas and indicators may be begun and filled in later; what is missing of them is a check. The
// others say one thing, and say it whole.
Status check_complete(const RecordEdits& edits) {
  if (edits.key.kind == kind::kpa || edits.key.kind == kind::indicator) return {};
  const Kind& described = *find_kind(edits.key.kind);
  std::vector<std::string> missing;
  for (const Field& field : described.fields) {
    const bool is_said = std::any_of(
        edits.cells.begin(), edits.cells.end(),
        [&](const CellEdit& cell) { return cell.field == field.number && !cell.value.is_empty(); });
    if (field.is_required && !is_said) missing.emplace_back(field.name);
  }
  if (missing.empty()) return {};
  std::string names;
  for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
  return {
      Code::invalid, Msg::record_incomplete, {std::string(described.name), names, missing.front()}};
}

// What a justification is about, where daftar check finds nothing there that it would justify.
Result<std::optional<RecordKey>> find_idle(const Session& session, ClientStore& store, View& view,
                                           const RecordKey& key, const RecordState& record) {
  const auto about = record.reading(field::justification_about).as_reference();
  if (key.kind != kind::justification || record.is_deleted() || !about) {
    return std::optional<RecordKey>();
  }
  DAFTAR_ASSIGN_OR_RETURN(const Register reg, read_register(view));
  DAFTAR_ASSIGN_OR_RETURN(const Profile profile, choose_profile(store, ""));
  const std::string id = value_text(record.reading(field::justification_check));
  const std::vector<Finding> findings =
      Checks(reg, {day_of(session.clock->wall_ms())}, profile.soft_above).all();
  const bool is_found = std::any_of(findings.begin(), findings.end(), [&](const Finding& one) {
    return one.record == *about && id_of(one.check) == id;
  });
  return is_found ? std::nullopt : about;
}

Status save_one(const Session& session, ClientStore& store, const LedgerInfo& ledger,
                const EditOptions& options, const Context& now, RecordEdits edits) {
  Draft draft;
  draft.context = now;
  if (!options.context.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(draft.context, parse_context(options.context, now));
  }
  DAFTAR_ASSIGN_OR_RETURN(draft.message, parse_message(options.message));
  const RecordKey key = edits.key;
  draft.records.push_back(std::move(edits));
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t seq,
                          store.save(ledger.id, {draft}, session.clock->wall_ms()));
  DAFTAR_ASSIGN_OR_RETURN(View after, View::open(store, ledger.id));
  const std::string name = record_name(after, key);
  DAFTAR_ASSIGN_OR_RETURN(const RecordState record, after.record(key));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<Finding> findings,
                          findings_of(session, store, after, key));
  DAFTAR_ASSIGN_OR_RETURN(const auto idle, find_idle(session, store, after, key, record));
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& finding : findings) list.push_back(finding_json(after, finding));
  if (session.as_json) {
    nlohmann::json object = {{"record", name},
                             {"id", key.id()},
                             {"ledger", ledger.name},
                             {"seq", seq},
                             {"contended", record.is_contended()},
                             {"findings", list}};
    if (key.kind == kind::justification && !record.is_deleted()) object["justifies"] = !idle;
    print_json(object);
  } else {
    say(Msg::saved, {name, std::to_string(seq)});
    if (idle) {
      say(Msg::justification_idle,
          {value_text(record.reading(field::justification_check)), record_name(after, *idle)});
    }
    if (record.is_contended()) say(Msg::saved_contended, {name});
    for (const Finding& finding : findings) {
      if (finding.check != Check::contended) print_finding(after, finding);
    }
  }
  return {};
}

// The key of the record that is named; a new one for "new:KIND".
Result<RecordKey> record_to_write(ClientStore& store, View& view, const std::string& name) {
  if (!name.starts_with("new:")) return parse_record(view, name);
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, store.identity());
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t counter, store.reserve_ids(1));
  return RecordKey{find_kind(std::string_view(name).substr(4))->number, own.device, counter, ""};
}

// Nothing is written under an id that no record has: a device may give it out later.
Status check_exists(View& view, const RecordKey& key, const std::string& name) {
  RecordKey holder = key;
  holder.qualifier.clear();
  const Kind* described = find_kind(key.kind);
  // There is one for each period, whether anybody has written it or not.
  if (described != nullptr && described->key == KeyForm::period) return {};
  if (described != nullptr && described->is_of_indicator()) holder.kind = kind::indicator;
  DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(holder));
  return record.cells.empty() ? Status(Code::not_found, Msg::record_empty, {name}) : Status();
}

// How values, and the period in the record's name, were typed, beside what they mean.
void add_as_written(RecordEdits& edits, const RecordState& record,
                    const std::map<FieldNumber, std::string>& typed, const std::string& name) {
  const auto is_written = [&](FieldNumber field) {
    return std::any_of(edits.cells.begin(), edits.cells.end(),
                       [&](const CellEdit& cell) { return cell.field == field; });
  };
  const std::vector<CellEdit> written = edits.cells;
  for (const CellEdit& cell : written) {
    const std::optional<FieldNumber> companion = companion_of(edits.key.kind, cell.field);
    if (!companion || is_written(*companion)) continue;
    add_companion(edits, record, cell, typed_value(cell.value, typed.at(cell.field)));
  }
  const Kind* described = find_kind(edits.key.kind);
  const Field* as_written = described == nullptr ? nullptr : described->find("period_as_written");
  const size_t at = name.rfind('@');
  if (as_written != nullptr && at != std::string::npos && !is_written(as_written->number)) {
    const std::string period = name.substr(at + 1);
    const Result<ParsedPeriod> parsed = parse_period(period);
    if (parsed.ok() && !parsed->suffix.empty()) {
      const Value text = typed_value(Value::text(parsed->period.text()), period);
      if (record.reading(as_written->number) != text) {
        edits.cells.push_back({as_written->number, text, std::nullopt});
      }
    }
  }
  std::sort(edits.cells.begin(), edits.cells.end(),
            [](const CellEdit& a, const CellEdit& b) { return a.field < b.field; });
}

}  // namespace

Status run_set(const Session& session, const EditOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  auto snapshot = std::make_unique<ClientStore::Snapshot>(*store);
  DAFTAR_ASSIGN_OR_RETURN(const Context now, store->current_context(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  // Everything is understood before a number is given out.
  const bool is_new = options.record.starts_with("new:");
  RecordEdits edits;
  std::map<FieldNumber, std::string> typed;
  if (is_new) {
    const Kind* described = find_kind(std::string_view(options.record).substr(4));
    if (described == nullptr || described->key != KeyForm::id) {
      return {Code::not_found, Msg::kind_unknown, {options.record.substr(4)}};
    }
    if (described->number == kind::user || described->number == kind::device) {
      return {Code::refused, Msg::kind_by_hub, {std::string(described->name)}};
    }
    edits.key.kind = described->number;
  } else {
    DAFTAR_ASSIGN_OR_RETURN(edits.key, parse_record(view, options.record));
  }
  for (const std::string& assignment : options.assignments) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos) return {Code::invalid, Msg::assignment_bad, {assignment}};
    CellEdit edit;
    DAFTAR_ASSIGN_OR_RETURN(edit.field, parse_field(edits.key.kind, assignment.substr(0, equals)));
    DAFTAR_ASSIGN_OR_RETURN(
        edit.value, parse_field_value(view, edits.key, edit.field, assignment.substr(equals + 1)));
    typed[edit.field] = assignment.substr(equals + 1);
    edits.cells.push_back(std::move(edit));
  }
  std::sort(edits.cells.begin(), edits.cells.end(),
            [](const CellEdit& a, const CellEdit& b) { return a.field < b.field; });
  const auto twice =
      std::adjacent_find(edits.cells.begin(), edits.cells.end(),
                         [](const CellEdit& a, const CellEdit& b) { return a.field == b.field; });
  if (twice != edits.cells.end()) {
    return {Code::invalid, Msg::field_twice, {field_name(edits.key.kind, twice->field)}};
  }
  if (edits.cells.front().field == kDeletedField) {
    return {Code::invalid, Msg::delete_by_command};
  }
  if (is_new) {
    DAFTAR_RETURN_IF_ERROR(check_complete(edits));
  } else {
    DAFTAR_RETURN_IF_ERROR(check_exists(view, edits.key, options.record));
    DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(edits.key));
    if (record.is_deleted()) return {Code::refused, Msg::record_deleted, {options.record}};
    DAFTAR_RETURN_IF_ERROR(check_not_mixed(*store, view, ledger, edits.key));
    add_as_written(edits, record, typed, options.record);
  }
  DAFTAR_RETURN_IF_ERROR(check_formula(edits));
  DAFTAR_RETURN_IF_ERROR(check_justification(edits));
  snapshot.reset();
  DAFTAR_ASSIGN_OR_RETURN(edits.key, record_to_write(*store, view, options.record));
  return save_one(session, *store, ledger, options, now, std::move(edits));
}

Status run_delete(const Session& session, const EditOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  auto snapshot = std::make_unique<ClientStore::Snapshot>(*store);
  DAFTAR_ASSIGN_OR_RETURN(const Context now, store->current_context(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, options.record));
  DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(key));
  if (record.cells.empty()) return {Code::not_found, Msg::record_empty, {options.record}};
  DAFTAR_RETURN_IF_ERROR(check_not_mixed(*store, view, ledger, key));
  snapshot.reset();
  RecordEdits edits{key, {{kDeletedField, Value::boolean(!options.undo), std::nullopt}}};
  return save_one(session, *store, ledger, options, now, std::move(edits));
}

}  // namespace daftar::client
