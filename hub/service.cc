#include "hub/service.h"

#include <algorithm>
#include <utility>

#include "common/base/limits.h"
#include "common/base/planted.h"
#include "common/ledger/bytes.h"
#include "common/ledger/checkpoint.h"

namespace daftar::hub {
namespace {

// What a pull frame aims at before compression: large enough for zstd and one fsync of the reader
// to be worth it, small enough to be lost on a bad line.
constexpr size_t kFrameTarget = 1024 * 1024;
constexpr size_t kHeadsAtOnce = 1000;

Result<TreeHead> head_of(const LedgerRow& row) {
  DAFTAR_ASSIGN_OR_RETURN(const RightEdge edge, RightEdge::from_bytes(row.size, row.right_edge));
  return TreeHead{row.size, edge.root()};
}

// Keys as they travel; a malformed one is left out, and its entries then fail.
std::map<DeviceNumber, PublicKey> read_keys(
    const google::protobuf::RepeatedPtrField<v1::DeviceKey>& sent) {
  std::map<DeviceNumber, PublicKey> keys;
  for (const v1::DeviceKey& one : sent) {
    PublicKey key{};
    if (one.key().size() != key.size()) continue;
    std::copy(one.key().begin(), one.key().end(), key.begin());
    keys[one.device()] = key;
  }
  return keys;
}

// Whose entry it is; a refused one says so in its header.
Result<ChangesetAuthor> author_of(const StoredEntry& entry) {
  if (!entry.changeset.empty()) return read_changeset_author(entry.changeset);
  DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
  if (!header.refusal) return Status(Code::corrupt, Msg::header_not_canonical);
  return ChangesetAuthor{header.refusal->device, header.refusal->seq};
}

// Central Inspection holds every ledger, and is who watches the hub.
bool cosigns(const Device& device) { return device.holds_all; }

}  // namespace

Service::Service(std::unique_ptr<HubStore> store, HubIdentity identity, Writer& writer)
    : store_(std::move(store)), identity_(std::move(identity)), writer_(writer) {}

Result<Device> Service::authenticate(DeviceNumber number) {
  const std::lock_guard lock(mutex_);
  DAFTAR_ASSIGN_OR_RETURN(std::optional<Device> device, store_->device(number));
  if (!device) {
    return Status(Code::refused, Msg::caller_unknown, {std::to_string(number)});
  }
  DAFTAR_RETURN_IF_ERROR(check_not_revoked(*device));
  return *std::move(device);
}

Result<Device> Service::authenticate(const CertificateTerms& shown) {
  DAFTAR_ASSIGN_OR_RETURN(Device device, authenticate(shown.device));
  if (device.key != shown.key) {
    return Status(Code::refused, Msg::caller_unknown, {std::to_string(shown.device)});
  }
  return device;
}

Result<v1::HeadsReply> Service::heads(const Device& device, const v1::HeadsRequest& request) {
  const std::lock_guard lock(mutex_);
  DAFTAR_ASSIGN_OR_RETURN(const auto due, store_->due());
  if (!due.empty()) writer_.say_soon();
  DAFTAR_ASSIGN_OR_RETURN(const auto granted, store_->granted(device));
  std::map<std::string, LedgerRow> rows;
  std::map<std::string, TreeHead> known;
  uint64_t total = 0;
  for (const auto& [name, id] : granted) {
    DAFTAR_ASSIGN_OR_RETURN(rows[name], store_->ledgers().row(id));
    DAFTAR_ASSIGN_OR_RETURN(known[name], head_of(rows[name]));
    total += rows[name].size;
  }
  DAFTAR_RETURN_IF_ERROR(take_cosignatures(device, granted, request));
  v1::HeadsReply reply;
  // A restored hub may have forgotten the role: the device goes on with the one that it knows.
  DAFTAR_ASSIGN_OR_RETURN(const bool may_lack, store_->may_lack_national());
  if (device.user != 0 && !may_lack) reply.set_role(static_cast<uint32_t>(device.role));
  DAFTAR_ASSIGN_OR_RETURN(const bool is_any_awaited, store_->knows_nobody());
  DAFTAR_ASSIGN_OR_RETURN(const bool is_named, store_->is_awaited(device));
  const bool is_awaited = is_any_awaited || is_named;
  if (!request.known().empty() && request.known() == known_token(known)) {
    // A token of just what the hub has shows all there is.
    if (is_awaited) {
      for (const auto& [name, head] : known) {
        writer_.note_shown(name, head.size, device.number);
      }
    }
    reply.set_unchanged(true);
    return reply;
  }
  if (request.shows()) {
    DAFTAR_RETURN_IF_ERROR(take_shown(device, rows, request));
  } else if (is_awaited) {
    reply.set_show(true);
    return reply;
  } else if (request.known_total() <= total) {
    writer_.trust(device.number);
  } else {
    std::vector<std::string> names;
    names.reserve(granted.size());
    for (const auto& [name, id] : granted) names.push_back(name);
    writer_.suspect(names, device.number);
    reply.set_show(true);
    return reply;
  }
  reply.set_cosigns(cosigns(device));
  for (const auto& [name, id] : granted) {
    DAFTAR_ASSIGN_OR_RETURN(*reply.add_ledgers(), ledger_head(device, name, id, rows.at(name)));
  }
  return reply;
}

Result<v1::LedgerHead> Service::ledger_head(const Device& device, const std::string& name,
                                            LedgerId id, const LedgerRow& row) {
  v1::LedgerHead head;
  head.set_ledger(name);
  DAFTAR_ASSIGN_OR_RETURN(const TreeHead tree_head, head_of(row));
  head.set_checkpoint(checkpoint(name, tree_head));
  DAFTAR_ASSIGN_OR_RETURN(const auto chains, store_->ledgers().chain_heads(id));
  const auto own = chains.find(device.number);
  const ChainHead chain = own == chains.end()
                              ? ChainHead{0, chain_start(name, device.number, device.key)}
                              : own->second;
  head.set_chain_seq(chain.seq);
  head.set_chain_link(std::string(hash_bytes(chain.link)));
  head.set_published(row.published);
  DAFTAR_ASSIGN_OR_RETURN(*head.mutable_cosigned(), cosigned(name, id));
  return head;
}

Status Service::take_cosignatures(const Device& device,
                                  const std::map<std::string, LedgerId>& granted,
                                  const v1::HeadsRequest& request) {
  if (request.cosignatures_size() > static_cast<int>(limits::kLedgersOfDevice)) {
    return {Code::too_large, Msg::frame_bad};
  }
  if (!cosigns(device)) return {};
  const std::string signer = cosigner_name(identity_.name, device.number);
  for (const v1::Cosignature& sent : request.cosignatures()) {
    const auto ledger = granted.find(sent.ledger());
    if (ledger == granted.end()) continue;
    DAFTAR_ASSIGN_OR_RETURN(const auto root,
                            store_->ledgers().root_at(ledger->second, sent.size()));
    if (!root) continue;
    const std::string note =
        make_checkpoint(identity_.key, checkpoint_origin(identity_.name, sent.ledger()),
                        {sent.size(), *root}) +
        sent.line();
    const auto found = find_cosignature(note, device.key);
    // One line and no more: it is put under the hub's own note.
    const bool is_line = sent.line().find('\n') + 1 == sent.line().size();
    if (!found || found->name != signer || !is_line) continue;
    writer_.note_cosigned(sent.ledger(), sent.size(), device.number, sent.line());
  }
  return {};
}

Result<std::string> Service::cosigned(const std::string& name, LedgerId id) {
  DAFTAR_ASSIGN_OR_RETURN(const auto lines, store_->cosignatures(name));
  if (lines.first == 0) return std::string();
  DAFTAR_ASSIGN_OR_RETURN(const auto root, store_->ledgers().root_at(id, lines.first));
  if (!root) return std::string();
  return make_checkpoint(identity_.key, checkpoint_origin(identity_.name, name),
                         {lines.first, *root}) +
         lines.second;
}

Status Service::take_shown(const Device& device, const std::map<std::string, LedgerRow>& rows,
                           const v1::HeadsRequest& request) {
  if (request.shown_checkpoints_size() > static_cast<int>(limits::kLedgersOfDevice)) {
    return {Code::too_large, Msg::frame_bad};
  }
  // By origin: each note's first line.
  std::map<std::string, std::string> notes;
  for (const std::string& note : request.shown_checkpoints()) {
    notes[note.substr(0, note.find('\n'))] = note;
  }
  for (const auto& [name, row] : rows) {
    const std::string origin = checkpoint_origin(identity_.name, name);
    const auto note = notes.find(origin);
    uint64_t size = 0;
    if (note != notes.end()) {
      const Result<TreeHead> shown =
          verify_checkpoint(note->second, origin, identity_.key.public_key());
      if (shown.ok()) size = shown->size;
    }
    writer_.note_shown(name, size, device.number);
  }
  return {};
}

void Service::push(const Device& device, const v1::PushRequest& request, Writer::PushDone done) {
  const auto turn_away = [&](v1::TurnedAway::Reason reason) {
    v1::PushReply reply;
    reply.set_ledger(request.ledger());
    reply.mutable_turned_away()->set_reason(reason);
    done(std::move(reply));
  };
  bool is_granted = false;
  {
    const std::lock_guard lock(mutex_);
    const auto granted = store_->granted(device);
    if (!granted.ok()) return done(granted.status());
    is_granted = granted->contains(request.ledger());
  }
  if (!is_granted) return turn_away(v1::TurnedAway::NO_LEDGER);
  std::optional<PushBatch> batch = decode_batch(device, request);
  if (!batch) return turn_away(v1::TurnedAway::MALFORMED);
  writer_.push(*std::move(batch), std::move(done));
}

PullCursor Service::pull(const v1::PullRequest& request) {
  return PullCursor({request.ledgers().begin(), request.ledgers().end()});
}

Result<std::optional<v1::PullReply>> Service::next(const Device& device, PullCursor& cursor) {
  const std::lock_guard lock(mutex_);
  DAFTAR_ASSIGN_OR_RETURN(const auto granted, store_->granted(device));
  for (; cursor.at_ < cursor.ledgers_.size(); ++cursor.at_, cursor.is_begun_ = false) {
    const v1::PullFrom& from = cursor.ledgers_[cursor.at_];
    const auto found = granted.find(from.ledger());
    if (found == granted.end()) continue;
    if (!cursor.is_begun_) {
      DAFTAR_RETURN_IF_ERROR(begin_ledger(device, found->second, cursor));
    }
    if (from.position() < cursor.end_) {
      DAFTAR_ASSIGN_OR_RETURN(v1::PullReply reply, read_frame(device, found->second, cursor));
      return std::optional<v1::PullReply>(std::move(reply));
    }
  }
  return std::optional<v1::PullReply>();
}

Status Service::begin_ledger(const Device& device, LedgerId id, PullCursor& cursor) {
  const v1::PullFrom& from = cursor.ledgers_[cursor.at_];
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, store_->ledgers().row(id));
  cursor.is_begun_ = true;
  cursor.end_ = row.size;
  cursor.left_out_seq_ = 0;
  if (from.own_seq() > 0 && from.own_link().size() == sizeof(Hash)) {
    DAFTAR_ASSIGN_OR_RETURN(const auto own,
                            store_->ledgers().chain_row(id, device.number, from.own_seq()));
    const bool is_any_taken = is_planted(Defect::own_headers_without_link);
    if (own && (own->link == hash_from_bytes(from.own_link()) || is_any_taken)) {
      cursor.left_out_seq_ = from.own_seq();
    }
  }
  return {};
}

Status Service::add_key(DeviceNumber number, v1::PullReply& reply) {
  DAFTAR_ASSIGN_OR_RETURN(const auto key, store_->device_key(number));
  if (!key) return {Code::internal, Msg::device_not_registered, {std::to_string(number)}};
  v1::DeviceKey& sent = *reply.add_keys();
  sent.set_device(number);
  sent.set_key(std::string(key->begin(), key->end()));
  return {};
}

const std::string& Service::checkpoint(const std::string& ledger, const TreeHead& head) {
  auto& [signed_head, note] = checkpoints_[ledger];
  if (note.empty() || signed_head != head) {
    signed_head = head;
    note = make_checkpoint(identity_.key, checkpoint_origin(identity_.name, ledger), head);
  }
  return note;
}

Result<v1::PullReply> Service::read_frame(const Device& device, LedgerId id, PullCursor& cursor) {
  v1::PullFrom& from = cursor.ledgers_[cursor.at_];
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<TreeHead> heads,
                          store_->ledgers().tree_heads_above(id, from.position(), kHeadsAtOnce));
  if (heads.empty()) {
    return Status(Code::corrupt, Msg::entry_root_wrong,
                  {from.ledger(), std::to_string(cursor.end_)});
  }
  v1::PullReply reply;
  reply.set_ledger(from.ledger());
  std::vector<WireEntry> entries;
  size_t plain = 0;
  uint64_t position = from.position();
  TreeHead end;
  for (const TreeHead& head : heads) {
    DAFTAR_RETURN_IF_ERROR(store_->ledgers().read_entries(
        id, position + 1, head.size, [&](const StoredEntry& stored) -> Status {
          WireEntry entry{std::string(stored.header), std::string(stored.changeset), false};
          DAFTAR_ASSIGN_OR_RETURN(const ChangesetAuthor author, author_of(stored));
          if (author.seq == 1) DAFTAR_RETURN_IF_ERROR(add_key(author.device, reply));
          entry.is_left_out = !entry.changeset.empty() && author.device == device.number &&
                              author.seq <= cursor.left_out_seq_;
          if (entry.is_left_out) entry.changeset.clear();
          plain += stored.header.size() + stored.changeset.size();
          entries.push_back(std::move(entry));
          return {};
        }));
    position = head.size;
    end = head;
    if (plain >= kFrameTarget) break;
  }
  from.set_position(position);
  reply.set_frame(encode_pull_frame(entries));
  reply.set_checkpoint(checkpoint(from.ledger(), end));
  return reply;
}

void Service::recover(const Device& device, const v1::RecoverRequest& request,
                      Writer::RecoveryDone done) {
  {
    const std::lock_guard lock(mutex_);
    const auto granted = store_->granted(device);
    if (!granted.ok()) return done(granted.status());
    if (!granted->contains(request.ledger())) {
      return done(Status(Code::not_found, Msg::ledger_missing, {request.ledger()}));
    }
  }
  const Result<TreeHead> head =
      verify_checkpoint(request.checkpoint(), checkpoint_origin(identity_.name, request.ledger()),
                        identity_.key.public_key());
  if (!head.ok()) return done(head.status());
  Result<std::vector<WireEntry>> entries = decode_pull_frame(request.frame());
  if (!entries.ok()) return done(entries.status());
  writer_.recover(
      {device.number, request.ledger(), *std::move(entries), *head, read_keys(request.keys())},
      std::move(done));
}

}  // namespace daftar::hub
