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

Result<Directory> read_directory(LedgerStore& store, LedgerId national) {
  Directory directory;
  DAFTAR_RETURN_IF_ERROR(
      store.read_records(national, "", [&](std::string_view key, std::string_view state) -> Status {
        DAFTAR_ASSIGN_OR_RETURN(const RecordKey record, RecordKey::from_bytes(key));
        DAFTAR_ASSIGN_OR_RETURN(const RecordState decoded, RecordState::decode(state));
        directory.take(record, decoded);
        return {};
      }));
  return directory;
}

Status check_by_directory(const Directory& directory, const Changeset& changeset) {
  const std::optional<NoAuthority> denied = directory.denies(changeset);
  if (denied == NoAuthority::owner) {
    return {Code::refused, Msg::authority_owner, {changeset.ledger}};
  }
  if (denied == NoAuthority::source) {
    return {Code::refused, Msg::authority_source, {changeset.ledger}};
  }
  if (denied == NoAuthority::appoints) return {Code::refused, Msg::authority_alone};
  if (denied == NoAuthority::party_again) return {Code::refused, Msg::authority_party};
  if (denied == NoAuthority::approval_again) return {Code::refused, Msg::authority_again};
  if (denied == NoAuthority::last_administrator) return {Code::refused, Msg::authority_last};
  return {};
}

}  // namespace daftar::client
