// daftar sync.
#include <boost/asio/signal_set.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/over_line.h"
#include "client/commands/shared.h"
#include "client/grpc_transport.h"
#include "client/sync_runner.h"
#include "common/base/report.h"

namespace daftar::client {
namespace {

nlohmann::json report_json(const SyncReport& report) {
  const Language language = language_of_environment();
  nlohmann::json object = {{"pushed", report.pushed},
                           {"refused", report.refused},
                           {"pulled", report.pulled},
                           {"pulled_edits", report.pulled_edits},
                           {"pulled_own", report.pulled_own},
                           {"recovered", report.recovered},
                           {"unchanged", report.is_unchanged},
                           {"forked", report.forked},
                           {"turned_away", nlohmann::json::array()}};
  for (const auto& [ledger, message] : report.turned_away) {
    object["turned_away"].push_back(to_json(message, {ledger}, language));
  }
  return object;
}

// Records with contenders over all ledgers that are held.
Result<uint64_t> count_contended(ClientStore& store) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> ledgers, store.held_ledgers());
  uint64_t count = 0;
  for (const LedgerInfo& ledger : ledgers) {
    DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store, ledger.id));
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<RecordKey> keys, view.contended());
    count += keys.size();
  }
  return count;
}

// What went wrong without ending the sync; the first of it is the command's result.
Status outcome_of(const SyncReport& report, DeviceNumber device) {
  if (!report.status.ok()) return report.status;
  if (!report.forked.empty()) {
    return {Code::forked, Msg::device_forked, {std::to_string(device)}};
  }
  if (!report.turned_away.empty()) {
    const auto& [ledger, message] = *report.turned_away.begin();
    const bool is_passing = message == Msg::push_recovering || message == Msg::push_hub_behind;
    return {is_passing ? Code::unavailable : Code::refused, message, {ledger}};
  }
  return {};
}

void print_report(const SyncReport& report) {
  if (report.is_unchanged) {
    say(Msg::sync_nothing_new, {});
    return;
  }
  say(Msg::sync_done,
      {std::to_string(report.pushed), std::to_string(report.pulled - report.pulled_own)});
  if (report.refused > 0) {
    say(Msg::sync_refused, {std::to_string(report.refused)});
  }
  if (report.recovered > 0) {
    say(Msg::sync_recovered, {std::to_string(report.recovered)});
  }
}

}  // namespace

Status run_sync_command(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const Identity identity, store->identity());
  boost::asio::io_context context;
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  std::function<void()> cancel;
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error && cancel) cancel();
  });
  SyncReport report;
  {
    ProgressLine progress(session.as_json);
    report = HubLine().sync(
        *store, context, *session.clock,
        [&](const SyncReport& so_far) {
          progress.show(message_text(Msg::progress_sync, {}, language_of_environment()),
                        so_far.pushed + so_far.pulled, so_far.expected);
        },
        [&](std::function<void()> stop) { cancel = std::move(stop); });
  }
  if (report.status.ok()) {
    DAFTAR_RETURN_IF_ERROR(
        store->set_setting("last_sync_ms", std::to_string(session.clock->wall_ms())));
  }
  if (session.as_json) {
    print_json(report_json(report));
  } else if (report.status.ok()) {
    print_report(report);
    DAFTAR_ASSIGN_OR_RETURN(const uint64_t contended, count_contended(*store));
    if (contended > 0) say(Msg::sync_contended, {std::to_string(contended)});
  }
  return outcome_of(report, identity.device);
}

Status run_learn(const Session& session, ClientStore& store, const Identity& identity,
                 const SigningKey& key) {
  boost::asio::io_context context;
  return run_sync(
             store, context, connect_hub(identity, key), *session.clock, [](const SyncReport&) {},
             [](const std::function<void()>&) {}, SyncSession::Purpose::learn)
      .status;
}

}  // namespace daftar::client
