// The register of one ledger as typed values: what records say, ready for scores, checks and
// search. A pure function of records: whatever is unknown or of another type counts as not said.
//
// Made once from all records (take, then finish); after an edit update() takes the record again.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/decimal.h"
#include "common/base/messages.h"
#include "common/base/period.h"
#include "common/ledger/record_state.h"
#include "common/register/aim.h"
#include "common/register/direction.h"
#include "common/register/no_score.h"

namespace daftar {

/// What was measured: a number, yes or no, or why there is none (not_reported if nothing is said).
struct Measured {
  std::optional<Decimal> number;
  std::optional<bool> is_yes;
  NoScore missing = NoScore::none;
};

struct Measurement {
  Period period;
  Measured value;
  bool is_contended = false;
};

enum class Verdict : uint8_t { none, verified, corrected, queried, rejected };

struct Verification {
  Period period;
  Verdict verdict = Verdict::none;
  Measured value;  ///< Central Inspection's, where corrected
};

struct Target {
  Period period;
  Aim aim;
  bool is_contended = false;
};

enum class Frequency : uint8_t { none, annual, half_yearly, quarterly, monthly };

/// By language as in Language: English, Arabic, French; "" where there is none.
using Names = std::array<std::string, 3>;

struct Indicator {
  RecordKey key;
  std::string code;
  Names names;
  std::optional<RecordKey> parent;  ///< a kpa or an indicator
  Direction direction = Direction::none;
  Frequency frequency = Frequency::none;
  std::string unit;
  std::string formula;
  std::optional<Decimal> weight;
  std::optional<Decimal> tolerance;
  std::optional<Decimal> lowest;
  std::optional<Decimal> highest;
  std::optional<uint64_t> order;
  std::optional<uint64_t> decimals;
  bool is_linear = false;  ///< milestones
  bool is_sum = false;     ///< of its parts
  bool is_retired = false;
  std::vector<Period> breaks;  ///< first periods of the definition's versions after the first
  uint64_t agreed_administration = 0;
  uint64_t agreed_inspection = 0;
  std::optional<Decimal> baseline;
  std::optional<Period> baseline_period;
  std::vector<Target> targets;  ///< ascending by period, like the others
  std::vector<Measurement> measurements;
  std::vector<Verification> verifications;

  [[nodiscard]] const Measurement* measurement(const Period& period) const;
  [[nodiscard]] const Target* target(const Period& period) const;
  [[nodiscard]] const Verification* verification(const Period& period) const;
  /// 1 for the first one.
  [[nodiscard]] uint64_t definition_version() const { return 1 + breaks.size(); }
};

enum class Scope : uint8_t { none, sectoral, organisational };

/// A key performance area.
struct Area {
  RecordKey key;
  std::string code;
  Names names;
  Scope scope = Scope::none;
  std::optional<Decimal> weight;
  std::optional<uint64_t> order;
};

/// Whether reports are about periods of its kind: years and half-years.
bool is_reporting_period(const Period& period);

/// The first name there is: in `language`, else Arabic, English, French.
const std::string& name_in(const Names& names, Language language);

class Register {
 public:
  /// A record's visible state, in any order; deleted ones are forgotten.
  void take(const RecordKey& key, const RecordState& record);
  /// After the last take(): puts areas and indicators in the order of their codes (numbers in them
  /// by size), with an order that was given first.
  void finish();

  [[nodiscard]] const std::vector<Area>& areas() const { return areas_; }
  [[nodiscard]] const std::vector<Indicator>& indicators() const { return indicators_; }
  /// Nothing if there is none, or it is deleted.
  [[nodiscard]] std::optional<size_t> find_area(const RecordKey& key) const;
  [[nodiscard]] std::optional<size_t> find_indicator(const RecordKey& key) const;
  /// The newest year or half-year in which something was measured.
  [[nodiscard]] const std::optional<Period>& newest_period() const { return newest_period_; }
  /// Why what a check says of a record is right all the same; "" if nobody has said so.
  [[nodiscard]] std::string justification(std::string_view check, const RecordKey& record) const;
  /// Takes a changed baseline, target, measurement or verification again. False for any other
  /// record, and for one of an unknown indicator: then the register has to be made again.
  bool update(const RecordKey& key, const RecordState& record);

 private:
  struct Id {
    DeviceNumber device;
    uint64_t counter;
    friend bool operator==(const Id&, const Id&) = default;
  };
  struct IdHash {
    size_t operator()(const Id& id) const { return id.counter * 0x9E3779B97F4A7C15U + id.device; }
  };
  using Ids = std::unordered_map<Id, size_t, IdHash>;

  std::vector<Area> areas_;
  std::vector<Indicator> indicators_;
  Ids area_ids_;
  Ids indicator_ids_;
  /// Values that came before their indicator.
  std::vector<std::pair<RecordKey, RecordState>> early_;
  std::map<std::pair<std::string, RecordKey>, std::string>
      justifications_;  ///< by check and record
  std::optional<Period> newest_period_;
};

}  // namespace daftar
