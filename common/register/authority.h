// Who may write which field: authority.def as a function, which the hub asks of each changeset and
// the device before it saves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ledger/changeset.h"

namespace daftar {

enum class Role : uint8_t {
  none = 0,  ///< may write nothing
#define DAFTAR_ROLE(enumerator, number, name) enumerator = (number),
#define DAFTAR_MAY(role, ledger, kind)
#define DAFTAR_MAY_NOT(role, ledger, kind, field)
#define DAFTAR_MAY_FIELD(role, ledger, kind, field)
#include "common/register/authority.def"
#undef DAFTAR_ROLE
#undef DAFTAR_MAY
#undef DAFTAR_MAY_NOT
#undef DAFTAR_MAY_FIELD
};

/// Ascending, without `none`.
const std::vector<Role>& all_roles();
/// "focal-point"; "none".
std::string_view role_name(Role role);
std::optional<Role> find_role(std::string_view name);
/// All of them, "data-officer, focal-point, …".
std::string role_names();
/// Role::none for a number that is none: of a newer Daftar, say.
Role role_of(uint64_t number);

/// Whether a person with that role may write that field in that ledger.
bool may_write(Role role, std::string_view ledger, KindNumber kind, FieldNumber field);
/// The roles that may, ascending.
std::vector<Role> who_may_write(std::string_view ledger, KindNumber kind, FieldNumber field);

/// Whether only the party that made the record may write that field in it, however many roles may.
bool is_owners_alone(Role role, std::string_view ledger, KindNumber kind, FieldNumber field);

struct DeniedCell {
  KindNumber kind = 0;
  FieldNumber field = 0;
};
/// The first cell among the edits that the role may not write; nothing if it may write them all.
std::optional<DeniedCell> find_denied(Role role, std::string_view ledger,
                                      const std::vector<RecordEdits>& records);

}  // namespace daftar
