// Writer: the directory by which it judges, and what it says there.
#include <algorithm>
#include <utility>

#include "hub/national.h"
#include "hub/writer.h"

namespace daftar::hub {

// `national`, with the directory as it is there.
Result<Ledger*> Writer::open_national() {
  DAFTAR_ASSIGN_OR_RETURN(Ledger * national, open_ledger(std::string(kNational)));
  if (national == nullptr) return Status(Code::corrupt, Msg::hub_no_national);
  if (directory_at_ == national->state().position) return national;
  if (!national->is_materialised()) DAFTAR_RETURN_IF_ERROR(national->materialise());
  directory_ = {};
  DAFTAR_RETURN_IF_ERROR(store_->ledgers().read_records(
      national->id(), "", [&](std::string_view key, std::string_view state) -> Status {
        DAFTAR_ASSIGN_OR_RETURN(const RecordKey record, RecordKey::from_bytes(key));
        DAFTAR_ASSIGN_OR_RETURN(const RecordState decoded, RecordState::decode(state));
        directory_.take(record, decoded);
        return {};
      }));
  directory_at_ = national->state().position;
  return national;
}

// The tables follow what others have said. What comes back frame by frame counts when it is whole:
// on the way it may shut out who gives it back.
Status Writer::follow_national() {
  if (!has_other_words_) return {};
  DAFTAR_ASSIGN_OR_RETURN(const Ledger* national, open_national());
  if (national->published() > national->state().position) {
    DAFTAR_ASSIGN_OR_RETURN(const auto awaited, store_->awaited(std::string(kNational)));
    // Nobody who is known here has the rest of it.
    const bool is_with_others = !awaited || awaited->empty();
    return is_with_others ? store_->add_named(directory_) : Status();
  }
  DAFTAR_ASSIGN_OR_RETURN(const bool is_restored, store_->is_any_awaiting());
  DAFTAR_RETURN_IF_ERROR(store_->take_directory(directory_, has_come_back_ || is_restored));
  has_other_words_ = has_come_back_ = false;
  return {};
}

// After a changeset was entered there.
Status Writer::take_records(Ledger& national, const std::vector<RecordEdits>& records) {
  DAFTAR_RETURN_IF_ERROR(national.materialise());
  for (const RecordEdits& record : records) {
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> state,
                            store_->ledgers().record(national.id(), record.key.bytes()));
    if (!state) continue;
    DAFTAR_ASSIGN_OR_RETURN(const RecordState decoded, RecordState::decode(*state));
    directory_.take(record.key, decoded);
  }
  directory_at_ = national.state().position;
  return {};
}

// Says in `national` what became of devices since the last round, before anything is judged by it.
Status Writer::say_due() {
  has_unsaid_ = false;
  DAFTAR_ASSIGN_OR_RETURN(const auto due, store_->due());
  if (due.empty()) return {};
  DAFTAR_ASSIGN_OR_RETURN(Ledger * national, open_national());
  // Whatever is said now would take the places of what is missing.
  DAFTAR_ASSIGN_OR_RETURN(const bool is_recovering,
                          this->is_recovering(*national, std::string(kNational)));
  DAFTAR_ASSIGN_OR_RETURN(const bool is_restored, store_->is_any_awaiting());
  has_unsaid_ = is_recovering || is_restored;
  if (has_unsaid_) return {};
  std::vector<Device> devices;
  for (const auto& [number, opened] : due) {
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> device, store_->device(number));
    if (device) devices.push_back(*device);
  }
  // Administrators last: they end the founding, in which the other roles were given.
  std::stable_partition(devices.begin(), devices.end(), [](const Device& device) {
    return device.role != Role::omsar_administrator;
  });
  for (const Device& device : devices) {
    DAFTAR_RETURN_IF_ERROR(
        say(*national, national_edits(device, due.at(device.number), directory_)));
  }
  DAFTAR_RETURN_IF_ERROR(store_->clear_due());
  return store_->take_directory(directory_, false);
}

Status Writer::say(Ledger& national, std::vector<RecordEdits> edits) {
  if (edits.empty()) return {};
  Changeset changeset;
  changeset.records = std::move(edits);
  DAFTAR_ASSIGN_OR_RETURN(const HubIdentity identity, store_->identity());
  DAFTAR_ASSIGN_OR_RETURN(const ChainHead head, national.chain_head(kHubDevice, device_keys()));
  const TreeHead before = national.tree_head();
  changeset.ledger = kNational;
  changeset.device = kHubDevice;
  changeset.seq = head.seq + 1;
  changeset.context = {before.size, head.seq, {}};
  changeset.time_ms = clock_.wall_ms();
  DAFTAR_ASSIGN_OR_RETURN(const std::string bytes, encode_changeset(changeset));
  const ChainPoint point{kHubDevice, changeset.seq, chain_next(head.link, bytes)};
  const Seal seal = make_seal(identity.key, kNational, point, before);
  DAFTAR_RETURN_IF_ERROR(national
                             .enter({bytes, &changeset, point.link},
                                    {changeset.time_ms, before.size}, std::nullopt, seal)
                             .status());
  touched_.insert(std::string(kNational));
  return take_records(national, changeset.records);
}

}  // namespace daftar::hub
