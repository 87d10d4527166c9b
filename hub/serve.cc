// daftar-hub serve: the hub at work.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <iostream>
#include <set>
#include <thread>

#include "common/base/limits.h"
#include "common/base/report.h"
#include "common/base/text.h"
#include "common/net/address.h"
#include "common/net/https.h"
#include "common/store/files.h"
#include "hub/certificate_authority.h"
#include "hub/commands.h"
#include "hub/enrolment.h"
#include "hub/server.h"
#include "hub/service.h"
#include "hub/writer.h"

namespace daftar::hub {
namespace {

// One event a line, whatever callers wrote into it: level, message id, text.
void log_event(Msg message, const std::vector<std::string>& arguments) {
  spdlog::info("{} {}", message_id(message), one_line(message_text(message, arguments)));
}

std::string numbers_text(const std::set<DeviceNumber>& numbers) {
  std::string text;
  for (const DeviceNumber number : numbers)
    text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text.empty() ? "–" : text;
}

// After a restore every ledger waits for the devices that may have seen more of it than the backup
// holds; a restart goes on waiting.
Status begin_or_end_awaiting(const Options& options, HubStore& store, Writer& writer) {
  // Nothing is begun before all names are known to be right.
  for (const std::string& ledger : options.given_up) {
    if (!is_ledger_name(ledger)) return {Code::invalid, Msg::ledger_name_bad, {ledger}};
    DAFTAR_ASSIGN_OR_RETURN(const auto known, store.ledgers().find_ledger(ledger));
    if (!known) return {Code::not_found, Msg::ledger_missing, {ledger}};
  }
  if (options.is_restored) DAFTAR_RETURN_IF_ERROR(store.begin_awaiting());
  if (options.stops_waiting) DAFTAR_RETURN_IF_ERROR(store.end_awaiting());
  for (const std::string& ledger : options.given_up) {
    DAFTAR_RETURN_IF_ERROR(store.end_awaiting(ledger));
  }
  DAFTAR_ASSIGN_OR_RETURN(const bool knows_nobody, store.knows_nobody());
  if (knows_nobody) log_event(Msg::hub_knows_nobody, {});
  DAFTAR_ASSIGN_OR_RETURN(const auto ledgers, store.ledgers().ledgers());
  for (const auto& [name, id] : ledgers) {
    DAFTAR_ASSIGN_OR_RETURN(const auto awaited, store.awaited(name));
    if (awaited) log_event(Msg::hub_restored, {name, numbers_text(*awaited)});
    DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, store.ledgers().row(id));
    if (row.published > row.size) {
      log_event(Msg::hub_ledger_short,
                {name, std::to_string(row.published), std::to_string(row.size)});
    }
  }
  Writer::Events events;
  events.shown = [](const std::string& ledger, DeviceNumber device,
                    const std::set<DeviceNumber>& still_awaited) {
    log_event(Msg::hub_device_shown, {ledger, std::to_string(device), numbers_text(still_awaited)});
  };
  events.open = [](const std::string& ledger) { log_event(Msg::hub_ledger_open, {ledger}); };
  events.national_short = [](uint64_t judged_by, uint64_t size) {
    log_event(Msg::hub_national_short, {std::to_string(judged_by), std::to_string(size)});
  };
  events.other_past = [](const std::string& ledger, DeviceNumber device, bool is_stopped) {
    log_event(is_stopped ? Msg::hub_other_past_stops : Msg::hub_other_past,
              {ledger, std::to_string(device)});
  };
  events.ledger_short = [](const std::string& ledger, uint64_t shown, uint64_t size) {
    log_event(Msg::hub_ledger_short, {ledger, std::to_string(shown), std::to_string(size)});
  };
  writer.on(std::move(events));
  return {};
}

// The hub's own certificate, looked after while it serves.
class OwnCertificate {
 public:
  OwnCertificate(boost::asio::io_context& context, const CertificateAuthority& authority,
                 Clock& clock)
      : timer_(context), authority_(authority), clock_(clock) {}

  Status renew_if_due() {
    DAFTAR_ASSIGN_OR_RETURN(const bool is_new, authority_.renew_own(clock_.wall_ms(), true));
    if (is_new) log_event(Msg::hub_certificate_renewed, {});
    return {};
  }
  void look_again() {
    timer_.expires_after(kBetweenLooks);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      const Status done = renew_if_due();
      if (!done.ok()) log_event(done.message(), done.arguments());
      look_again();
    });
  }

 private:
  static constexpr auto kBetweenLooks = std::chrono::hours(1);
  boost::asio::steady_timer timer_;
  const CertificateAuthority& authority_;
  Clock& clock_;
};

// Of an address that was listened on: any free one goes with any free one.
int next_port(const std::string& listen) {
  const int port = std::stoi(host_and_port(listen).second);
  return port == 0 ? 0 : port + 1;
}

// What strangers may take of the hub: a signing request is 1 kB.
constexpr HttpsLimits kEnrolmentLimits{16 * 1024, 64, std::chrono::seconds(10)};

}  // namespace

Status serve(const Options& options) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("daftar-hub"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<HubStore> for_writer, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const auto lock, FileLock::acquire(options.folder + "/hub.lock"));
  if (!lock) return {Code::exists, Msg::hub_running, {options.folder}};
  DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<HubStore> for_reader, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<HubStore> for_enrolment, open_store(options));
  DAFTAR_ASSIGN_OR_RETURN(const HubIdentity identity, for_reader->identity());
  DAFTAR_ASSIGN_OR_RETURN(const auto authority, CertificateAuthority::open(options.folder));
  SystemClock clock;
  Writer writer(std::move(for_writer), clock);
  DAFTAR_RETURN_IF_ERROR(begin_or_end_awaiting(options, *for_reader, writer));
  Service service(std::move(for_reader), identity, writer);
  // Before the server, which outlives no call that waits for it.
  std::jthread writing([&](const std::stop_token& stop) { writer.run(stop); });
  writer.say_soon();
  Server server(service, authority, clock,
                [](const Status& why) { log_event(why.message(), why.arguments()); });
  boost::asio::io_context context;
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  OwnCertificate own(context, authority, clock);
  DAFTAR_RETURN_IF_ERROR(own.renew_if_due());
  DAFTAR_ASSIGN_OR_RETURN(const int port, server.start(options.listen));
  const int sync_port = options.sync_port == 0 ? port : options.sync_port;
  Enrolment enrolment(*for_enrolment, authority, identity, sync_port, clock, log_event);
  HttpsServer https(context, {authority.chain_path(), authority.key_path()}, kEnrolmentLimits,
                    [&](const HttpRequest& request) {
                      HttpAnswer answer = enrolment.answer(request);
                      if (answer.status == 200) writer.say_soon();  // who was enrolled
                      return answer;
                    });
  const std::string enrol_listen = options.enrol_listen.empty()
                                       ? with_port(options.listen, next_port(options.listen))
                                       : options.enrol_listen;
  DAFTAR_ASSIGN_OR_RETURN(const int enrol_port, https.start(enrol_listen));
  DAFTAR_RETURN_IF_ERROR(for_enrolment->set_enrolment_port(enrol_port));
  const std::string address = with_port(options.listen, port);
  const std::string enrol_address = with_port(enrol_listen, enrol_port);
  log_event(Msg::hub_serving,
            {identity.name, address, key_text(identity.key.public_key()), enrol_address});
  // For whoever started this with port 0 and reads where it is.
  say(Msg::hub_listening, {address, enrol_address});
  std::cout.flush();
  own.look_again();
  // Whoever is just enrolling asks again; nobody can put the end off.
  signals.async_wait([&](const boost::system::error_code&, int) { context.stop(); });
  context.run();
  log_event(Msg::hub_stopping, {});
  server.stop();
  return {};
}

}  // namespace daftar::hub
