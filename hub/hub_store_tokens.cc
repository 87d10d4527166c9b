// HubStore: enrolment tokens, by the hash of their secret.
#include <algorithm>
#include <utility>

#include "common/ledger/lines.h"
#include "hub/hub_store.h"

namespace daftar::hub {
namespace {

std::string_view key_bytes(const PublicKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

// Whether a user, if there is one, has another party already.
bool has_other_party(const std::vector<Device>& all, std::optional<UserNumber> user,
                     const std::string& party) {
  return user && !party.empty() && std::any_of(all.begin(), all.end(), [&](const Device& one) {
           return one.user == *user && !one.party.empty() && one.party != party;
         });
}

}  // namespace

Status HubStore::add_token(const Hash& secret, const TokenTerms& terms, uint64_t now_ms) {
  std::string ledgers;
  for (const std::string& ledger : terms.ledgers) {
    if (!is_ledger_name(ledger)) return {Code::invalid, Msg::ledger_name_bad, {ledger}};
    ledgers += ledger + "\n";
  }
  DAFTAR_RETURN_IF_ERROR(check_may_appoint(terms.user, terms.role));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<Device> all, devices());
  const bool is_known_user = std::any_of(all.begin(), all.end(),
                                         [&](const Device& one) { return one.user == terms.user; });
  // After a restore a device comes back with the user that it had, whom the backup may not know.
  if (terms.user && !terms.number && !is_known_user) {
    return {Code::not_found, Msg::user_unknown, {std::to_string(*terms.user)}};
  }
  if (has_other_party(all, terms.user, terms.party)) return {Code::refused, Msg::authority_party};
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(Statement old,
                          database_.prepare("DELETE FROM token WHERE ends_ms <= ?1"));
  DAFTAR_RETURN_IF_ERROR(old.bind(1, now_ms).run());
  DAFTAR_ASSIGN_OR_RETURN(
      Statement put,
      database_.prepare("INSERT INTO token VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, x'')"));
  DAFTAR_RETURN_IF_ERROR(put.bind_blob(1, hash_bytes(secret))
                             .bind(2, terms.ends_ms)
                             .bind(3, terms.user.value_or(0))
                             .bind(4, terms.number.value_or(0))
                             .bind_text(5, terms.label)
                             .bind(6, terms.holds_all ? 1 : 0)
                             .bind_text(7, ledgers)
                             .bind(8, static_cast<int>(terms.role))
                             .bind_text(9, terms.party)
                             .run());
  return transaction.commit();
}

// Code::refused unless the token is good, for this key.
Result<TokenTerms> HubStore::read_token(const Hash& secret, const PublicKey& key, uint64_t now_ms) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement query,
      database_.prepare("SELECT user, number, label, holds_all, ledgers, key, role, party "
                        "FROM token WHERE secret = ?1 AND ends_ms > ?2"));
  query.bind_blob(1, hash_bytes(secret)).bind(2, now_ms);
  DAFTAR_ASSIGN_OR_RETURN(const bool is_good, query.step());
  const bool is_others = is_good && !query.blob(5).empty() && query.blob(5) != key_bytes(key);
  if (!is_good || is_others) return Status(Code::refused, Msg::token_refused);
  TokenTerms terms;
  if (query.number(0) != 0) terms.user = query.number(0);
  if (query.number(1) != 0) terms.number = query.number(1);
  terms.role = role_of(query.number(6));
  terms.party = query.text(7);
  terms.label = query.text(2);
  terms.holds_all = query.integer(3) != 0;
  std::string_view ledgers = query.text(4);
  while (const auto line = take_line(ledgers)) terms.ledgers.emplace_back(*line);
  return terms;
}

// Whether whoever shows the token may have what it says.
Status HubStore::check_terms(const TokenTerms& terms, const std::optional<Device>& device,
                             DeviceNumber had, DeviceNumber follows) {
  if (device) DAFTAR_RETURN_IF_ERROR(check_not_revoked(*device));
  if (!device && had != 0 && terms.number != had) {
    return {Code::refused, Msg::token_without_number, {std::to_string(had)}};
  }
  // A number that is given back belongs to the key that it had: its entries are sealed with that.
  if (!device && terms.number && *terms.number != had) {
    return {Code::refused, Msg::token_other_number, {std::to_string(*terms.number)}};
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> before, this->device(follows));
  if (before && before->is_lost) {
    return {Code::refused, Msg::device_lost, {std::to_string(follows)}};
  }
  // What is made again keeps its author.
  if (before && before->user != 0 && terms.user != before->user) {
    return {Code::refused, Msg::token_other_user, {std::to_string(before->user)}};
  }
  // Another token may have said the user's party since this one was made.
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<Device> all, devices());
  const std::optional<UserNumber> user =
      device && !terms.user ? std::optional(device->user) : terms.user;
  if (has_other_party(all, user, terms.party)) return {Code::refused, Msg::authority_party};
  return {};
}

Result<Device> HubStore::redeem_token(const Hash& secret, const PublicKey& key, DeviceNumber had,
                                      DeviceNumber follows, uint64_t now_ms) {
  // Whoever shows a token that was made up does not make the database's writers wait.
  DAFTAR_RETURN_IF_ERROR(read_token(secret, key, now_ms).status());
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const TokenTerms terms, read_token(secret, key, now_ms));
  DAFTAR_ASSIGN_OR_RETURN(std::optional<Device> device, device_by_key(key));
  DAFTAR_RETURN_IF_ERROR(check_terms(terms, device, had, follows));
  DAFTAR_ASSIGN_OR_RETURN(Statement used,
                          database_.prepare("UPDATE token SET key = ?2 WHERE secret = ?1"));
  DAFTAR_RETURN_IF_ERROR(used.bind_blob(1, hash_bytes(secret)).bind_blob(2, key_bytes(key)).run());
  if (device) {
    DAFTAR_RETURN_IF_ERROR(
        open_to(*device, terms.holds_all, terms.ledgers, terms.user, terms.role));
    DAFTAR_RETURN_IF_ERROR(set_user(terms.user.value_or(device->user), Role::none, terms.party));
    DAFTAR_ASSIGN_OR_RETURN(device, this->device(device->number));
  } else {
    DAFTAR_ASSIGN_OR_RETURN(device, insert_device(key, terms));
  }
  DAFTAR_RETURN_IF_ERROR(transaction.commit());
  return *std::move(device);
}

Status HubStore::set_enrolment_port(int port) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement put,
      database_.prepare("INSERT OR REPLACE INTO setting VALUES('enrolment_port', ?1)"));
  return put.bind_text(1, std::to_string(port)).run();
}

Result<int> HubStore::enrolment_port() {
  constexpr int kUsual = 7444;
  DAFTAR_ASSIGN_OR_RETURN(
      Statement query,
      database_.prepare(
          "SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'enrolment_port'"));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query.step());
  return has_row ? static_cast<int>(query.integer(0)) : kUsual;
}

}  // namespace daftar::hub
