// daftar log, daftar diff: every version of every value.
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/base/report.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

std::string state_text(const HistoryItem& item) {
  if (item.outcome) return text_of(outcome_message(*item.outcome));
  std::string text = text_of(pending_message(*item.pending));
  if (item.reason) text += " (" + text_of(reason_message(*item.reason)) + ")";
  return text;
}

std::string place_text(uint64_t position, Msg otherwise) {
  return position > 0 ? "@" + std::to_string(position) : text_of(otherwise);
}

using Typed = std::map<std::pair<DeviceNumber, uint64_t>, std::string>;

// Takes out what only says how a value was typed, where the value was written with it: it is told
// with the value. By the changeset's device and seq.
Typed take_companions(const RecordKey& key, std::vector<HistoryItem>& items) {
  std::map<std::pair<DeviceNumber, uint64_t>, FieldNumber> companions;
  for (const HistoryItem& item : items) {
    const auto companion = companion_of(key.kind, item.field);
    if (companion) companions[{item.device, item.seq}] = *companion;
  }
  Typed typed;
  std::erase_if(items, [&](const HistoryItem& item) {
    const auto companion = companions.find({item.device, item.seq});
    if (companion == companions.end() || companion->second != item.field) return false;
    if (!item.value.is_empty()) typed[companion->first] = value_text(item.value);
    return true;
  });
  return typed;
}

nlohmann::json history_json(const RecordKey& key, const HistoryItem& item) {
  nlohmann::json object = {
      {"field", field_name(key.kind, item.field)},
      {"value", value_json(item.value)},
      {"device", item.device},
      {"seq", item.seq},
      {"author", item.author},
      {"message", item.message},
      {"saved", time_text(item.saved_ms)},
      {"state", item.outcome ? outcome_name(*item.outcome) : pending_name(*item.pending)}};
  if (item.position > 0) {
    object["position"] = item.position;
    object["received"] = time_text(item.received_ms);
  }
  if (item.reason) object["reason"] = reason_name(*item.reason);
  if (item.source) object["source"] = item.source->file;
  if (item.place) object["line"] = item.place->line;
  return object;
}

Status log_record(const Session& session, View& view, const HistoryOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, options.record));
  std::optional<FieldNumber> field;
  if (!options.field.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(field, parse_field(key.kind, options.field));
  }
  DAFTAR_ASSIGN_OR_RETURN(std::vector<HistoryItem> items, view.history(key, std::nullopt));
  Typed typed;
  if (!field || companion_of(key.kind, *field)) typed = take_companions(key, items);
  if (field) std::erase_if(items, [&](const HistoryItem& item) { return item.field != *field; });
  if (items.empty()) return {Code::not_found, Msg::record_empty, {options.record}};
  const auto typed_of = [&](const HistoryItem& item) -> const std::string* {
    const auto found = typed.find({item.device, item.seq});
    return found != typed.end() && companion_of(key.kind, item.field) ? &found->second : nullptr;
  };
  if (session.as_json) {
    nlohmann::json list = nlohmann::json::array();
    for (const HistoryItem& item : items) {
      list.push_back(history_json(key, item));
      if (typed_of(item) != nullptr) list.back()["as_written"] = *typed_of(item);
    }
    print_json(list);
    return {};
  }
  for (const HistoryItem& item : items) {
    say(Msg::log_version, {place_text(item.position, Msg::label_pending),
                           time_text(item.position > 0 ? item.received_ms : item.saved_ms),
                           author_text(item.author, item.device), state_text(item)});
    std::cout << "    " << field_name(key.kind, item.field) << " = "
              << shown_value(view, item.value);
    if (typed_of(item) != nullptr) {
      std::cout << "  " << text_of(Msg::label_as_written, {*typed_of(item)});
    }
    std::cout << '\n';
    if (!item.message.empty()) std::cout << "    " << item.message << '\n';
    if (!item.source) continue;
    std::cout << "    ";
    if (item.place) {
      say(Msg::log_source_line, {item.source->file, std::to_string(item.place->line)});
    } else {
      say(Msg::log_source, {item.source->file});
    }
  }
  return {};
}

nlohmann::json log_json(const LogItem& item) {
  nlohmann::json object;
  if (item.position > 0) {
    object["position"] = item.position;
    object["received"] = time_text(item.received_ms);
  }
  if (item.pending) object["state"] = pending_name(*item.pending);
  if (item.refusal) {
    object["state"] = "refused";
    object["reason"] = reason_name(item.refusal->reason);
    object["device"] = item.refusal->device;
    object["seq"] = item.refusal->seq;
  }
  if (item.changeset) {
    const Changeset& changeset = *item.changeset;
    object["device"] = changeset.device;
    object["seq"] = changeset.seq;
    object["author"] = changeset.author;
    object["saved"] = time_text(changeset.time_ms);
    object["message"] = changeset.message;
    object["edits"] = changeset.edit_count();
    if (changeset.source) object["source"] = changeset.source->file;
    if (item.position > 0) {
      object["contended"] = item.contended;
      object["agreed"] = item.agreed;
    }
  }
  return object;
}

Status log_ledger(const Session& session, View& view, const HistoryOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LogItem> items, view.log(options.most));
  nlohmann::json list = nlohmann::json::array();
  for (const LogItem& item : items) {
    if (session.as_json) {
      list.push_back(log_json(item));
      continue;
    }
    if (item.refusal) {
      say(Msg::log_refused,
          {place_text(item.position, Msg::label_pending), time_text(item.received_ms),
           std::to_string(item.refusal->device), text_of(reason_message(item.refusal->reason))});
      continue;
    }
    const Changeset& changeset = *item.changeset;
    const Msg unconfirmed = item.pending ? pending_message(*item.pending) : Msg::label_pending;
    std::cout << text_of(
        Msg::log_changeset,
        {place_text(item.position, unconfirmed),
         time_text(item.position > 0 ? item.received_ms : changeset.time_ms),
         author_text(changeset.author, changeset.device), std::to_string(changeset.edit_count())});
    if (item.contended > 0) {
      std::cout << text_of(Msg::log_contended, {std::to_string(item.contended)});
    }
    if (item.agreed > 0) std::cout << text_of(Msg::log_agreed, {std::to_string(item.agreed)});
    if (changeset.source) std::cout << "  " << text_of(Msg::log_source, {changeset.source->file});
    std::cout << (changeset.message.empty() ? "" : "  " + changeset.message) << '\n';
  }
  if (session.as_json) print_json(list);
  return {};
}

Status diff(const Session& session, View& view, const HistoryOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t from, parse_moment(view, options.from, DayAt::begin));
  std::optional<uint64_t> to;
  if (!options.to.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(to, parse_moment(view, options.to));
    if (*to < from) return {Code::invalid, Msg::diff_backward, {options.from, options.to}};
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<CellChange> changes, view.diff(from, to));
  // How a value was typed goes with the value, if that changed too.
  std::map<std::pair<RecordKey, FieldNumber>, std::string> typed;
  for (const CellChange& change : changes) {
    const auto companion = companion_of(change.key.kind, change.field);
    if (companion) typed[{change.key, *companion}] = "";
  }
  for (const CellChange& change : changes) {
    const auto found = typed.find({change.key, change.field});
    if (found != typed.end()) found->second = value_text(change.after);
  }
  nlohmann::json list = nlohmann::json::array();
  for (const CellChange& change : changes) {
    if (typed.contains({change.key, change.field})) continue;
    const auto companion = companion_of(change.key.kind, change.field);
    const std::string as_written = companion ? typed.at({change.key, *companion}) : "";
    const std::string name = record_name(view, change.key);
    const std::string field = field_name(change.key.kind, change.field);
    if (session.as_json) {
      list.push_back({{"record", name},
                      {"field", field},
                      {"before", value_json(change.before)},
                      {"after", value_json(change.after)}});
      if (!as_written.empty()) list.back()["as_written"] = as_written;
    } else {
      std::cout << name << " " << field << ": " << shown_value(view, change.before) << " -> "
                << shown_value(view, change.after);
      if (!as_written.empty()) std::cout << "  " << text_of(Msg::label_as_written, {as_written});
      std::cout << '\n';
    }
  }
  if (session.as_json) print_json(list);
  return {};
}

Result<View> open_view(const Session& session, ClientStore& store) {
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, store));
  return View::open(store, ledger.id);
}

}  // namespace

Status run_log(const Session& session, const HistoryOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(View view, open_view(session, *store));
  return options.record.empty() ? log_ledger(session, view, options)
                                : log_record(session, view, options);
}

Status run_diff(const Session& session, const HistoryOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(View view, open_view(session, *store));
  return diff(session, view, options);
}

}  // namespace daftar::client
