// Writer: a batch of changesets judged and entered.
#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "common/base/limits.h"
#include "common/base/planted.h"
#include "common/ledger/bytes.h"
#include "common/register/kinds.h"
#include "hub/writer.h"

namespace daftar::hub {
namespace {

using TurnedAway = v1::TurnedAway;

void add_place(v1::PushReply& reply, uint64_t seq, uint64_t position) {
  if (reply.entered_size() > 0) {
    v1::EnteredRun& last = *reply.mutable_entered(reply.entered_size() - 1);
    if (last.first_seq() + last.count() == seq &&
        last.first_position() + last.count() == position) {
      last.set_count(last.count() + 1);
      return;
    }
  }
  v1::EnteredRun& run = *reply.add_entered();
  run.set_first_seq(seq);
  run.set_first_position(position);
  run.set_count(1);
}

void add_refusal(v1::PushReply& reply, uint64_t seq, RefusalReason reason) {
  v1::RefusedChangeset& refused = *reply.add_refused();
  refused.set_seq(seq);
  refused.set_reason(static_cast<uint32_t>(reason));
}

}  // namespace

v1::PushReply turned_away(const std::string& ledger, TurnedAway::Reason reason) {
  v1::PushReply reply;
  reply.set_ledger(ledger);
  reply.mutable_turned_away()->set_reason(reason);
  return reply;
}

std::optional<PushBatch> decode_batch(const Device& device, const v1::PushRequest& request) {
  PushBatch batch;
  batch.device = device;
  batch.ledger = request.ledger();
  batch.seal.seen.size = request.seen_size();
  if (request.seen_root().size() != sizeof(Hash) ||
      request.signature().size() != sizeof(Signature)) {
    return std::nullopt;
  }
  batch.seal.seen.root = hash_from_bytes(request.seen_root());
  std::memcpy(batch.seal.signature.data(), request.signature().data(), sizeof(Signature));
  Result<std::vector<std::string>> bytes = decode_push_frame(request.frame());
  if (!bytes.ok()) return std::nullopt;
  batch.bytes = *std::move(bytes);
  for (const std::string& one : batch.bytes) {
    Result<Changeset> changeset = decode_changeset(one);
    if (!changeset.ok() || changeset->ledger != batch.ledger ||
        changeset->device != device.number) {
      return std::nullopt;
    }
    if (!batch.changesets.empty() && changeset->seq != batch.changesets.back().seq + 1) {
      return std::nullopt;
    }
    batch.changesets.push_back(*std::move(changeset));
    batch.hashes.push_back(sha256(one));
  }
  return batch;
}

Result<v1::PushReply> Writer::enter_batch(Ledger& ledger, const PushBatch& batch) {
  std::vector<Hash> links;
  size_t known = 0;
  DAFTAR_ASSIGN_OR_RETURN(const TurnedAway::Reason reason,
                          check_batch(ledger, batch, links, known));
  if (reason != TurnedAway::UNSPECIFIED) return turned_away(batch.ledger, reason);
  v1::PushReply reply;
  reply.set_ledger(batch.ledger);
  const uint64_t now = clock_.wall_ms();
  const bool is_national = batch.ledger == kNational;
  for (size_t i = 0; i < batch.changesets.size(); ++i) {
    const Changeset& changeset = batch.changesets[i];
    if (i < known) {
      DAFTAR_ASSIGN_OR_RETURN(const auto row, store_->ledgers().chain_row(
                                                  ledger.id(), changeset.device, changeset.seq));
      add_place(reply, changeset.seq, row->position);
      DAFTAR_RETURN_IF_ERROR(store_->ledgers().read_entries(
          ledger.id(), row->position, row->position, [&](const StoredEntry& entry) -> Status {
            DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
            if (header.refusal) add_refusal(reply, changeset.seq, header.refusal->reason);
            return {};
          }));
      continue;
    }
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<RefusalReason> refusal,
                            refusal_of(ledger, changeset, links[i], batch.device.key));
    const bool is_last = i + 1 == batch.changesets.size();
    DAFTAR_ASSIGN_OR_RETURN(
        const EntryHeader header,
        ledger.enter({batch.bytes[i], &changeset, links[i]}, {now, *directory_at_}, refusal,
                     is_last ? std::optional(batch.seal) : std::nullopt));
    touched_.insert(batch.ledger);
    if (is_national) {
      has_other_words_ = true;
      DAFTAR_RETURN_IF_ERROR(take_records(ledger, changeset.records));
    }
    add_place(reply, changeset.seq, header.position);
    if (refusal) add_refusal(reply, changeset.seq, *refusal);
  }
  return reply;
}

// Everything that turns a batch away is found before anything of it is entered. `known`: how many
// of its changesets the ledger has already.
Result<TurnedAway::Reason> Writer::check_batch(Ledger& ledger, const PushBatch& batch,
                                               std::vector<Hash>& links, size_t& known) {
  DAFTAR_ASSIGN_OR_RETURN(const bool is_recovering, this->is_recovering(ledger, batch.ledger));
  if (is_recovering && !is_planted(Defect::restored_hub_goes_on)) return TurnedAway::RECOVERING;
  // Who may write what is not known either, as long as `national` may lack entries.
  DAFTAR_ASSIGN_OR_RETURN(Ledger * national, open_national());
  DAFTAR_ASSIGN_OR_RETURN(const bool is_lacking, lacks_entries(*national, std::string(kNational)));
  DAFTAR_ASSIGN_OR_RETURN(const bool may_lack, store_->may_lack_national());
  if ((is_lacking || may_lack) && !is_planted(Defect::restored_hub_goes_on))
    return TurnedAway::RECOVERING;
  // The number may have gone back to its owner, or have been shut out, since the batch was queued.
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> device, store_->device(batch.device.number));
  if (!device || device->key != batch.device.key || device->is_revoked) {
    return TurnedAway::RECOVERING;
  }
  DAFTAR_ASSIGN_OR_RETURN(const TurnedAway::Reason chain, check_links(ledger, batch, links, known));
  if (chain != TurnedAway::UNSPECIFIED) return chain;
  DAFTAR_ASSIGN_OR_RETURN(const TurnedAway::Reason seal, check_seal(ledger, batch, links.back()));
  if (seal != TurnedAway::UNSPECIFIED) return seal;
  return check_changesets(ledger, batch, known);
}

Result<TurnedAway::Reason> Writer::check_links(Ledger& ledger, const PushBatch& batch,
                                               std::vector<Hash>& links, size_t& known) {
  const DeviceNumber device = batch.device.number;
  DAFTAR_ASSIGN_OR_RETURN(const ChainHead head, ledger.chain_head(device, device_keys()));
  const uint64_t first = batch.changesets.front().seq;
  if (first > head.seq + 1) return TurnedAway::CHAIN_BROKEN;
  Hash link = head.link;
  if (first == 1) {
    link = chain_start(batch.ledger, device, batch.device.key);
  } else if (first <= head.seq) {
    DAFTAR_ASSIGN_OR_RETURN(const auto before,
                            store_->ledgers().chain_row(ledger.id(), device, first - 1));
    if (!before) return TurnedAway::CHAIN_BROKEN;
    link = before->link;
  }
  for (size_t i = 0; i < batch.changesets.size(); ++i) {
    link = chain_next(link, batch.hashes[i]);
    links.push_back(link);
    const uint64_t seq = batch.changesets[i].seq;
    if (seq > head.seq) continue;
    DAFTAR_ASSIGN_OR_RETURN(const bool is_known, ledger.is_on_chain({device, seq, link}));
    if (!is_known && !is_planted(Defect::duplicate_without_link)) return TurnedAway::CHAIN_BROKEN;
    known = i + 1;
  }
  return TurnedAway::UNSPECIFIED;
}

Result<TurnedAway::Reason> Writer::check_seal(Ledger& ledger, const PushBatch& batch,
                                              const Hash& newest) {
  const Changeset& last = batch.changesets.back();
  if (!verify_seal(batch.device.key, batch.ledger, {last.device, last.seq, newest}, batch.seal)) {
    return TurnedAway::MALFORMED;
  }
  if (batch.seal.seen.size > ledger.state().position) return TurnedAway::HUB_BEHIND;
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Hash> root,
                          store_->ledgers().root_at(ledger.id(), batch.seal.seen.size));
  if (!root || *root != batch.seal.seen.root) return TurnedAway::OTHER_PAST;
  return TurnedAway::UNSPECIFIED;
}

Result<TurnedAway::Reason> Writer::check_changesets(Ledger& ledger, const PushBatch& batch,
                                                    size_t known) {
  for (size_t i = known; i < batch.changesets.size(); ++i) {
    const Changeset& changeset = batch.changesets[i];
    if (changeset.context.position > ledger.state().position) return TurnedAway::HUB_BEHIND;
    if (check_schema(changeset) == SchemaVerdict::unknown_field) return TurnedAway::SCHEMA_NEWER;
    // What was not said yet may be its authority.
    if (has_unsaid_ && !directory_.may_enter(changeset)) return TurnedAway::RECOVERING;
    if (changeset.continues) {
      DAFTAR_ASSIGN_OR_RETURN(const bool on_chain, ledger.is_on_chain(*changeset.continues));
      if (!on_chain) return TurnedAway::CHAIN_BROKEN;
    }
  }
  return TurnedAway::UNSPECIFIED;
}

Result<std::optional<RefusalReason>> Writer::refusal_of(Ledger& ledger, const Changeset& changeset,
                                                        const Hash& link,
                                                        const PublicKey& key) const {
  DAFTAR_ASSIGN_OR_RETURN(const bool is_known, ledger.has_work(changeset, link));
  if (is_known) return std::optional(RefusalReason::origin_entered);
  if (check_schema(changeset) == SchemaVerdict::wrong_type) {
    return std::optional(RefusalReason::wrong_type);
  }
  // Of a number that two devices had `national` may mean the other one.
  const auto said = directory_.devices().find(changeset.device);
  const bool is_others =
      said != directory_.devices().end() && said->second.key && *said->second.key != key;
  if (is_others || !directory_.may_enter(changeset)) {
    return std::optional(RefusalReason::no_authority);
  }
  return authority_ ? authority_(changeset, *directory_at_) : std::nullopt;
}

}  // namespace daftar::hub
