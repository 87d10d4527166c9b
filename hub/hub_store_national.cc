// HubStore: what `national` says of devices, and what is due to be said there.
#include <algorithm>
#include <utility>

#include "hub/hub_store.h"

namespace daftar::hub {

Status HubStore::note_due(DeviceNumber number) {
  DAFTAR_ASSIGN_OR_RETURN(Statement put, database_.prepare("INSERT OR IGNORE INTO due VALUES(?1)"));
  return put.bind(1, number).run();
}

Result<std::vector<DeviceNumber>> HubStore::due() {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT device FROM due ORDER BY device"));
  std::vector<DeviceNumber> devices;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) return devices;
    devices.push_back(query->number(0));
  }
}

Status HubStore::clear_due() { return database_.execute("DELETE FROM due"); }

Status HubStore::take_directory(const Directory& directory) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<DeviceNumber> due, this->due());
  for (const auto& [number, said] : directory.devices()) {
    const bool is_due = std::binary_search(due.begin(), due.end(), number);
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> known, device(number));
    // Of one without a user nothing is known here but its key.
    if (is_due && known && known->user != 0) continue;
    DAFTAR_RETURN_IF_ERROR(put_known(number, directory));
  }
  return {};
}

Status HubStore::put_known(DeviceNumber number, const Directory& directory) {
  const DirectoryDevice& said = directory.devices().at(number);
  DAFTAR_ASSIGN_OR_RETURN(std::optional<Device> known, device(number));
  const bool comes_back = !known;
  if (comes_back) {
    if (!said.key) return {};
    DAFTAR_RETURN_IF_ERROR(add_recovered_devices({{number, *said.key}}));
    DAFTAR_ASSIGN_OR_RETURN(known, device(number));
  }
  bool holds_all = false;
  std::vector<std::string> ledgers;
  for (const auto& [key, ledger] : said.grants) {
    if (ledger == kEveryLedger) {
      holds_all = true;
    } else if (is_ledger_name(ledger)) {
      ledgers.push_back(ledger);
    }
  }
  DAFTAR_ASSIGN_OR_RETURN(Statement closed,
                          database_.prepare("DELETE FROM device_ledger WHERE device = ?1"));
  DAFTAR_RETURN_IF_ERROR(closed.bind(1, number).run());
  DAFTAR_RETURN_IF_ERROR(open_ledgers(number, ledgers));
  DAFTAR_ASSIGN_OR_RETURN(Statement update,
                          database_.prepare("UPDATE device SET user = ?2, role = ?3, party = ?4, "
                                            "holds_all = ?5 WHERE number = ?1"));
  DAFTAR_RETURN_IF_ERROR(update.bind(1, number)
                             .bind(2, said.user)
                             .bind(3, static_cast<int>(directory.role_of(said.user)))
                             .bind_text(4, directory.party_of(said.user))
                             .bind(5, holds_all ? 1 : 0)
                             .run());
  const bool is_lost = said.standing == Standing::lost;
  if (said.standing != Standing::active && (!known->is_revoked || known->is_lost != is_lost)) {
    DAFTAR_RETURN_IF_ERROR(shut_out(*known, is_lost));
  }
  DAFTAR_ASSIGN_OR_RETURN(const bool is_restored, is_any_awaiting());
  // It may know of more than this hub does.
  const bool is_awaited = comes_back && is_restored && said.standing == Standing::active;
  return is_awaited ? await_device(number, holds_all, ledgers) : Status();
}

}  // namespace daftar::hub
