// daftar conflicts, daftar resolve: values that disagree, and a person's decision.
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/base/report.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

// The contenders' different values, in the order in which they are numbered for --take.
std::vector<const Version*> choices_of(const Cell& cell) {
  std::vector<const Version*> choices;
  for (const Version* version : cell.contenders()) {
    bool is_known = false;
    for (const Version* choice : choices) is_known = is_known || choice->value == version->value;
    if (!is_known) choices.push_back(version);
  }
  return choices;
}

Result<Value> chosen_value(View& view, const RecordKey& key, const Cell& cell,
                           const ResolveOptions& options) {
  const int ways =
      (options.keep ? 1 : 0) + (options.take > 0 ? 1 : 0) + (options.has_value ? 1 : 0);
  if (ways != 1) return Status(Code::invalid, Msg::resolve_how);
  if (options.keep) return cell.reading();
  if (options.has_value) return parse_field_value(view, key, cell.field, options.value);
  const std::vector<const Version*> choices = choices_of(cell);
  if (options.take > choices.size()) {
    return Status(Code::not_found, Msg::resolve_no_choice,
                  {std::to_string(options.take), std::to_string(choices.size())});
  }
  return choices[options.take - 1]->value;
}

// Who decides on what he looked at must not decide on what came since.
Status check_unchanged(ClientStore& store, const Cell& cell, const Context& looked_at,
                       const ResolveOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, store.identity());
  for (const Version& version : cell.standing) {
    const bool is_seen = version.position <= looked_at.position ||
                         (version.device == own.device && version.seq <= looked_at.own_seq);
    if (!is_seen) {
      return {Code::conflict, Msg::resolve_changed, {options.record, options.field}};
    }
  }
  return {};
}

// Who wrote a version, when and why: from the history of its cell.
std::string origin_text(const std::vector<HistoryItem>& history, const Version& version) {
  for (const HistoryItem& item : history) {
    if (item.device != version.device || item.seq != version.seq) continue;
    return message_text(Msg::conflict_origin,
                        {std::to_string(item.author), std::to_string(item.device),
                         time_text(item.saved_ms), item.message},
                        language_of_environment());
  }
  return "";
}

// How the chosen value was typed: what the same changeset wrote beside it, else nothing.
Value companion_value(const Cell& cell, const Cell* companion, const Value& chosen) {
  if (companion == nullptr) return {};
  for (const Version& version : cell.standing) {
    if (version.value != chosen) continue;
    for (const Version& beside : companion->standing) {
      if (beside.device == version.device && beside.seq == version.seq) return beside.value;
    }
  }
  return {};
}

}  // namespace

Status run_conflicts(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  DAFTAR_ASSIGN_OR_RETURN(const Context context, store->current_context(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<RecordKey> keys, view.contended());
  nlohmann::json list = nlohmann::json::array();
  for (const RecordKey& key : keys) {
    DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(key));
    const std::string name = record_name(view, key);
    for (const Cell& cell : record.cells) {
      if (!cell.is_contended() || is_companion(record, key.kind, cell)) continue;
      const std::string field = field_name(key.kind, cell.field);
      // Of all cells: a "no" in `deleted` is written by an edit of another one.
      DAFTAR_ASSIGN_OR_RETURN(const std::vector<HistoryItem> history,
                              view.history(key, std::nullopt));
      nlohmann::json object = {{"record", name},
                               {"field", field},
                               {"context", context_text(context)},
                               {"current", value_json(cell.reading())},
                               {"contenders", nlohmann::json::array()}};
      if (!session.as_json) {
        std::cout << name << " " << field << "\n    "
                  << message_text(Msg::conflict_now, {shown_value(view, cell.reading())},
                                  language_of_environment());
        if (cell.current() != nullptr) std::cout << "  " << origin_text(history, *cell.current());
        std::cout << '\n';
      }
      size_t number = 0;
      for (const Version* choice : choices_of(cell)) {
        ++number;
        object["contenders"].push_back({{"take", number},
                                        {"value", value_json(choice->value)},
                                        {"device", choice->device},
                                        {"seq", choice->seq}});
        if (!session.as_json) {
          std::cout << "    --take " << number << ": " << shown_value(view, choice->value) << "  "
                    << origin_text(history, *choice) << '\n';
        }
      }
      list.push_back(std::move(object));
    }
  }
  if (session.as_json) {
    print_json(list);
  } else if (list.empty()) {
    say(Msg::conflicts_none, {ledger.name});
  } else {
    say(Msg::conflicts_context, {context_text(context)});
  }
  return {};
}

Status run_resolve(const Session& session, const ResolveOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  auto snapshot = std::make_unique<ClientStore::Snapshot>(*store);
  DAFTAR_ASSIGN_OR_RETURN(Context context, store->current_context(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, options.record));
  DAFTAR_ASSIGN_OR_RETURN(const FieldNumber number, parse_field(key.kind, options.field));
  DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(key));
  const Cell* cell = record.find(number);
  if (cell == nullptr || !cell->is_contended()) {
    return {Code::not_found, Msg::resolve_not_contended, {options.record, options.field}};
  }
  DAFTAR_RETURN_IF_ERROR(check_not_mixed(*store, view, ledger, key));
  if (!options.context.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const Context looked_at, parse_context(options.context, context));
    DAFTAR_RETURN_IF_ERROR(check_unchanged(*store, *cell, looked_at, options));
    context = looked_at;
  }
  DAFTAR_ASSIGN_OR_RETURN(Value value, chosen_value(view, key, *cell, options));
  RecordEdits edits{key, {{number, value, std::nullopt}}};
  const std::optional<FieldNumber> companion = companion_of(key.kind, number);
  if (companion) {
    add_companion(edits, record, edits.cells.front(),
                  options.has_value ? typed_value(value, options.value)
                                    : companion_value(*cell, record.find(*companion), value));
  }
  Draft draft{context, "", std::nullopt, {std::move(edits)}};
  DAFTAR_ASSIGN_OR_RETURN(draft.message, parse_message(options.message));
  snapshot.reset();
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t seq,
                          store->save(ledger.id, {draft}, session.clock->wall_ms()));
  if (session.as_json) {
    print_json({{"record", record_name(view, key)}, {"value", value_json(value)}, {"seq", seq}});
  } else {
    say(Msg::resolved, {record_name(view, key), options.field, shown_value(view, value)});
  }
  return {};
}

}  // namespace daftar::client
