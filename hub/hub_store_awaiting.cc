// HubStore: after a restore, which ledgers wait for which devices.
#include <algorithm>
#include <utility>

#include "hub/hub_store.h"

namespace daftar::hub {

Status HubStore::await_device(DeviceNumber number, bool all,
                              const std::vector<std::string>& ledgers) {
  DAFTAR_ASSIGN_OR_RETURN(const auto existing, ledgers_->ledgers());
  DAFTAR_ASSIGN_OR_RETURN(Statement others,
                          database_.prepare("INSERT OR IGNORE INTO shown SELECT ?1, number "
                                            "FROM device WHERE number <> ?2"));
  DAFTAR_ASSIGN_OR_RETURN(Statement again,
                          database_.prepare("DELETE FROM shown WHERE ledger = ?1 AND device = ?2"));
  DAFTAR_ASSIGN_OR_RETURN(Statement wait, database_.prepare("INSERT INTO awaiting VALUES(?1)"));
  for (const auto& [name, id] : existing) {
    if (!all && std::find(ledgers.begin(), ledgers.end(), name) == ledgers.end()) continue;
    DAFTAR_RETURN_IF_ERROR(again.bind_text(1, name).bind(2, number).run());
    DAFTAR_ASSIGN_OR_RETURN(const bool waits_already, is_awaiting(name));
    if (waits_already) continue;
    DAFTAR_RETURN_IF_ERROR(others.bind_text(1, name).bind(2, number).run());
    DAFTAR_RETURN_IF_ERROR(wait.bind_text(1, name).run());
  }
  return {};
}

Status HubStore::begin_awaiting() {
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  // A ledger that is open to nobody waits from when it is opened to one who comes back.
  DAFTAR_RETURN_IF_ERROR(database_.execute(
      "DELETE FROM shown; DELETE FROM awaiting; DELETE FROM given_up; "
      // That a device is shut out is said again in any case.
      "UPDATE due SET is_old = 1 WHERE ledger <> '!'; "
      "DELETE FROM setting WHERE name IN ('knows_nobody', 'has_spoken_since'); "
      "INSERT INTO awaiting SELECT name FROM ledger l "
      "WHERE EXISTS (SELECT 1 FROM device d WHERE is_revoked = 0 AND (holds_all = 1 OR EXISTS "
      "(SELECT 1 FROM device_ledger WHERE device = d.number AND ledger = l.name))); "
      "INSERT OR REPLACE INTO setting SELECT 'knows_nobody', 'yes' "
      "WHERE NOT EXISTS (SELECT 1 FROM awaiting)"));
  return transaction.commit();
}

Status HubStore::end_awaiting(const std::string& ledger) {
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const auto all, ledgers_->ledgers());
  DAFTAR_ASSIGN_OR_RETURN(const auto named, ledgers_->find_ledger(ledger));
  if (!ledger.empty() && !named) return {Code::not_found, Msg::ledger_missing, {ledger}};
  if (ledger.empty() || ledger == kNational) {
    DAFTAR_ASSIGN_OR_RETURN(uint64_t lost, lost_national());
    for (const auto& [name, id] : all) {
      DAFTAR_ASSIGN_OR_RETURN(const auto open, Ledger::open(*ledgers_, id, name));
      lost = std::max(lost, name == kNational ? open->published() : open->state().national);
    }
    DAFTAR_RETURN_IF_ERROR(set_lost_national(lost));
  }
  for (const auto& [name, id] : all) {
    if (ledger.empty() || name == ledger) DAFTAR_RETURN_IF_ERROR(give_up(name));
  }
  if (ledger.empty()) {
    DAFTAR_RETURN_IF_ERROR(database_.execute("DELETE FROM setting WHERE name = 'knows_nobody'"));
  }
  return transaction.commit();
}

Status HubStore::give_up(const std::string& ledger) {
  for (const char* sql :
       {"DELETE FROM shown WHERE ledger = ?1", "DELETE FROM awaiting WHERE ledger = ?1",
        "UPDATE ledger SET published = size WHERE name = ?1 AND published > size",
        "INSERT OR IGNORE INTO given_up VALUES(?1)"}) {
    DAFTAR_ASSIGN_OR_RETURN(Statement done, database_.prepare(sql));
    DAFTAR_RETURN_IF_ERROR(done.bind_text(1, ledger).run());
  }
  return {};
}

Result<bool> HubStore::has_given_up(const std::string& ledger) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query, database_.use("SELECT EXISTS (SELECT 1 FROM given_up WHERE ledger = ?1)"));
  DAFTAR_RETURN_IF_ERROR(query->bind_text(1, ledger).step().status());
  const bool has = query->integer(0) != 0;
  query->reset();
  return has;
}

Result<uint64_t> HubStore::lost_national() {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'lost_national'"));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  const uint64_t position = has_row ? query->number(0) : 0;
  query->reset();
  return position;
}

Status HubStore::set_lost_national(uint64_t position) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement put,
      database_.prepare("INSERT OR REPLACE INTO setting VALUES('lost_national', ?1)"));
  return put.bind_text(1, std::to_string(position)).run();
}

Result<bool> HubStore::may_lack_national() {
  const std::string national(kNational);
  DAFTAR_ASSIGN_OR_RETURN(const auto awaited, this->awaited(national));
  DAFTAR_ASSIGN_OR_RETURN(const bool is_lacking, lacks_shown(national));
  if (awaited || is_lacking) return true;
  DAFTAR_ASSIGN_OR_RETURN(const bool is_any, is_any_awaiting());
  DAFTAR_ASSIGN_OR_RETURN(const bool is_given_up, has_given_up(national));
  if (!is_any || is_given_up) return false;
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT EXISTS (SELECT 1 FROM device d WHERE is_revoked = 0 AND (holds_all = 1 "
                    "OR EXISTS (SELECT 1 FROM device_ledger WHERE device = d.number AND "
                    "ledger = ?1)))"));
  DAFTAR_RETURN_IF_ERROR(query->bind_text(1, national).step().status());
  const bool is_held = query->integer(0) != 0;
  query->reset();
  return !is_held;
}

Result<bool> HubStore::lacks_shown(const std::string& ledger) {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<LedgerId> id, ledgers_->find_ledger(ledger));
  if (!id) return false;
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, ledgers_->row(*id));
  return row.published > row.size;
}

Result<std::vector<std::string>> HubStore::settle_waits() {
  std::vector<std::string> waiting;
  {
    DAFTAR_ASSIGN_OR_RETURN(Statement * query, database_.use("SELECT ledger FROM awaiting"));
    while (true) {
      DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
      if (!has_row) break;
      waiting.emplace_back(query->text(0));
    }
  }
  // `national` first: the others wait for it.
  std::stable_partition(waiting.begin(), waiting.end(),
                        [](const std::string& name) { return name == kNational; });
  std::vector<std::string> opened;
  for (const std::string& ledger : waiting) {
    DAFTAR_ASSIGN_OR_RETURN(const auto awaited, this->awaited(ledger));
    if (awaited) continue;
    DAFTAR_ASSIGN_OR_RETURN(Statement * done,
                            database_.use("DELETE FROM awaiting WHERE ledger = ?1"));
    DAFTAR_RETURN_IF_ERROR(done->bind_text(1, ledger).run());
    opened.push_back(ledger);
  }
  return opened;
}

Result<bool> HubStore::knows_nobody() {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT EXISTS (SELECT 1 FROM setting WHERE name = 'knows_nobody')"));
  DAFTAR_RETURN_IF_ERROR(query->step().status());
  const bool knows = query->integer(0) != 0;
  query->reset();
  return knows;
}

Result<bool> HubStore::is_any_awaiting() {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT EXISTS (SELECT 1 FROM awaiting UNION ALL SELECT 1 "
                                        "FROM setting WHERE name = 'knows_nobody')"));
  DAFTAR_RETURN_IF_ERROR(query->step().status());
  const bool is_any = query->integer(0) != 0;
  query->reset();
  return is_any;
}

Result<bool> HubStore::is_awaiting(const std::string& ledger) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT 1 FROM awaiting WHERE ledger = ?1"));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->bind_text(1, ledger).step());
  query->reset();
  return has_row;
}

Result<std::optional<std::set<DeviceNumber>>> HubStore::awaited(const std::string& ledger) {
  DAFTAR_ASSIGN_OR_RETURN(const bool is_awaiting, this->is_awaiting(ledger));
  if (!is_awaiting) return std::optional<std::set<DeviceNumber>>();
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT number FROM device d WHERE is_revoked = 0 AND "
                    "(holds_all = 1 OR EXISTS (SELECT 1 FROM device_ledger "
                    "WHERE device = d.number AND ledger = ?1)) AND NOT EXISTS "
                    "(SELECT 1 FROM shown WHERE device = d.number AND ledger = ?1)"));
  query->bind_text(1, ledger);
  std::set<DeviceNumber> devices;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) break;
    devices.insert(query->number(0));
  }
  if (!devices.empty()) return std::optional(std::move(devices));
  DAFTAR_ASSIGN_OR_RETURN(const bool is_lacking, lacks_shown(ledger));
  DAFTAR_ASSIGN_OR_RETURN(const bool is_national_awaited,
                          this->is_awaiting(std::string(kNational)));
  // What is missing of `national` may name others to whom the ledger is open.
  DAFTAR_ASSIGN_OR_RETURN(const bool is_national_lacking, lacks_shown(std::string(kNational)));
  const bool waits =
      is_lacking || (ledger != kNational && (is_national_awaited || is_national_lacking));
  return waits ? std::optional(std::move(devices)) : std::nullopt;
}

Result<bool> HubStore::is_awaited(const Device& device) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT 1 FROM awaiting a WHERE (?2 OR EXISTS (SELECT 1 FROM device_ledger "
                    "WHERE device = ?1 AND ledger = a.ledger)) AND NOT EXISTS (SELECT 1 FROM "
                    "shown WHERE device = ?1 AND ledger = a.ledger) LIMIT 1"));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row,
                          query->bind(1, device.number).bind(2, device.holds_all ? 1 : 0).step());
  query->reset();
  return has_row;
}

Result<std::optional<std::set<DeviceNumber>>> HubStore::note_shown(const std::string& ledger,
                                                                   DeviceNumber device,
                                                                   uint64_t size) {
  // Who knows nothing, and does not hold `national` either, ends no waiting for those who do.
  DAFTAR_ASSIGN_OR_RETURN(const bool is_given_up, has_given_up(std::string(kNational)));
  if (size > 0 || ledger == kNational || is_given_up) {
    DAFTAR_RETURN_IF_ERROR(database_.execute("DELETE FROM setting WHERE name = 'knows_nobody'"));
  }
  DAFTAR_ASSIGN_OR_RETURN(const auto before, awaited(ledger));
  if (!before || !before->contains(device)) return std::optional<std::set<DeviceNumber>>();
  DAFTAR_ASSIGN_OR_RETURN(Statement put, database_.prepare("INSERT INTO shown VALUES(?1, ?2)"));
  DAFTAR_RETURN_IF_ERROR(put.bind_text(1, ledger).bind(2, device).run());
  std::set<DeviceNumber> left = *before;
  left.erase(device);
  return std::optional(std::move(left));
}

}  // namespace daftar::hub
