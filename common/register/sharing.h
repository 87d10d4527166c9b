// What a sector's ledger has to say so that it says what an administration's register says
// (SECTORS.md). Pure: records in, edits out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/ledger/changeset.h"
#include "common/ledger/hash.h"
#include "common/ledger/record_state.h"
#include "common/register/directory.h"
#include "common/register/register.h"

namespace daftar {

using Records = std::map<RecordKey, RecordState>;

/// A register at one moment: what the hub has confirmed, and nothing else.
struct ShareSource {
  std::string ledger;
  uint64_t size = 0;  ///< its entries
  Records records;    ///< deleted ones too
  Register reg;       ///< of these records: for what formulas give

  /// The indicators that name each sector, by its slug.
  [[nodiscard]] std::map<std::string, std::vector<RecordKey>> sectors() const;
};

/// Who shares, and what the directory says of him.
struct Sharer {
  DeviceNumber device = 0;
  UserNumber user = 0;
  Role role = Role::none;
  const Directory& directory;
};

/// The link of an entered changeset of the source; nothing for one that is not there.
using FindLink = std::function<Result<std::optional<Hash>>(DeviceNumber device, uint64_t seq)>;

struct Sharing {
  size_t values = 0;         ///< that the indicators have
  size_t changed = 0;        ///< indicators and values that the sector's ledger says otherwise
  size_t left = 0;           ///< indicators that are not there, and that the role may not add
  uint64_t shared_size = 0;  ///< of the source, as somebody of the party shared it last
  bool is_behind = false;    ///< the source here is smaller: nothing is to be written
  size_t new_records = 0;    ///< that wait for their numbers

  /// Of how much this is made, and records that come back; in a changeset before that of the other
  /// edits, because what is deleted and what is not stands alone for its record (FORMAT.md).
  std::vector<RecordEdits> first;
  std::vector<RecordEdits> edits;

  [[nodiscard]] bool is_empty() const { return first.empty() && edits.empty(); }
  /// Gives the new records the numbers from `next` on.
  void number(uint64_t next);
};

/// What is to be written in `sector` ("sector/health", which now says `there`) so that it says what
/// `indicators` of the source do.
Result<Sharing> plan_sharing(const ShareSource& source, const std::vector<RecordKey>& indicators,
                             const std::string& sector, const Records& there, const Sharer& sharer,
                             const FindLink& find_link);

}  // namespace daftar
