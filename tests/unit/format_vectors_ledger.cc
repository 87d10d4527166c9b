#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/ledger/bytes.h"
#include "common/ledger/chain.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/entries_file.h"
#include "common/ledger/ledger_state.h"
#include "common/ledger/merkle.h"
#include "common/ledger/receipt.h"
#include "tests/unit/format_vectors.h"
#include "tests/unit/ledger_builders.h"

namespace daftar::vectors {
namespace {

constexpr char kLedger[] = "administration/transport";
constexpr char kHub[] = "hub.example";

/// A hub that enters what it is given; every batch is one changeset.
class SmallLedger {
 public:
  SmallLedger() { state_.ledger = kLedger; }

  [[nodiscard]] ChainPoint head(DeviceNumber device) const {
    const ChainHead& head = state_.heads.at(device);
    return {device, head.seq, head.link};
  }

  void enter(DeviceNumber device, Context context, std::vector<RecordEdits> records,
             bool link_matched = false, std::optional<ChainPoint> continues = {},
             std::optional<Hash> origin = {}) {
    const Changeset changeset =
        next(device, std::move(context), std::move(records), continues, origin);
    const std::string bytes = *encode_changeset(changeset);
    const Hash link = chain_next(last_link(device), bytes);
    const EntryStamp stamp = stamp_of_next();
    EntryHeader header;
    header.link_matched = link_matched;
    header.exceptions = *fold_changeset(state_, records_, changeset, link, link_matched, stamp);
    append(device, std::move(header), bytes);
  }

  void refuse(DeviceNumber device, std::vector<RecordEdits> records) {
    const Changeset changeset = next(device, {}, std::move(records), {}, {});
    const std::string bytes = *encode_changeset(changeset);
    EntryHeader header;
    header.refusal = Refusal{device, changeset.seq, RefusalReason::period_locked, sha256(bytes)};
    fold_refusal(state_, *header.refusal, chain_next(last_link(device), bytes), stamp_of_next());
    append(device, std::move(header), "");
  }

  [[nodiscard]] Json vector() const {
    StateDigest digest_of(kLedger);
    for (const auto& [key, record] : records_.all()) {
      digest_of.add_record(key.bytes(), record.encode());
    }
    const Hash digest = digest_of.finish(state_);
    const SigningKey hub = test_key('h');
    EntriesFile file;
    file.ledger = kLedger;
    file.size = state_.position;
    file.entries = entries_;
    file.digest = digest;
    file.note =
        make_checkpoint(hub, checkpoint_origin(kHub, kLedger), {state_.position, edge_.root()});
    file.hub_key = hub.public_key();
    for (const auto& [device, head] : state_.heads) {
      file.device_keys[device] = key_of(device).public_key();
    }
    return {{"entries_file", to_hex(encode_entries_file(file))},
            {"root", to_hex(edge_.root())},
            {"digest", to_hex(digest)}};
  }

 private:
  static SigningKey key_of(DeviceNumber device) {
    return test_key(static_cast<char>('0' + device));
  }
  static Hash first_link(DeviceNumber device) {
    return chain_start(kLedger, device, key_of(device).public_key());
  }
  [[nodiscard]] Hash last_link(DeviceNumber device) const {
    const auto head = state_.heads.find(device);
    return head == state_.heads.end() ? first_link(device) : head->second.link;
  }
  [[nodiscard]] EntryStamp stamp_of_next() const {
    const uint64_t position = state_.position + 1;
    return {1'750'000'000'000 + position * 500, 10 + position / 3};
  }

  [[nodiscard]] Changeset next(DeviceNumber device, Context context,
                               std::vector<RecordEdits> records,
                               std::optional<ChainPoint> continues,
                               std::optional<Hash> origin) const {
    const auto head = state_.heads.find(device);
    Changeset changeset;
    changeset.ledger = kLedger;
    changeset.device = device;
    changeset.seq = head == state_.heads.end() ? 1 : head->second.seq + 1;
    changeset.continues = continues;
    changeset.context = std::move(context);
    changeset.author = 40 + device;
    changeset.time_ms = 1'749'999'000'000 + state_.position;
    changeset.message = changeset.seq % 2 == 0 ? "" : "قيم 2024";
    changeset.origin = origin;
    changeset.records = std::move(records);
    return changeset;
  }

  // After the fold: the device's head is that of this entry.
  void append(DeviceNumber device, EntryHeader header, const std::string& changeset) {
    header.position = state_.position;
    header.time_ms = state_.time_ms;
    header.national = state_.national;
    header.seal = make_seal(key_of(device), kLedger, head(device), {edge_.size(), edge_.root()});
    const std::string header_bytes = encode_header(header);
    edge_.append(leaf_hash(header_bytes, changeset));
    put_bytes(entries_, header_bytes);
    put_bytes(entries_, changeset);
  }

  LedgerState state_;
  MemoryRecords records_;
  RightEdge edge_;
  std::string entries_;
};

}  // namespace

Json make_ledger_vector() {
  const RecordKey road{4, 1, 1, ""};
  const RecordKey bridge{4, 1, 2, ""};
  const RecordKey tunnel{4, 1, 3, ""};
  const RecordKey measured{8, 1, 1, from_hex("0fc62117")};
  const auto name = [](const RecordKey& key, const char* text) {
    return write(key, 1, Value::text(text));
  };
  SmallLedger ledger;
  ledger.enter(
      1, {},
      {write(road, {{1, Value::text("طرق"), {}}, {2, number("12.5"), {}}}), name(bridge, "Bridges"),
       name(tunnel, "Tunnels"), write(measured, 1, Value::list({number("0.2"), Value()}))});
  ledger.enter(2, {1, 0, {}}, {name(road, "Roads"), write(measured, 2, Value::choice(3))});
  ledger.enter(1, {0, 1, {}}, {write(road, {{1, Value::text("Streets"), {}}, {2, Value(), {}}})});
  ledger.enter(2, {0, 0, {}}, {name(bridge, "Bridges")});  // agreed
  ledger.enter(2, {1, 1, {}}, {remove(road)});             // rule 1
  ledger.enter(1, {2, 2, {}}, {remove(tunnel), write(measured, 2, Value::choice(4))});
  ledger.enter(2, {1, 3, {}}, {name(tunnel, "Tunnels, old")});  // rule 3
  const ChainPoint known = ledger.head(1);
  ledger.refuse(1, {write(measured, 1, number("-1e50"))});
  ledger.enter(2, {2, 0, known}, {write(tunnel, 2, Value::time(7))},
               true);  // has seen the deletion
  ChainPoint wrong = known;
  wrong.link[0] ^= 1;
  ledger.enter(2, {2, 0, wrong}, {write(road, 2, number("13"))}, false);
  ledger.enter(3, {3, 0, {}}, {write(measured, 2, Value::choice(5))}, false, known,
               sha256("a changeset of the copied disk"));
  ledger.enter(3, {4, 1, {}}, {write(road, 2, Value::reference(bridge))});
  ledger.enter(1, {12, 4, {}}, {name(road, "Streets")});  // settled
  return ledger.vector();
}

Json make_empty_ledger_vector() { return SmallLedger().vector(); }

Json make_receipt_vectors() {
  const std::string bytes = from_hex(make_ledger_vector()["entries_file"].get<std::string>());
  const EntriesFile file = *decode_entries_file(bytes);
  std::vector<std::pair<std::string, std::string>> entries;
  std::vector<Hash> leaves;
  (void)visit_entries(file, [&](std::string_view header, std::string_view changeset) -> Status {
    entries.emplace_back(header, changeset);
    leaves.push_back(leaf_hash(header, changeset));
    return {};
  });
  Json list = Json::array();
  for (const uint64_t position : {uint64_t{1}, uint64_t{8}, file.size}) {
    const auto& [header, changeset] = entries[position - 1];
    ReceiptParts parts{header, changeset, position, {}, file.note};
    parts.inclusion =
        inclusion_proof([&](uint64_t index) { return leaves[index]; }, position - 1, file.size);
    list.push_back(
        {{"receipt", encode_receipt(parts)},
         {"key", to_hex(std::string_view(reinterpret_cast<const char*>(file.hub_key.data()), 32))},
         {"position", std::to_string(position)},
         {"code", receipt_code(position, leaves[position - 1])}});
  }
  return list;
}

}  // namespace daftar::vectors
