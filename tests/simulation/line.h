// A session of a device with a hub process, and the line between them.
//
// A line keeps the order of one stream and nothing else: messages wait until they are delivered,
// a call breaks or goes silent, the hub gets a request twice, or long after its session has ended.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "client/sync_session.h"
#include "hub/service.h"

namespace daftar::simulation {

class World;

/// What the line does to one session.
struct LineFault {
  std::optional<uint64_t> cut_at;  ///< message number: it and what follows is lost, the call breaks
  std::optional<uint64_t> silent_at;  ///< the same, and nobody says so
  size_t twice_percent = 0;           ///< requests that the hub gets twice
  size_t late_percent = 0;            ///< requests of a broken call that arrive after it
  uint64_t seed = 0;
};

class Session : public client::Transport {
 public:
  using Purpose = client::SyncSession::Purpose;

  /// `shown`: what the certificate says that the device shows, which was held against the root.
  Session(World& world, client::ClientStore& store, Clock& clock, const CertificateTerms& shown,
          size_t hub, const LineFault& fault, Purpose purpose = Purpose::exchange);

  void start() { session_.start(); }
  /// From now on nothing passes, and nobody says so.
  void cut_off() { fault_.silent_at = 0; }
  [[nodiscard]] bool has_message() const { return !messages_.empty(); }
  void deliver();
  /// Nothing comes any more: the clock moves to the session's deadline.
  void time_out(Clock& clock, uint64_t& steady);
  [[nodiscard]] bool is_done() const { return session_.is_done(); }
  [[nodiscard]] const client::SyncReport& report() const { return session_.report(); }
  /// Whether anything on the line went wrong, or the hub went down.
  [[nodiscard]] bool has_failed_line() const { return is_silent_ || is_broken_; }
  [[nodiscard]] size_t hub() const { return hub_; }
  /// The hub has gone; answers that are on their way still arrive, or not.
  void hub_gone(bool answers_arrive);

  void heads(const v1::HeadsRequest& request) override;
  void open_push() override { call_ = Call::push; }
  void push(const v1::PushRequest& request) override;
  void finish_push() override;
  void pull(const v1::PullRequest& request) override;
  void open_recover() override { call_ = Call::recover; }
  void recover(const v1::RecoverRequest& request) override;
  void finish_recover() override;
  void cancel() override;

 private:
  enum class Call { none, heads, push, pull, recover };
  struct Message {
    bool is_request = false;
    std::function<void()> arrive;
    std::function<void()> late;  ///< what the hub does if it arrives after the session
  };
  void send(std::function<void()> arrive, std::function<void()> late = {});
  void answer(std::function<void()> arrive) { messages_.push_back({false, std::move(arrive), {}}); }
  void break_call(const Status& status);
  void break_line();
  bool draws(size_t percent);
  Result<hub::Device> caller();
  void pull_next();

  World& world_;
  CertificateTerms shown_;
  size_t hub_;
  LineFault fault_;
  client::SyncSession session_;
  std::deque<Message> messages_;
  std::shared_ptr<Session*> alive_;  ///< what the writer's answers hold
  Call call_ = Call::none;
  bool is_down_ = false;
  bool is_silent_ = false;
  bool is_broken_ = false;
  uint64_t passed_ = 0;
  std::unique_ptr<hub::PullCursor> cursor_;
  v1::RecoverReply recovered_;

 public:
  ~Session() override { *alive_ = nullptr; }
};

}  // namespace daftar::simulation
