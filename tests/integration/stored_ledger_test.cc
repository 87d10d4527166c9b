// Every byte of the database of a device changed in turn, and every truncation: the audit never
// says good of a ledger that is not the one that was stored.
//
// A byte of a page that holds nothing may change as it likes. So after "good" everything that the
// database says of its ledgers is compared with what it said before.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/audit.h"
#include "common/register/kinds.h"
#include "common/store/files.h"
#include "tests/integration/sync_world.h"

namespace daftar {
namespace {

constexpr size_t kMostBytes = size_t{1} << 20;
// A prime, so that all offsets of a page are reached over its pages.
constexpr size_t kStride = 101;

// What the audit does not speak of: addresses and times of the last sync are no part of a ledger.
const std::set<std::string> kOther = {"setting"};

class StoredLedgerTest : public testing::Test {
 protected:
  StoredLedgerTest() {
    TestDevice& reader = world.add_device();
    TestDevice& other = world.add_device();
    const RecordKey roads = indicator_key(1, 1);
    reader.save(roads, field::indicator_code, "1.1");
    reader.save(roads, field::indicator_name_en, "Roads");
    need(reader.sync().report.status);
    other.save(roads, field::indicator_name_en, "Roads by the other", Context{});
    need(other.sync().report.status);
    need(reader.sync().report.status);
    reader.save(roads, field::indicator_name_en, "Roads, settled");
    need(reader.sync().report.status);
    reader.save(roads, field::indicator_name_en, "Roads, not sent");
    reader.close();
    std::filesystem::create_directory(copy);
    std::filesystem::copy(reader.folder() + "/device.key", copy + "/device.key");
    const std::string path = reader.folder() + "/daftar.db";
    need(need(Database::open(path)).execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    bytes = need(read_file(path, kMostBytes));
    put(bytes);
    Database whole = need(Database::open(copy + "/daftar.db", Database::Access::read_only));
    names = tables(whole);
    truth = said();
    if (!truth) throw std::runtime_error("the database cannot be read");
  }

  // Puts these bytes in the place of the database.
  void put(const std::string& content) const {
    for (const char* log : {"-wal", "-shm"}) std::filesystem::remove(copy + "/daftar.db" + log);
    std::FILE* const file = std::fopen((copy + "/daftar.db").c_str(), "wb");
    std::fwrite(content.data(), 1, content.size(), file);
    std::fclose(file);
  }

  // All rows of all tables; nothing if something cannot be read.
  [[nodiscard]] std::optional<std::string> said() const {
    Result<Database> database = Database::open(copy + "/daftar.db", Database::Access::read_only);
    if (!database.ok()) return std::nullopt;
    std::string text;
    for (const std::string& table : names) {
      if (kOther.contains(table)) continue;
      Result<Statement> columns =
          database->prepare("SELECT name FROM pragma_table_info('" + table + "') ORDER BY cid");
      std::string all = "SELECT 'row'";
      while (columns.ok()) {
        const Result<bool> has_row = columns->step();
        if (!has_row.ok()) return std::nullopt;
        if (!*has_row) break;
        all += " || ' ' || quote(" + std::string(columns->text(0)) + ")";
      }
      Result<Statement> rows = database->prepare(all + " FROM " + table);
      if (!rows.ok()) return std::nullopt;
      text += table + "\n";
      while (true) {
        const Result<bool> has_row = rows->step();
        if (!has_row.ok()) return std::nullopt;
        if (!*has_row) break;
        text += std::string(rows->text(0)) + "\n";
      }
    }
    return text;
  }

  // Whether the audit says good of all that is here.
  [[nodiscard]] bool is_good() const {
    const auto store = client::ClientStore::open(copy, Database::Access::read_only);
    if (!store.ok()) return false;
    const auto ledgers = (*store)->held_ledgers();
    if (!ledgers.ok() || ledgers->size() != 1) return false;
    const Result<client::AuditReport> report = client::audit_ledger(**store, ledgers->front());
    return report.ok() && report->verdict.ok();
  }

  static std::vector<std::string> tables(Database& database) {
    std::vector<std::string> names;
    Result<Statement> query =
        database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (query.ok()) {
      const Result<bool> has_row = query->step();
      if (!has_row.ok() || !*has_row) break;
      names.emplace_back(query->text(0));
    }
    return names;
  }

  SyncWorld world;
  std::string copy = world.folder / "copy";
  std::string bytes;
  std::vector<std::string> names;  ///< of tables; SQLite finds one whose letters changed their case
  std::optional<std::string> truth;
};

TEST_F(StoredLedgerTest, NoChangedByteAndNoTruncationIsCalledGood) {
  ASSERT_TRUE(is_good());
  const size_t stride = std::getenv("DAFTAR_EVERY_BYTE") != nullptr ? 1 : kStride;
  size_t noticed = 0;
  size_t harmless = 0;
  for (size_t at = 0; at < bytes.size(); at += stride) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 + at % 255));
    put(changed);
    if (is_good()) {
      ++harmless;
      ASSERT_EQ(said(), truth) << "byte " << at << " of page " << at / 4096 + 1;
    } else {
      ++noticed;
    }
    put(bytes.substr(0, at));
    if (is_good()) {
      ASSERT_EQ(said(), truth) << "cut at " << at;
    }
  }
  std::printf("%zu changed bytes: %zu noticed, %zu in what holds nothing\n", noticed + harmless,
              noticed, harmless);
  EXPECT_GT(noticed, 0U);
}

}  // namespace
}  // namespace daftar
