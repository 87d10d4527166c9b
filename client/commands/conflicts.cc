// daftar conflicts, daftar resolve: values that disagree, and a person's decision.
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/base/text.h"
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
  if (options.has_value) return parse_field_value(view, key.kind, cell.field, options.value);
  const std::vector<const Version*> choices = choices_of(cell);
  if (options.take > choices.size()) {
    return Status(Code::not_found, Msg::resolve_no_choice,
                  {std::to_string(options.take), std::to_string(choices.size())});
  }
  return choices[options.take - 1]->value;
}

}  // namespace

Status run_conflicts(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<RecordKey> keys, view.contended());
  nlohmann::json list = nlohmann::json::array();
  for (const RecordKey& key : keys) {
    DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(key));
    const std::string name = record_name(view, key);
    for (const Cell& cell : record.cells) {
      if (!cell.is_contended()) continue;
      const std::string field = field_name(key.kind, cell.field);
      nlohmann::json object = {{"record", name},
                               {"field", field},
                               {"current", value_json(cell.reading())},
                               {"contenders", nlohmann::json::array()}};
      if (!session.as_json) {
        std::cout << name << " " << field << "\n    now: " << value_text(cell.reading()) << '\n';
      }
      size_t number = 0;
      for (const Version* choice : choices_of(cell)) {
        ++number;
        object["contenders"].push_back({{"take", number},
                                        {"value", value_json(choice->value)},
                                        {"device", choice->device},
                                        {"seq", choice->seq}});
        if (!session.as_json) {
          std::cout << "    --take " << number << ": " << value_text(choice->value) << "  (device "
                    << choice->device << ")\n";
        }
      }
      list.push_back(std::move(object));
    }
  }
  if (session.as_json) {
    print_json(list);
  } else if (list.empty()) {
    std::cout << message_text(Msg::conflicts_none, {ledger.name}) << '\n';
  }
  return {};
}

Status run_resolve(const Session& session, const ResolveOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  // The context comes first: what is read below it covers.
  DAFTAR_ASSIGN_OR_RETURN(const Context context, store->current_context(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, options.record));
  DAFTAR_ASSIGN_OR_RETURN(const FieldNumber number, parse_field(key.kind, options.field));
  DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(key));
  const Cell* cell = record.find(number);
  if (cell == nullptr || !cell->is_contended()) {
    return {Code::not_found, Msg::resolve_not_contended, {options.record, options.field}};
  }
  DAFTAR_ASSIGN_OR_RETURN(Value value, chosen_value(view, key, *cell, options));
  Draft draft{context, "", std::nullopt, {{key, {{number, value, std::nullopt}}}}};
  DAFTAR_ASSIGN_OR_RETURN(draft.message, normalise_text(options.message));
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t seq,
                          store->save(ledger.id, {draft}, session.clock->wall_ms()));
  if (session.as_json) {
    print_json({{"record", record_name(view, key)}, {"value", value_json(value)}, {"seq", seq}});
  } else {
    std::cout << message_text(Msg::resolved,
                              {record_name(view, key), options.field, value_text(value)})
              << '\n';
  }
  return {};
}

}  // namespace daftar::client
