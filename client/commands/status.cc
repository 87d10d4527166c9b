// daftar status, daftar held.
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/authority.h"
#include "client/commands/shared.h"
#include "common/base/report.h"
#include "common/ledger/checkpoint.h"

namespace daftar::client {
namespace {

// What `status` says of a ledger, for people.
void print_ledger(const nlohmann::json& line) {
  const auto number = [&](const char* name) { return std::to_string(line[name].get<uint64_t>()); };
  std::cout << line["ledger"].get<std::string>() << "\n  ";
  say(Msg::status_confirmed, {number("size"), line["root"].get<std::string>().substr(0, 16),
                              line["digest"].get<std::string>().substr(0, 16)});
  std::cout << "  ";
  say(Msg::status_open,
      {number("waiting"), number("entered"), number("held"), number("contended")});
  if (line["forked"] != 0) {
    std::cout << "  ";
    say(Msg::status_forked, {number("forked")});
  }
  if (line.contains("cosigned")) {
    std::cout << "  ";
    say(Msg::status_cosigned, {number("cosigned")});
  }
  if (line.contains("context")) {
    std::cout << "  ";
    say(Msg::status_context, {line["context"].get<std::string>()});
  }
}

// Who might write what was refused for want of authority, or what else stood against it, as far as
// this device knows.
Result<std::string> why_refused(ClientStore& store, const LedgerInfo& ledger, Role role,
                                const Changeset& changeset, const std::optional<Denial>& denial) {
  if (denial) {
    return text_of(Msg::held_who, {std::string(role_name(role)), denial->field, denial->who});
  }
  if (ledger.name == kNational || ledger.name.starts_with("sector/")) {
    DAFTAR_ASSIGN_OR_RETURN(const auto directory, store.directory_here());
    // Without the directory nobody here can tell whose the records are.
    const Status unknown = ledger.name == kNational
                               ? Status()
                               : Status(Code::refused, Msg::authority_owner, {ledger.name});
    const Status against = directory ? check_by_directory(*directory, changeset) : unknown;
    if (!against.ok()) return against.text(language_of_environment());
  }
  return text_of(Msg::held_may_now, {std::to_string(changeset.seq)});
}

}  // namespace

Status run_status(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  const Result<Identity> identity = store->identity();
  DAFTAR_ASSIGN_OR_RETURN(const PublicKey key, store->public_key());
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> ledgers, store->held_ledgers());
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> last_sync,
                          store->setting("last_sync_ms"));
  nlohmann::json object = {{"folder", session.folder}, {"ledgers", nlohmann::json::array()}};
  if (identity.ok()) {
    object["key"] = key_text(key);
    DAFTAR_ASSIGN_OR_RETURN(object["key_sealed"], store->is_key_sealed());
    object["device"] = identity->device;
    object["user"] = identity->user;
    object["role"] = role_name(identity->role);
    object["hub"] = identity->hub_address;
  }
  if (last_sync) {
    DAFTAR_ASSIGN_OR_RETURN(const uint64_t at, parse_setting("last_sync_ms", *last_sync));
    object["last_sync"] = time_text(at);
  }
  for (const LedgerInfo& ledger : ledgers) {
    DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<RecordKey> contended, view.contended());
    DAFTAR_ASSIGN_OR_RETURN(const auto open,
                            Ledger::open(store->ledgers(), ledger.id, ledger.name));
    DAFTAR_ASSIGN_OR_RETURN(const Hash digest, open->digest());
    nlohmann::json line = {{"ledger", ledger.name},
                           {"size", ledger.verified.size},
                           {"root", to_hex(ledger.verified.root)},
                           {"digest", to_hex(digest)},
                           {"waiting", ledger.waiting},
                           {"entered", ledger.entered},
                           {"held", ledger.held},
                           {"forked", ledger.forked},
                           {"contended", contended.size()}};
    DAFTAR_ASSIGN_OR_RETURN(const std::string cosigned, store->cosigned(ledger.id));
    if (!cosigned.empty()) line["cosigned"] = checkpoint_size(cosigned);
    if (identity.ok()) {
      DAFTAR_ASSIGN_OR_RETURN(const Context context, store->current_context(ledger.id));
      line["context"] = context_text(context);
    }
    object["ledgers"].push_back(std::move(line));
  }
  if (session.as_json) {
    print_json(object);
    return {};
  }
  if (identity.ok()) {
    say(Msg::status_device, {std::to_string(identity->device), std::to_string(identity->user),
                             identity->hub_address, std::string(role_name(identity->role))});
    say(Msg::public_key, {key_text(key)});
  } else {
    std::cout << identity.status().text(language_of_environment()) << '\n';
  }
  say(last_sync ? Msg::status_last_sync : Msg::status_never_synced,
      {last_sync ? object["last_sync"].get<std::string>() : ""});
  for (const nlohmann::json& line : object["ledgers"]) {
    print_ledger(line);
  }
  return {};
}

Status run_held(const Session& session, const HeldOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  if (options.reapply != 0) {
    DAFTAR_ASSIGN_OR_RETURN(const std::string message, parse_message(options.message));
    DAFTAR_ASSIGN_OR_RETURN(const uint64_t seq, store->reapply(ledger.id, options.reapply, message,
                                                               session.clock->wall_ms()));
    if (session.as_json)
      print_json({{"reapplied", options.reapply}, {"seq", seq}});
    else
      say(Msg::held_reapplied, {std::to_string(options.reapply), std::to_string(seq)});
    return {};
  }
  if (options.discard != 0) {
    DAFTAR_RETURN_IF_ERROR(store->discard(ledger.id, options.discard));
    if (session.as_json)
      print_json({{"discarded", options.discard}});
    else
      say(Msg::held_discarded, {std::to_string(options.discard)});
    return {};
  }
  DAFTAR_ASSIGN_OR_RETURN(const Identity identity, store->identity());
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<PendingChangeset> pending, store->pending(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  nlohmann::json list = nlohmann::json::array();
  for (const PendingChangeset& one : pending) {
    const bool is_listed =
        one.state == PendingState::held || (options.all && (one.state == PendingState::discarded ||
                                                            one.state == PendingState::reapplied));
    if (!is_listed) continue;
    DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(one.bytes));
    nlohmann::json object = {{"seq", one.seq},
                             {"device", one.device},
                             {"state", pending_name(one.state)},
                             {"reason", reason_name(*one.reason)},
                             {"message", changeset.message},
                             {"edits", nlohmann::json::array()}};
    for (const RecordEdits& record : changeset.records) {
      for (const CellEdit& cell : record.cells) {
        object["edits"].push_back({{"record", record_name(view, record.key)},
                                   {"field", field_name(record.key.kind, cell.field)},
                                   {"value", value_json(cell.value)}});
      }
    }
    std::string why;
    if (one.reason == RefusalReason::no_authority) {
      const std::optional<Denial> denial =
          find_denial(identity.role, ledger.name, changeset.records);
      if (denial) object["who_may"] = denial->who;
      DAFTAR_ASSIGN_OR_RETURN(why, why_refused(*store, ledger, identity.role, changeset, denial));
    }
    if (!session.as_json) {
      say(Msg::held_line, {std::to_string(one.seq), text_of(pending_message(one.state)),
                           text_of(reason_message(*one.reason)), changeset.message});
      if (!why.empty()) std::cout << "    " << why << '\n';
      for (const nlohmann::json& edit : object["edits"]) {
        std::cout << "    " << edit["record"].get<std::string>() << " "
                  << edit["field"].get<std::string>() << " = " << edit["value"] << '\n';
      }
    }
    list.push_back(std::move(object));
  }
  if (session.as_json)
    print_json(list);
  else if (list.empty())
    say(Msg::held_none, {ledger.name});
  return {};
}

}  // namespace daftar::client
