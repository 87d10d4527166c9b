#include "client/grpc_transport.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <mutex>
#include <set>
#include <utility>

#include "common/base/limits.h"
#include "common/rpc/grpc_status.h"
#include "common/trust/certificate.h"
#include "daftar/v1/hub.grpc.pb.h"

namespace daftar::client {
namespace {

constexpr int kMaxReconnectMs = 20'000;
constexpr int kPingMs = 30'000;

// What all calls of a transport share. Calls delete themselves when gRPC is done with them, which
// may be after a cancel.
class Call;
struct Link {
  explicit Link(boost::asio::io_context& io) : context(io) {}
  boost::asio::io_context& context;
  // On the context's thread only:
  SyncSession* session = nullptr;
  std::set<Call*> live_calls;

  // Runs `action` on the context's thread, with the session if it still listens.
  template <typename Action>
  static void post(const std::shared_ptr<Link>& link, Action action) {
    boost::asio::post(link->context, [link, action = std::move(action)]() mutable {
      if (link->session != nullptr) action(*link->session);
    });
  }
};

// A call that is under way. Made, cancelled and deleted on the context's thread.
//
// A stream that is written from outside of its reactions holds gRPC back (AddHold) until the last
// write was given or the stream is known to be broken; after release() it is not touched any more.
class Call {
 public:
  explicit Call(std::shared_ptr<Link> link) : link_(std::move(link)) {
    link_->live_calls.insert(this);
  }
  virtual ~Call() = default;
  void cancel() {
    context_.TryCancel();
    release();
  }

 protected:
  // Lets gRPC end the call; once is enough.
  virtual void release() {}
  void release_later() {
    boost::asio::post(link_->context, [this] { release(); });
  }

  // gRPC is done with this call: it is reported, forgotten and deleted on the context's thread.
  template <typename Action>
  void done(Action action) {
    boost::asio::post(link_->context, [this, action = std::move(action)] {
      if (link_->session != nullptr) action(*link_->session);
      link_->live_calls.erase(this);
      delete this;
    });
  }

  std::shared_ptr<Link> link_;
  grpc::ClientContext context_;
};

class HeadsCall : public Call {
 public:
  HeadsCall(std::shared_ptr<Link> link, v1::Hub::Stub& stub, const v1::HeadsRequest& request)
      : Call(std::move(link)), request_(request) {
    stub.async()->Heads(&context_, &request_, &reply_, [this](const grpc::Status& status) {
      done([this, status](SyncSession& session) { session.on_heads(from_grpc(status), reply_); });
    });
  }

 private:
  v1::HeadsRequest request_;
  v1::HeadsReply reply_;
};

// Sends requests one after the other: gRPC takes the next only when the last is through.
template <typename Request>
class WriteQueue {
 public:
  // What to do now: start writing the front, end the stream, or nothing yet.
  enum class Next { nothing, write, end };

  Next add(const Request& request) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(request);
    return queue_.size() == 1 ? Next::write : Next::nothing;
  }
  Next finish() {
    const std::lock_guard lock(mutex_);
    is_finished_ = true;
    return queue_.empty() ? Next::end : Next::nothing;
  }
  Next written() {
    const std::lock_guard lock(mutex_);
    queue_.pop_front();
    if (!queue_.empty()) return Next::write;
    return is_finished_ ? Next::end : Next::nothing;
  }
  const Request& front() {
    const std::lock_guard lock(mutex_);
    return queue_.front();
  }

 private:
  std::mutex mutex_;
  std::deque<Request> queue_;  ///< a deque's elements stay where they are
  bool is_finished_ = false;
};

class PushCall : public Call, public grpc::ClientBidiReactor<v1::PushRequest, v1::PushReply> {
 public:
  using Queue = WriteQueue<v1::PushRequest>;

  PushCall(std::shared_ptr<Link> link, v1::Hub::Stub& stub) : Call(std::move(link)) {
    stub.async()->Push(&context_, this);
    // Writes come from outside of reactions until finish().
    AddHold();
    StartRead(&reply_);
    StartCall();
  }

  void push(const v1::PushRequest& request) {
    if (!is_released_) go_on(queue_.add(request));
  }
  void finish() {
    if (!is_released_) go_on(queue_.finish());
    release();
  }

  void OnWriteDone(bool is_written) override {
    if (is_written) go_on(queue_.written());
  }
  void OnReadDone(bool has_reply) override {
    if (!has_reply) return release_later();
    Link::post(link_, [reply = reply_](SyncSession& session) { session.on_push_reply(reply); });
    StartRead(&reply_);
  }
  void OnDone(const grpc::Status& status) override {
    done([status](SyncSession& session) { session.on_push_end(from_grpc(status)); });
  }

 private:
  void release() override {
    if (!std::exchange(is_released_, true)) RemoveHold();
  }
  void go_on(Queue::Next next) {
    if (next == Queue::Next::write) StartWrite(&queue_.front());
    if (next == Queue::Next::end) StartWritesDone();
  }

  Queue queue_;
  v1::PushReply reply_;
  bool is_released_ = false;  ///< on the context's thread only
};

class PullCall : public Call, public grpc::ClientReadReactor<v1::PullReply> {
 public:
  PullCall(std::shared_ptr<Link> link, v1::Hub::Stub& stub, const v1::PullRequest& request)
      : Call(std::move(link)), request_(request) {
    stub.async()->Pull(&context_, &request_, this);
    AddHold();  // reads are started when the last reply has been taken
    StartRead(&reply_);
    StartCall();
  }

  // The next reply is read when this one is durable, so that the line holds the hub back.
  void OnReadDone(bool has_reply) override {
    boost::asio::post(link_->context, [this, has_reply] {
      if (has_reply && link_->session != nullptr) link_->session->on_pull_reply(reply_);
      if (has_reply && !is_released_) {
        StartRead(&reply_);
      } else {
        release();
      }
    });
  }
  void OnDone(const grpc::Status& status) override {
    done([status](SyncSession& session) { session.on_pull_end(from_grpc(status)); });
  }

 private:
  void release() override {
    if (!std::exchange(is_released_, true)) RemoveHold();
  }
  v1::PullRequest request_;
  v1::PullReply reply_;
  bool is_released_ = false;
};

class RecoverCall : public Call, public grpc::ClientWriteReactor<v1::RecoverRequest> {
 public:
  using Queue = WriteQueue<v1::RecoverRequest>;

  RecoverCall(std::shared_ptr<Link> link, v1::Hub::Stub& stub) : Call(std::move(link)) {
    stub.async()->Recover(&context_, &reply_, this);
    AddHold();
    StartCall();
  }

  void recover(const v1::RecoverRequest& request) {
    if (!is_released_) go_on(queue_.add(request));
  }
  void finish() {
    if (!is_released_) go_on(queue_.finish());
    release();
  }

  void OnWriteDone(bool is_written) override {
    if (!is_written) return release_later();
    go_on(queue_.written());
    Link::post(link_, [](SyncSession& session) { session.on_recover_sent(); });
  }
  void OnDone(const grpc::Status& status) override {
    done([this, status](SyncSession& session) {
      session.on_recover_end(from_grpc(status), reply_);
    });
  }

 private:
  void release() override {
    if (!std::exchange(is_released_, true)) RemoveHold();
  }
  void go_on(Queue::Next next) {
    if (next == Queue::Next::write) StartWrite(&queue_.front());
    if (next == Queue::Next::end) StartWritesDone();
  }

  Queue queue_;
  v1::RecoverReply reply_;
  bool is_released_ = false;
};

}  // namespace

struct GrpcTransport::Parts {
  Parts(boost::asio::io_context& io, std::shared_ptr<grpc::Channel> channel)
      : context(io), link(std::make_shared<Link>(io)), stub(v1::Hub::NewStub(std::move(channel))) {}

  boost::asio::io_context& context;
  std::shared_ptr<Link> link;
  std::unique_ptr<v1::Hub::Stub> stub;
  // Valid until their end was reported to the session, which writes to them no longer then.
  PushCall* push = nullptr;
  RecoverCall* recover = nullptr;
};

grpc::ChannelArguments hub_channel_arguments() {
  gpr_set_log_function([](gpr_log_func_args*) {});  // what fails is said by a message of ours
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::kMessageWireBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(limits::kMessageWireBytes));
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_NONE);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMs);
  // A line that died without a word is found within a minute.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingMs);
  // The hub's address is what was written at enrolment, never a proxy's.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Whose hub it is says its root, not the name of the machine.
  arguments.SetSslTargetNameOverride(kHubServerName);
  return arguments;
}

std::shared_ptr<grpc::ChannelCredentials> hub_credentials(const Identity& identity,
                                                          const SigningKey& key) {
  return grpc::SslCredentials({identity.root, key_pem(key), identity.certificate});
}

std::shared_ptr<grpc::Channel> connect_hub(const Identity& identity, const SigningKey& key) {
  return grpc::CreateCustomChannel(identity.hub_address, hub_credentials(identity, key),
                                   hub_channel_arguments());
}

GrpcTransport::GrpcTransport(boost::asio::io_context& context,
                             std::shared_ptr<grpc::Channel> channel)
    : parts_(std::make_unique<Parts>(context, std::move(channel))) {}

GrpcTransport::~GrpcTransport() {
  cancel();
  while (!parts_->link->live_calls.empty()) {
    if (parts_->context.stopped()) parts_->context.restart();
    const auto work = boost::asio::make_work_guard(parts_->context);
    parts_->context.run_one();
  }
}

void GrpcTransport::attach(SyncSession& session) { parts_->link->session = &session; }

void GrpcTransport::heads(const v1::HeadsRequest& request) {
  new HeadsCall(parts_->link, *parts_->stub, request);
}

void GrpcTransport::open_push() { parts_->push = new PushCall(parts_->link, *parts_->stub); }

void GrpcTransport::push(const v1::PushRequest& request) { parts_->push->push(request); }

void GrpcTransport::finish_push() { parts_->push->finish(); }

void GrpcTransport::pull(const v1::PullRequest& request) {
  new PullCall(parts_->link, *parts_->stub, request);
}

void GrpcTransport::open_recover() {
  parts_->recover = new RecoverCall(parts_->link, *parts_->stub);
}

void GrpcTransport::recover(const v1::RecoverRequest& request) {
  parts_->recover->recover(request);
}

void GrpcTransport::finish_recover() { parts_->recover->finish(); }

void GrpcTransport::cancel() {
  parts_->link->session = nullptr;
  for (Call* call : parts_->link->live_calls) call->cancel();
}

}  // namespace daftar::client
