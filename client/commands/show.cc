// daftar show: what the register says, now or at an earlier moment.
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/base/period.h"
#include "common/base/text.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

// References by the names of their records; everything else as values are in JSON.
nlohmann::json shown_json(View& view, const Value& value) {
  return value.as_reference() ? nlohmann::json(shown_value(view, value)) : value_json(value);
}

nlohmann::json cell_json(View& view, const Cell& cell) {
  nlohmann::json object = {{"value", shown_json(view, cell.reading())}};
  nlohmann::json contenders = nlohmann::json::array();
  for (const Version* version : cell.contenders()) {
    contenders.push_back({{"value", shown_json(view, version->value)},
                          {"device", version->device},
                          {"seq", version->seq}});
  }
  if (!contenders.empty()) object["contenders"] = contenders;
  return object;
}

nlohmann::json record_json(View& view, const RecordKey& key, const RecordState& record) {
  const Kind* kind = find_kind(key.kind);
  nlohmann::json object = {
      {"record", record_name(view, key)},
      {"id", key.id()},
      {"kind", kind == nullptr ? std::to_string(key.kind) : std::string(kind->name)},
      {"deleted", record.is_deleted()}};
  for (const Cell& cell : record.cells) {
    object["fields"][field_name(key.kind, cell.field)] = cell_json(view, cell);
  }
  return object;
}

// As people call it; with the name that commands take where that is another.
std::string label_of(const RecordKey& key, FieldNumber number) {
  std::string name = field_name(key.kind, number);
  const Kind* kind = find_kind(key.kind);
  const Field* field = kind == nullptr ? nullptr : kind->find(number);
  if (field == nullptr || language_of_environment() == Language::english) return name;
  return field_text(*kind, *field) + " (" + name + ")";
}

// A word of a list as people read it.
std::string value_for_people(View& view, const RecordKey& key, FieldNumber number,
                             const Value& value) {
  const Kind* kind = find_kind(key.kind);
  const Field* field = kind == nullptr ? nullptr : kind->find(number);
  const auto word = value.as_text();
  const bool is_english = language_of_environment() == Language::english;
  const auto name =
      field == nullptr || !word || is_english ? std::nullopt : choice_message(field->type, *word);
  return name ? text_of(*name) : shown_value(view, value);
}

// Where a value of a sector's ledger comes from (SECTORS.md); no cells if nobody says.
Result<RecordState> origin_of(View& view, const RecordKey& key) {
  if (key.kind != kind::measurement) return RecordState();
  DAFTAR_ASSIGN_OR_RETURN(RecordState record,
                          view.record({kind::origin, key.device, key.counter, key.qualifier}));
  return record.is_deleted() ? RecordState() : record;
}

void print_origin(const RecordState& origin) {
  if (origin.cells.empty()) return;
  const Value state = origin.reading(field::origin_approval_state);
  std::cout << "  ";
  say(Msg::show_origin,
      {value_text(origin.reading(field::origin_source_ledger)),
       state.is_empty() ? "–" : words_of("choice.report_state", value_text(state))});
}

void print_record(View& view, const RecordKey& key, const RecordState& record) {
  std::cout << record_name(view, key) << "  (#" << key.id() << ")"
            << (record.is_deleted() ? "  " + text_of(Msg::label_deleted) : "") << '\n';
  for (const Cell& cell : record.cells) {
    if (cell.field == kDeletedField && !cell.is_contended()) continue;
    constexpr size_t kLabel = 18;
    std::cout << "  " << padded(label_of(key, cell.field), kLabel)
              << value_for_people(view, key, cell.field, cell.reading()) << '\n';
    for (const Version* version : cell.contenders()) {
      std::cout << "    ";
      say(Msg::show_contender,
          {shown_value(view, version->value), std::to_string(version->device)});
    }
  }
}

// The series that an indicator names: its baseline, targets and measurements.
Status show_series(View& view, const RecordKey& indicator, nlohmann::json* list) {
  for (const KindNumber kind_number : {kind::baseline, kind::target, kind::measurement}) {
    RecordKey first = indicator;
    first.kind = kind_number;
    std::vector<std::pair<RecordKey, RecordState>> rows;
    DAFTAR_RETURN_IF_ERROR(
        view.scan(first.bytes(), [&](const RecordKey& key, const RecordState& record) -> Status {
          if (!record.is_deleted()) rows.emplace_back(key, record);
          return {};
        }));
    for (const auto& [key, record] : rows) {
      if (list != nullptr) {
        list->push_back(record_json(view, key, record));
        continue;
      }
      const Result<Period> period = Period::from_bytes(key.qualifier);
      const std::string when = period.ok() ? period->text()
                               : kind_number == kind::baseline
                                   ? value_text(record.reading(field::baseline_period))
                                   : "";
      constexpr size_t kWhen = 12;
      std::cout << "  " << kind_text(kind_number) << "  " << padded(when, kWhen)
                << value_text(record.reading(field::measurement_value))
                << (record.is_contended() ? "  " + text_of(Msg::label_contended) : "") << '\n';
    }
  }
  return {};
}

Status show_record(const Session& session, View& view, const ShowOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, options.record));
  RecordState record;
  if (options.as_of.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(record, view.record(key));
  } else {
    DAFTAR_ASSIGN_OR_RETURN(const uint64_t position, parse_moment(view, options.as_of));
    DAFTAR_ASSIGN_OR_RETURN(record, view.record_as_of(key, position));
  }
  if (record.cells.empty()) {
    return {Code::not_found, Msg::record_empty, {options.record}};
  }
  if (!options.field.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const FieldNumber number, parse_field(key.kind, options.field));
    const Cell* cell = record.find(number);
    if (session.as_json) {
      print_json(cell == nullptr ? nlohmann::json{{"value", nullptr}} : cell_json(view, *cell));
    } else {
      std::cout << shown_value(view, record.reading(number)) << '\n';
    }
    return {};
  }
  const auto at_now = [&]() -> Result<RecordState> {
    return options.as_of.empty() ? origin_of(view, key) : RecordState();
  };
  DAFTAR_ASSIGN_OR_RETURN(const RecordState origin, at_now());
  if (session.as_json) {
    nlohmann::json object = record_json(view, key, record);
    for (const Cell& cell : origin.cells) {
      if (cell.field == kDeletedField) continue;
      object["origin"][field_name(kind::origin, cell.field)] = shown_json(view, cell.reading());
    }
    if (key.kind == kind::indicator && options.as_of.empty()) {
      object["series"] = nlohmann::json::array();
      DAFTAR_RETURN_IF_ERROR(show_series(view, key, &object["series"]));
    }
    print_json(object);
    return {};
  }
  print_record(view, key, record);
  print_origin(origin);
  return key.kind == kind::indicator && options.as_of.empty() ? show_series(view, key, nullptr)
                                                              : Status();
}

// One line a record: its name and what it is called.
Status list_records(const Session& session, View& view, const Kind& described) {
  nlohmann::json list = nlohmann::json::array();
  const Field* name = described.find("name_en");
  DAFTAR_RETURN_IF_ERROR(view.scan(
      kind_prefix(described.number),
      [&](const RecordKey& key, const RecordState& record) -> Status {
        if (record.is_deleted()) return {};
        if (session.as_json) {
          list.push_back(record_json(view, key, record));
          return {};
        }
        std::cout << record_name(view, key) << "  "
                  << value_text(
                         record.reading(name == nullptr ? field::measurement_value : name->number))
                  << (record.is_contended() ? "  " + text_of(Msg::label_contended) : "") << '\n';
        return {};
      }));
  if (session.as_json) print_json(list);
  return {};
}

Status show_summary(const Session& session, ClientStore& store, View& view,
                    const LedgerInfo& ledger) {
  std::map<KindNumber, uint64_t> counts;
  DAFTAR_RETURN_IF_ERROR(view.scan("", [&](const RecordKey& key, const RecordState& record) {
    if (!record.is_deleted()) ++counts[key.kind];
    return Status();
  }));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<RecordKey> contended, view.contended());
  DAFTAR_ASSIGN_OR_RETURN(const Context context, store.current_context(ledger.id));
  nlohmann::json object = {
      {"ledger", ledger.name}, {"context", context_text(context)}, {"contended", contended.size()}};
  for (const auto& [number, count] : counts) {
    const Kind* described = find_kind(number);
    object["records"]
          [described == nullptr ? std::to_string(number) : std::string(described->name)] = count;
  }
  if (session.as_json) {
    print_json(object);
    return {};
  }
  say(Msg::show_ledger, {ledger.name, context_text(context)});
  for (const auto& [number, count] : counts) {
    std::cout << "  " << count << "  " << kind_text(number) << '\n';
  }
  if (!contended.empty()) {
    std::cout << "  ";
    say(Msg::show_contended, {std::to_string(contended.size())});
  }
  return list_records(session, view, *find_kind(kind::kpa));
}

}  // namespace

Status run_show(const Session& session, const ShowOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(Reading reading, begin_reading(session));
  auto& [store, snapshot, ledger, view] = reading;
  if (!options.record.empty()) return show_record(session, view, options);
  if (options.kind.empty()) return show_summary(session, *store, view, ledger);
  const Kind* described = find_kind(options.kind);
  if (described == nullptr) return {Code::not_found, Msg::kind_unknown, {options.kind}};
  return list_records(session, view, *described);
}

}  // namespace daftar::client
