// ClientStore: enrolling anew, when this disk turned out to be a copy of another one.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "client/client_store.h"
#include "common/base/planted.h"
#include "common/register/directory.h"
#include "common/store/files.h"

namespace daftar::client {
namespace {

// Gives the ids that this disk made behind the fork point to the new number; the copy may have made
// other records with the same ids.
class IdRewrite {
 public:
  IdRewrite(DeviceNumber from, DeviceNumber to) : from_(from), to_(to) {}

  // The copy's entry at `position` made or wrote this id behind the fork point.
  void note_elsewhere(const RecordKey& key, uint64_t position) {
    if (is_made(key)) elsewhere_.try_emplace(key.counter, position);
  }
  // The highest counter that was in use at the fork point.
  void note_shared(const RecordKey& key) {
    if (is_made(key)) last_shared_ = std::max(last_shared_, key.counter);
  }

  // This disk's changeset wrote this id: the record is this disk's own, unless its author had seen
  // the copy's record of the same id and this disk never made one.
  void note_here(const RecordKey& key, uint64_t context_position) {
    if (!is_made(key) || key.counter <= last_shared_) return;
    const auto elsewhere = elsewhere_.find(key.counter);
    if (elsewhere == elsewhere_.end() || context_position < elsewhere->second) {
      own_.insert(key.counter);
    }
  }

  void apply(RecordKey& key) const {
    if (is_made(key) && own_.contains(key.counter)) key.device = to_;
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

 private:
  // Made under the number; the records of users and devices in `national` have their own numbers
  // for ids, whoever writes them.
  [[nodiscard]] bool is_made(const RecordKey& key) const {
    return key.device == from_ && key != user_record(key.device) &&
           key != device_record(key.device);
  }

  DeviceNumber from_;
  DeviceNumber to_;
  std::map<uint64_t, uint64_t> elsewhere_;  ///< counter → first position
  std::set<uint64_t> own_;                  ///< counters
  uint64_t last_shared_ = 0;
};

}  // namespace

std::string ClientStore::new_key_path() const { return folder_ + "/device.key.next"; }

Result<PublicKey> ClientStore::prepare_new_key() {
  if (!has_new_key()) {
    DAFTAR_RETURN_IF_ERROR(key().status());  // gets the passphrase, if there is one
    DAFTAR_ASSIGN_OR_RETURN(const std::string bytes,
                            key_file_bytes(SigningKey::generate(), passphrase_.value_or("")));
    DAFTAR_RETURN_IF_ERROR(write_file(new_key_path(), bytes, true));
  }
  DAFTAR_ASSIGN_OR_RETURN(const KeyFile file, KeyFile::read(new_key_path()));
  return file.public_key();
}

Result<SigningKey> ClientStore::new_key() {
  DAFTAR_ASSIGN_OR_RETURN(const KeyFile file, KeyFile::read(new_key_path()));
  return open_key(file);
}

bool ClientStore::has_new_key() {
  return KeyFile::read(new_key_path()).status().code() != Code::not_found;
}

Status ClientStore::adopt(const Identity& identity) {
  DAFTAR_ASSIGN_OR_RETURN(const Identity old, this->identity());
  // The hub never gives a number another key.
  if (old.device == identity.device) {
    DAFTAR_RETURN_IF_ERROR(set_identity(identity));
    return move_new_key();
  }
  // A sync under way speaks for the old number.
  DAFTAR_ASSIGN_OR_RETURN(const auto lock, FileLock::acquire(folder_ + "/sync.lock"));
  if (!lock) return {Code::exists, Msg::sync_running, {folder_}};
  DAFTAR_ASSIGN_OR_RETURN(const PublicKey key, prepare_new_key());
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> all, held_ledgers());
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  for (const LedgerInfo& ledger : all) {
    DAFTAR_RETURN_IF_ERROR(make_again(ledger, old.device, identity, key));
  }
  DAFTAR_RETURN_IF_ERROR(set_identity(identity));
  DAFTAR_RETURN_IF_ERROR(set_setting("device_key", key_text(key)));
  DAFTAR_RETURN_IF_ERROR(transaction.commit());
  return move_new_key();
}

// The number has changed with the transaction; the key file follows. A power cut in between is
// mended when the folder is opened next.
Status ClientStore::move_new_key() {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> wanted, setting("device_key"));
  const std::string fresh = new_key_path();
  const Result<KeyFile> file = KeyFile::read(fresh);
  if (!wanted || !file.ok() || key_text(file->public_key()) != *wanted) return {};
  DAFTAR_RETURN_IF_ERROR(write_file(folder_ + "/device.key", file->bytes(), true));
  std::remove(fresh.c_str());
  return {};
}

// Visits the entered changesets of `device` with first_seq ≤ seq ≤ last_seq.
Status ClientStore::read_chain(
    LedgerId ledger, DeviceNumber device, uint64_t first_seq, uint64_t last_seq,
    const std::function<void(const Changeset&, uint64_t position)>& visit) {
  for (uint64_t seq = first_seq; seq <= last_seq; ++seq) {
    DAFTAR_ASSIGN_OR_RETURN(const auto row, ledger_store_->chain_row(ledger, device, seq));
    if (!row) continue;
    DAFTAR_RETURN_IF_ERROR(ledger_store_->read_entries(
        ledger, row->position, row->position, [&](const StoredEntry& entry) -> Status {
          if (entry.changeset.empty()) return {};
          DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(entry.changeset));
          visit(changeset, entry.position);
          return {};
        }));
  }
  return {};
}

// A context of work that was done under the number `device`, for a changeset under another one. It
// names that device: `continues` would say that the author had seen all its work up to the fork
// point, and his screen may be older.
Result<Context> ClientStore::context_of_number(LedgerId ledger, const Context& context,
                                               DeviceNumber device) {
  if (context.foreign) return context;
  Context result{context.position, 0, ChainPoint{device, 1, Hash{}}};
  if (context.own_seq > 0) {
    DAFTAR_ASSIGN_OR_RETURN(const auto row,
                            ledger_store_->chain_row(ledger, device, context.own_seq));
    if (row) result.foreign = ChainPoint{device, context.own_seq, row->link};
    return result;
  }
  // Nothing of that device's was seen, which a link that is on no chain says; but what it continues
  // was.
  DAFTAR_ASSIGN_OR_RETURN(const Continuations continuations, ledger_store_->continuations(ledger));
  const auto before = continuations.find(device);
  if (before != continuations.end()) result.foreign = before->second;
  return result;
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
  IdRewrite rewrite(old_device, identity.device);
  DAFTAR_RETURN_IF_ERROR(
      read_chain(ledger.id, old_device, 1, fork_seq, [&](const Changeset& changeset, uint64_t) {
        for (const RecordEdits& record : changeset.records) rewrite.note_shared(record.key);
      }));
  DAFTAR_ASSIGN_OR_RETURN(const auto heads, ledger_store_->chain_heads(ledger.id));
  const auto head_elsewhere = heads.find(old_device);
  const uint64_t last_elsewhere = head_elsewhere == heads.end() ? 0 : head_elsewhere->second.seq;
  DAFTAR_RETURN_IF_ERROR(read_chain(ledger.id, old_device, fork_seq + 1, last_elsewhere,
                                    [&](const Changeset& changeset, uint64_t position) {
                                      for (const RecordEdits& record : changeset.records) {
                                        rewrite.note_elsewhere(record.key, position);
                                      }
                                    }));
  std::vector<Changeset> changesets;
  for (const PendingChangeset& one : work) {
    DAFTAR_ASSIGN_OR_RETURN(Changeset changeset, decode_changeset(one.bytes));
    for (const RecordEdits& record : changeset.records) {
      rewrite.note_here(record.key, changeset.context.position);
    }
    changesets.push_back(std::move(changeset));
  }
  ChainHead head{0, chain_start(ledger.name, identity.device, new_key)};
  for (size_t i = 0; i < work.size(); ++i) {
    Changeset& changeset = changesets[i];
    changeset.device = identity.device;
    changeset.author = identity.user;
    changeset.seq = head.seq + 1;
    // The copy's work behind the fork point has the old number too, and was not seen.
    if (changeset.context.own_seq < fork_seq) {
      DAFTAR_ASSIGN_OR_RETURN(changeset.context,
                              context_of_number(ledger.id, changeset.context, old_device));
    }
    const uint64_t seen_seq = changeset.context.own_seq;
    changeset.context.own_seq = static_cast<uint64_t>(
        std::count_if(work.begin(), work.end(),
                      [&](const PendingChangeset& other) { return other.seq <= seen_seq; }));
    if (is_planted(Defect::made_again_with_old_context)) changeset.context.own_seq = seen_seq;
    // Where the old number has entered nothing, the new one continues what that one would have.
    if (i > 0 || fork_row) changeset.continues.reset();
    if (i == 0 && fork_row) {
      changeset.continues = ChainPoint{old_device, fork_seq, fork_row->link};
    }
    // Work that was made again before keeps its first origin.
    if (!changeset.origin) changeset.origin = work[i].link;
    if (is_planted(Defect::made_again_without_origin)) changeset.origin.reset();
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
      database_.use(
          "DELETE FROM pending_touch WHERE ledger = ?1 AND device = ?2 AND seq IN "
          "(SELECT seq FROM pending WHERE ledger = ?1 AND device = ?2 AND state IN (0, 1, 5))"));
  DAFTAR_RETURN_IF_ERROR(touches->bind(1, ledger.id).bind(2, old_device).run());
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * done,
      database_.use(
          "DELETE FROM pending WHERE ledger = ?1 AND device = ?2 AND state IN (0, 1, 5)"));
  return done->bind(1, ledger.id).bind(2, old_device).run();
}

}  // namespace daftar::client
