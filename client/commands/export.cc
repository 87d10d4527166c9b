// daftar export.
#include "client/export.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "client/import.h"

namespace daftar::client {
namespace {

// Somebody may have worked in tables that were exported before.
Status check_not_there(const ExportOptions& options) {
  if (options.replace) return {};
  std::vector<std::string> files = {options.entries};
  if (options.entries.empty()) {
    files.clear();
    for (const char* name : kTableFiles) files.push_back(options.folder + "/" + name);
  }
  for (const std::string& file : files) {
    std::error_code error;
    if (std::filesystem::exists(file, error)) return {Code::exists, Msg::export_exists, {file}};
  }
  return {};
}

}  // namespace

Status run_export(const Session& session, const ExportOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  if (options.folder.empty() == options.entries.empty()) {
    return {Code::invalid, Msg::export_what};
  }
  DAFTAR_RETURN_IF_ERROR(check_not_there(options));
  nlohmann::json object = {{"ledger", ledger.name}};
  if (!options.entries.empty()) {
    DAFTAR_RETURN_IF_ERROR(export_entries(*store, ledger, options.entries));
    object["entries"] = ledger.verified.size;
    object["file"] = options.entries;
    if (!session.as_json) {
      say(Msg::export_entries_done, {std::to_string(ledger.verified.size), options.entries});
    }
  } else {
    DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
    std::optional<uint64_t> position;
    if (!options.as_of.empty()) {
      DAFTAR_ASSIGN_OR_RETURN(position, parse_moment(view, options.as_of));
    }
    DAFTAR_ASSIGN_OR_RETURN(const auto rows, export_tables(view, options.folder, position));
    object["folder"] = options.folder;
    for (const auto& [file, count] : rows) {
      object["rows"][file] = count;
      if (!session.as_json) {
        say(Msg::export_rows, {options.folder + "/" + file, std::to_string(count)});
      }
    }
  }
  if (session.as_json) print_json(object);
  return {};
}

}  // namespace daftar::client
