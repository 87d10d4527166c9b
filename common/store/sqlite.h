// A thin wrapper over SQLite: statements, transactions, and errors as Status.
//
// One Database is used by one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace daftar {

class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, uint64_t value) { return bind(index, static_cast<int64_t>(value)); }
  Statement& bind(int index, int value) { return bind(index, static_cast<int64_t>(value)); }
  /// The bytes must stay alive until the next step() or reset().
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_text(int index, std::string_view text);
  Statement& bind_null(int index);

  /// True when there is a row to read. After false or a failure the statement is reset.
  Result<bool> step();
  /// For statements without rows: steps to the end and resets.
  Status run();
  void reset();

  [[nodiscard]] int64_t integer(int column) const;
  [[nodiscard]] uint64_t number(int column) const { return static_cast<uint64_t>(integer(column)); }
  /// Valid until the next step().
  [[nodiscard]] std::string_view blob(int column) const;
  [[nodiscard]] std::string_view text(int column) const { return blob(column); }
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  enum class Access { read_write, read_only };

  /// Opens (and with read_write creates) a database: WAL, synchronous=FULL, defensive, foreign
  /// schemas not trusted. `vfs`: SQLite's name of a file system, "" for the ordinary one.
  static Result<Database> open(const std::string& path, Access access = Access::read_write,
                               const std::string& vfs = "");
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  /// Runs one or more statements without parameters.
  Status execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  /// The statement for `sql`, a literal whose address is its identity: prepared once, and at its
  /// beginning whenever it is asked for. Not for a read within whose rows the same is read.
  Result<Statement*> use(const char* sql);

  Status begin();
  /// After a failure nothing of the transaction is there; nor, if the disk takes one more write, in
  /// a copy of the files.
  Status commit();
  /// Never fails: a transaction that SQLite has rolled back itself is gone already.
  void rollback();

  Result<int64_t> user_version();
  /// What to say of a row whose checksum (row_check.h) is not that of its content.
  [[nodiscard]] Status damaged_row() const;
  [[nodiscard]] int64_t last_insert_id() const;
  [[nodiscard]] int changes() const;

 private:
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_ = nullptr;
  std::string path_;
  std::map<const char*, Statement> statements_;
};

/// A transaction that is rolled back unless it was committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}
  ~Transaction() {
    if (open_) database_.rollback();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Status begin() {
    DAFTAR_RETURN_IF_ERROR(database_.begin());
    open_ = true;
    return {};
  }
  /// After a failure the transaction is rolled back.
  Status commit() {
    DAFTAR_RETURN_IF_ERROR(database_.commit());
    open_ = false;
    return {};
  }

 private:
  Database& database_;
  bool open_ = false;
};

}  // namespace daftar
