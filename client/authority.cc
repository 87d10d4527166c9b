#include "client/authority.h"

#include "common/register/kinds.h"

namespace daftar::client {

std::optional<Denial> find_denial(Role role, const std::string& ledger,
                                  const std::vector<RecordEdits>& records) {
  const std::optional<DeniedCell> denied = find_denied(role, ledger, records);
  if (!denied) return std::nullopt;
  const Kind* kind = find_kind(denied->kind);
  const Field* field = kind == nullptr ? nullptr : kind->find(denied->field);
  Denial denial;
  denial.kind = kind == nullptr ? std::to_string(denied->kind) : std::string(kind->name);
  denial.field = field == nullptr ? "deleted" : std::string(field->name);
  for (const Role other : who_may_write(ledger, denied->kind, denied->field)) {
    denial.who += (denial.who.empty() ? "" : ", ") + std::string(role_name(other));
  }
  if (denial.who.empty()) denial.who = "–";
  return denial;
}

Status check_authority(Role role, const std::string& ledger,
                       const std::vector<RecordEdits>& records) {
  const std::optional<Denial> denial = find_denial(role, ledger, records);
  if (!denial) return {};
  return {Code::refused,
          Msg::authority_denied,
          {std::string(role_name(role)), denial->kind, denial->field, ledger, denial->who}};
}

}  // namespace daftar::client
