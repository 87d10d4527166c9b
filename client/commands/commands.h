// The commands of `daftar`: each adds itself to the command line, and says there what it does.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "client/client_store.h"
#include "client/view.h"
#include "common/base/clock.h"

namespace daftar::client {

/// What every command gets.
struct Session {
  std::string folder;
  std::string ledger;  ///< "" for the only one, or the only administration's
  bool as_json = false;
  Clock* clock = nullptr;
  /// Set by the parsed command; run by main.
  std::function<Status()> command;

  /// A command's action, to be run when the command line has been read.
  void on(CLI::App* app, std::function<Status()> action) {
    app->callback([this, action = std::move(action)] { command = action; });
  }
};

void add_init(CLI::App& app, Session& session);
void add_import(CLI::App& app, Session& session);
void add_export(CLI::App& app, Session& session);
void add_show(CLI::App& app, Session& session);
void add_edit(CLI::App& app, Session& session);       ///< set, delete
void add_history(CLI::App& app, Session& session);    ///< log, diff
void add_conflicts(CLI::App& app, Session& session);  ///< conflicts, resolve
void add_sync(CLI::App& app, Session& session);       ///< sync, status, held
void add_agent(CLI::App& app, Session& session);

// -- what commands share

/// The folder's store.
Result<std::unique_ptr<ClientStore>> open_store(const Session& session);
/// The ledger that the command is about: --ledger, else the only one held, else the only
/// administration's.
Result<LedgerInfo> choose_ledger(const Session& session, ClientStore& store);

void print_json(const nlohmann::json& object);
nlohmann::json value_json(const Value& value);

/// A record as people name it: "1.2.1" (the code of an indicator, else of a kpa, organisation or
/// unit), "kpa:3", "#7.1042" with its kind ("kpa#7.3"; without: indicator), and with a period
/// "1.2.1@2024 H1" (a measurement), "target:1.2.1@2025", "baseline:1.2.1".
Result<RecordKey> parse_record(View& view, const std::string& text);
/// The name that parse_record reads back, with the code where the record has one.
std::string record_name(View& view, const RecordKey& key);
std::string field_name(KindNumber kind, FieldNumber field);
/// The number of a field by name ("deleted" too). Code::not_found names those there are.
Result<FieldNumber> parse_field(KindNumber kind, const std::string& name);
/// A typed value for a field; references are resolved as parse_record does.
Result<Value> parse_field_value(View& view, KindNumber kind, FieldNumber field,
                                const std::string& text);

/// "POSITION:SEQ", as `show`, `status` and a dry run print it.
Result<Context> parse_context(const std::string& text);
std::string context_text(const Context& context);
/// A position ("1200") or a moment ("2026-11-22", "2026-11-22T08:00", UTC) as a position.
Result<uint64_t> parse_moment(View& view, const std::string& text);

std::string_view pending_name(PendingState state);
std::string_view reason_name(RefusalReason reason);

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
