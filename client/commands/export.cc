// daftar export.
#include "client/export.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/commands.h"

namespace daftar::client {
namespace {

struct Options {
  std::string folder;
  std::string as_of;
  std::string entries;
};

Status export_register(const Session& session, const Options& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  if (options.folder.empty() == options.entries.empty()) {
    return {Code::invalid, Msg::export_what};
  }
  nlohmann::json object = {{"ledger", ledger.name}};
  if (!options.entries.empty()) {
    DAFTAR_RETURN_IF_ERROR(export_entries(*store, ledger, options.entries));
    object["entries"] = ledger.verified.size;
    object["file"] = options.entries;
    if (!session.as_json) {
      std::cout << ledger.verified.size << " entries in " << options.entries << '\n';
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
        std::cout << options.folder << "/" << file << "  " << count << " rows\n";
      }
    }
  }
  if (session.as_json) print_json(object);
  return {};
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
  CLI::App* command =
      app.add_subcommand("export",
                         "Write the register as tables that `daftar import` and Excel read, or its "
                         "entries as a file that "
                         "anyone can check without Daftar.\n"
                         "  daftar export tables/\n  daftar export tables/ --as-of 2026-06-30\n"
                         "  daftar export --entries register.entries");
  auto options = std::make_shared<Options>();
  command->add_option("FOLDER", options->folder, "Where the tables go");
  command->add_option(
      "--as-of", options->as_of,
      "The confirmed register at a position, or when the hub had received it (UTC)");
  command->add_option("--entries", options->entries, "Write all entries to this file instead");
  session.on(command, [&session, options] { return export_register(session, *options); });
}

}  // namespace daftar::client
