// LedgerStore in SQLite, for the hub and for the client alike.
#pragma once

#include <memory>
#include <string>

#include "common/store/ledger_store.h"
#include "common/store/sqlite.h"

namespace daftar {

/// Creates the tables of a LedgerStore in `database`, if they are not there.
Status create_ledger_tables(Database& database);

/// A store over `database`, which outlives it and may hold tables of its owner beside.
Result<std::unique_ptr<LedgerStore>> open_sqlite_ledger_store(Database& database);

}  // namespace daftar
