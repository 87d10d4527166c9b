#include "client/agent.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <ctime>
#include <functional>
#include <optional>
#include <random>

#include "client/sync_runner.h"
#include "common/base/report.h"
#include "common/base/text.h"
#include "common/store/files.h"

namespace daftar::client {
namespace {

// The offset of a device spreads a ministry's calls over half an hour; its number makes it its own.
constexpr uint64_t kOffsetSpreadMs = 30ULL * 60 * 1000;
constexpr uint64_t kOffsetStepMs = 97ULL * 1000;
// A timer wakes at least this often: clocks jump and laptops sleep.
constexpr uint64_t kLongestWaitMs = 60ULL * 1000;

void log_event(spdlog::level::level_enum level, Msg message,
               const std::vector<std::string>& arguments) {
  spdlog::log(level, "{} {}", message_id(message), one_line(message_text(message, arguments)));
}

int64_t utc_offset_ms(uint64_t now_ms) {
  const auto seconds = static_cast<std::time_t>(now_ms / 1000);
  std::tm local{};
  return localtime_r(&seconds, &local) == nullptr ? 0
                                                  : static_cast<int64_t>(local.tm_gmtoff) * 1000;
}

class Agent {
 public:
  Agent(ClientStore& store, Clock& clock, const AgentOptions& options, Identity identity)
      : store_(store),
        clock_(clock),
        options_(options),
        identity_(std::move(identity)),
        signals_(context_, SIGINT, SIGTERM),
        timer_(context_),
        random_(std::random_device{}()) {}

  Status run() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      is_stopping_ = true;
      if (cancel_) cancel_();
      timer_.cancel();
    });
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> last, store_.setting("last_sync_ms"));
    if (last) {
      DAFTAR_ASSIGN_OR_RETURN(last_success_ms_, parse_setting("last_sync_ms", *last));
    }
    due_ms_ = next(clock_.wall_ms());
    log_event(spdlog::level::info, Msg::agent_started, {identity_.hub_address, time_text(due_ms_)});
    while (!is_stopping_) {
      if (clock_.wall_ms() >= due_ms_) {
        sync();
      } else {
        wait();
      }
    }
    log_event(spdlog::level::info, Msg::agent_stopped, {});
    return {};
  }

 private:
  uint64_t next(uint64_t now_ms) {
    const Nightly nightly{options_.minute_of_day,
                          identity_.device * kOffsetStepMs % kOffsetSpreadMs,
                          utc_offset_ms(now_ms)};
    return next_sync(nightly, now_ms, last_success_ms_, failures_,
                     [this](uint64_t below) { return random_() % below; });
  }

  void wait() {
    const uint64_t now = clock_.wall_ms();
    const uint64_t left = due_ms_ > now ? due_ms_ - now : 0;
    timer_.expires_after(std::chrono::milliseconds(std::min(left, kLongestWaitMs)));
    bool is_over = false;
    timer_.async_wait([&](const boost::system::error_code&) { is_over = true; });
    while (!is_over) context_.run_one();
    // A clock that was set back must not put the sync off by more than a night.
    due_ms_ = std::min(due_ms_, next_if_clock_jumped());
  }

  uint64_t next_if_clock_jumped() {
    const uint64_t now = clock_.wall_ms();
    return failures_ > 0 ? now + 2 * 60 * kLongestWaitMs : next(now);
  }

  void sync() {
    const SyncReport report = line_.sync(
        store_, context_, clock_, [](const SyncReport&) {},
        [this](std::function<void()> cancel) { cancel_ = std::move(cancel); });
    const uint64_t now = clock_.wall_ms();
    if (report.status.ok()) {
      failures_ = 0;
      last_success_ms_ = now;
      const Status kept = store_.set_setting("last_sync_ms", std::to_string(now));
      if (!kept.ok()) log_event(spdlog::level::err, kept.message(), kept.arguments());
      log_event(spdlog::level::info, Msg::sync_done,
                {std::to_string(report.pushed), std::to_string(report.pulled - report.pulled_own)});
    } else if (report.status.code() != Code::cancelled) {
      ++failures_;
      log_event(spdlog::level::warn, report.status.message(), report.status.arguments());
    }
    for (const auto& [ledger, message] : report.turned_away) {
      log_event(spdlog::level::warn, message, {ledger});
    }
    if (!report.forked.empty()) {
      log_event(spdlog::level::warn, Msg::device_forked, {std::to_string(identity_.device)});
    }
    due_ms_ = next(now);
  }

  ClientStore& store_;
  Clock& clock_;
  AgentOptions options_;
  Identity identity_;
  HubLine line_;
  boost::asio::io_context context_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  std::mt19937_64 random_;
  std::function<void()> cancel_;
  bool is_stopping_ = false;
  int failures_ = 0;
  std::optional<uint64_t> last_success_ms_;
  uint64_t due_ms_ = 0;
};

}  // namespace

Status run_agent(ClientStore& store, Clock& clock, const AgentOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(Identity identity, store.identity());
  DAFTAR_ASSIGN_OR_RETURN(const auto lock, FileLock::acquire(store.folder() + "/agent.lock"));
  if (!lock) return {Code::exists, Msg::agent_running, {store.folder()}};
  spdlog::set_default_logger(spdlog::stderr_logger_mt("daftar-agent"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  return Agent(store, clock, options, std::move(identity)).run();
}

}  // namespace daftar::client
