#include "common/store/audit.h"

#include <utility>

#include "common/ledger/checkpoint.h"
#include "common/store/sqlite_ledger_store.h"

namespace daftar {
namespace {

// Records are put away after so many entries: few are written twice.
constexpr uint64_t kEntriesBetweenWrites = 5'000;

}  // namespace

Result<std::unique_ptr<Audit>> Audit::begin(const std::string& ledger, DeviceKeys keys) {
  // A file of SQLite's own that goes with it, so that memory does not grow with the ledger.
  DAFTAR_ASSIGN_OR_RETURN(Database database, Database::open(""));
  std::unique_ptr<Audit> audit(new Audit(std::move(database), std::move(keys)));
  DAFTAR_RETURN_IF_ERROR(create_ledger_tables(audit->database_));
  DAFTAR_ASSIGN_OR_RETURN(audit->store_, open_sqlite_ledger_store(audit->database_));
  DAFTAR_RETURN_IF_ERROR(audit->store_->begin());
  DAFTAR_ASSIGN_OR_RETURN(const LedgerId id, audit->store_->add_ledger(ledger));
  DAFTAR_ASSIGN_OR_RETURN(audit->ledger_, Ledger::open(*audit->store_, id, ledger));
  audit->roots_[0] = empty_root();
  return audit;
}

Status Audit::take(std::string_view header_bytes, std::string_view changeset_bytes) {
  // Before an entry, never behind it: what it has touched is asked for then.
  if (counts_.entries % kEntriesBetweenWrites == 0 && !ledger_->is_materialised()) {
    DAFTAR_RETURN_IF_ERROR(ledger_->materialise());
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Changeset> changeset,
                          ledger_->accept(header_bytes, changeset_bytes, keys_));
  DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(header_bytes));
  if (header.seal) DAFTAR_RETURN_IF_ERROR(check_seen(header));
  author_ = header.refusal ? header.refusal->device : changeset->device;
  ++counts_.entries;
  counts_.refused += header.refusal ? 1 : 0;
  counts_.edits += changeset ? changeset->edit_count() : 0;
  counts_.devices = state().heads.size();
  if (header.seal) {
    ++counts_.seals;
    roots_[head().size] = head().root;
  }
  return {};
}

// A device seals with the checkpoint that it had verified: a hub that shows two devices different
// pasts cannot put the entries of both into one ledger.
Status Audit::check_seen(const EntryHeader& header) {
  const TreeHead& seen = header.seal->seen;
  const auto known = roots_.find(seen.size);
  if (known != roots_.end() && known->second == seen.root) return {};
  return {Code::corrupt,
          Msg::entry_other_past,
          {state().ledger, std::to_string(header.position), std::to_string(seen.size)}};
}

Status Audit::check_checkpoint(std::string_view note, const std::string& hub_name,
                               const PublicKey& hub_key) {
  DAFTAR_ASSIGN_OR_RETURN(
      const TreeHead said,
      verify_checkpoint(note, checkpoint_origin(hub_name, state().ledger), hub_key));
  if (said != head() || !ledger_->is_sealed()) {
    return {Code::corrupt, Msg::entry_root_wrong, {state().ledger, std::to_string(said.size)}};
  }
  ++counts_.checkpoints;
  return {};
}

std::optional<Hash> Audit::root_at(uint64_t size) const {
  const auto found = roots_.find(size);
  return found == roots_.end() ? std::nullopt : std::optional(found->second);
}

Result<Hash> Audit::digest() { return ledger_->digest(); }

Result<std::optional<RecordState>> Audit::record(std::string_view key) {
  if (!ledger_->is_materialised()) DAFTAR_RETURN_IF_ERROR(ledger_->materialise());
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> state,
                          store_->record(ledger_->id(), key));
  if (!state) return std::optional<RecordState>();
  DAFTAR_ASSIGN_OR_RETURN(RecordState record, RecordState::decode(*state));
  return std::optional(std::move(record));
}

Result<std::vector<std::string>> Audit::contended_records() {
  DAFTAR_RETURN_IF_ERROR(ledger_->materialise());
  return store_->contended_records(ledger_->id());
}

}  // namespace daftar
