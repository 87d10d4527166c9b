#include "client/sync_runner.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <chrono>

#include "client/enrolment.h"
#include "client/grpc_transport.h"
#include "common/store/files.h"

namespace daftar::client {

SyncReport run_sync(ClientStore& store, boost::asio::io_context& context,
                    const std::shared_ptr<grpc::Channel>& channel, Clock& clock,
                    const SyncSession::Progress& progress, const CancelOn& cancel_on,
                    SyncSession::Purpose purpose) {
  SyncReport failed;
  const Result<Identity> identity = store.identity();
  const auto lock = FileLock::acquire(store.folder() + "/sync.lock");
  if (!identity.ok() || !lock.ok()) {
    failed.status = identity.ok() ? lock.status() : identity.status();
    return failed;
  }
  if (!*lock) {
    failed.status = Status(Code::exists, Msg::sync_running, {store.folder()});
    return failed;
  }
  GrpcTransport transport(context, channel);
  SyncSession session(store, transport, clock, progress, purpose);
  transport.attach(session);
  cancel_on([&session] { session.cancel(); });
  session.start();
  const auto work = boost::asio::make_work_guard(context);
  while (!session.is_done()) {
    const uint64_t now = clock.steady_ms();
    const uint64_t wait = session.next_deadline_ms() > now ? session.next_deadline_ms() - now : 0;
    context.run_one_for(std::chrono::milliseconds(wait));
    session.on_time();
  }
  cancel_on({});
  return session.report();
}

Status HubLine::connect(ClientStore& store) {
  DAFTAR_ASSIGN_OR_RETURN(const Identity identity, store.identity());
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, store.key());
  const std::string as = identity.hub_address + key_text(key.public_key()) + identity.certificate;
  if (channel_ != nullptr && as == connected_as_) return {};
  channel_ = connect_hub(identity, key);
  connected_as_ = as;
  return {};
}

SyncReport HubLine::sync(ClientStore& store, boost::asio::io_context& context, Clock& clock,
                         const SyncSession::Progress& progress, const CancelOn& cancel_on) {
  SyncReport report;
  report.status = connect(store);
  if (!report.status.ok()) return report;
  report = run_sync(store, context, channel_, clock, progress, cancel_on);
  const Msg why = report.status.message();
  if (why != Msg::hub_unreachable && why != Msg::certificate_ended) return report;
  // A line that does not work looks like a certificate that the hub does not take.
  bool is_cancelled = false;
  cancel_on([&is_cancelled] { is_cancelled = true; });
  const Status renewed = renew_certificate(store, clock.wall_ms());
  context.poll();  // a signal that came meanwhile
  cancel_on({});
  if (is_cancelled) {
    report.status = {Code::cancelled, Msg::sync_cancelled};
  } else if (!renewed.ok()) {
    // That the hub cannot be reached was said already; why it gives no certificate was not.
    if (renewed.message() != Msg::hub_unreachable) report.status = renewed;
  } else {
    report.status = connect(store);
    if (report.status.ok()) {
      report = run_sync(store, context, channel_, clock, progress, cancel_on);
    }
  }
  return report;
}

}  // namespace daftar::client
