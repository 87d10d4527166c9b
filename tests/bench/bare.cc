// What identity, seals and checkpoints cost: the same sync without them, by calls in this process.
//
// Nothing of it is in the programs: the line is a queue, and this program is linked so that
// libsodium's signatures pass through here, where they can be left out.
#include <sodium.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <memory>

#include "tests/bench/bench.h"

namespace {
std::atomic<bool> signs = true;
}

// The linker's names (--wrap). NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
int __real_crypto_sign_detached(unsigned char* signature, unsigned long long* size,
                                const unsigned char* message, unsigned long long length,
                                const unsigned char* key);
int __real_crypto_sign_verify_detached(const unsigned char* signature, const unsigned char* message,
                                       unsigned long long length, const unsigned char* key);

int __wrap_crypto_sign_detached(unsigned char* signature, unsigned long long* size,
                                const unsigned char* message, unsigned long long length,
                                const unsigned char* key) {
  if (signs) return __real_crypto_sign_detached(signature, size, message, length, key);
  std::memset(signature, 0, crypto_sign_BYTES);
  return 0;
}

int __wrap_crypto_sign_verify_detached(const unsigned char* signature, const unsigned char* message,
                                       unsigned long long length, const unsigned char* key) {
  return signs ? __real_crypto_sign_verify_detached(signature, message, length, key) : 0;
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace daftar::bench {
namespace {

// Carries messages to the hub's service and back through the session's own queue of events.
class BareTransport : public client::Transport {
 public:
  BareTransport(boost::asio::io_context& context, hub::Service& service, hub::Device device)
      : context_(context), service_(service), device_(std::move(device)) {}
  void attach(client::SyncSession& session) { session_ = &session; }

  void heads(const v1::HeadsRequest& request) override {
    post([this, reply = take(service_.heads(device_, request), "heads")] {
      session_->on_heads({}, reply);
    });
  }
  void open_push() override {}
  void push(const v1::PushRequest& request) override {
    service_.push(device_, request, [this](const Result<v1::PushReply>& reply) {
      post([this, reply = take(reply, "push")] { session_->on_push_reply(reply); });
    });
  }
  void finish_push() override {
    post([this] { session_->on_push_end({}); });
  }
  void pull(const v1::PullRequest& request) override {
    cursor_ = std::make_unique<hub::PullCursor>(service_.pull(request));
    pull_next();
  }
  void open_recover() override { require(false, "nothing was lost"); }
  void recover(const v1::RecoverRequest& request) override {
    require(request.ByteSizeLong() == 0, "nothing was lost");
  }
  void finish_recover() override { require(false, "nothing was lost"); }
  void cancel() override {}

 private:
  template <typename Event>
  void post(Event event) {
    boost::asio::post(context_, std::move(event));
  }
  void pull_next() {
    post([this, reply = take(service_.next(device_, *cursor_), "pull")] {
      if (!reply) return session_->on_pull_end({});
      session_->on_pull_reply(*reply);
      pull_next();
    });
  }

  boost::asio::io_context& context_;
  hub::Service& service_;
  hub::Device device_;
  client::SyncSession* session_ = nullptr;
  std::unique_ptr<hub::PullCursor> cursor_;
};

}  // namespace

SyncTimes sync_bare(client::ClientStore& store, Hub& hub) {
  const DeviceNumber number = take(store.number(), "the device's number");
  boost::asio::io_context context;
  BareTransport line(context, hub.service(), take(hub.service().authenticate(number), "device"));
  signs = false;
  const SyncTimes times = run_session(
      store, context, line, [&](client::SyncSession& session) { line.attach(session); }, {});
  signs = true;
  return times;
}

}  // namespace daftar::bench
