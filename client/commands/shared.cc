#include "client/commands/shared.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/levels.h"
#include "common/base/limits.h"
#include "common/base/period.h"
#include "common/base/report.h"
#include "common/base/text.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

bool parse_number(std::string_view text, uint64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// "7.1042".
bool parse_id(std::string_view text, RecordKey* key) {
  const size_t dot = text.find('.');
  return dot != std::string_view::npos && parse_number(text.substr(0, dot), &key->device) &&
         parse_number(text.substr(dot + 1), &key->counter) && key->device > 0 && key->counter > 0;
}

// A code (or #id) of a record whose kind has an id of its own.
Result<RecordKey> find_record(View& view, std::optional<KindNumber> wanted,
                              const std::string& text) {
  RecordKey key;
  if (text.starts_with('#')) {
    key.kind = wanted.value_or(kind::indicator);
    if (!parse_id(std::string_view(text).substr(1), &key)) {
      return Status(Code::invalid, Msg::record_name_bad, {text});
    }
    // An area's, where no indicator has it.
    for (const KindNumber number : {kind::indicator, kind::kpa, kind::organisation, kind::unit}) {
      if (wanted) break;
      RecordKey other = key;
      other.kind = number;
      DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(other));
      if (!record.cells.empty()) return other;
    }
    return key;
  }
  Status missing(Code::not_found, Msg::code_missing, {text});
  for (const KindNumber number : {kind::indicator, kind::kpa, kind::organisation, kind::unit}) {
    if (wanted && *wanted != number) continue;
    Result<RecordKey> found = view.find_code(number, text);
    if (found.ok() || found.status().code() != Code::not_found) return found;
    if (wanted) missing = found.status();
  }
  return missing;
}

}  // namespace

Result<std::unique_ptr<ClientStore>> open_store(const Session& session) {
  auto store = ClientStore::open(session.folder);
  if (store.ok()) (*store)->ask_passphrase_by(ask_passphrase);
  return store;
}

Result<LedgerInfo> choose_ledger(const Session& session, ClientStore& store) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> all, store.held_ledgers());
  std::vector<LedgerInfo> candidates;
  for (const LedgerInfo& ledger : all) {
    if (session.ledger.empty() ? ledger.name.starts_with("administration/")
                               : ledger.name == session.ledger) {
      candidates.push_back(ledger);
    }
  }
  if (session.ledger.empty() && candidates.empty()) candidates = all;
  if (candidates.size() == 1) return candidates.front();
  if (!session.ledger.empty()) {
    return Status(Code::not_found, Msg::ledger_missing, {session.ledger});
  }
  if (all.empty()) {
    DAFTAR_RETURN_IF_ERROR(store.identity().status());
    return Status(Code::not_found, Msg::ledger_none, {store.folder()});
  }
  std::string names;
  for (const LedgerInfo& ledger : all) names += (names.empty() ? "" : ", ") + ledger.name;
  return Status(Code::invalid, Msg::ledger_ambiguous, {names});
}

Result<Reading> begin_reading(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<ClientStore> store, open_store(session));
  auto snapshot = std::make_unique<ClientStore::Snapshot>(*store);
  DAFTAR_ASSIGN_OR_RETURN(LedgerInfo ledger, choose_ledger(session, *store));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  return Reading{std::move(store), std::move(snapshot), std::move(ledger), std::move(view)};
}

Status check_not_mixed(ClientStore& store, View& view, const LedgerInfo& ledger,
                       const RecordKey& key) {
  if (ledger.forked == 0) return {};
  RecordKey named = key;
  named.qualifier.clear();
  const Kind* described = find_kind(key.kind);
  if (described != nullptr && described->is_of_indicator()) named.kind = kind::indicator;
  DAFTAR_ASSIGN_OR_RETURN(const RecordState record, view.record(named));
  const Cell* code = record.find(field::indicator_code);
  if (code == nullptr || !code->is_contended()) return {};
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, store.identity());
  return {Code::forked, Msg::device_forked, {std::to_string(own.device)}};
}

Result<std::string> parse_message(const std::string& text) {
  DAFTAR_ASSIGN_OR_RETURN(std::string message, normalise_text(text));
  if (message.size() > limits::kMessageBytes) {
    return Status(Code::too_large, Msg::message_too_long,
                  {std::to_string(message.size()), std::to_string(limits::kMessageBytes)});
  }
  return message;
}

std::string shown_value(View& view, const Value& value) {
  const std::optional<RecordKey> reference = value.as_reference();
  return reference ? record_name(view, *reference) : value_text(value);
}

bool is_companion(const RecordState& record, KindNumber kind, const Cell& cell) {
  return std::any_of(record.cells.begin(), record.cells.end(), [&](const Cell& value) {
    return value.is_contended() && companion_of(kind, value.field) == cell.field;
  });
}

void add_companion(RecordEdits& edits, const RecordState& record, const CellEdit& written,
                   const Value& typed) {
  const std::optional<FieldNumber> companion = companion_of(edits.key.kind, written.field);
  if (!companion) return;
  const Cell* cell = record.find(*companion);
  // Where a cell is, other spellings may stand in it that a view does not show as contended.
  if (cell == nullptr && typed.is_empty()) return;
  edits.cells.push_back({*companion, typed, std::nullopt});
}

Value typed_value(const Value& value, const std::string& typed) {
  const std::string plain = western_digits(trim(typed));
  if (value.is_empty() || plain == value_text(value)) return {};
  const Result<std::string> text = normalise_text(trim(typed));
  return text.ok() ? Value::text(*text) : Value();
}

nlohmann::json value_json(const Value& value) {
  switch (value.type()) {
    case ValueType::empty:
      return nullptr;
    case ValueType::boolean:
      return value.is_yes();
    case ValueType::list: {
      nlohmann::json list = nlohmann::json::array();
      for (const Value& item : value.as_list()) list.push_back(value_json(item));
      return list;
    }
    default:
      return value_text(value);  // numbers too: JSON's own would not be exact
  }
}

Result<Register> read_register(View& view, std::optional<uint64_t> position) {
  Register reg;
  if (position) {
    MemoryRecords past;
    DAFTAR_RETURN_IF_ERROR(view.fold_until(*position, past));
    for (const auto& [key, record] : past.all()) reg.take(key, record);
  } else {
    DAFTAR_RETURN_IF_ERROR(view.scan("", [&](const RecordKey& key, const RecordState& record) {
      reg.take(key, record);
      return Status();
    }));
  }
  reg.finish();
  return reg;
}

std::chrono::year_month_day day_of(uint64_t moment_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> moment{
      std::chrono::milliseconds(moment_ms)};
  return std::chrono::floor<std::chrono::days>(moment);
}

std::string author_text(UserNumber author, DeviceNumber device) {
  if (device == kHubDevice) return text_of(Msg::author_hub);
  return text_of(Msg::author_user, {std::to_string(author), std::to_string(device)});
}

Result<RecordKey> parse_record(View& view, const std::string& text) {
  std::string rest = text;
  std::optional<KindNumber> wanted;
  std::optional<Period> period;
  const size_t at = rest.rfind('@');
  if (at != std::string::npos) {
    DAFTAR_ASSIGN_OR_RETURN(const ParsedPeriod parsed, parse_period(rest.substr(at + 1)));
    period = parsed.period;
    rest.resize(at);
    wanted = kind::measurement;
  }
  if (const Kind* of_period = find_kind(rest);
      period && of_period != nullptr && of_period->key == KeyForm::period) {
    return RecordKey{of_period->number, kPeriodDevice, kPeriodCounter, period->bytes()};
  }
  const size_t mark = rest.find_first_of(":#");
  const Kind* named = mark == std::string::npos ? nullptr : find_kind(rest.substr(0, mark));
  if (named != nullptr) {
    wanted = named->number;
    rest.erase(0, rest[mark] == ':' ? mark + 1 : mark);
  }
  const Kind* described = wanted ? find_kind(*wanted) : nullptr;
  const KeyForm form = described == nullptr ? KeyForm::id : described->key;
  if (form == KeyForm::period || (form == KeyForm::indicator_period) != period.has_value()) {
    return Status(Code::invalid, Msg::record_name_bad, {text});
  }
  DAFTAR_ASSIGN_OR_RETURN(
      RecordKey key,
      find_record(view, form == KeyForm::id ? wanted : std::optional(kind::indicator), rest));
  if (wanted) key.kind = *wanted;
  if (period) key.qualifier = period->bytes();
  return key;
}

std::string field_name(KindNumber kind_number, FieldNumber number) {
  if (number == kDeletedField) return "deleted";
  const Kind* described = find_kind(kind_number);
  const Field* field = described == nullptr ? nullptr : described->find(number);
  return field == nullptr ? "field " + std::to_string(number) : std::string(field->name);
}

std::string kind_text(KindNumber number) {
  const Kind* described = find_kind(number);
  if (described == nullptr) return std::to_string(number);
  return words_of("kind", described->name);
}

namespace {

// `text`: the record's code, or "#" and its id.
std::string name_of(const RecordKey& key, std::string text) {
  if (key.kind != kind::indicator && key.kind != kind::measurement) {
    const Kind* described = find_kind(key.kind);
    const std::string kind_name =
        described == nullptr ? std::to_string(key.kind) : std::string(described->name);
    const bool is_of_period = described != nullptr && described->key == KeyForm::period;
    text = is_of_period ? kind_name : kind_name + (text.starts_with('#') ? "" : ":") + text;
  }
  if (!key.qualifier.empty()) {
    const Result<Period> period = Period::from_bytes(key.qualifier);
    text += "@" + (period.ok() ? period->text() : to_hex(key.qualifier));
  }
  return text;
}

}  // namespace

std::string record_name(const RecordKey& key) { return name_of(key, "#" + key.id()); }

std::string record_name(View& view, const RecordKey& key) {
  const Kind* described = find_kind(key.kind);
  const bool is_series = described != nullptr && described->is_of_indicator();
  RecordKey named = key;
  named.qualifier.clear();
  if (is_series) named.kind = kind::indicator;
  std::string text = "#" + key.id();
  const Kind* holder = find_kind(named.kind);
  const Field* code = holder == nullptr ? nullptr : holder->find("code");
  if (code != nullptr) {
    const Result<RecordState> record = view.record(named);
    const Value value = record.ok() ? record->reading(code->number) : Value();
    if (value.as_text()) text = *value.as_text();
  }
  return name_of(key, text);
}

Result<FieldNumber> parse_field(KindNumber kind_number, const std::string& name) {
  if (name == "deleted") return kDeletedField;
  const Kind* described = find_kind(kind_number);
  const Field* field = described == nullptr ? nullptr : described->find(name);
  if (field != nullptr) return field->number;
  // As it is called in any of the languages.
  for (size_t i = 0; described != nullptr && i < described->fields.size(); ++i) {
    const Field& known = described->fields[i];
    const std::string own = "field." + std::string(described->name) + "." + std::string(known.name);
    const auto own_label = find_message(own);
    const auto label = own_label ? own_label : find_message("field." + std::string(known.name));
    for (const Language language : {Language::arabic, Language::french, Language::english}) {
      if (label && message_text(*label, {}, language) == trim(name)) return known.number;
    }
  }
  std::string names;
  if (described != nullptr) {
    for (const Field& known : described->fields) {
      names += (names.empty() ? "" : ", ") + std::string(known.name);
    }
  }
  return Status(Code::not_found, Msg::field_unknown,
                {name, described == nullptr ? "?" : std::string(described->name), names});
}

namespace {

// Names with ; between them.
Result<Value> parse_references(View& view, const std::string& text) {
  std::vector<Value> list;
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ';');) {
    const std::string_view plain = trim(name);
    if (plain.empty()) continue;
    DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, std::string(plain)));
    list.push_back(Value::reference(key));
  }
  if (list.empty()) return Value();
  Value value = Value::list(list);
  if (value.bytes().size() <= limits::kValueBytes) return value;
  return Status(Code::too_large, Msg::value_too_long, {text.substr(0, 80)});
}

}  // namespace

Result<Value> parse_field_value(View& view, const RecordKey& key, FieldNumber number,
                                const std::string& text) {
  const Kind* described = find_kind(key.kind);
  const Field* field = described == nullptr ? nullptr : described->find(number);
  if (field == nullptr) {
    if (number != kDeletedField)
      return Status(Code::not_found, Msg::field_unknown, {text, "?", ""});
    static constexpr Field kDeleted{kDeletedField, "deleted", FieldType::yes_no};
    return parse_value(kDeleted, text);
  }
  if (field->type == FieldType::reference && !text.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const RecordKey named, parse_record(view, text));
    return Value::reference(named);
  }
  if (field->type == FieldType::reference_list) return parse_references(view, text);
  // Of an indicator with levels an answer may be the name of one.
  if (described->is_of_indicator() && field->name == "value") {
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<std::string> levels, levels_of(view, key));
    if (const auto level = find_level(levels, text)) return *level;
  }
  return parse_value(*field, text);
}

Result<Context> parse_context(const std::string& text, const Context& now) {
  Context context;
  const size_t colon = text.find(':');
  if (colon == std::string::npos || !parse_number(text.substr(0, colon), &context.position) ||
      !parse_number(text.substr(colon + 1), &context.own_seq)) {
    return Status(Code::invalid, Msg::context_bad, {text});
  }
  if (context.position > now.position || context.own_seq > now.own_seq) {
    return Status(Code::invalid, Msg::context_future, {text, context_text(now)});
  }
  return context;
}

std::string context_text(const Context& context) {
  return std::to_string(context.position) + ":" + std::to_string(context.own_seq);
}

Result<uint64_t> parse_moment(View& view, const std::string& text, DayAt day) {
  uint64_t position = 0;
  if (parse_number(text, &position)) {
    if (position <= view.confirmed_position()) return position;
    return Status(Code::not_found, Msg::position_missing,
                  {text, std::to_string(view.confirmed_position())});
  }
  for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), format, &parts);
    if (end == nullptr) continue;
    // As `log` prints it: ".120Z" behind the seconds.
    std::string_view rest(end);
    uint64_t milliseconds = 0;
    if (rest.size() >= 4 && rest.front() == '.' && parse_number(rest.substr(1, 3), &milliseconds)) {
      rest.remove_prefix(4);
    }
    if (rest == "Z") rest = {};
    const std::time_t seconds = timegm(&parts);
    if (!rest.empty() || seconds < 0) continue;
    const uint64_t moment = static_cast<uint64_t>(seconds) * 1000 + milliseconds;
    constexpr uint64_t kDayMs = uint64_t{24} * 60 * 60 * 1000;
    if (std::string_view(format) != "%Y-%m-%d") return view.position_at(moment);
    return view.position_at(day == DayAt::end ? moment + kDayMs - 1
                                              : std::max(moment, uint64_t{1}) - 1);
  }
  return Status(Code::invalid, Msg::moment_bad, {text});
}

std::string_view pending_name(PendingState state) {
  constexpr std::string_view kNames[] = {"waiting",   "entered",   "held",
                                         "discarded", "reapplied", "forked"};
  return kNames[static_cast<int>(state)];
}

Msg pending_message(PendingState state) {
  constexpr Msg kMessages[] = {Msg::pending_waiting,   Msg::pending_entered,   Msg::pending_held,
                               Msg::pending_discarded, Msg::pending_reapplied, Msg::pending_forked};
  return kMessages[static_cast<int>(state)];
}

namespace {

// What is known of a reason: its word and its message. A hub of a later version may give others.
std::pair<std::string_view, Msg> describe(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::no_authority:
      return {"no_authority", Msg::reason_no_authority};
    case RefusalReason::period_locked:
      return {"period_locked", Msg::reason_period_locked};
    case RefusalReason::wrong_type:
      return {"wrong_type", Msg::reason_wrong_type};
    case RefusalReason::over_limit:
      return {"over_limit", Msg::reason_over_limit};
    case RefusalReason::origin_entered:
      return {"origin_entered", Msg::reason_origin_entered};
  }
  return {"unknown", Msg::reason_unknown};
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  constexpr std::string_view kNames[] = {"agreed", "contended", "applied"};
  return kNames[static_cast<int>(outcome)];
}

Msg outcome_message(Outcome outcome) {
  constexpr Msg kMessages[] = {Msg::outcome_agreed, Msg::outcome_contended, Msg::outcome_applied};
  return kMessages[static_cast<int>(outcome)];
}

std::string_view reason_name(RefusalReason reason) { return describe(reason).first; }
Msg reason_message(RefusalReason reason) { return describe(reason).second; }

ProgressLine::ProgressLine(bool as_json) : is_on_(!as_json && isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (is_drawn_) std::fprintf(stderr, "\r\033[K");
}

void ProgressLine::show(std::string_view what, uint64_t done, uint64_t total) {
  if (!is_on_) return;
  is_drawn_ = true;
  constexpr uint64_t kWidth = 30;
  std::string bar;
  if (total > 0) {
    const uint64_t filled = std::min(done * kWidth / total, kWidth);
    bar = " [" + std::string(filled, '#') + std::string(kWidth - filled, ' ') + "]";
  }
  std::fprintf(stderr, "\r\033[K%.*s%s %llu", static_cast<int>(what.size()), what.data(),
               bar.c_str(), static_cast<unsigned long long>(done));
  std::fflush(stderr);
}

}  // namespace daftar::client
