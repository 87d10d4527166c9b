// The register of one ledger as typed values: what records say, ready for scores, checks and
// search. A pure function of records: whatever is unknown or of another type counts as not said.
//
// Made once from all records (take, then finish); after an edit update() takes the record again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/register/formulas.h"
#include "common/register/indicator.h"

namespace daftar {

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
  /// The newest year and the newest half-year in which a live indicator was measured and that are
  /// over on a day; ascending, none to two of them.
  [[nodiscard]] std::vector<Period> newest_periods(const std::optional<Period::Date>& today) const;
  /// The records in which two values stand against each other, in key order.
  [[nodiscard]] const std::set<RecordKey>& contended() const { return contended_; }
  [[nodiscard]] const Formulas& formulas() const { return formulas_; }
  /// Why what a check says of a record is right all the same; "" if nobody has said so since the
  /// entry at `position`, which wrote what the check looked at.
  [[nodiscard]] std::string justification(std::string_view check, const RecordKey& record,
                                          uint64_t position) const;
  /// Gives the indicators with a code, else (or with kpa: before it) the areas, another weight, to
  /// see what it would do. False if there is none.
  bool try_weight(std::string_view code, const Decimal& weight);
  /// Takes a changed baseline, target, measurement or verification again. The indicators whose
  /// values changed with it: its own first, then those that are computed from it. Empty for any
  /// other record, and for one of an unknown indicator: then the register has to be made again.
  std::vector<size_t> update(const RecordKey& key, const RecordState& record);

 private:
  struct Id {
    DeviceNumber device;
    uint64_t counter;
    friend bool operator==(const Id&, const Id&) = default;
  };
  struct IdHash {
    size_t operator()(const Id& id) const { return id.counter * 0x9E3779B97F4A7C15U + id.device; }
  };
  void count_periods(const Indicator& indicator, bool is_added);

  using Ids = std::unordered_map<Id, size_t, IdHash>;

  std::vector<Area> areas_;
  std::vector<Indicator> indicators_;
  Formulas formulas_;
  Ids area_ids_;
  Ids indicator_ids_;
  std::vector<std::pair<RecordKey, BudgetLine>> budget_;  ///< by area, until finish()
  /// Values that came before their indicator.
  std::vector<std::pair<RecordKey, RecordState>> early_;
  struct Justification {
    std::string text;
    uint64_t position = 0;
  };
  /// By check and record; of several the newest.
  std::map<std::pair<std::string, RecordKey>, Justification> justifications_;
  std::set<RecordKey> contended_;
  std::map<Period, size_t> measured_;  ///< how many live indicators have a value in a period
};

}  // namespace daftar
