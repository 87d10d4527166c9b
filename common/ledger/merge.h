// The merge rule (FORMAT.md §6): pure functions, run alike by hub, client and auditor.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "common/ledger/entry.h"
#include "common/ledger/record_state.h"

namespace daftar {

/// For a device that follows another one: where it took over.
using Continuations = std::map<DeviceNumber, ChainPoint>;

/// Which versions a changeset's author had looked at.
class Seen {
 public:
  /// `link_matched`: whether the hub found the foreign context's link on that device's chain.
  Seen(const Changeset& changeset, bool link_matched, const Continuations& continuations);

  [[nodiscard]] bool covers(const Version& version) const;

 private:
  uint64_t position_;
  std::vector<std::pair<DeviceNumber, uint64_t>> devices_;
};

/// Judges the edits of one record against `record`, applies them, and appends an outcome for each
/// to `outcomes`. `stamp`: position, device and seq that the new versions carry; its value is
/// unused.
void merge_record(RecordState& record, const RecordEdits& edits, const Seen& seen,
                  const Version& stamp, std::vector<Outcome>& outcomes);

}  // namespace daftar
