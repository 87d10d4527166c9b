#include "common/store/sqlite.h"

#include <sqlite3.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "common/base/planted.h"

namespace daftar {
namespace {

// Other programs of the same folder commit in milliseconds; an import in seconds.
constexpr int kBusyTimeoutMs = 30'000;

// Below this much room a database cannot be opened: its log's index alone takes 32 kB.
constexpr uint64_t kNoRoomBytes = 64UL * 1024;

// Why a file of a database could not be opened, made or written. Asked of the disk: SQLite tries
// other ways after the first failure, so its errno is that of the last, and says a full or a
// read-only disk as an I/O error or as a file that cannot be opened.
Status disk_failure(sqlite3* handle, int code, const std::string& path, const std::string& detail) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const char* const place = folder.empty() ? "." : folder.c_str();
  struct statvfs disk {};
  if (::statvfs(place, &disk) == 0) {
    if ((disk.f_flag & ST_RDONLY) != 0) return {Code::io, Msg::database_read_only, {path}};
    const bool no_room = disk.f_blocks > 0 && disk.f_bavail * disk.f_frsize < kNoRoomBytes;
    const bool no_files = disk.f_files > 0 && disk.f_favail == 0;
    const int error = sqlite3_system_errno(handle);
    if (no_room || no_files || error == ENOSPC || error == EDQUOT) {
      return {Code::io, Msg::disk_full, {path}};
    }
  }
  const bool cannot_open = (code & 0xFF) == SQLITE_CANTOPEN;
  if (cannot_open && ::access(place, W_OK) != 0 && errno == EACCES) {
    return {Code::io, Msg::database_read_only, {path}};
  }
  return {Code::io, Msg::database_io, {path, detail}};
}

Status failure(sqlite3* handle, int code, const std::string& path) {
  const std::string detail = std::string(sqlite3_errmsg(handle)) + " (" +
                             std::to_string(sqlite3_extended_errcode(handle)) + ")";
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return {Code::io, Msg::disk_full, {path}};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::unavailable, Msg::database_busy, {path}};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Code::corrupt, Msg::database_corrupt, {path, detail}};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {Code::io, Msg::database_read_only, {path}};
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      return disk_failure(handle, code, path, detail);
    default:
      return {Code::internal, Msg::database_error, {path, detail}};
  }
}

Status failure(sqlite3* handle, int code) {
  const char* name = sqlite3_db_filename(handle, "main");
  return failure(handle, code, name == nullptr ? "" : name);
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  // A null pointer would bind NULL; an empty blob is a value.
  sqlite3_bind_blob64(statement_, index, bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_text(int index, std::string_view text) {
  sqlite3_bind_text64(statement_, index, text.empty() ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_, index);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  const Status status =
      code == SQLITE_DONE ? Status() : failure(sqlite3_db_handle(statement_), code);
  reset();
  if (!status.ok()) return status;
  return false;
}

Status Statement::run() {
  const Result<bool> row = step();
  reset();
  return row.status();
}

void Statement::reset() { sqlite3_reset(statement_); }

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<Database> Database::open(const std::string& path, Access access, const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int mode = access == Access::read_only ? SQLITE_OPEN_READONLY
                                               : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, mode | SQLITE_OPEN_NOMUTEX,
                                   vfs.empty() ? nullptr : vfs.c_str());
  Database database(handle, path);
  if (handle == nullptr) return Status(Code::io, Msg::database_io, {path, "out of memory"});
  if (code != SQLITE_OK) return failure(handle, code, path);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (access == Access::read_write) {
    DAFTAR_RETURN_IF_ERROR(database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"));
  }
  if (is_planted(Defect::not_durable)) {
    DAFTAR_RETURN_IF_ERROR(database.execute("PRAGMA synchronous=OFF"));
  }
  // 32 MB of pages: the rows that a nightly batch touches in the largest ledger seen.
  DAFTAR_RETURN_IF_ERROR(database.execute("PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY"));
  return database;
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      path_(std::move(other.path_)),
      statements_(std::move(other.statements_)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  std::swap(statements_, other.statements_);
  return *this;
}

Database::~Database() {
  statements_.clear();
  sqlite3_close_v2(handle_);
}

Status Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : failure(handle_, code);
}

Result<Statement*> Database::use(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) {
    // A read that failed in the middle of its rows has left it there.
    found->second.reset();
    return &found->second;
  }
  DAFTAR_ASSIGN_OR_RETURN(Statement statement, prepare(sql));
  return &statements_.emplace(sql, std::move(statement)).first->second;
}

// Each save begins and commits: parsing that would be a tenth of its work.
Status Database::begin() {
  DAFTAR_ASSIGN_OR_RETURN(Statement * statement, use("BEGIN IMMEDIATE"));
  return statement->run();
}

Status Database::commit() {
  const Result<Statement*> statement = use("COMMIT");
  Status done = statement.ok() ? (*statement)->run() : statement.status();
  if (done.ok()) return done;
  rollback();
  // The log may hold the whole transaction and only its sync have failed: this connection goes on
  // without it, but a copy of the files would have it. A transaction that changes nothing takes its
  // place in the log.
  const Result<int64_t> version = user_version();
  if (version.ok()) (void)execute(("PRAGMA user_version=" + std::to_string(*version)).c_str());
  return done;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  // Every statement is written in the program: what it names and is not there was there once.
  if (code == SQLITE_ERROR) return failure(handle_, SQLITE_CORRUPT);
  if (code != SQLITE_OK) return failure(handle_, code);
  return Statement(statement);
}

void Database::rollback() {
  if (sqlite3_get_autocommit(handle_) == 0) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

Result<int64_t> Database::user_version() {
  DAFTAR_ASSIGN_OR_RETURN(Statement statement, prepare("PRAGMA user_version"));
  DAFTAR_ASSIGN_OR_RETURN(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

Status Database::damaged_row() const {
  return {Code::corrupt, Msg::database_corrupt, {path_, "a row does not have its checksum"}};
}

int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }

int Database::changes() const { return sqlite3_changes(handle_); }

}  // namespace daftar
