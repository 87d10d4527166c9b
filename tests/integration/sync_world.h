// A hub and devices in one process, joined message by message: the production HubStore, Writer,
// Service, ClientStore and SyncSession, without threads, gRPC or waiting.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/client_store.h"
#include "client/sync_session.h"
#include "client/view.h"
#include "common/base/clock.h"
#include "hub/service.h"
#include "hub/writer.h"
#include "tests/unit/temp_folder.h"

namespace daftar {

inline constexpr char kTransport[] = "administration/transport";
inline constexpr char kHealth[] = "administration/health";

/// Moves only when a test says so.
class FakeClock : public Clock {
 public:
  uint64_t wall = 1'795'000'000'000;
  uint64_t steady = 1'000;
  uint64_t wall_ms() override { return wall; }
  uint64_t steady_ms() override { return steady; }
};

/// The value of a call that must not fail; the test ends (by exception) with the reason if it does.
template <typename T>
T need(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().text());
  return *std::move(result);
}
inline void need(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.text());
}

/// The hub over one folder; its writer runs when it is asked to, on the caller's thread.
class TestHub {
 public:
  TestHub(std::string folder, Clock& clock);

  void open();
  void close();
  /// Puts a copy of the folder at `to`, as a backup would.
  void back_up(const std::string& to);
  void restore(const std::string& from);

  hub::HubStore& store() { return *store_; }
  hub::Writer& writer() { return *writer_; }
  hub::Service& service() { return *service_; }
  /// Runs the writer until there is nothing to do.
  void settle();
  void add_ledger(const std::string& name) { need(store_->add_ledger(name)); }

  TreeHead head(const std::string& ledger);
  Hash digest(const std::string& ledger);
  /// The messages of all entered changesets, in order; "refused" for a refusal.
  std::vector<std::string> messages(const std::string& ledger);
  /// Opens an own database connection on the hub's file, to damage it.
  Database raw();

  /// Who may write what; everything, unless a test says otherwise.
  hub::Authority authority;

 private:
  std::string folder_;
  Clock& clock_;
  std::unique_ptr<hub::HubStore> store_;  ///< the test's own look
  std::unique_ptr<hub::Writer> writer_;
  std::unique_ptr<hub::Service> service_;
};

/// What a line does to the messages that pass over it.
struct Line {
  /// Message number `cut` (from 0, requests, replies and ends of streams alike) is lost, and all
  /// after it; the session is told that the call broke.
  std::optional<uint64_t> cut;
  /// As `cut`, but nobody tells the session.
  std::optional<uint64_t> silent;
  /// What a lying hub does to its replies.
  std::function<void(v1::HeadsReply&)> forge_heads;
  std::function<void(v1::PushReply&)> forge_push;
  std::function<void(v1::PullReply&)> forge_pull;
  std::function<void(v1::RecoverReply&)> forge_recover;
  /// Sees each request.
  std::function<void(const v1::PushRequest&)> on_push;
  std::function<void(const v1::PullRequest&)> on_pull;
  /// Called before message `number` passes.
  std::function<void(uint64_t number)> before;
};

/// Carries a session's messages to a TestHub and back through a queue, one at a time.
class FakeTransport : public client::Transport {
 public:
  FakeTransport(TestHub& hub, DeviceNumber device, Line line);
  void attach(client::SyncSession& session) { session_ = &session; }
  /// Delivers until nothing is left to deliver.
  void run();
  uint64_t passed() const { return passed_; }
  uint64_t heads_calls() const { return heads_calls_; }

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
  void post(std::function<void()> event) { events_.push_back(std::move(event)); }
  /// Puts a message on the line: what arrives happens later, or the call breaks.
  void message(std::function<void()> arrival);
  void break_call(const Status& status);
  Result<hub::Device> caller() { return hub_.service().authenticate(device_); }
  void pull_next();

  TestHub& hub_;
  DeviceNumber device_;
  Line line_;
  client::SyncSession* session_ = nullptr;
  std::deque<std::function<void()>> events_;
  Call call_ = Call::none;
  bool is_down_ = false;
  uint64_t passed_ = 0;
  uint64_t heads_calls_ = 0;
  std::unique_ptr<hub::PullCursor> cursor_;
  v1::RecoverReply recovered_;
};

struct SyncOutcome {
  client::SyncReport report;
  uint64_t messages = 0;
  uint64_t heads_calls = 0;
  std::vector<client::SyncReport> progress;
  bool is_done = false;
};

class SyncWorld;

/// A device with its folder.
class TestDevice {
 public:
  TestDevice(SyncWorld& world, std::string folder) : world_(world), folder_(std::move(folder)) {}

  void open() { store_ = need(client::ClientStore::open(folder_)); }
  void close() { store_.reset(); }
  client::ClientStore& store() { return *store_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  DeviceNumber number() { return need(store_->identity()).device; }
  LedgerId ledger(const std::string& name = kTransport) { return need(store_->add_ledger(name)); }
  client::LedgerInfo info(const std::string& name = kTransport);
  client::View view(const std::string& name = kTransport);
  Context context(const std::string& name = kTransport);

  /// Saves one text, having looked at what is here now or at `context`; the text (its
  /// beginning) is the message too, by which the world counts it.
  uint64_t save(const RecordKey& key, FieldNumber field, const std::string& text,
                std::optional<Context> context = {}, const std::string& ledger = kTransport);
  uint64_t save_draft(const client::Draft& draft, const std::string& ledger = kTransport);
  /// What a field reads, as text.
  std::string reads(const RecordKey& key, FieldNumber field,
                    const std::string& ledger = kTransport);
  bool is_contended(const RecordKey& key, const std::string& ledger = kTransport);
  Hash digest(const std::string& ledger = kTransport);
  TreeHead verified(const std::string& ledger = kTransport) { return info(ledger).verified; }

  /// One session from start to end, or until the line goes silent; `learn_as`: under that number,
  /// to learn what the hub has.
  SyncOutcome sync(Line line = {}, std::optional<DeviceNumber> learn_as = {});

 private:
  SyncWorld& world_;
  std::string folder_;
  std::unique_ptr<client::ClientStore> store_;
};

class SyncWorld {
 public:
  /// With `ledgers` at the hub.
  explicit SyncWorld(const std::vector<std::string>& ledgers = {kTransport});

  /// A new registered device that may write `ledgers` (those of the world if none are named).
  TestDevice& add_device(const std::vector<std::string>& ledgers = {});
  /// Central Inspection's: every ledger, those to come too.
  TestDevice& add_inspection();
  /// A device over a copy of another one's folder as it is now.
  TestDevice& clone(TestDevice& of);
  /// Registers the device's second key and makes it its own.
  /// A number of its own for a copy; of the world's ledgers if none is named.
  void enrol_anew(TestDevice& device, const std::vector<std::string>& ledgers = {});
  void back_up(TestDevice& device, const std::string& name);
  void restore(TestDevice& device, const std::string& name);

  /// Nothing waits anywhere, and hub and devices hold the same entries and states.
  void expect_settled(const std::vector<std::string>& ledgers = {kTransport});
  /// Everything that was saved in the ledger (and nothing else) was entered, once.
  void expect_all_entered_once(const std::string& ledger = kTransport);

  TempFolder folder;
  FakeClock clock;
  TestHub hub;
  /// Messages of everything saved, by ledger.
  std::map<std::string, std::vector<std::string>> saved;

 private:
  client::Identity identity_of(const hub::Device& device);
  TestDevice& enrol(bool holds_all, const std::vector<std::string>& ledgers);
  std::vector<std::string> ledgers_;
  std::deque<TestDevice> devices_;
};

/// A record of a kind, by its id.
inline RecordKey indicator_key(DeviceNumber device, uint64_t counter) {
  return {4, device, counter, ""};
}

}  // namespace daftar
