// What a register says of an area and of an indicator, as typed values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

  [[nodiscard]] bool has_value() const { return number || is_yes; }
};
/// For programs: the number, "yes" or "no", or the word of why there is none.
std::string text_of(const Measured& measured);

struct Measurement {
  Period period;
  Measured value;
  uint64_t position = 0;     ///< of the entry that wrote it; above all others while pending
  bool is_computed = false;  ///< by the indicator's formula: no record says it
};

enum class Verdict : uint8_t { none, verified, corrected, queried, rejected };

struct Verification {
  Period period;
  Verdict verdict = Verdict::none;
  Measured value;            ///< Central Inspection's, where corrected
  bool is_computed = false;  ///< by the formula, from verified values
  bool has_word = false;     ///< a value, or why there is none, was said
  uint64_t position = 0;     ///< of the newest entry that wrote it

  /// What Central Inspection has put in the place of what was reported, if it has: a value, or why
  /// there is none.
  [[nodiscard]] const Measured* corrected() const {
    return verdict == Verdict::corrected && (value.has_value() || has_word) ? &value : nullptr;
  }
};
/// The word of a verdict; "" for none.
std::string_view word_of(Verdict verdict);

struct Target {
  Period period;
  Aim aim;
  uint64_t position = 0;  ///< of the entry that set it
};

/// What an indicator's formula gives in a period.
struct ComputedValue {
  Period period;
  Decimal reported;
  std::optional<Decimal> verified;  ///< from verified values; nothing where one was rejected
  uint64_t position = 0;            ///< of the newest entry that went in
};

/// Why an indicator's formula gives no value.
struct FormulaProblem {
  enum class Kind : uint8_t {
    wrong,      ///< it cannot be read: `text` is what is wrong in it
    unknown,    ///< `text` is the code of no indicator, or of several
    circle,     ///< it needs its own value
    undefined,  ///< in `period`: a division by zero, say
  };
  Kind kind;
  std::string text;
  std::optional<Period> period;
};

/// Of a definition: agreed when both sides have agreed to its newest version.
enum class DefinitionStanding : uint8_t { draft, agreed, retired };
std::string_view name_of(DefinitionStanding standing);

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
  size_t levels = 0;       ///< that an ordinal answer can have, 0 for the first; 0: nobody says
  bool is_linear = false;  ///< milestones
  bool is_sum = false;     ///< of its parts
  bool is_retired = false;
  std::vector<Period> breaks;        ///< first periods of the definition's versions after the first
  uint64_t definition_position = 0;  ///< of the entry that said the newest break; 0 for none
  std::vector<std::string> sdg;
  std::vector<std::string> sectors;
  std::string shared_from;            ///< in a sector's ledger: "administration/health#7.12"
  std::vector<FieldNumber> unfilled;  ///< required fields that say nothing
  uint64_t agreed_administration = 0;
  uint64_t agreed_inspection = 0;
  std::optional<Decimal> baseline;
  std::optional<Period> baseline_period;
  uint64_t baseline_position = 0;  ///< of the entry that wrote it
  std::vector<Target> targets;     ///< ascending by period, like the others
  std::vector<Measurement> measurements;
  std::vector<Verification> verifications;
  std::vector<ComputedValue> computed;  ///< by the formula, those that somebody entered too
  std::vector<FormulaProblem> formula_problems;

  [[nodiscard]] const Measurement* measurement(const Period& period) const;
  [[nodiscard]] const Target* target(const Period& period) const;
  [[nodiscard]] const Verification* verification(const Period& period) const;
  /// Whether what its formula needs is there for a period, and gives no number.
  [[nodiscard]] bool has_undefined_value(const Period& period) const;
  /// 1 for the first one.
  [[nodiscard]] uint64_t definition_version() const { return 1 + breaks.size(); }
  /// The definition's version in a period.
  [[nodiscard]] uint64_t definition_version_in(const Period& period) const;
  [[nodiscard]] DefinitionStanding standing() const;
};

enum class Scope : uint8_t { none, sectoral, organisational };

/// Money of an area, in millions of Lebanese pounds.
struct BudgetLine {
  Period period;
  std::optional<Decimal> allocated;
  std::optional<Decimal> spent;
};

/// What the budget lines of an area add up to.
struct Money {
  double allocated = 0;
  double spent = 0;
  size_t lines = 0;
};

/// A key performance area.
struct Area {
  RecordKey key;
  std::string code;
  Names names;
  Scope scope = Scope::none;
  std::optional<Decimal> weight;
  std::optional<uint64_t> order;
  std::vector<FieldNumber> unfilled;  ///< required fields that say nothing
  std::vector<BudgetLine> budget;

  /// Of the lines for this period; with none, of those for periods within it, else of those for
  /// periods that hold it.
  [[nodiscard]] Money money_in(const Period& period) const;
};

/// The key of what an indicator's record says for a period.
RecordKey record_of(const RecordKey& indicator, KindNumber kind, const Period& period);
/// A code as codes are compared: however its digits, and the letters A to Z, are typed; signs
/// tell codes apart.
std::string compared_code(std::string_view code);

/// Whether reports are about periods of its kind: years and half-years.
bool is_reporting_period(const Period& period);

/// The first name there is: in `language`, else Arabic, English, French.
const std::string& name_in(const Names& names, Language language);

}  // namespace daftar
