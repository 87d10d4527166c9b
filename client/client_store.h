// What an office's Daftar keeps on its disk: its ledgers as confirmed by the hub, and what it has
// saved itself and the hub has not entered yet.
//
// A save is one durable transaction that appends the changeset; everything else is derived from
// changesets. Confirmed entries come in batches, each of which moves the ledger, its records and
// its own changesets' fate in one transaction. Several programs may open one folder: saves may come
// from any of them, entries from the one that holds the folder's sync lock. One ClientStore is used
// by one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/key_file.h"
#include "common/ledger/frame.h"
#include "common/ledger/keys.h"
#include "common/register/directory.h"
#include "common/store/ledger.h"
#include "common/store/ledger_store.h"
#include "common/store/sqlite.h"

namespace daftar::client {

/// Who this device is, and which hub it belongs to; set once it has been registered.
struct Identity {
  DeviceNumber device = 0;
  UserNumber user = 0;
  std::string hub_address;
  std::string hub_name;
  PublicKey hub_key{};
  std::string enrol_address;  ///< where the hub gives certificates over HTTPS
  std::string root;           ///< the hub's root certificate, PEM
  std::string certificate;    ///< this device's own, PEM, with the issuer's
  Role role = Role::none;     ///< of the user, as the hub said last
};

/// What becomes of a changeset of this device's own that is not confirmed.
enum class PendingState {
  waiting = 0,    ///< saved; the hub has not answered for it
  entered = 1,    ///< the hub has entered it; the entry has not come back yet
  held = 2,       ///< refused: it stays here for good
  discarded = 3,  ///< held, and taken off the list by a person
  reapplied = 4,  ///< held, and made again in a later changeset
  forked = 5,     ///< this disk is a copy: it waits to be made again under a new device number
};

struct PendingChangeset {
  DeviceNumber device = 0;
  uint64_t seq = 0;
  Hash link{};
  std::string bytes;
  PendingState state = PendingState::waiting;
  uint64_t position = 0;  ///< when entered or refused
  std::optional<RefusalReason> reason;
};

/// A changeset as its author thinks of it; device, seq, author and time are added when it is saved.
struct Draft {
  Context context;
  std::string message;
  std::optional<Source> source;
  std::vector<RecordEdits> records;  ///< ascending by key
  std::optional<Hash> origin = {};   ///< of the held changeset that this one says again
};

/// Entries behind those that are here, up to a checkpoint.
struct PulledBatch {
  std::vector<WireEntry> entries;
  TreeHead head;     ///< what the checkpoint says
  std::string note;  ///< the checkpoint as it was signed
  /// Of the devices whose first changeset is in the batch.
  std::map<DeviceNumber, PublicKey> keys;
};

/// The codes that a changeset writes, each with the key of its record.
std::vector<std::pair<std::string, std::string>> codes_in(const Changeset& changeset);

/// A number as settings keep it; Code::corrupt if it is none.
Result<uint64_t> parse_setting(const std::string& name, const std::string& text);

/// A ledger held here.
struct LedgerInfo {
  std::string name;
  LedgerId id = 0;
  TreeHead verified;  ///< the newest checkpoint that was verified
  uint64_t waiting = 0;
  uint64_t entered = 0;
  uint64_t held = 0;
  uint64_t forked = 0;
};

class ClientStore {
 public:
  /// Makes the folder, an empty database and the device's key. Code::exists if they are there.
  static Status create(const std::string& folder);
  /// Code::not_found without a folder made by create(); Code::newer_version for one of a newer
  /// Daftar.
  static Result<std::unique_ptr<ClientStore>> open(
      const std::string& folder, Database::Access access = Database::Access::read_write);

  [[nodiscard]] const std::string& folder() const { return folder_; }
  LedgerStore& ledgers() { return *ledger_store_; }
  /// Code::refused if it is sealed by another passphrase than the one that is given.
  Result<SigningKey> key();
  Result<PublicKey> public_key();
  /// Where key() gets the passphrase of a sealed key, once.
  using AskPassphrase = std::function<Result<std::string>()>;
  void ask_passphrase_by(AskPassphrase ask) { ask_passphrase_ = std::move(ask); }
  /// Seals the key by another passphrase; by "" not at all.
  Status seal_key(const std::string& passphrase);
  Result<bool> is_key_sealed();

  /// While it lives, all reads of this store are of one moment; saving has to wait until it is
  /// gone.
  class Snapshot {
   public:
    explicit Snapshot(ClientStore& store) : store_(store) {
      is_open_ = store_.database_.execute("BEGIN").ok();
    }
    ~Snapshot() {
      if (is_open_) store_.database_.rollback();
    }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

   private:
    ClientStore& store_;
    bool is_open_ = false;
  };

  // -- settings
  /// Code::not_found until the device was registered.
  Result<Identity> identity();
  /// That of the identity, without the rest of it.
  Result<DeviceNumber> number();
  Status set_identity(const Identity& identity);
  /// Keeps what the hub says that the user may write.
  Status keep_role(Role role);
  /// Keeps a new certificate. Code::corrupt unless it is this device's and goes back to the root.
  Status keep_certificate(const std::string& certificate);
  Result<std::optional<std::string>> setting(const std::string& name);
  Status set_setting(const std::string& name, const std::string& value);

  // -- ledgers
  Result<std::vector<LedgerInfo>> held_ledgers();
  /// The one of that name; nothing if it is not held.
  Result<std::optional<LedgerInfo>> held_ledger(std::string_view name);
  /// The directory as far as `national` is confirmed here; nothing where it is not held.
  Result<std::optional<Directory>> directory_here();
  Result<LedgerId> add_ledger(const std::string& name);
  /// Code::not_found with what to do.
  Result<LedgerId> find_ledger(const std::string& name);
  Result<TreeHead> verified_head(LedgerId ledger);
  /// The newest verified checkpoint as it was signed; "" if there is none.
  Result<std::string> checkpoint(LedgerId ledger);

  /// The ledgers that the hub named in its last answer.
  Result<std::set<std::string>> listed_ledgers();
  Status set_listed_ledgers(const std::set<std::string>& names);

  // -- saving
  /// The context of a screen that shows this ledger now.
  Result<Context> current_context(LedgerId ledger);
  /// Saves all drafts, or on any failure none. Returns the seq of the first. Code::not_found before
  /// the device was registered, Code::refused for a field that the user's role may not write.
  Result<uint64_t> save(LedgerId ledger, const std::vector<Draft>& drafts, uint64_t now_ms);
  /// Reserves `count` new record ids of this device; returns the first counter.
  Result<uint64_t> reserve_ids(uint64_t count);
  /// Saves what a held changeset said again, with its context, without the cells that a later own
  /// one wrote; nothing is left to save: Code::refused.
  Result<uint64_t> reapply(LedgerId ledger, uint64_t seq, const std::string& message,
                           uint64_t now_ms);
  Status discard(LedgerId ledger, uint64_t seq);

  // -- own changesets that are not confirmed
  /// By device and seq; with `record`, only those that touch it. Held ones of every state are among
  /// them.
  Result<std::vector<PendingChangeset>> pending(LedgerId ledger,
                                                std::optional<std::string_view> record = {});
  /// The keys that waiting, entered or forked changesets touch, ascending.
  Result<std::vector<std::string>> pending_keys(LedgerId ledger);
  /// What unconfirmed first changesets of this device continue.
  Result<Continuations> pending_continuations(LedgerId ledger);
  /// Positions of the entries that touch a record, ascending.
  Result<std::vector<uint64_t>> touches(LedgerId ledger, std::string_view key);
  /// Keys of records that had `code` at some time, confirmed or pending: candidates.
  Result<std::vector<RecordKey>> records_with_code(LedgerId ledger, std::string_view code);

  /// Whether a changeset here, confirmed or pending, came from a file with this hash.
  Result<bool> was_imported(LedgerId ledger, const Hash& file);

  /// The root of the first `size` confirmed entries, which are here.
  Result<Hash> root_at(LedgerId ledger, uint64_t size);
  /// Whether this device has that past: entries up to `head` are here, and their root is its. Only
  /// then may a file that another device wrote at `head` give a changeset its context.
  Result<bool> has_past(LedgerId ledger, const TreeHead& head);

  // -- what the audit compares with the entries (client_store_audit.cc)
  /// Whether the entry at `position` is in its place in its device's chain.
  Result<bool> has_chain_row(LedgerId ledger, DeviceNumber device, const ChainHead& head,
                             uint64_t position);
  /// Whether just these records are noted as touched by the entry at `position`.
  Result<bool> has_touches(LedgerId ledger, uint64_t position, const Touched& touched);
  /// Whether the codes and the imported file of a changeset can be looked up.
  Result<bool> has_codes(LedgerId ledger, const Changeset& changeset);
  /// Whether this device's own changesets that are not confirmed continue its chain, under its key.
  Result<bool> has_whole_chain(const LedgerInfo& ledger);
  /// Whether just the records and codes of the changesets that are not confirmed can be looked up.
  Result<bool> has_pending_touches(LedgerId ledger);
  /// Whether SQLite can read every page, and tables and their indexes say the same.
  Result<bool> has_sound_pages();

  // -- cosigned checkpoints
  /// The newest checkpoint that somebody cosigned, with its cosignatures; "" if there is none.
  Result<std::string> cosigned(LedgerId ledger);
  /// Keeps a checkpoint of verified signature, if entries up to there are here. Code::corrupt
  /// unless its root is that of these entries.
  Status keep_cosigned(LedgerId ledger, const TreeHead& head, const std::string& note);
  /// Up to where this device has cosigned a ledger itself.
  Result<uint64_t> cosigned_size(const std::string& ledger);
  Status set_cosigned_size(const std::string& ledger, uint64_t size);

  // -- what sync does
  /// The next waiting changesets to push behind `after_seq`, within the limits of a batch; none
  /// while a part of the chain is forked.
  Result<std::vector<PendingChangeset>> waiting_batch(LedgerId ledger, uint64_t after_seq);
  /// The newest of the own changesets whose bytes are here: seq 0 if there are none.
  Result<ChainPoint> newest_own(LedgerId ledger);
  /// The hub says that our newest changeset there is (seq, link): what it no longer has becomes
  /// waiting again; Code::forked if its link is not on this device's chain.
  Status reconcile_chain(LedgerId ledger, const ChainHead& hub_head);
  Status mark_entered(LedgerId ledger, uint64_t first_seq, uint64_t first_position, uint64_t count);
  Status mark_refused(LedgerId ledger, uint64_t seq, RefusalReason reason);
  /// Takes a batch whose checkpoint's signature was verified. Nothing of it is kept unless all of
  /// it is right. Returns the number of edits.
  Result<uint64_t> take_entries(LedgerId ledger, const PulledBatch& batch);
  /// Of the devices whose keys came with entries.
  DeviceKeys device_keys();
  /// The checkpoints verified above `size`, ascending, as signed.
  Result<std::vector<std::pair<uint64_t, std::string>>> checkpoints_above(LedgerId ledger,
                                                                          uint64_t size);

  // -- enrolling anew, when this disk turned out to be a copy
  /// Makes a second key beside the device's own, and returns it; the same one until it is adopted.
  Result<PublicKey> prepare_new_key();
  /// The key that prepare_new_key() made.
  Result<SigningKey> new_key();
  /// Whether prepare_new_key() was called and its key not adopted yet.
  bool has_new_key();
  /// Becomes `identity`.device with that key: unconfirmed work is made again under the new number
  /// (design: "Cloned or restored disk").
  Status adopt(const Identity& identity);

 private:
  ClientStore(Database database, std::string folder)
      : database_(std::move(database)), folder_(std::move(folder)) {}
  Result<SigningKey> open_key(const KeyFile& file);
  Result<ChainHead> own_head(LedgerId ledger, DeviceNumber device);
  Result<uint64_t> append_drafts(LedgerId ledger, const std::vector<Draft>& drafts,
                                 uint64_t now_ms);
  Status move_new_key();
  [[nodiscard]] std::string new_key_path() const;
  /// Whose held changeset `seq` is: the present number's, else an older one's.
  Result<DeviceNumber> holder(LedgerId ledger, uint64_t seq);
  Status insert_pending(LedgerId ledger, const Changeset& changeset, std::string_view bytes,
                        const Hash& link);
  /// Adds what is looked up later: codes of records, hashes of imported files.
  Status index_changeset(LedgerId ledger, const Changeset& changeset);
  Status settle_own(LedgerId ledger, DeviceNumber own, const ChainPoint& point,
                    const EntryHeader& header);
  Status note_own_ids(const Changeset& changeset, DeviceNumber own);
  Result<std::string> own_bytes(LedgerId ledger, DeviceNumber own, uint64_t seq);
  Status take_all(LedgerId ledger, const PulledBatch& batch, uint64_t& edits);
  Status put_device_key(DeviceNumber device, const PublicKey& key);
  Status take_entry(LedgerId ledger, const WireEntry& entry, DeviceNumber own, uint64_t& edits);
  Result<Ledger*> open_ledger(LedgerId id);
  Result<Context> context_of_number(LedgerId ledger, const Context& context, DeviceNumber device);
  Status make_again(const LedgerInfo& ledger, DeviceNumber old_device, const Identity& identity,
                    const PublicKey& new_key);
  Status read_chain(LedgerId ledger, DeviceNumber device, uint64_t first_seq, uint64_t last_seq,
                    const std::function<void(const Changeset&, uint64_t position)>& visit);
  Result<std::string> ledger_name(LedgerId ledger);

  Database database_;
  std::string folder_;
  std::optional<SigningKey> key_;
  AskPassphrase ask_passphrase_;
  std::optional<std::string> passphrase_;
  std::unique_ptr<LedgerStore> ledger_store_;
  std::map<LedgerId, std::unique_ptr<Ledger>> open_;
};

}  // namespace daftar::client
