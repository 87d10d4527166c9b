// daftar audit, receipt, verify: that nobody rewrote the past, shown and checked.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "client/audit.h"
#include "client/commands/shared.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/merkle.h"
#include "common/ledger/receipt.h"
#include "common/register/kinds.h"
#include "common/store/files.h"

namespace daftar::client {
namespace {

constexpr size_t kShownOfHash = 16;

// What is audited or verified may be evidence: nothing is written in it.
Result<std::unique_ptr<ClientStore>> open_to_read(const Session& session) {
  return ClientStore::open(session.folder, Database::Access::read_only);
}

// A key that was given, else that of the hub which this folder knows; `store` is null if there is
// no folder.
Result<PublicKey> choose_hub_key(ClientStore* store, const std::string& given) {
  if (!given.empty()) return parse_key(given);
  if (store == nullptr) return Status(Code::invalid, Msg::hub_key_needed);
  const Result<Identity> identity = store->identity();
  if (identity.ok()) return identity->hub_key;
  const bool is_missing = identity.status().code() == Code::not_found;
  return is_missing ? Status(Code::invalid, Msg::hub_key_needed) : identity.status();
}

// The folder's store; null if there is no folder.
Result<std::unique_ptr<ClientStore>> open_if_there(const Session& session) {
  auto store = open_to_read(session);
  if (!store.ok() && store.status().code() == Code::not_found) {
    return std::unique_ptr<ClientStore>();
  }
  return store;
}

// ---- audit

nlohmann::json audit_json(const AuditReport& report) {
  const AuditCounts& counts = report.counts;
  nlohmann::json object = {{"ledger", report.ledger},
                           {"entries", counts.entries},
                           {"refused", counts.refused},
                           {"edits", counts.edits},
                           {"seals", counts.seals},
                           {"devices", counts.devices},
                           {"checkpoints", counts.checkpoints},
                           {"judged", report.judged},
                           {"good", report.verdict.ok()}};
  if (report.verdict.ok()) {
    object["root"] = to_hex(report.head.root);
    object["digest"] = to_hex(report.digest);
  } else {
    object["rule"] = message_id(report.verdict.message());
    object["why"] = report.verdict.text();
    if (report.wrong_entry > 0) object["wrong_entry"] = report.wrong_entry;
  }
  return object;
}

void say_audit(const AuditReport& report) {
  const AuditCounts& counts = report.counts;
  say(Msg::audit_checked,
      {report.ledger, std::to_string(counts.entries), std::to_string(counts.edits),
       std::to_string(counts.refused), std::to_string(counts.devices), std::to_string(counts.seals),
       std::to_string(counts.checkpoints)});
  if (counts.entries > 0) {
    std::cout << "  ";
    say(Msg::audit_judged,
        {std::to_string(report.judged), std::to_string(counts.entries - counts.refused)});
  }
  std::cout << "  ";
  if (report.verdict.ok() && counts.entries == 0) {
    say(Msg::audit_nothing, {});
    return;
  }
  if (report.verdict.ok()) {
    say(Msg::audit_good, {to_hex(report.head.root).substr(0, kShownOfHash),
                          to_hex(report.digest).substr(0, kShownOfHash)});
    return;
  }
  const std::string rule(message_id(report.verdict.message()));
  if (report.wrong_entry > 0) {
    say(Msg::audit_wrong_entry, {std::to_string(report.wrong_entry), rule});
  } else {
    say(Msg::audit_wrong, {rule});
  }
  // Those of sync speak of a batch that was not taken: here the rule says it.
  if (!rule.starts_with("entry.")) {
    std::cout << "  " << text_of(report.verdict.message(), report.verdict.arguments()) << '\n';
  }
}

Result<std::vector<AuditReport>> audit_folder(const Session& session,
                                              const std::vector<std::string>& names) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_to_read(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(std::vector<LedgerInfo> ledgers, store->held_ledgers());
  if (ledgers.empty()) {
    DAFTAR_RETURN_IF_ERROR(store->identity().status());
    return Status(Code::not_found, Msg::ledger_none, {session.folder});
  }
  for (const std::string& name : names) {
    const bool is_held = std::any_of(ledgers.begin(), ledgers.end(),
                                     [&](const LedgerInfo& one) { return one.name == name; });
    if (!is_held) return Status(Code::not_found, Msg::ledger_missing, {name});
  }
  std::vector<AuditReport> reports;
  for (const LedgerInfo& ledger : ledgers) {
    if (!names.empty() && std::find(names.begin(), names.end(), ledger.name) == names.end()) {
      continue;
    }
    Result<AuditReport> report = audit_ledger(*store, ledger);
    if (!report.ok()) {
      // A ledger that is damaged says nothing about the others.
      if (report.status().code() != Code::corrupt) return report.status();
      report = AuditReport{ledger.name, {}, {}, {}, report.status(), 0};
    }
    reports.push_back(*std::move(report));
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::set<std::string> listed, store->listed_ledgers());
  for (const std::string& name : listed) {
    const bool is_held = std::any_of(ledgers.begin(), ledgers.end(),
                                     [&](const LedgerInfo& one) { return one.name == name; });
    if (is_held || !names.empty()) continue;
    reports.push_back({name, {}, {}, {}, Status(Code::corrupt, Msg::audit_ledger_gone, {name}), 0});
  }
  return reports;
}

// ---- receipts

// The entry that a receipt is of.
struct Proved {
  uint64_t position = 0;
  bool has_pending = false;  ///< work on the record that is not confirmed
};

// The entry of the confirmed value of a field, or the newest one that wrote the record.
Result<Proved> find_entry(View& view, const ReceiptOptions& options) {
  if (options.position > 0) return Proved{options.position, false};
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, options.record));
  DAFTAR_ASSIGN_OR_RETURN(const RecordState confirmed,
                          view.record_as_of(key, view.confirmed_position()));
  DAFTAR_ASSIGN_OR_RETURN(const RecordState visible, view.record(key));
  Proved proved{confirmed.newest_position(), confirmed != visible};
  if (!options.field.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const FieldNumber field, parse_field(key.kind, options.field));
    const Cell* cell = confirmed.find(field);
    const Version* current = cell == nullptr ? nullptr : cell->current();
    proved.position = current == nullptr ? 0 : current->position;
  }
  if (proved.position > 0) return proved;
  const Msg why = visible.cells.empty() ? Msg::record_empty : Msg::receipt_not_confirmed;
  return Status(Code::not_found, why, {options.record});
}

Result<std::string> make_receipt(ClientStore& store, const LedgerInfo& ledger, uint64_t position) {
  DAFTAR_ASSIGN_OR_RETURN(std::string note, store.checkpoint(ledger.id));
  if (note.empty()) return Status(Code::not_found, Msg::export_no_checkpoint, {ledger.name});
  if (position == 0 || position > ledger.verified.size) {
    return Status(Code::not_found, Msg::receipt_no_entry,
                  {ledger.name, std::to_string(position), std::to_string(ledger.verified.size)});
  }
  // One that was cosigned proves more than the newest.
  DAFTAR_ASSIGN_OR_RETURN(const std::string cosigned, store.cosigned(ledger.id));
  if (!cosigned.empty() && checkpoint_size(cosigned) >= position) note = cosigned;
  const uint64_t size = checkpoint_size(note);
  std::vector<Hash> leaves;
  std::string header;
  std::string changeset;
  DAFTAR_RETURN_IF_ERROR(
      store.ledgers().read_entries(ledger.id, 1, size, [&](const StoredEntry& entry) -> Status {
        leaves.push_back(leaf_hash(entry.header, entry.changeset));
        if (entry.position == position) {
          header = entry.header;
          changeset = entry.changeset;
        }
        return {};
      }));
  if (leaves.size() != size) {
    return Status(Code::corrupt, Msg::audit_state_wrong, {ledger.name});
  }
  ReceiptParts parts{header, changeset, position, {}, note};
  parts.inclusion =
      inclusion_proof([&](uint64_t index) { return leaves[index]; }, position - 1, size);
  return encode_receipt(parts);
}

std::string default_path(const LedgerInfo& ledger, uint64_t position) {
  return ledger.name.substr(ledger.name.rfind('/') + 1) + "-" + std::to_string(position) +
         ".tlog-proof";
}

nlohmann::json receipt_json(const Receipt& receipt) {
  nlohmann::json object = {{"code", receipt.code},
                           {"hub", receipt.hub},
                           {"ledger", receipt.ledger},
                           {"position", receipt.header.position},
                           {"size", receipt.head.size},
                           {"root", to_hex(receipt.head.root)},
                           {"received", time_text(receipt.header.time_ms)}};
  if (receipt.header.refusal) {
    const Refusal& refusal = *receipt.header.refusal;
    object["device"] = refusal.device;
    object["seq"] = refusal.seq;
    object["refused"] = reason_name(refusal.reason);
    return object;
  }
  const Changeset& changeset = *receipt.changeset;
  object["device"] = changeset.device;
  object["seq"] = changeset.seq;
  object["author"] = changeset.author;
  object["saved"] = time_text(changeset.time_ms);
  object["message"] = changeset.message;
  size_t index = 0;
  for (const RecordEdits& record : changeset.records) {
    for (const CellEdit& cell : record.cells) {
      object["edits"].push_back({{"record", record_name(record.key)},
                                 {"field", field_name(record.key.kind, cell.field)},
                                 {"value", value_json(cell.value)},
                                 {"outcome", outcome_name(outcome_of(receipt.header, index++))}});
    }
  }
  return object;
}

void say_receipt(const Receipt& receipt) {
  say(Msg::receipt_good, {receipt.code});
  say(Msg::receipt_place, {receipt.ledger, receipt.hub, std::to_string(receipt.header.position),
                           std::to_string(receipt.head.size), time_text(receipt.header.time_ms)});
  if (receipt.header.refusal) {
    const Refusal& refusal = *receipt.header.refusal;
    say(Msg::receipt_refused, {std::to_string(refusal.device), std::to_string(refusal.seq),
                               text_of(reason_message(refusal.reason))});
    return;
  }
  const Changeset& changeset = *receipt.changeset;
  say(Msg::receipt_author, {std::to_string(changeset.author), std::to_string(changeset.device),
                            std::to_string(changeset.seq), time_text(changeset.time_ms)});
  if (!changeset.message.empty()) std::cout << "  «" << one_line(changeset.message) << "»\n";
  size_t index = 0;
  for (const RecordEdits& record : changeset.records) {
    for (const CellEdit& cell : record.cells) {
      const Msg outcome = outcome_message(outcome_of(receipt.header, index++));
      std::cout << "  " << kind_text(record.key.kind) << ' ' << record_name(record.key) << "  "
                << field_name(record.key.kind, cell.field) << " = "
                << one_line(value_text(cell.value)) << "  (" << text_of(outcome) << ")\n";
    }
  }
}

}  // namespace

Status run_audit(const Session& session, const AuditOptions& options) {
  std::vector<AuditReport> reports;
  if (options.entries.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(reports, audit_folder(session, options.ledgers));
  } else {
    DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<ClientStore> store, open_if_there(session));
    DAFTAR_ASSIGN_OR_RETURN(const PublicKey key, choose_hub_key(store.get(), options.hub_key));
    DAFTAR_ASSIGN_OR_RETURN(const std::string bytes,
                            read_file(options.entries, limits::kEntriesFileBytes));
    DAFTAR_ASSIGN_OR_RETURN(AuditReport report,
                            audit_entries(bytes, options.entries, key, store.get()));
    reports.push_back(std::move(report));
  }
  nlohmann::json list = nlohmann::json::array();
  std::string wrong;
  for (const AuditReport& report : reports) {
    if (session.as_json) {
      list.push_back(audit_json(report));
    } else {
      say_audit(report);
    }
    if (!report.verdict.ok()) wrong += (wrong.empty() ? "" : ", ") + report.ledger;
  }
  if (session.as_json) print_json(list);
  std::cout.flush();  // before what is said of it on the other stream
  return wrong.empty() ? Status() : Status(Code::corrupt, Msg::audit_failed, {wrong});
}

Status run_receipt(const Session& session, const ReceiptOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  if ((options.position == 0) == options.record.empty()) {
    return {Code::invalid, Msg::receipt_what};
  }
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const Proved proved, find_entry(view, options));
  DAFTAR_ASSIGN_OR_RETURN(const std::string file, make_receipt(*store, ledger, proved.position));
  // What is handed out holds.
  DAFTAR_ASSIGN_OR_RETURN(const Identity identity, store->identity());
  DAFTAR_ASSIGN_OR_RETURN(const Receipt receipt, verify_receipt(file, identity.hub_key));
  const std::string path =
      options.out.empty() ? default_path(ledger, proved.position) : options.out;
  std::error_code error;
  if (!options.replace && std::filesystem::exists(path, error)) {
    return {Code::exists, Msg::export_exists, {path}};
  }
  DAFTAR_RETURN_IF_ERROR(write_file(path, file, false));
  if (session.as_json) {
    nlohmann::json object = receipt_json(receipt);
    object["file"] = path;
    object["pending"] = proved.has_pending;
    print_json(object);
  } else {
    say(Msg::receipt_made, {receipt.code, path});
    say_receipt(receipt);
    if (proved.has_pending) say(Msg::receipt_has_pending, {options.record});
  }
  return {};
}

Status run_verify(const Session& session, const VerifyOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<ClientStore> store, open_if_there(session));
  DAFTAR_ASSIGN_OR_RETURN(const PublicKey key, choose_hub_key(store.get(), options.hub_key));
  DAFTAR_ASSIGN_OR_RETURN(const std::string file, read_file(options.file, limits::kReceiptBytes));
  DAFTAR_ASSIGN_OR_RETURN(const Receipt receipt, verify_receipt(file, key));
  std::optional<Cosignature> cosigned;
  if (!options.cosigner.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const PublicKey cosigner, parse_key(options.cosigner));
    cosigned = find_cosignature(receipt.note, cosigner);
    if (!cosigned) return {Code::corrupt, Msg::receipt_not_cosigned, {options.file}};
  }
  if (session.as_json) {
    nlohmann::json object = receipt_json(receipt);
    if (cosigned) {
      object["cosigner"] = cosigned->name;
      object["cosigned"] = time_text(cosigned->time_s * 1000);
    }
    print_json(object);
    return {};
  }
  say_receipt(receipt);
  if (cosigned) {
    say(Msg::receipt_cosigned, {cosigned->name, time_text(cosigned->time_s * 1000)});
  }
  return {};
}

}  // namespace daftar::client
