// What the commands share: choosing a ledger, names that people type and read, moments, progress.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client_store.h"
#include "client/commands/commands.h"
#include "client/view.h"
#include "common/base/report.h"
#include "common/register/register.h"

namespace daftar::client {

/// The folder's store.
Result<std::unique_ptr<ClientStore>> open_store(const Session& session);
/// The passphrase of a sealed key: the first line of the file DAFTAR_PASSPHRASE_FILE, else what is
/// typed at the terminal. Code::invalid if there is neither.
Result<std::string> ask_passphrase();
/// The ledger that the command is about: --ledger, else the only one held, else the only
/// administration's.
Result<LedgerInfo> choose_ledger(const Session& session, ClientStore& store);

/// One moment of the ledger that a command is about, as it is seen.
struct Reading {
  std::unique_ptr<ClientStore> store;
  std::unique_ptr<ClientStore::Snapshot> snapshot;
  LedgerInfo ledger;
  View view;
};
Result<Reading> begin_reading(const Session& session);

/// Code::forked while this disk's work waits for a number of its own and `key` stands for two
/// records: one made here and one made on the copy may have one id, and what is written could go to
/// either.
Status check_not_mixed(ClientStore& store, View& view, const LedgerInfo& ledger,
                       const RecordKey& key);
/// A --message as it is kept; Code::too_large above the limit.
Result<std::string> parse_message(const std::string& text);
/// A value as people read it; a reference as the name of its record.
std::string shown_value(View& view, const Value& value);
/// Whether a cell only says how a contended value was typed: it is settled together with that.
bool is_companion(const RecordState& record, KindNumber kind, const Cell& cell);
/// Adds to `edits` what must be written beside a value so that its companion never speaks of
/// another one: how it was typed, where that says more than the number, else nothing where
/// the companion was ever written.
void add_companion(RecordEdits& edits, const RecordState& record, const CellEdit& written,
                   const Value& typed);
/// How a value was typed, if that says more than the value itself does in either digits.
Value typed_value(const Value& value, const std::string& typed);
/// The register as values, now or as the hub had confirmed it at a position.
Result<Register> read_register(View& view, std::optional<uint64_t> position = {});
/// The day (UTC) of a moment.
std::chrono::year_month_day day_of(uint64_t moment_ms);
/// Who wrote a changeset, as people read it.
std::string author_text(UserNumber author, DeviceNumber device);
nlohmann::json value_json(const Value& value);

/// A record as people name it: "1.2.1" (the code of an indicator, else of a kpa, organisation or
/// unit), "kpa:3", "#7.1042" with its kind ("kpa#7.3"; without: indicator), and with a period
/// "1.2.1@2024 H1" (a measurement), "target:1.2.1@2025", "baseline:1.2.1".
Result<RecordKey> parse_record(View& view, const std::string& text);
/// The name that parse_record reads back, with the code where the record has one.
std::string record_name(View& view, const RecordKey& key);
/// The same by the id alone.
std::string record_name(const RecordKey& key);
std::string field_name(KindNumber kind, FieldNumber field);
/// A kind as people read it, in their language.
std::string kind_text(KindNumber kind);
/// The number of a field by name ("deleted" too). Code::not_found names those there are.
Result<FieldNumber> parse_field(KindNumber kind, const std::string& name);
/// A typed value for a field of a record; references are resolved as parse_record does, and what an
/// indicator says may be the name of one of its levels.
Result<Value> parse_field_value(View& view, const RecordKey& key, FieldNumber field,
                                const std::string& text);

/// "POSITION:SEQ", as `show`, `status` and a dry run print it.
/// Code::invalid if it is none, or newer than `now`.
Result<Context> parse_context(const std::string& text, const Context& now);
std::string context_text(const Context& context);
/// Whether a day alone is meant before or after what came on it.
enum class DayAt { begin, end };
/// A position ("1200") or a moment ("2026-11-22", "2026-11-22T08:00", UTC) as a position.
Result<uint64_t> parse_moment(View& view, const std::string& text, DayAt day = DayAt::end);

/// The word for programs (--json), and the message for people.
std::string_view pending_name(PendingState state);
Msg pending_message(PendingState state);
std::string_view outcome_name(Outcome outcome);
Msg outcome_message(Outcome outcome);
std::string_view reason_name(RefusalReason reason);
Msg reason_message(RefusalReason reason);

/// A line on standard error that is redrawn, when that is a terminal and long work goes on.
class ProgressLine {
 public:
  explicit ProgressLine(bool as_json);
  ~ProgressLine();
  /// `total` 0: not known.
  void show(std::string_view what, uint64_t done, uint64_t total);

 private:
  bool is_on_;
  bool is_drawn_ = false;
};

}  // namespace daftar::client
