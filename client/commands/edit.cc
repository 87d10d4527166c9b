// daftar set, daftar delete.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

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
  if (session.as_json) {
    print_json({{"record", name},
                {"id", key.id()},
                {"ledger", ledger.name},
                {"seq", seq},
                {"contended", record.is_contended()}});
  } else {
    say(Msg::saved, {name, std::to_string(seq)});
    if (record.is_contended()) say(Msg::saved_contended, {name});
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
  if (is_new) {
    const Kind* described = find_kind(std::string_view(options.record).substr(4));
    if (described == nullptr || described->key != KeyForm::id) {
      return {Code::not_found, Msg::kind_unknown, {options.record.substr(4)}};
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
    DAFTAR_ASSIGN_OR_RETURN(edit.value, parse_field_value(view, edits.key.kind, edit.field,
                                                          assignment.substr(equals + 1)));
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
  if (!is_new) {
    DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(edits.key));
    if (record.is_deleted()) return {Code::refused, Msg::record_deleted, {options.record}};
    DAFTAR_RETURN_IF_ERROR(check_not_mixed(*store, view, ledger, edits.key));
  }
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
