// The audit of a ledger: its entries replayed from the first one into a store of its own, with
// nothing believed but the hub's key and the keys of the devices.
//
// Checked for each entry: position, times, chain, canonical bytes, context, origin, outcomes, seal
// and the past that the seal names. The owner then holds the result against whatever claims it:
// checkpoints, a digest, stored records.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/store/ledger.h"
#include "common/store/sqlite.h"

namespace daftar {

struct AuditCounts {
  uint64_t entries = 0;
  uint64_t refused = 0;  ///< of these
  uint64_t edits = 0;
  uint64_t seals = 0;
  uint64_t devices = 0;
  uint64_t checkpoints = 0;
};

class Audit {
 public:
  static Result<std::unique_ptr<Audit>> begin(const std::string& ledger, DeviceKeys keys);

  /// The next entry. Code::corrupt with the rule that it breaks; the audit ends there.
  Status take(std::string_view header, std::string_view changeset);
  /// `note` must be the hub's checkpoint of just the entries taken so far, which end a batch.
  Status check_checkpoint(std::string_view note, const std::string& hub_name,
                          const PublicKey& hub_key);
  /// The state digest of the entries taken so far.
  Result<Hash> digest();
  /// Keys of the records with contenders.
  Result<std::vector<std::string>> contended_records();

  /// A record after the entries taken so far, by the bytes of its key; nothing if none wrote it.
  Result<std::optional<RecordState>> record(std::string_view key);

  /// The records that the entry taken last has touched (valid until a record is asked for), and
  /// whose it is.
  [[nodiscard]] const Touched& touched() const { return ledger_->touched(); }
  [[nodiscard]] DeviceNumber author() const { return author_; }
  [[nodiscard]] const AuditCounts& counts() const { return counts_; }
  [[nodiscard]] const LedgerState& state() const { return ledger_->state(); }
  [[nodiscard]] TreeHead head() const { return ledger_->tree_head(); }
  /// The root after so many entries; nothing if no batch ended there.
  [[nodiscard]] std::optional<Hash> root_at(uint64_t size) const;

 private:
  Audit(Database database, DeviceKeys keys)
      : database_(std::move(database)), keys_(std::move(keys)) {}
  Status check_seen(const EntryHeader& header);

  Database database_;
  DeviceKeys keys_;
  std::unique_ptr<LedgerStore> store_;
  std::unique_ptr<Ledger> ledger_;
  std::map<uint64_t, Hash> roots_;  ///< by size, wherever a batch ended
  AuditCounts counts_;
  DeviceNumber author_ = 0;
};

}  // namespace daftar
