// Help with setting targets: where a target lies against what the indicator has done so far, and
// what others like it reach (SCORES.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/register/register.h"

namespace daftar {

/// A line through the values of one kind of period, years and half-years before others, since the
/// last break of the definition: the median of the slopes between all pairs (Theil 1950, Sen 1968),
/// so that one wrong value does not turn it. Of the newest kMostForTrend values.
struct Trend {
  double per_year = 0;
  double level = 0;  ///< of the line in year 0
  size_t values = 0;
  Period since;
  Period until;
  double newest = 0;  ///< the value of `until`

  /// On the last day of a period.
  [[nodiscard]] double at(const Period& period) const;
};
constexpr size_t kFewestForTrend = 3;
constexpr size_t kMostForTrend = 20;

/// Nothing with fewer than kFewestForTrend values.
std::optional<Trend> find_trend(const Indicator& indicator);

/// Where a target lies; the end of a message's id: place.WORD.
enum class TargetPlace : uint8_t {
  unknown,    ///< too few values for a trend
  reached,    ///< the newest value is as good already
  within,     ///< the trend leads there, or farther
  ambitious,  ///< it takes up to twice the trend
  beyond,     ///< it takes more than twice the trend
  against,    ///< the trend leads away from it, or nowhere
};
std::string_view name_of(TargetPlace place);

/// For indicators whose numbers are to rise or to fall, and a target that is a number; unknown for
/// others, and for a target that is over before the newest value.
TargetPlace place_target(const Indicator& indicator, const Target& target);

/// What the peers of an indicator have: live ones beside it, or if those are fewer than
/// kFewestPeers all, that have its unit and direction; in the newest period that it was measured
/// in.
struct PeerSpread {
  Period period;
  size_t count = 0;
  double least = 0;
  double lower_quartile = 0;
  double upper_quartile = 0;
  double most = 0;
};
constexpr size_t kFewestPeers = 3;

class Peers {
 public:
  explicit Peers(const Register& reg);
  /// Nothing with fewer than kFewestPeers of them.
  [[nodiscard]] std::optional<PeerSpread> spread(size_t indicator) const;

 private:
  /// Unit, direction, whether only those beside it count, their parent then, and period.
  using Kind = std::tuple<std::string, Direction, bool, std::optional<RecordKey>, Period>;
  [[nodiscard]] Kind kind_of(size_t indicator, bool only_beside, const Period& period) const;

  const Register& reg_;
  std::vector<std::string> units_;              ///< normal, by indicator
  std::map<Kind, std::vector<double>> values_;  ///< ascending
};

}  // namespace daftar
