// ClientStore: enrolling anew, when this disk turned out to be a copy of another one.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "client/client_store.h"
#include "common/store/files.h"

namespace daftar::client {
namespace {

// Gives the ids that this disk made after the fork point to the new number; the copy may have made
// other records with the same ids.
struct IdRewrite {
  DeviceNumber from = 0;
  uint64_t last_shared = 0;
  DeviceNumber to = 0;

  void apply(RecordKey& key) const {
    if (key.device == from && key.counter > last_shared) key.device = to;
  }
  void apply(Value& value) const {
    if (std::optional<RecordKey> reference = value.as_reference()) {
      apply(*reference);
      value = Value::reference(*reference);
    } else if (value.type() == ValueType::list) {
      std::vector<Value> items = value.as_list();
      for (Value& item : items) apply(item);
      value = Value::list(items);
    }
  }
};

}  // namespace

Result<PublicKey> ClientStore::prepare_new_key() {
  const std::string path = folder_ + "/device.key.next";
  Result<std::string> seed = read_file(path, 64);
  if (!seed.ok()) {
    seed = SigningKey::generate().seed();
    DAFTAR_RETURN_IF_ERROR(write_file(path, *seed, true));
  }
  if (seed->size() != 32) return Status(Code::corrupt, Msg::key_file_bad, {path});
  return SigningKey::from_seed(*seed).public_key();
}

Status ClientStore::adopt(const Identity& identity) {
  DAFTAR_ASSIGN_OR_RETURN(const Identity old, this->identity());
  const bool is_adopted =
      read_file(folder_ + "/device.key.next", 64).status().code() == Code::not_found;
  if (old.device == identity.device && is_adopted) return set_identity(identity);
  DAFTAR_ASSIGN_OR_RETURN(const PublicKey key, prepare_new_key());
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> all, held_ledgers());
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  if (old.device != identity.device) {
    for (const LedgerInfo& ledger : all) {
      DAFTAR_RETURN_IF_ERROR(make_again(ledger, old.device, identity, key));
    }
  }
  DAFTAR_RETURN_IF_ERROR(set_identity(identity));
  DAFTAR_RETURN_IF_ERROR(transaction.commit());
  // After a power cut here the number is new and the key old; the same command run again gets past
  // this, because it finds its number and only moves the key.
  const std::string fresh = folder_ + "/device.key.next";
  DAFTAR_ASSIGN_OR_RETURN(const std::string seed, read_file(fresh, 64));
  DAFTAR_RETURN_IF_ERROR(write_file(folder_ + "/device.key", seed, true));
  std::remove(fresh.c_str());
  return {};
}

// The highest counter among the ids of `device` that its own changesets up to `last_seq` wrote.
Result<uint64_t> ClientStore::highest_own_counter(LedgerId ledger, DeviceNumber device,
                                                  uint64_t last_seq) {
  uint64_t highest = 0;
  for (uint64_t seq = 1; seq <= last_seq; ++seq) {
    DAFTAR_ASSIGN_OR_RETURN(const auto row, ledger_store_->chain_row(ledger, device, seq));
    if (!row) continue;
    DAFTAR_RETURN_IF_ERROR(ledger_store_->read_entries(
        ledger, row->position, row->position, [&](const StoredEntry& entry) -> Status {
          if (entry.changeset.empty()) return {};
          DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(entry.changeset));
          for (const RecordEdits& record : changeset.records) {
            if (record.key.device == device) highest = std::max(highest, record.key.counter);
          }
          return {};
        }));
  }
  return highest;
}

// Makes the unconfirmed work of one ledger again as the chain of the new device, which continues
// the old one where this disk and the hub last agreed.
Status ClientStore::make_again(const LedgerInfo& ledger, DeviceNumber old_device,
                               const Identity& identity, const PublicKey& new_key) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<PendingChangeset> all, pending(ledger.id));
  std::vector<PendingChangeset> work;
  for (const PendingChangeset& one : all) {
    const bool is_open = one.state == PendingState::waiting || one.state == PendingState::entered ||
                         one.state == PendingState::forked;
    if (one.device == old_device && is_open) work.push_back(one);
  }
  if (work.empty()) return {};
  const uint64_t fork_seq = work.front().seq - 1;
  DAFTAR_ASSIGN_OR_RETURN(const auto fork_row,
                          ledger_store_->chain_row(ledger.id, old_device, fork_seq));
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t shared,
                          highest_own_counter(ledger.id, old_device, fork_seq));
  const IdRewrite rewrite{old_device, shared, identity.device};
  ChainHead head{0, chain_start(ledger.name, identity.device, new_key)};
  for (const PendingChangeset& one : work) {
    DAFTAR_ASSIGN_OR_RETURN(Changeset changeset, decode_changeset(one.bytes));
    changeset.device = identity.device;
    changeset.author = identity.user;
    changeset.seq = head.seq + 1;
    // The copy's work behind the fork point has the old number too, and was not seen.
    changeset.context.own_seq = static_cast<uint64_t>(std::count_if(
        work.begin(), work.end(),
        [&](const PendingChangeset& other) { return other.seq <= changeset.context.own_seq; }));
    changeset.continues.reset();
    if (changeset.seq == 1 && fork_row) {
      changeset.continues = ChainPoint{old_device, fork_seq, fork_row->link};
    }
    changeset.origin = one.link;
    for (RecordEdits& record : changeset.records) {
      rewrite.apply(record.key);
      for (CellEdit& cell : record.cells) rewrite.apply(cell.value);
    }
    std::sort(changeset.records.begin(), changeset.records.end(),
              [](const RecordEdits& a, const RecordEdits& b) { return a.key < b.key; });
    DAFTAR_ASSIGN_OR_RETURN(const std::string bytes, encode_changeset(changeset));
    head = {changeset.seq, chain_next(head.link, bytes)};
    DAFTAR_RETURN_IF_ERROR(insert_pending(ledger.id, changeset, bytes, head.link));
  }
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * touches,
      use("DELETE FROM pending_touch WHERE ledger = ?1 AND device = ?2 AND seq IN "
          "(SELECT seq FROM pending WHERE ledger = ?1 AND device = ?2 AND state IN (0, 1, 5))"));
  DAFTAR_RETURN_IF_ERROR(touches->bind(1, ledger.id).bind(2, old_device).run());
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * done,
      use("DELETE FROM pending WHERE ledger = ?1 AND device = ?2 AND state IN (0, 1, 5)"));
  return done->bind(1, ledger.id).bind(2, old_device).run();
}

}  // namespace daftar::client
