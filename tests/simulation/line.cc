#include "tests/simulation/line.h"

#include <utility>

#include "tests/simulation/world.h"

namespace daftar::simulation {
namespace {

// Few sessions give entries back, so that a hub gets them twice in those too that have no fault.
constexpr size_t kRecoveryTwicePercent = 30;

}  // namespace

Session::Session(World& world, client::ClientStore& store, Clock& clock,
                 const CertificateTerms& shown, size_t hub, const LineFault& fault, Purpose purpose)
    : world_(world),
      shown_(shown),
      hub_(hub),
      fault_(fault),
      session_(
          store, *this, clock, [](const client::SyncReport&) {}, purpose),
      alive_(std::make_shared<Session*>(this)) {}

bool Session::draws(size_t percent) {
  if (percent == 0) return false;
  Dice dice(fault_.seed + passed_);
  return dice.chance(percent);
}

void Session::send(std::function<void()> arrive, std::function<void()> late) {
  messages_.push_back({true, std::move(arrive), std::move(late)});
}

void Session::deliver() {
  const Message message = std::move(messages_.front());
  messages_.pop_front();
  if (is_down_) return;
  if (fault_.silent_at && passed_ >= *fault_.silent_at) {
    if (!std::exchange(is_silent_, true)) world_.note(Event::line_silent);
    return;
  }
  if (fault_.cut_at && passed_ >= *fault_.cut_at) {
    world_.note(Event::line_cut);
    if (message.late && draws(fault_.late_percent)) world_.add_late_request(message.late);
    return break_line();
  }
  ++passed_;
  message.arrive();
}

void Session::break_line() {
  is_down_ = true;
  is_broken_ = true;
  messages_.clear();
  break_call({Code::unavailable, Msg::hub_unreachable, {"the line broke"}});
}

void Session::hub_gone(bool answers_arrive) {
  if (is_down_ || is_done()) return;
  std::deque<Message> kept;
  for (Message& message : messages_) {
    if (!message.is_request && answers_arrive) kept.push_back(std::move(message));
  }
  messages_ = std::move(kept);
  answer([this] { break_line(); });
}

void Session::time_out(Clock& clock, uint64_t& steady) {
  steady = std::max(clock.steady_ms(), session_.next_deadline_ms());
  session_.on_time();
}

void Session::break_call(const Status& status) {
  switch (std::exchange(call_, Call::none)) {
    case Call::heads:
      return session_.on_heads(status, {});
    case Call::push:
      return session_.on_push_end(status);
    case Call::pull:
      return session_.on_pull_end(status);
    case Call::recover:
      return session_.on_recover_end(status, {});
    case Call::none:
      return;
  }
}

Result<hub::Device> Session::caller() { return world_.hub(hub_).service->authenticate(shown_); }

void Session::heads(const v1::HeadsRequest& request) {
  call_ = Call::heads;
  send([this, request] {
    const Result<hub::Device> device = caller();
    HubProcess& hub = world_.hub(hub_);
    Result<v1::HeadsReply> reply =
        device.ok() ? hub.service->heads(*device, request) : device.status();
    world_.settle(hub);
    if (reply.ok() && request.cosignatures_size() > 0) world_.note(Event::cosigned);
    if (reply.ok()) *reply->mutable_certificate() = world_.renewed(shown_);
    answer([this, reply] {
      call_ = Call::none;
      session_.on_heads(reply.status(), reply.ok() ? *reply : v1::HeadsReply());
    });
  });
}

void Session::push(const v1::PushRequest& request) {
  // The hub's part: what it answers reaches the session if that is still there.
  const auto enter = [world = &world_, hub = hub_, shown = shown_](
                         const v1::PushRequest& sent, const hub::Writer::PushDone& done) {
    HubProcess& process = world->hub(hub);
    const Result<hub::Device> device = process.service->authenticate(shown);
    if (!device.ok()) return done(device.status());
    process.service->push(*device, sent, done);
    process.has_queue = true;
  };
  const auto nobody_hears = [](const Result<v1::PushReply>&) {};
  send(
      [this, request, enter, nobody_hears] {
        if (draws(fault_.twice_percent)) {
          world_.note(Event::duplicate);
          enter(request, nobody_hears);
        }
        enter(request, [alive = alive_](Result<v1::PushReply> reply) {
          if (*alive == nullptr) return;
          Session& session = **alive;
          session.answer([&session, reply = std::move(reply)] {
            if (!reply.ok()) return session.break_line();
            for (const v1::EnteredRun& run : reply->entered()) {
              session.world_.note_acknowledged(reply->ledger(),
                                               run.first_position() + run.count() - 1);
            }
            session.session_.on_push_reply(*reply);
          });
        });
      },
      [request, enter, nobody_hears] { enter(request, nobody_hears); });
}

void Session::finish_push() {
  send([this] {
    world_.settle(world_.hub(hub_));  // the stream ends behind its answers
    answer([this] {
      call_ = Call::none;
      session_.on_push_end({});
    });
  });
}

void Session::pull(const v1::PullRequest& request) {
  call_ = Call::pull;
  send([this, request] {
    cursor_ = std::make_unique<hub::PullCursor>(world_.hub(hub_).service->pull(request));
    pull_next();
  });
}

void Session::pull_next() {
  const Result<hub::Device> device = caller();
  const Result<std::optional<v1::PullReply>> reply =
      device.ok() ? world_.hub(hub_).service->next(*device, *cursor_)
                  : Result<std::optional<v1::PullReply>>(device.status());
  answer([this, reply] {
    if (!reply.ok()) {
      is_down_ = true;
      return break_call(reply.status());
    }
    if (!*reply) {
      call_ = Call::none;
      return session_.on_pull_end({});
    }
    session_.on_pull_reply(**reply);
    if (!is_down_) pull_next();
  });
}

void Session::recover(const v1::RecoverRequest& request) {
  // The hub's part; how many entries it took.
  const auto take = [world = &world_, hub = hub_,
                     shown = shown_](const v1::RecoverRequest& sent) -> Result<uint64_t> {
    HubProcess& process = world->hub(hub);
    DAFTAR_ASSIGN_OR_RETURN(const hub::Device device, process.service->authenticate(shown));
    Result<uint64_t> taken = Status(Code::unavailable, Msg::hub_silent);
    process.service->recover(device, sent,
                             [&](Result<uint64_t> recovered) { taken = std::move(recovered); });
    world->settle(process);
    return taken;
  };
  const auto late = [take, request, world = &world_] {
    world->note(Event::recovery_again);
    (void)take(request);
  };
  send(
      [this, request, take, late] {
        Result<uint64_t> taken = take(request);
        if (draws(kRecoveryTwicePercent)) late();
        if (taken.ok()) recovered_.set_recovered(recovered_.recovered() + *taken);
        answer([this, failed = taken.status()] {
          if (failed.ok()) return session_.on_recover_sent();
          messages_.clear();
          break_call(failed);  // the call alone: the session goes on with others
        });
      },
      late);
}

void Session::finish_recover() {
  send([this] {
    answer([this] {
      call_ = Call::none;
      const v1::RecoverReply reply = std::exchange(recovered_, {});
      if (reply.recovered() > 0) world_.note(Event::recovered);
      session_.on_recover_end({}, reply);
    });
  });
}

void Session::cancel() {
  is_down_ = true;
  messages_.clear();
}

}  // namespace daftar::simulation
