// daftar set, daftar delete.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/commands.h"
#include "common/base/text.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

struct Options {
  std::string record;
  std::vector<std::string> assignments;
  std::string message;
  std::string context;
  bool undo = false;
};

Status save_one(const Session& session, ClientStore& store, const LedgerInfo& ledger,
                const Options& options, const Context& now, RecordEdits edits) {
  Draft draft;
  draft.context = now;
  if (!options.context.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(draft.context, parse_context(options.context));
    if (draft.context.position > now.position || draft.context.own_seq > now.own_seq) {
      return {Code::invalid, Msg::context_future, {options.context, context_text(now)}};
    }
  }
  DAFTAR_ASSIGN_OR_RETURN(draft.message, normalise_text(options.message));
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
    std::cout << message_text(Msg::saved, {name, std::to_string(seq)}) << '\n';
    if (record.is_contended()) std::cout << message_text(Msg::saved_contended, {name}) << '\n';
  }
  return {};
}

// The key of the record that is named; a new one for "new:KIND".
Result<RecordKey> record_to_write(ClientStore& store, View& view, const std::string& name) {
  if (!name.starts_with("new:")) return parse_record(view, name);
  const Kind* described = find_kind(std::string_view(name).substr(4));
  if (described == nullptr || described->key != KeyForm::id) {
    return Status(Code::not_found, Msg::kind_unknown, {name.substr(4)});
  }
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, store.identity());
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t counter, store.reserve_ids(1));
  return RecordKey{described->number, own.device, counter, ""};
}

Status set(const Session& session, const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  // The context comes first: what is read below it covers.
  DAFTAR_ASSIGN_OR_RETURN(const Context now, store->current_context(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  // Everything is understood before a number is given out.
  const bool is_new = options.record.starts_with("new:");
  RecordEdits edits;
  if (is_new) {
    const Kind* described = find_kind(std::string_view(options.record).substr(4));
    edits.key.kind = described == nullptr ? 0 : described->number;
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
  DAFTAR_ASSIGN_OR_RETURN(edits.key, record_to_write(*store, view, options.record));
  return save_one(session, *store, ledger, options, now, std::move(edits));
}

Status remove(const Session& session, const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  // The context comes first: what is read below it covers.
  DAFTAR_ASSIGN_OR_RETURN(const Context now, store->current_context(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, options.record));
  DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(key));
  if (record.cells.empty()) return {Code::not_found, Msg::record_empty, {options.record}};
  RecordEdits edits{key, {{kDeletedField, Value::boolean(!options.undo), std::nullopt}}};
  return save_one(session, *store, ledger, options, now, std::move(edits));
}

}  // namespace

void add_edit(CLI::App& app, Session& session) {
  CLI::App* set_command = app.add_subcommand(
      "set",
      "Write values of one record, as one changeset. Saved is saved: it survives a power cut, and "
      "goes to the hub with the next sync.\n"
      "  daftar set '1.2.1@2024 H1' value=12.5 note='second survey' -m 'first half of 2024'\n"
      "  daftar set 1.2.1 name_en='Poverty rate'\n"
      "  daftar set new:indicator code=1.9 name_en='…' parent=kpa:1\n"
      "FIELD= with nothing behind clears a field. Numbers may use Arabic or Western digits; a "
      "reference is "
      "the code of a record; a period is written as 2024, 2024 H1, 2024 Q3, 2024 M05, 2023/24.");
  auto options = std::make_shared<Options>();
  set_command->add_option("RECORD", options->record, "A code, #id, CODE@PERIOD, new:KIND, …")
      ->required();
  set_command->add_option("FIELD=VALUE", options->assignments)->required();
  set_command->add_option("-m,--message", options->message, "Why; kept with the change for good");
  set_command->add_option(
      "--context", options->context,
      "What you had looked at, as `show` printed it then; else what there is now");
  session.on(set_command, [&session, options] { return set(session, *options); });

  CLI::App* delete_command = app.add_subcommand(
      "delete",
      "Delete a record; its history stays. If somebody worked on it without knowing, both stand as "
      "a "
      "conflict.\n  daftar delete 1.9 -m 'counted twice'\n  daftar delete 1.9 --undo");
  auto delete_options = std::make_shared<Options>();
  delete_command->add_option("RECORD", delete_options->record)->required();
  delete_command->add_option("-m,--message", delete_options->message, "Why");
  delete_command->add_option("--context", delete_options->context, "As for set");
  delete_command->add_flag("--undo", delete_options->undo, "Bring a deleted record back");
  session.on(delete_command,
             [&session, delete_options] { return remove(session, *delete_options); });
}

}  // namespace daftar::client
