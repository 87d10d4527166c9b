// What a target aims at: a number, yes or no, a range, or milestones; one cell, because its parts
// only mean something together. Pure functions over values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/decimal.h"
#include "common/base/period.h"
#include "common/base/status.h"
#include "common/ledger/value.h"

namespace daftar {

/// Both ends belong to it; one of them may be open. As people write it: "10..20", "..20", "10..".
struct Range {
  std::optional<Decimal> low;
  std::optional<Decimal> high;
  friend bool operator==(const Range&, const Range&) = default;
};

/// A step, and how much of the whole is done with it.
struct Milestone {
  Decimal percent;  ///< its share of the whole, 0 to 100
  Period due;       ///< one day
  std::string name;
  friend bool operator==(const Milestone&, const Milestone&) = default;
};

/// In the order in which they are to be reached. As people write them:
/// "40% 2026-03-31 Law drafted; 60% 2026-12-31 Law adopted".
using Milestones = std::vector<Milestone>;

/// Nothing stands for an empty value, and for one that is no aim.
using Aim = std::variant<std::monostate, Decimal, bool, Range, Milestones>;

/// Yes or no, in Arabic, French or English; nothing for anything else.
std::optional<bool> parse_yes_no(std::string_view typed);

Aim read_aim(const Value& value);
/// Code::invalid with what was expected.
Result<Value> parse_aim(std::string_view typed);
Value aim_value(const Range& range);
Value aim_value(const Milestones& milestones);
/// What parse_aim() reads back; "" for nothing.
std::string aim_text(const Aim& aim);

}  // namespace daftar
