// Importing tables: first a plan (the dry run), then changesets.
//
// Four tables are known, by their header row: indicators (id, parent_id, level, …), measurements
// (indicator_id, period, value, note), baselines (…, source) and targets (…, rationale).
// client/TABLES.md describes them for users.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/client_store.h"
#include "client/view.h"

namespace daftar::client {

/// The tables of a folder, by name, in the order in which they are imported.
constexpr const char* kTableFiles[] = {"indicators.csv", "baselines.csv", "targets.csv",
                                       "measurements.csv"};

/// What an import would do with a row.
enum class RowFate { fresh, changed, same, refused, contended };

/// A row that was not simply taken, with the reason.
struct RowNote {
  size_t file = 0;  ///< index into ImportPlan::files
  uint64_t line = 0;
  RowFate fate = RowFate::refused;
  Status reason;
};

struct ImportedFile {
  std::string path;
  Hash hash{};
  std::map<RowFate, uint64_t> rows;  ///< how many of each fate
  std::vector<std::string> unknown_columns;
  bool was_imported = false;  ///< these bytes are in the ledger's history already
};

struct ImportPlan {
  Context context;
  std::vector<ImportedFile> files;
  std::vector<RowNote> notes;
  std::vector<Draft> drafts;
  uint64_t edits = 0;
  [[nodiscard]] uint64_t rows(RowFate fate) const;
};

struct ImportOptions {
  std::vector<std::string> files;
  std::string message;
  std::optional<Context> context;  ///< of an earlier dry run; else that of now
  bool again = false;              ///< also files that were imported before
  /// Called now and then with the bytes read so far and in all.
  std::function<void(uint64_t done, uint64_t total)> progress;
  bool is_dry_run = false;  ///< no ids are reserved; the drafts cannot be saved
};

/// Reads the files and compares them with what is visible. Code::invalid for a file that is no
/// known table; single bad rows are refused in the plan, with line and reason.
Result<ImportPlan> plan_import(ClientStore& store, LedgerId ledger, const ImportOptions& options);

std::string_view fate_name(RowFate fate);

}  // namespace daftar::client
