// daftar conflicts, daftar resolve: values that disagree, and a person's decision.
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/commands.h"
#include "common/base/text.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

struct Options {
  std::string record;
  std::string field;
  std::string message;
  std::string value;
  size_t take = 0;
  bool keep = false;
  bool has_value = false;
};

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

Status conflicts(const Session& session) {
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

Result<Value> chosen_value(View& view, const RecordKey& key, const Cell& cell,
                           const Options& options) {
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

Status resolve(const Session& session, const Options& options) {
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

}  // namespace

void add_conflicts(CLI::App& app, Session& session) {
  CLI::App* list =
      app.add_subcommand("conflicts",
                         "List the values that disagree: two people wrote a cell without having "
                         "seen each other's work. "
                         "Nothing is lost and nothing was decided; `daftar resolve` decides.");
  session.on(list, [&session] { return conflicts(session); });

  CLI::App* command = app.add_subcommand(
      "resolve",
      "Settle one contended value, having seen what stands beside it.\n"
      "  daftar resolve '1.2.1@2024 H1' value --take 1 -m 'the survey is right'\n"
      "  daftar resolve '1.2.1@2024 H1' value --keep\n"
      "  daftar resolve '1.2.1@2024 H1' value --value 12.7");
  auto options = std::make_shared<Options>();
  command->add_option("RECORD", options->record)->required();
  command->add_option("FIELD", options->field)->required();
  command->add_flag("--keep", options->keep, "The value that the cell reads now");
  command->add_option("--take", options->take, "The contender with this number in `conflicts`");
  CLI::Option* value = command->add_option("--value", options->value, "Another value");
  command->add_option("-m,--message", options->message, "Why; kept with the decision for good");
  session.on(command, [&session, options, value] {
    options->has_value = value->count() > 0;
    return resolve(session, *options);
  });
}

}  // namespace daftar::client
