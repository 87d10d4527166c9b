#include "common/register/authority.h"

#include <algorithm>
#include <array>
#include <string>

#include "common/register/kinds.h"

namespace daftar {
namespace {

enum class LedgerKind { administration, national, sector, inspection };

struct NamedRole {
  Role role;
  std::string_view name;
};
constexpr NamedRole kRoles[] = {
#define DAFTAR_ROLE(enumerator, number, name) {Role::enumerator, name},
#define DAFTAR_MAY(role, ledger, kind)
#define DAFTAR_MAY_NOT(role, ledger, kind, field)
#define DAFTAR_MAY_FIELD(role, ledger, kind, field)
#include "common/register/authority.def"
#undef DAFTAR_ROLE
#undef DAFTAR_MAY
#undef DAFTAR_MAY_NOT
#undef DAFTAR_MAY_FIELD
};

struct Rule {
  Role role;
  LedgerKind ledger;
  KindNumber kind;
};
constexpr Rule kMay[] = {
#define DAFTAR_ROLE(enumerator, number, name)
#define DAFTAR_MAY(role, ledger, record) {Role::role, LedgerKind::ledger, kind::record},
#define DAFTAR_MAY_NOT(role, ledger, kind, field)
#define DAFTAR_MAY_FIELD(role, ledger, kind, field)
#include "common/register/authority.def"
#undef DAFTAR_MAY
#undef DAFTAR_MAY_NOT
#undef DAFTAR_MAY_FIELD
};

struct FieldRule {
  Role role;
  LedgerKind ledger;
  KindNumber kind;
  FieldNumber field;
};
constexpr FieldRule kMayNot[] = {
#define DAFTAR_ROLE(enumerator, number, name)
#define DAFTAR_MAY(role, ledger, kind)
#define DAFTAR_MAY_FIELD(role, ledger, kind, field)
#define DAFTAR_MAY_NOT(role, ledger, record, cell) \
  {Role::role, LedgerKind::ledger, kind::record, field::record##_##cell},
#include "common/register/authority.def"
#undef DAFTAR_MAY_NOT
#undef DAFTAR_MAY_FIELD
};
constexpr FieldRule kMayField[] = {
#define DAFTAR_MAY_NOT(role, ledger, kind, field)
#define DAFTAR_MAY_FIELD(role, ledger, record, cell) \
  {Role::role, LedgerKind::ledger, kind::record, field::record##_##cell},
#include "common/register/authority.def"
#undef DAFTAR_ROLE
#undef DAFTAR_MAY
#undef DAFTAR_MAY_NOT
#undef DAFTAR_MAY_FIELD
};

// In a sector's ledger, what else than the records that one's own party made: OMSAR says what
// indicators of several administrations are parts of, and everybody answers requests.
constexpr FieldRule kForOthers[] = {
    {Role::omsar_analyst, LedgerKind::sector, kind::indicator, field::indicator_parent},
    {Role::omsar_analyst, LedgerKind::sector, kind::indicator, field::indicator_weight},
    {Role::omsar_analyst, LedgerKind::sector, kind::request, field::request_answer},
    {Role::omsar_analyst, LedgerKind::sector, kind::request, field::request_answered_with},
    {Role::focal_point, LedgerKind::sector, kind::request, field::request_answer},
    {Role::focal_point, LedgerKind::sector, kind::request, field::request_answered_with},
    {Role::data_officer, LedgerKind::sector, kind::request, field::request_answer},
    {Role::data_officer, LedgerKind::sector, kind::request, field::request_answered_with},
};

std::optional<LedgerKind> kind_of_ledger(std::string_view name) {
  if (name == "national") return LedgerKind::national;
  if (name.starts_with("administration/")) return LedgerKind::administration;
  if (name.starts_with("sector/")) return LedgerKind::sector;
  if (name.starts_with("inspection/")) return LedgerKind::inspection;
  return std::nullopt;
}

constexpr size_t kLedgerKinds = 4;
constexpr FieldNumber kLastBit = 63;  // stands for all fields from there on

// The rules as one bit for each field, because the hub asks for each edit.
class Matrix {
 public:
  Matrix() {
    for (const Kind& kind : all_kinds()) kinds_ = std::max(kinds_, kind.number + 1);
    for (const NamedRole& role : kRoles) roles_ = std::max(roles_, index_of(role.role) + 1);
    fields_.resize(roles_ * kLedgerKinds * kinds_);
    // All fields, those too that a newer Daftar adds: whoever judges later must judge alike.
    for (const Rule& rule : kMay) at(rule.role, rule.ledger, rule.kind) = ~uint64_t{0};
    for (const FieldRule& rule : kMayNot) at(rule.role, rule.ledger, rule.kind) &= ~bit(rule.field);
    for (const FieldRule& rule : kMayField)
      at(rule.role, rule.ledger, rule.kind) |= bit(rule.field);
  }
  /// The fields that may be written, as bits; none of an unknown kind.
  [[nodiscard]] uint64_t fields(Role role, LedgerKind ledger, KindNumber kind) const {
    if (kind >= kinds_ || index_of(role) >= roles_) return 0;
    return fields_[place(role, ledger, kind)];
  }
  static uint64_t bit(FieldNumber field) { return uint64_t{1} << std::min(field, kLastBit); }

 private:
  static size_t index_of(Role role) { return static_cast<size_t>(role); }
  [[nodiscard]] size_t place(Role role, LedgerKind ledger, KindNumber kind) const {
    return (index_of(role) * kLedgerKinds + static_cast<size_t>(ledger)) * kinds_ + kind;
  }
  uint64_t& at(Role role, LedgerKind ledger, KindNumber kind) {
    return fields_[place(role, ledger, kind)];
  }

  size_t kinds_ = 0;
  size_t roles_ = 0;
  std::vector<uint64_t> fields_;
};

uint64_t fields_of(Role role, LedgerKind ledger, KindNumber kind) {
  static const Matrix kMatrix;
  return kMatrix.fields(role, ledger, kind);
}

}  // namespace

const std::vector<Role>& all_roles() {
  static const std::vector<Role> roles = [] {
    std::vector<Role> all;
    for (const NamedRole& one : kRoles) all.push_back(one.role);
    return all;
  }();
  return roles;
}

std::string_view role_name(Role role) {
  for (const NamedRole& one : kRoles) {
    if (one.role == role) return one.name;
  }
  return "none";
}

std::optional<Role> find_role(std::string_view name) {
  for (const NamedRole& one : kRoles) {
    if (one.name == name) return one.role;
  }
  return std::nullopt;
}

std::string role_names() {
  std::string names;
  for (const NamedRole& one : kRoles) names += (names.empty() ? "" : ", ") + std::string(one.name);
  return names;
}

Role role_of(uint64_t number) {
  for (const NamedRole& one : kRoles) {
    if (static_cast<uint64_t>(one.role) == number) return one.role;
  }
  return Role::none;
}

bool may_write(Role role, std::string_view ledger, KindNumber kind, FieldNumber field) {
  const std::optional<LedgerKind> in = kind_of_ledger(ledger);
  return in && (fields_of(role, *in, kind) & Matrix::bit(field)) != 0;
}

bool is_owners_alone(Role role, std::string_view ledger, KindNumber kind, FieldNumber field) {
  const std::optional<LedgerKind> in = kind_of_ledger(ledger);
  const bool is_for_others =
      std::any_of(std::begin(kForOthers), std::end(kForOthers), [&](const FieldRule& rule) {
        return rule.role == role && rule.kind == kind && rule.field == field;
      });
  return in == LedgerKind::sector && !is_for_others;
}

std::vector<Role> who_may_write(std::string_view ledger, KindNumber kind, FieldNumber field) {
  std::vector<Role> roles;
  for (const Role role : all_roles()) {
    if (may_write(role, ledger, kind, field)) roles.push_back(role);
  }
  return roles;
}

std::optional<DeniedCell> find_denied(Role role, std::string_view ledger,
                                      const std::vector<RecordEdits>& records) {
  const std::optional<LedgerKind> in = kind_of_ledger(ledger);
  for (const RecordEdits& record : records) {
    const uint64_t fields = in ? fields_of(role, *in, record.key.kind) : 0;
    for (const CellEdit& cell : record.cells) {
      if ((fields & Matrix::bit(cell.field)) == 0) {
        return DeniedCell{record.key.kind, cell.field};
      }
    }
  }
  return std::nullopt;
}

}  // namespace daftar
