// daftar import.
#include "client/import.h"

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/base/report.h"

namespace daftar::client {
namespace {

// Rows that are listed one by one on a screen; --json lists all.
constexpr size_t kNotesShown = 20;

// A folder stands for the tables in it.
Result<std::vector<std::string>> table_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const size_t before = files.size();
    for (const char* name : kTableFiles) {
      const std::string file = (std::filesystem::path(path) / name).string();
      if (std::filesystem::exists(file, error)) files.push_back(file);
    }
    if (files.size() == before) return Status(Code::not_found, Msg::import_no_tables, {path});
  }
  return files;
}

nlohmann::json plan_json(const ImportPlan& plan) {
  const Language language = language_of_environment();
  nlohmann::json object = {{"context", context_text(plan.context)},
                           {"edits", plan.edits},
                           {"changesets", plan.drafts.size()},
                           {"files", nlohmann::json::array()},
                           {"notes", nlohmann::json::array()}};
  for (const ImportedFile& file : plan.files) {
    nlohmann::json rows;
    for (const RowFate fate :
         {RowFate::fresh, RowFate::changed, RowFate::same, RowFate::refused, RowFate::contended}) {
      const auto found = file.rows.find(fate);
      rows[std::string(fate_name(fate))] = found == file.rows.end() ? 0 : found->second;
    }
    object["files"].push_back({{"file", file.path},
                               {"rows", rows},
                               {"imported_before", file.was_imported},
                               {"unknown_columns", file.unknown_columns}});
  }
  for (const RowNote& note : plan.notes) {
    object["notes"].push_back(
        {{"file", plan.files[note.file].path},
         {"line", note.line},
         {"fate", fate_name(note.fate)},
         {"reason", to_json(note.reason.message(), note.reason.arguments(), language)}});
  }
  return object;
}

struct FateMessages {
  Msg count;  ///< "12 new"
  Msg row;    ///< "measurements.csv:7 refused: …"
};

FateMessages messages_of(RowFate fate) {
  switch (fate) {
    case RowFate::fresh:
      return {Msg::import_rows_new, Msg::import_row_new};
    case RowFate::changed:
      return {Msg::import_rows_changed, Msg::import_row_changed};
    case RowFate::same:
      return {Msg::import_rows_same, Msg::import_row_same};
    case RowFate::refused:
      return {Msg::import_rows_refused, Msg::import_row_refused};
    case RowFate::contended:
      break;
  }
  return {Msg::import_rows_contended, Msg::import_row_contended};
}

void print_plan(const ImportPlan& plan, bool again) {
  const Language language = language_of_environment();
  for (const ImportedFile& file : plan.files) {
    std::cout << file.path << ":";
    if (file.was_imported && !again) {
      std::cout << " " << message_text(Msg::import_known, {}, language) << '\n';
      continue;
    }
    for (const RowFate fate :
         {RowFate::fresh, RowFate::changed, RowFate::same, RowFate::refused, RowFate::contended}) {
      const auto found = file.rows.find(fate);
      if (found == file.rows.end()) continue;
      std::cout << "  " << text_of(messages_of(fate).count, {std::to_string(found->second)});
    }
    std::cout << '\n';
    for (const std::string& column : file.unknown_columns) {
      std::cout << "  " << message_text(Msg::import_unknown_column, {column}, language) << '\n';
    }
  }
  size_t shown = 0;
  for (const RowNote& note : plan.notes) {
    if (shown++ == kNotesShown) {
      std::cout << "  ";
      say(Msg::import_more, {std::to_string(plan.notes.size() - kNotesShown)});
      break;
    }
    std::cout << "  ";
    say(messages_of(note.fate).row,
        {std::filesystem::path(plan.files[note.file].path).filename().string(),
         std::to_string(note.line), note.reason.text(language)});
  }
}

// Rows that were there and could not be taken, with nothing else to do, are no success.
Status outcome_of(const ImportPlan& plan) {
  const uint64_t left = plan.rows(RowFate::refused) + plan.rows(RowFate::contended);
  if (!plan.drafts.empty() || left == 0 || plan.rows(RowFate::same) > 0) return {};
  return {
      Code::refused,
      Msg::import_none_taken,
      {std::to_string(plan.rows(RowFate::refused)), std::to_string(plan.rows(RowFate::contended))}};
}

}  // namespace

Status run_import(const Session& session, const ImportCommandOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  ImportOptions wanted;
  DAFTAR_ASSIGN_OR_RETURN(wanted.files, table_files(options.paths));
  DAFTAR_ASSIGN_OR_RETURN(wanted.message, parse_message(options.message));
  if (!options.context.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const Context now, store->current_context(ledger.id));
    DAFTAR_ASSIGN_OR_RETURN(wanted.context, parse_context(options.context, now));
  }
  wanted.again = options.again;
  wanted.is_dry_run = options.dry_run;
  auto progress = std::make_unique<ProgressLine>(session.as_json);
  const std::string reading = message_text(Msg::progress_import, {}, language_of_environment());
  wanted.progress = [&](uint64_t done, uint64_t total) { progress->show(reading, done, total); };
  wanted.progress(0, 0);
  DAFTAR_ASSIGN_OR_RETURN(const ImportPlan plan, plan_import(*store, ledger.id, wanted));
  if (!options.dry_run && !plan.drafts.empty()) {
    DAFTAR_RETURN_IF_ERROR(store->save(ledger.id, plan.drafts, session.clock->wall_ms()).status());
  }
  progress.reset();
  if (session.as_json) {
    nlohmann::json object = plan_json(plan);
    object["saved"] = !options.dry_run && !plan.drafts.empty();
    print_json(object);
    return outcome_of(plan);
  }
  print_plan(plan, options.again);
  Status outcome = outcome_of(plan);
  if (!outcome.ok()) return outcome;
  const Msg message = options.dry_run       ? Msg::import_would_save
                      : plan.drafts.empty() ? Msg::import_nothing
                                            : Msg::import_saved;
  say(message,
      {std::to_string(plan.edits), std::to_string(plan.drafts.size()), context_text(plan.context)});
  return {};
}

}  // namespace daftar::client
