#include "client/sync_runner.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <chrono>

#include "client/grpc_transport.h"
#include "common/store/files.h"

namespace daftar::client {

SyncReport run_sync(ClientStore& store, boost::asio::io_context& context,
                    const std::shared_ptr<grpc::Channel>& channel, Clock& clock,
                    const SyncSession::Progress& progress,
                    const std::function<void(std::function<void()> cancel)>& cancel_on,
                    std::optional<DeviceNumber> learn_as) {
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
  GrpcTransport transport(context, channel, learn_as.value_or(identity->device));
  SyncSession session(store, transport, clock, progress,
                      learn_as ? SyncSession::Purpose::learn : SyncSession::Purpose::exchange);
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

}  // namespace daftar::client
