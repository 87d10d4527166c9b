#include "common/store/sqlite_ledger_store.h"

#include <map>
#include <utility>

#include "common/store/row_check.h"

namespace daftar {
namespace {

// entry.id = ledger · 2^40 + position: one integer key, so that appending is always at the end of a
// ledger's range and reading a range is one scan. 2^40 entries are 30,000 a second for a year.
constexpr int kPositionBits = 40;

constexpr char kTables[] = R"sql(
CREATE TABLE IF NOT EXISTS ledger(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL DEFAULT 0,
  materialised INTEGER NOT NULL DEFAULT 0, time_ms INTEGER NOT NULL DEFAULT 0,
  national INTEGER NOT NULL DEFAULT 0, right_edge BLOB NOT NULL DEFAULT x'',
  published INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS entry(
  id INTEGER PRIMARY KEY, crc INTEGER NOT NULL, header BLOB NOT NULL,
  changeset BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS chain(
  ledger INTEGER NOT NULL, device INTEGER NOT NULL, seq INTEGER NOT NULL,
  position INTEGER NOT NULL, link BLOB NOT NULL,
  PRIMARY KEY(ledger, device, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chain_head(
  ledger INTEGER NOT NULL, device INTEGER NOT NULL, seq INTEGER NOT NULL, link BLOB NOT NULL,
  PRIMARY KEY(ledger, device)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS continuation(
  ledger INTEGER NOT NULL, device INTEGER NOT NULL, from_device INTEGER NOT NULL,
  from_seq INTEGER NOT NULL, link BLOB NOT NULL,
  PRIMARY KEY(ledger, device)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS origin(
  ledger INTEGER NOT NULL, link BLOB NOT NULL, PRIMARY KEY(ledger, link)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record(
  ledger INTEGER NOT NULL, key BLOB NOT NULL, state BLOB NOT NULL, crc INTEGER NOT NULL,
  is_contended INTEGER NOT NULL, PRIMARY KEY(ledger, key)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contended_record ON record(ledger, key) WHERE is_contended = 1;
CREATE TABLE IF NOT EXISTS tree_head(
  ledger INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
  PRIMARY KEY(ledger, size)) STRICT, WITHOUT ROWID;
)sql";

Status bad_hash() { return {Code::corrupt, Msg::record_state_bad}; }

int64_t entry_id(LedgerId ledger, uint64_t position) {
  return (ledger << kPositionBits) + static_cast<int64_t>(position);
}

uint32_t entry_check(LedgerId ledger, uint64_t position, std::string_view header,
                     std::string_view changeset) {
  return row_check(static_cast<uint64_t>(ledger), position, {header, changeset});
}

class SqliteLedgerStore : public LedgerStore {
 public:
  explicit SqliteLedgerStore(Database& database) : database_(database) {}

  Status begin() override { return database_.begin(); }
  Status commit() override { return database_.commit(); }
  void rollback() override { database_.rollback(); }

  Result<LedgerId> add_ledger(std::string_view name) override {
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<LedgerId> found, find_ledger(name));
    if (found) return *found;
    DAFTAR_ASSIGN_OR_RETURN(Statement * insert,
                            database_.use("INSERT INTO ledger(name) VALUES(?1)"));
    DAFTAR_RETURN_IF_ERROR(insert->bind_text(1, name).run());
    return database_.last_insert_id();
  }

  Result<std::optional<LedgerId>> find_ledger(std::string_view name) override {
    DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                            database_.use("SELECT id FROM ledger WHERE name = ?1"));
    query->bind_text(1, name);
    std::optional<LedgerId> id;
    DAFTAR_RETURN_IF_ERROR(each(*query, [&] { id = query->integer(0); }));
    return id;
  }

  Result<std::vector<std::pair<std::string, LedgerId>>> ledgers() override {
    DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                            database_.use("SELECT name, id FROM ledger ORDER BY name"));
    std::vector<std::pair<std::string, LedgerId>> result;
    DAFTAR_RETURN_IF_ERROR(
        each(*query, [&] { result.emplace_back(std::string(query->text(0)), query->integer(1)); }));
    return result;
  }

  Result<LedgerRow> row(LedgerId ledger) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use(
            "SELECT size, materialised, time_ms, national, right_edge, published FROM ledger "
            "WHERE id = ?1"));
    query->bind(1, ledger);
    LedgerRow row;
    DAFTAR_RETURN_IF_ERROR(each(*query, [&] {
      row = {query->number(0),
             query->number(1),
             query->number(2),
             query->number(3),
             std::string(query->blob(4)),
             query->number(5)};
    }));
    // Records that claim entries which are not there would not be folded over the next ones.
    if (row.materialised > row.size) return database_.damaged_row();
    return row;
  }

  Status put_row(LedgerId ledger, const LedgerRow& row) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * update,
        database_.use(
            "UPDATE ledger SET size = ?2, materialised = ?3, time_ms = ?4, national = ?5, "
            "right_edge = ?6, published = ?7 WHERE id = ?1"));
    return update->bind(1, ledger)
        .bind(2, row.size)
        .bind(3, row.materialised)
        .bind(4, row.time_ms)
        .bind(5, row.national)
        .bind_blob(6, row.right_edge)
        .bind(7, row.published)
        .run();
  }

  Status append(LedgerId ledger, uint64_t position, std::string_view header,
                std::string_view changeset, const ChainPoint& point) override {
    DAFTAR_ASSIGN_OR_RETURN(Statement * entry,
                            database_.use("INSERT INTO entry VALUES(?1, ?2, ?3, ?4)"));
    DAFTAR_RETURN_IF_ERROR(entry->bind(1, entry_id(ledger, position))
                               .bind(2, uint64_t{entry_check(ledger, position, header, changeset)})
                               .bind_blob(3, header)
                               .bind_blob(4, changeset)
                               .run());
    DAFTAR_ASSIGN_OR_RETURN(Statement * chain,
                            database_.use("INSERT INTO chain VALUES(?1, ?2, ?3, ?4, ?5)"));
    return chain->bind(1, ledger)
        .bind(2, point.device)
        .bind(3, point.seq)
        .bind(4, position)
        .bind_blob(5, hash_bytes(point.link))
        .run();
  }

  Status read_entries(LedgerId ledger, uint64_t first, uint64_t last,
                      const std::function<Status(const StoredEntry&)>& visit) override {
    // Its own statement: a visitor may read other entries.
    DAFTAR_ASSIGN_OR_RETURN(
        Statement query,
        database_.prepare(
            "SELECT id, header, changeset, crc FROM entry WHERE id BETWEEN ?1 AND ?2"));
    query.bind(1, entry_id(ledger, first)).bind(2, entry_id(ledger, last));
    while (true) {
      DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query.step());
      if (!has_row) return {};
      const auto position = query.number(0) & ((uint64_t{1} << kPositionBits) - 1);
      if (query.number(3) != entry_check(ledger, position, query.blob(1), query.blob(2))) {
        return database_.damaged_row();
      }
      DAFTAR_RETURN_IF_ERROR(visit({position, query.blob(1), query.blob(2)}));
    }
  }

  Result<std::optional<ChainRow>> chain_row(LedgerId ledger, DeviceNumber device,
                                            uint64_t seq) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use("SELECT position, link FROM chain WHERE ledger = ?1 AND device = "
                      "?2 AND seq = ?3"));
    query->bind(1, ledger).bind(2, device).bind(3, seq);
    std::optional<ChainRow> row;
    DAFTAR_RETURN_IF_ERROR(each_hash(*query, 1, [&](const Hash& link) {
      row = {query->number(0), link};
    }));
    return row;
  }

  Result<bool> has_link(LedgerId ledger, const Hash& link) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use(
            "SELECT EXISTS (SELECT 1 FROM chain c JOIN entry e ON e.id = (?1 << 40) + c.position "
            "WHERE c.ledger = ?1 AND c.link = ?2 AND length(e.changeset) > 0)"));
    query->bind(1, ledger).bind_blob(2, hash_bytes(link));
    bool found = false;
    DAFTAR_RETURN_IF_ERROR(each(*query, [&] { found = query->integer(0) != 0; }));
    return found;
  }

  Status put_chain_head(LedgerId ledger, DeviceNumber device, const ChainHead& head) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * put, database_.use("INSERT OR REPLACE INTO chain_head VALUES(?1, ?2, ?3, ?4)"));
    return put->bind(1, ledger)
        .bind(2, device)
        .bind(3, head.seq)
        .bind_blob(4, hash_bytes(head.link))
        .run();
  }

  Result<std::map<DeviceNumber, ChainHead>> chain_heads(LedgerId ledger) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use("SELECT device, seq, link FROM chain_head WHERE ledger = ?1"));
    query->bind(1, ledger);
    std::map<DeviceNumber, ChainHead> heads;
    DAFTAR_RETURN_IF_ERROR(each_hash(*query, 2, [&](const Hash& link) {
      heads[query->number(0)] = {query->number(1), link};
    }));
    return heads;
  }

  Status put_continuation(LedgerId ledger, DeviceNumber device, const ChainPoint& from) override {
    DAFTAR_ASSIGN_OR_RETURN(Statement * put,
                            database_.use("INSERT INTO continuation VALUES(?1, ?2, ?3, ?4, ?5)"));
    return put->bind(1, ledger)
        .bind(2, device)
        .bind(3, from.device)
        .bind(4, from.seq)
        .bind_blob(5, hash_bytes(from.link))
        .run();
  }

  Result<Continuations> continuations(LedgerId ledger) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use(
            "SELECT device, from_device, from_seq, link FROM continuation WHERE ledger = ?1"));
    query->bind(1, ledger);
    Continuations result;
    DAFTAR_RETURN_IF_ERROR(each_hash(*query, 3, [&](const Hash& link) {
      result[query->number(0)] = {query->number(1), query->number(2), link};
    }));
    return result;
  }

  Status put_origin(LedgerId ledger, const Hash& origin) override {
    DAFTAR_ASSIGN_OR_RETURN(Statement * put, database_.use("INSERT INTO origin VALUES(?1, ?2)"));
    return put->bind(1, ledger).bind_blob(2, hash_bytes(origin)).run();
  }

  Result<std::set<Hash>> origins(LedgerId ledger) override {
    DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                            database_.use("SELECT link FROM origin WHERE ledger = ?1"));
    query->bind(1, ledger);
    std::set<Hash> result;
    DAFTAR_RETURN_IF_ERROR(each_hash(*query, 0, [&](const Hash& link) { result.insert(link); }));
    return result;
  }

  Result<std::optional<std::string>> record(LedgerId ledger, std::string_view key) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use("SELECT state, crc FROM record WHERE ledger = ?1 AND key = ?2"));
    query->bind(1, ledger).bind_blob(2, key);
    std::optional<std::string> state;
    bool is_damaged = false;
    DAFTAR_RETURN_IF_ERROR(each(*query, [&] {
      state = std::string(query->blob(0));
      is_damaged = query->number(1) != row_check({key, *state});
    }));
    if (is_damaged) return database_.damaged_row();
    return state;
  }

  Status put_record(LedgerId ledger, std::string_view key, std::string_view state,
                    bool is_contended) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * put, database_.use("INSERT OR REPLACE INTO record VALUES(?1, ?2, ?3, ?4, ?5)"));
    return put->bind(1, ledger)
        .bind_blob(2, key)
        .bind_blob(3, state)
        .bind(4, uint64_t{row_check({key, state})})
        .bind(5, is_contended ? 1 : 0)
        .run();
  }

  Status read_records(
      LedgerId ledger, std::string_view prefix,
      const std::function<Status(std::string_view, std::string_view)>& visit) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement query,
        database_.prepare("SELECT key, state, crc FROM record WHERE ledger = ?1 AND key >= ?2 "
                          "ORDER BY key"));
    query.bind(1, ledger).bind_blob(2, prefix);
    while (true) {
      DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query.step());
      if (!has_row || !query.blob(0).starts_with(prefix)) return {};
      if (query.number(2) != row_check({query.blob(0), query.blob(1)})) {
        return database_.damaged_row();
      }
      DAFTAR_RETURN_IF_ERROR(visit(query.blob(0), query.blob(1)));
    }
  }

  Result<std::vector<std::string>> contended_records(LedgerId ledger) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use(
            "SELECT key FROM record WHERE ledger = ?1 AND is_contended = 1 ORDER BY key"));
    query->bind(1, ledger);
    std::vector<std::string> keys;
    DAFTAR_RETURN_IF_ERROR(each(*query, [&] { keys.emplace_back(query->blob(0)); }));
    return keys;
  }

  Status put_tree_head(LedgerId ledger, const TreeHead& head) override {
    DAFTAR_ASSIGN_OR_RETURN(Statement * put,
                            database_.use("INSERT OR REPLACE INTO tree_head VALUES(?1, ?2, ?3)"));
    return put->bind(1, ledger).bind(2, head.size).bind_blob(3, hash_bytes(head.root)).run();
  }

  Result<std::optional<Hash>> root_at(LedgerId ledger, uint64_t size) override {
    if (size == 0) return std::optional<Hash>(sha256(""));
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use("SELECT root FROM tree_head WHERE ledger = ?1 AND size = ?2"));
    query->bind(1, ledger).bind(2, size);
    std::optional<Hash> root;
    DAFTAR_RETURN_IF_ERROR(each_hash(*query, 0, [&](const Hash& hash) { root = hash; }));
    return root;
  }

  Result<std::vector<TreeHead>> tree_heads_above(LedgerId ledger, uint64_t size,
                                                 size_t most) override {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use("SELECT size, root FROM tree_head WHERE ledger = ?1 AND size > ?2 "
                      "ORDER BY size LIMIT ?3"));
    query->bind(1, ledger).bind(2, size).bind(3, static_cast<uint64_t>(most));
    std::vector<TreeHead> heads;
    DAFTAR_RETURN_IF_ERROR(each_hash(*query, 1, [&](const Hash& root) {
      heads.push_back({query->number(0), root});
    }));
    return heads;
  }

 private:
  template <typename Visit>
  static Status each(Statement& query, const Visit& visit) {
    while (true) {
      DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query.step());
      if (!has_row) return {};
      visit();
    }
  }

  // As each(), with the hash in `column` checked for its length.
  template <typename Visit>
  static Status each_hash(Statement& query, int column, const Visit& visit) {
    bool bad = false;
    DAFTAR_RETURN_IF_ERROR(each(query, [&] {
      const std::string_view bytes = query.blob(column);
      bad = bad || bytes.size() != sizeof(Hash);
      if (!bad) visit(hash_from_bytes(bytes));
    }));
    return bad ? bad_hash() : Status();
  }

  Database& database_;
};

}  // namespace

Status create_ledger_tables(Database& database) { return database.execute(kTables); }

Result<std::unique_ptr<LedgerStore>> open_sqlite_ledger_store(Database& database) {
  return std::unique_ptr<LedgerStore>(std::make_unique<SqliteLedgerStore>(database));
}

}  // namespace daftar
