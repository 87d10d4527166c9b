#include "tests/integration/sync_world.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "common/register/kinds.h"

namespace daftar {

// ---- the hub

TestHub::TestHub(std::string folder, Clock& clock)
    : authority([](const Changeset&, uint64_t) { return std::nullopt; }),
      folder_(std::move(folder)),
      clock_(clock) {
  need(hub::HubStore::create(folder_, "hub.test"));
  open();
}

void TestHub::open() {
  const auto open_store = [&] {
    return need(hub::HubStore::open(folder_, Database::Access::read_write));
  };
  store_ = open_store();
  writer_ = std::make_unique<hub::Writer>(open_store(), clock_,
                                          [this](const Changeset& changeset, uint64_t national) {
                                            return authority(changeset, national);
                                          });
  service_ = std::make_unique<hub::Service>(open_store(), need(store_->identity()), *writer_);
}

void TestHub::close() {
  service_.reset();
  writer_.reset();
  store_.reset();
}

void TestHub::back_up(const std::string& to) {
  close();
  copy_folder(folder_, to);
  open();
}

void TestHub::restore(const std::string& from) {
  close();
  copy_folder(from, folder_);
  open();
}

void TestHub::settle() {
  while (writer_->run_once()) {
  }
}

TreeHead TestHub::head(const std::string& name) {
  const LedgerRow row = need(store_->ledgers().row(*need(store_->ledgers().find_ledger(name))));
  return {row.size, need(RightEdge::from_bytes(row.size, row.right_edge)).root()};
}

Hash TestHub::digest(const std::string& name) {
  settle();
  const LedgerId id = *need(store_->ledgers().find_ledger(name));
  return need(need(Ledger::open(store_->ledgers(), id, name))->digest());
}

std::vector<std::string> TestHub::messages(const std::string& name) {
  std::vector<std::string> result;
  const LedgerId id = *need(store_->ledgers().find_ledger(name));
  need(store_->ledgers().read_entries(
      id, 1, head(name).size, [&](const StoredEntry& entry) -> Status {
        result.push_back(entry.changeset.empty() ? "refused"
                                                 : need(decode_changeset(entry.changeset)).message);
        return {};
      }));
  return result;
}

Database TestHub::raw() { return need(Database::open(folder_ + "/hub.db")); }

// ---- the line

FakeTransport::FakeTransport(TestHub& hub, DeviceNumber device, Line line)
    : hub_(hub), device_(device), line_(std::move(line)) {}

void FakeTransport::run() {
  // A session that goes round for ever must not hang the tests.
  constexpr int kMostEvents = 10'000;
  for (int count = 0; !events_.empty(); ++count) {
    if (count == kMostEvents) throw std::runtime_error("the session does not end");
    const std::function<void()> event = std::move(events_.front());
    events_.pop_front();
    event();
  }
}

void FakeTransport::message(std::function<void()> arrival) {
  post([this, arrival = std::move(arrival)] {
    if (is_down_) return;
    if (line_.before) line_.before(passed_);
    if (is_down_) return;  // cancelled by the test just now
    if (line_.silent && passed_ >= *line_.silent) return;
    if (line_.cut && passed_ >= *line_.cut) {
      is_down_ = true;
      return break_call({Code::unavailable, Msg::hub_unreachable, {"cut"}});
    }
    ++passed_;
    arrival();
  });
}

void FakeTransport::break_call(const Status& status) {
  switch (std::exchange(call_, Call::none)) {
    case Call::heads:
      return session_->on_heads(status, {});
    case Call::push:
      return session_->on_push_end(status);
    case Call::pull:
      return session_->on_pull_end(status);
    case Call::recover:
      return session_->on_recover_end(status, {});
    case Call::none:
      return;
  }
}

void FakeTransport::heads(const v1::HeadsRequest& request) {
  call_ = Call::heads;
  ++heads_calls_;
  message([this, request] {
    const Result<hub::Device> device = caller();
    Result<v1::HeadsReply> reply =
        device.ok() ? hub_.service().heads(*device, request) : device.status();
    hub_.settle();
    message([this, reply]() mutable {
      call_ = Call::none;
      if (!reply.ok()) return session_->on_heads(reply.status(), {});
      if (line_.forge_heads) line_.forge_heads(*reply);
      session_->on_heads({}, *reply);
    });
  });
}

void FakeTransport::push(const v1::PushRequest& request) {
  if (line_.on_push) line_.on_push(request);
  message([this, request] {
    const Result<hub::Device> device = caller();
    if (!device.ok()) return message([=, this] { break_call(device.status()); });
    hub_.service().push(*device, request, [this](Result<v1::PushReply> reply) {
      message([this, reply]() mutable {
        if (!reply.ok()) return break_call(reply.status());
        if (line_.forge_push) line_.forge_push(*reply);
        session_->on_push_reply(*reply);
      });
    });
    hub_.settle();
  });
}

void FakeTransport::finish_push() {
  message([this] {
    message([this] {
      call_ = Call::none;
      session_->on_push_end({});
    });
  });
}

void FakeTransport::pull(const v1::PullRequest& request) {
  if (line_.on_pull) line_.on_pull(request);
  call_ = Call::pull;
  message([this, request] {
    cursor_ = std::make_unique<hub::PullCursor>(hub_.service().pull(request));
    pull_next();
  });
}

void FakeTransport::pull_next() {
  const Result<hub::Device> device = caller();
  Result<std::optional<v1::PullReply>> reply =
      device.ok() ? hub_.service().next(*device, *cursor_) : device.status();
  message([this, reply]() mutable {
    if (!reply.ok()) return break_call(reply.status());
    if (!*reply) {
      call_ = Call::none;
      return session_->on_pull_end({});
    }
    if (line_.forge_pull) line_.forge_pull(**reply);
    session_->on_pull_reply(**reply);
    if (!is_down_) pull_next();
  });
}

void FakeTransport::recover(const v1::RecoverRequest& request) {
  message([this, request] {
    const Result<hub::Device> device = caller();
    if (!device.ok()) return message([=, this] { break_call(device.status()); });
    Status failed;
    hub_.service().recover(*device, request, [&](Result<uint64_t> recovered) {
      failed = recovered.status();
      if (recovered.ok()) recovered_.set_recovered(recovered_.recovered() + *recovered);
    });
    hub_.settle();
    if (!failed.ok()) return message([=, this] { break_call(failed); });
    post([this] {
      if (!is_down_) session_->on_recover_sent();
    });
  });
}

void FakeTransport::finish_recover() {
  message([this] {
    message([this] {
      call_ = Call::none;
      v1::RecoverReply reply = std::exchange(recovered_, {});
      if (line_.forge_recover) line_.forge_recover(reply);
      session_->on_recover_end({}, reply);
    });
  });
}

void FakeTransport::cancel() { is_down_ = true; }

// ---- devices

client::LedgerInfo TestDevice::info(const std::string& name) {
  ledger(name);
  for (client::LedgerInfo& info : need(store_->held_ledgers())) {
    if (info.name == name) return info;
  }
  throw std::runtime_error("no ledger " + name);
}

client::View TestDevice::view(const std::string& name) {
  return need(client::View::open(*store_, ledger(name)));
}

Context TestDevice::context(const std::string& name) {
  return need(store_->current_context(ledger(name)));
}

uint64_t TestDevice::save(const RecordKey& key, FieldNumber field, const std::string& text,
                          std::optional<Context> seen, const std::string& name) {
  client::Draft draft;
  draft.context = seen.value_or(context(name));
  draft.message = text.substr(0, 100);
  draft.records = {{key, {{field, Value::text(text), std::nullopt}}}};
  return save_draft(draft, name);
}

uint64_t TestDevice::save_draft(const client::Draft& draft, const std::string& name) {
  const uint64_t seq = need(store_->save(ledger(name), {draft}, world_.clock.wall));
  world_.saved[name].push_back(draft.message);
  return seq;
}

std::string TestDevice::reads(const RecordKey& key, FieldNumber field, const std::string& name) {
  return value_text(need(view(name).record(key)).reading(field));
}

bool TestDevice::is_contended(const RecordKey& key, const std::string& name) {
  return need(view(name).record(key)).is_contended();
}

Hash TestDevice::digest(const std::string& name) {
  return need(need(Ledger::open(store_->ledgers(), ledger(name), name))->digest());
}

SyncOutcome TestDevice::sync(Line line, std::optional<DeviceNumber> learn_as) {
  using Purpose = client::SyncSession::Purpose;
  SyncOutcome outcome;
  FakeTransport transport(world_.hub, learn_as.value_or(number()), std::move(line));
  client::SyncSession session(
      *store_, transport, world_.clock,
      [&](const client::SyncReport& report) { outcome.progress.push_back(report); },
      learn_as ? Purpose::learn : Purpose::exchange);
  transport.attach(session);
  session.start();
  transport.run();
  if (!session.is_done()) {
    world_.clock.steady = session.next_deadline_ms();
    session.on_time();
  }
  outcome.is_done = session.is_done();
  outcome.report = session.report();
  outcome.messages = transport.passed();
  outcome.heads_calls = transport.heads_calls();
  return outcome;
}

// ---- the world

SyncWorld::SyncWorld(const std::vector<std::string>& ledgers)
    : hub(folder / "hub", clock), ledgers_(ledgers) {
  for (const std::string& name : ledgers) hub.add_ledger(name);
}

client::Identity SyncWorld::identity_of(const hub::Device& device) {
  const hub::HubIdentity identity = need(hub.store().identity());
  client::Identity made{device.number, device.user, "127.0.0.1:1", identity.name,
                        identity.key.public_key()};
  made.role = device.role;
  return made;
}

TestDevice& SyncWorld::add_device(const std::vector<std::string>& ledgers) {
  return enrol(false, ledgers.empty() ? ledgers_ : ledgers);
}

TestDevice& SyncWorld::add_inspection() { return enrol(true, {}); }

TestDevice& SyncWorld::enrol(bool holds_all, const std::vector<std::string>& ledgers) {
  const std::string path = folder / ("device-" + std::to_string(devices_.size()));
  need(client::ClientStore::create(path));
  TestDevice& device = devices_.emplace_back(*this, path);
  device.open();
  const hub::Device registered = need(hub.store().add_device(
      need(device.store().key()).public_key(), std::nullopt, "test", holds_all, ledgers));
  need(device.store().set_identity(identity_of(registered)));
  return device;
}

TestDevice& SyncWorld::clone(TestDevice& of) {
  const std::string path = folder / ("device-" + std::to_string(devices_.size()));
  of.close();
  copy_folder(of.folder(), path);
  of.open();
  TestDevice& device = devices_.emplace_back(*this, path);
  device.open();
  return device;
}

void SyncWorld::enrol_anew(TestDevice& device, const std::vector<std::string>& ledgers) {
  const PublicKey key = need(device.store().prepare_new_key());
  const hub::Device registered =
      need(hub.store().add_device(key, need(device.store().identity()).user, "again", false,
                                  ledgers.empty() ? ledgers_ : ledgers, {}, Role::none));
  need(device.sync({}, registered.number).report.status);
  need(device.store().adopt(identity_of(registered)));
}

void SyncWorld::back_up(TestDevice& device, const std::string& name) {
  device.close();
  copy_folder(device.folder(), folder / name);
  device.open();
}

void SyncWorld::restore(TestDevice& device, const std::string& name) {
  device.close();
  copy_folder(folder / name, device.folder());
  device.open();
}

void SyncWorld::expect_settled(const std::vector<std::string>& ledgers) {
  for (const std::string& name : ledgers) {
    for (TestDevice& device : devices_) {
      const client::LedgerInfo info = device.info(name);
      EXPECT_EQ(info.waiting + info.entered + info.forked, 0U) << name;
      EXPECT_EQ(info.verified, hub.head(name)) << name << ": the roots differ";
      EXPECT_EQ(to_hex(device.digest(name)), to_hex(hub.digest(name))) << name;
    }
  }
}

void SyncWorld::expect_all_entered_once(const std::string& name) {
  std::vector<std::string> entered = hub.messages(name);
  std::vector<std::string> wanted = saved[name];
  // Work that a copy makes again although the hub had it is refused, beside what was to be refused.
  const auto refused = std::count(wanted.begin(), wanted.end(), "refused");
  std::erase(entered, "refused");
  entered.insert(entered.end(), static_cast<size_t>(refused), "refused");
  std::sort(entered.begin(), entered.end());
  std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(entered, wanted);
}

}  // namespace daftar
