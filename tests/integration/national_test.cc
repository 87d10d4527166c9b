// Who may write what is in the ledger `national`: said there by the hub, judged by it, and found
// out by the audit where the hub did not keep to it.
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/audit.h"
#include "client/national_replay.h"
#include "common/ledger/chain.h"
#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"

namespace daftar {
namespace {

constexpr FieldNumber kName = field::indicator_name_en;
const RecordKey kRoads = indicator_key(1, 1);

class NationalTest : public testing::Test {
 protected:
  static const std::string& national() {
    static const std::string name(kNational);
    return name;
  }

  client::AuditReport audit(const std::string& ledger) {
    need(inspection.sync().report.status);
    return need(client::audit_ledger(inspection.store(), inspection.info(ledger)));
  }
  void expect_good(const std::string& ledger) {
    const client::AuditReport report = audit(ledger);
    EXPECT_TRUE(report.verdict.ok()) << report.verdict.text();
    EXPECT_EQ(report.judged, report.counts.entries - report.counts.refused) << ledger;
    EXPECT_GT(report.judged, 0U) << ledger;
  }
  // The directory as an auditor makes it of what the inspection holds.
  Directory directory() {
    need(inspection.sync().report.status);
    const auto replay = need(client::NationalReplay::begin(inspection.store()));
    return *need(replay->at(inspection.verified(national()).size));
  }

  // What a hub can do that does not judge: it enters a changeset that the device's key has sealed.
  void hub_enters(const std::string& ledger, DeviceNumber device, UserNumber author,
                  const SigningKey& key, std::vector<RecordEdits> records,
                  std::optional<uint64_t> judged_by = {}) {
    LedgerStore& store = world.hub.store().ledgers();
    const TreeHead at = world.hub.head(national());
    need(store.begin());
    const LedgerId id = *need(store.find_ledger(ledger));
    const auto open = need(Ledger::open(store, id, ledger));
    const DeviceKeys keys = [&](DeviceNumber) { return std::optional(key.public_key()); };
    const ChainHead head = need(open->chain_head(device, keys));
    Changeset changeset;
    changeset.ledger = ledger;
    changeset.device = device;
    changeset.seq = head.seq + 1;
    changeset.context = {open->state().position, head.seq, {}};
    changeset.author = author;
    changeset.records = std::move(records);
    const std::string bytes = need(encode_changeset(changeset));
    const ChainPoint point{device, changeset.seq, chain_next(head.link, bytes)};
    const Seal seal = make_seal(key, ledger, point, open->tree_head());
    need(open->enter({bytes, &changeset, point.link},
                     {world.clock.wall, judged_by.value_or(at.size)}, {}, seal)
             .status());
    need(open->save_head());
    need(open->materialise());
    need(store.commit());
  }
  static std::vector<RecordEdits> one(const RecordKey& key, FieldNumber field, Value value) {
    return {{key, {{field, std::move(value), {}}}}};
  }

  uint64_t save_in_national(TestDevice& device, const RecordKey& key, FieldNumber field,
                            Value value) {
    client::Draft draft;
    draft.context = device.context(national());
    draft.message = "national";
    draft.records = one(key, field, std::move(value));
    return device.save_draft(draft, national());
  }
  // A device whose user has that role, with national and the register open to it.
  TestDevice& add_with_role(Role role) {
    TestDevice& device = world.add_device({kTransport, national()});
    need(world.hub.store().grant(device.number(), false, {}, {}, role));
    need(device.sync().report.status);
    return device;
  }
  // The hub's backup is put back, and the operator says so.
  void restore_hub() {
    world.hub.restore(world.folder / "backup");
    need(world.hub.store().begin_awaiting());
  }
  UserNumber user_of(TestDevice& device) { return need(device.store().identity()).user; }

  SyncWorld world;
  TestDevice& officer = world.add_device();
  TestDevice& inspection = world.add_inspection();
};

TEST_F(NationalTest, TheHubSaysWhoMayWriteBeforeItJudges) {
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  expect_good(kTransport);
  expect_good(national());
  const Directory said = directory();
  EXPECT_EQ(said.role_of_device(officer.number()), Role::focal_point);
  EXPECT_TRUE(said.devices().at(officer.number()).may_reach(kTransport));
  EXPECT_FALSE(said.devices().at(officer.number()).may_reach(kHealth));
  EXPECT_EQ(said.devices().at(officer.number()).key, need(officer.store().key()).public_key());
}

TEST_F(NationalTest, WhatWasJudgedBeforeStaysJudgedByWhatWasSaidThen) {
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  need(world.hub.store().grant(officer.number(), false, {}, {}, Role::data_officer));
  officer.save(kRoads, kName, "Roads, too late");
  EXPECT_EQ(officer.sync().report.refused, 1U);
  need(world.hub.store().revoke_device(officer.number()));
  TestDevice& other = world.add_device();
  other.save(kRoads, kName, "Roads by the other");
  need(other.sync().report.status);
  EXPECT_EQ(directory().devices().at(officer.number()).standing, Standing::retired);
  expect_good(kTransport);
  expect_good(national());
}

// More entries than the audit keeps in memory at once.
TEST_F(NationalTest, ALongLedgerIsGoodToo) {
  std::vector<client::Draft> drafts;
  for (int i = 0; i < 5'100; ++i) {
    client::Draft draft;
    draft.context = officer.context();
    draft.message = "one of many";
    draft.records = one(kRoads, kName, Value::text("Roads " + std::to_string(i)));
    drafts.push_back(std::move(draft));
  }
  need(officer.store().save(officer.ledger(), drafts, world.clock.wall));
  need(officer.sync().report.status);
  EXPECT_EQ(world.hub.head(kTransport).size, 5'100U);
  expect_good(kTransport);
}

TEST_F(NationalTest, AnEntryWithoutAuthorityIsFoundOut) {
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  need(world.hub.store().grant(officer.number(), false, {}, {}, Role::data_officer));
  officer.save(indicator_key(1, 2), kName, "refused, but national says so now");
  need(officer.sync().report.status);
  const SigningKey key = need(officer.store().key());
  hub_enters(kTransport, officer.number(), user_of(officer), key,
             one(kRoads, kName, Value::text("not his to write")));
  const client::AuditReport report = audit(kTransport);
  EXPECT_EQ(report.verdict.message(), Msg::entry_not_allowed);
  EXPECT_EQ(report.wrong_entry, 3U);
}

TEST_F(NationalTest, AnotherAuthorsNameIsFoundOut) {
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  hub_enters(kTransport, officer.number(), 99, need(officer.store().key()),
             one(kRoads, kName, Value::text("in another's name")));
  EXPECT_EQ(audit(kTransport).verdict.message(), Msg::entry_not_allowed);
}

TEST_F(NationalTest, ADeviceThatTheDirectoryDoesNotKnowIsFoundOut) {
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  TestDevice& invented = world.add_device();
  // Its number and key are in the hub's tables only.
  need(world.hub.raw().execute("DELETE FROM due"));
  hub_enters(kTransport, invented.number(), user_of(invented), need(invented.store().key()),
             one(kRoads, kName, Value::text("by a device of the hub's making")));
  EXPECT_EQ(audit(kTransport).verdict.message(), Msg::entry_not_allowed);
}

TEST_F(NationalTest, AHubThatGivesItselfAuthorityIsFoundOut) {
  add_with_role(Role::omsar_administrator);
  add_with_role(Role::omsar_administrator);
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  expect_good(national());
  const SigningKey key = need(world.hub.store().identity()).key;
  hub_enters(national(), kHubDevice, 0, key,
             one({kind::approval, kHubDevice, 77, ""}, field::approval_user,
                 Value::reference(user_record(user_of(officer)))));
  const client::AuditReport report = audit(national());
  EXPECT_EQ(report.verdict.message(), Msg::entry_not_allowed);
  EXPECT_EQ(report.wrong_entry, inspection.verified(national()).size);
}

TEST_F(NationalTest, TheHubsKeyInNationalIsTheOneThatEveryDeviceKnows) {
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  Line line;
  line.forge_pull = [](v1::PullReply& reply) {
    for (v1::DeviceKey& key : *reply.mutable_keys()) {
      if (key.device() == kHubDevice) key.set_key(std::string(32, 'k'));
    }
  };
  EXPECT_EQ(inspection.sync(line).report.status.code(), Code::corrupt);
}

TEST_F(NationalTest, TwoAdministratorsApproveAThird) {
  TestDevice& third = world.add_device({kTransport, national()});
  TestDevice& first = add_with_role(Role::omsar_administrator);
  TestDevice& second = add_with_role(Role::omsar_administrator);
  need(third.sync().report.status);
  const UserNumber user = user_of(third);
  const auto role_told = [&](TestDevice& device) {
    need(device.sync().report.status);
    return need(device.store().identity()).role;
  };

  // The hub appoints nobody any more.
  EXPECT_EQ(
      world.hub.store().grant(third.number(), false, {}, {}, Role::omsar_administrator).message(),
      Msg::hub_may_not_appoint);
  EXPECT_EQ(world.hub.store()
                .add_device(SigningKey::generate().public_key(), {}, "", false, {kTransport})
                .status()
                .message(),
            Msg::hub_may_not_appoint);

  save_in_national(first, {kind::approval, first.number(), 1, ""}, field::approval_user,
                   Value::reference(user_record(user)));
  need(first.sync().report.status);
  EXPECT_EQ(role_told(third), Role::focal_point) << "one person's approval does nothing";
  // Nor does saying it twice.
  save_in_national(first, {kind::approval, first.number(), 2, ""}, field::approval_user,
                   Value::reference(user_record(user)));
  need(first.sync().report.status);
  EXPECT_EQ(role_told(third), Role::focal_point);
  save_in_national(second, {kind::approval, second.number(), 1, ""}, field::approval_user,
                   Value::reference(user_record(user)));
  need(second.sync().report.status);
  EXPECT_EQ(role_told(third), Role::omsar_administrator);

  // Now it may write what an administrator may, and no administrator makes one by a role.
  save_in_national(third, user_record(user_of(officer)), field::user_role,
                   Value::text("data-officer"));
  EXPECT_EQ(third.sync().report.refused, 0U);
  EXPECT_EQ(role_told(officer), Role::data_officer);
  client::Draft alone;
  alone.context = third.context(national());
  alone.message = "alone";
  alone.records =
      one(user_record(user_of(officer)), field::user_role, Value::text("omsar-administrator"));
  EXPECT_EQ(
      third.store().save(third.ledger(national()), {alone}, world.clock.wall).status().message(),
      Msg::authority_alone);
  expect_good(national());
}

TEST_F(NationalTest, APositionThatNationalDoesNotHaveIsNoneThatWasJudgedBy) {
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  hub_enters(kTransport, officer.number(), user_of(officer), need(officer.store().key()),
             one(kRoads, kName, Value::text("judged by what nobody has")), 1'000'000);
  const client::AuditReport report = audit(kTransport);
  EXPECT_EQ(report.verdict.message(), Msg::audit_national_short);
  EXPECT_EQ(report.wrong_entry, 2U);
}

TEST_F(NationalTest, AFounderWhoIsGivenAnotherRoleIsNoneAnyMore) {
  TestDevice& mistaken = add_with_role(Role::omsar_administrator);
  need(world.hub.store().grant(mistaken.number(), false, {}, {}, Role::focal_point));
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  EXPECT_EQ(directory().role_of_device(mistaken.number()), Role::focal_point);
  expect_good(national());
}

TEST_F(NationalTest, AGrantThatWasTakenAwayCanBeGivenAgain) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  const Directory said = directory();
  const RecordKey grant = said.devices().at(officer.number()).grants.begin()->first;
  save_in_national(first, grant, kDeletedField, Value::boolean(true));
  need(first.sync().report.status);
  EXPECT_TRUE(need(world.hub.store().device(officer.number()))->ledgers.empty());
  need(world.hub.store().grant(officer.number(), false, {kTransport}));
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  EXPECT_EQ(officer.info().held, 0U);
  EXPECT_EQ(world.hub.messages(kTransport), std::vector<std::string>{"Roads"});
  expect_good(kTransport);
  expect_good(national());
}

TEST_F(NationalTest, ADeviceLearnsThatItHasNoRoleAnyMore) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  need(officer.sync().report.status);
  need(first.sync().report.status);
  save_in_national(first, user_record(user_of(officer)), field::user_role, Value());
  need(first.sync().report.status);
  need(officer.sync().report.status);
  EXPECT_EQ(need(officer.store().identity()).role, Role::none);
}

TEST_F(NationalTest, ADeviceIsLetInAgainWhenAnAdministratorSaysSo) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  need(world.hub.store().revoke_device(officer.number(), true));
  save_in_national(first, user_record(user_of(first)), field::user_party, Value());
  need(first.sync().report.status);
  EXPECT_EQ(officer.sync().report.status.message(), Msg::device_lost);
  need(first.sync().report.status);
  save_in_national(first, device_record(officer.number()), field::device_standing,
                   Value::text("active"));
  need(first.sync().report.status);
  need(officer.sync().report.status);
}

// Frame by frame, as `national` comes back: what was said last counts.
TEST_F(NationalTest, ALostDeviceStaysLostWhenNationalComesBack) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  late.save(indicator_key(2, 1), kName, "Buses");
  need(late.sync().report.status);
  need(first.sync().report.status);
  save_in_national(first, device_record(late.number()), field::device_standing,
                   Value::text("lost"));
  need(first.sync().report.status);
  need(inspection.sync().report.status);
  restore_hub();
  for (int i = 0; i < 2; ++i) {
    need(inspection.sync().report.status);
    need(first.sync().report.status);
    (void)officer.sync();
  }
  EXPECT_TRUE(need(world.hub.store().device(late.number()))->is_lost);
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  EXPECT_EQ(directory().devices().at(late.number()).standing, Standing::lost);
  EXPECT_EQ(late.sync().report.status.message(), Msg::device_lost);
  expect_good(national());
}

// Two numbers alike, of which the hub has forgotten the first: that one has it.
TEST_F(NationalTest, ANumberThatWasGivenTwiceIsThatOfWhomNationalNames) {
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  late.save(indicator_key(2, 1), kName, "Buses");
  need(late.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.restore(world.folder / "backup");  // and its operator does not say so
  TestDevice& newcomer = world.add_device();
  EXPECT_EQ(newcomer.number(), late.number());
  for (int i = 0; i < 2; ++i) {
    need(inspection.sync().report.status);
    (void)officer.sync();
  }
  EXPECT_EQ(need(world.hub.store().device(late.number()))->key,
            need(late.store().key()).public_key());
  need(late.sync().report.status);
  expect_good(national());
}

// It was let in while the number was its own; by the time its batch is judged that is another's.
TEST_F(NationalTest, WhatWasQueuedUnderANumberThatWasTakenBackIsNotEntered) {
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  late.save(indicator_key(2, 1), kName, "Buses");
  need(late.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.restore(world.folder / "backup");
  TestDevice& newcomer = world.add_device();
  const hub::Device let_in = *need(world.hub.store().device(newcomer.number()));
  newcomer.save(kRoads, kName, "Roads");
  world.hub.writer().suspect({national()});  // so that nothing is said of it
  std::optional<v1::PushRequest> sent;
  ASSERT_FALSE(newcomer.sync({.cut = 2, .on_push = [&](const auto& one) { sent = one; }})
                   .report.status.ok());
  ASSERT_TRUE(sent);
  for (int i = 0; i < 2; ++i) need(inspection.sync().report.status);
  need(late.sync().report.status);
  world.clock.steady += 120'000;
  std::optional<v1::PushReply> reply;
  world.hub.service().push(let_in, *sent, [&](auto answer) { reply = need(std::move(answer)); });
  world.hub.settle();
  ASSERT_TRUE(reply && reply->has_turned_away());
  EXPECT_EQ(reply->turned_away().reason(), v1::TurnedAway::RECOVERING);
  EXPECT_EQ(world.hub.messages(kTransport), std::vector<std::string>{"Buses"});
}

// ---- a hub that was restored

TEST_F(NationalTest, NobodyNewEnrolsBeforeNationalIsBack) {
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  need(late.sync().report.status);
  need(inspection.sync().report.status);
  const UserNumber user = user_of(late);
  restore_hub();
  EXPECT_EQ(world.hub.store()
                .add_device(SigningKey::generate().public_key(), {}, "new", false, {kTransport})
                .status()
                .message(),
            Msg::hub_is_restored);
  need(inspection.sync().report.status);
  need(inspection.sync().report.status);
  for (TestDevice* device : {&officer, &late}) need(device->sync().report.status);
  TestDevice& fresh = world.add_device();
  EXPECT_GT(fresh.number(), late.number());
  EXPECT_GT(user_of(fresh), user);
  EXPECT_EQ(need(world.hub.store().device(late.number()))->user, user);
}

// The backup knows the officer and the inspection; the third one's work only it and the hub had.
TEST_F(NationalTest, WhomOnlyNationalNamesIsAwaitedToo) {
  need(officer.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& third = world.add_device();
  need(third.sync().report.status);
  need(inspection.sync().report.status);
  third.save(kRoads, kName, "Roads by the third");
  need(third.sync().report.status);
  restore_hub();
  officer.save(indicator_key(1, 2), kName, "Buses by the officer");
  for (int i = 0; i < 2; ++i) {
    need(officer.sync().report.status);
    need(inspection.sync().report.status);
  }
  EXPECT_EQ(officer.info().waiting, 1U) << "the third one's place must not be taken";
  EXPECT_EQ(need(world.hub.store().awaited(kTransport)), (std::set<DeviceNumber>{third.number()}));
  need(third.sync().report.status);
  need(officer.sync().report.status);
  need(third.sync().report.status);
  EXPECT_EQ(world.hub.messages(kTransport),
            (std::vector<std::string>{"Roads by the third", "Buses by the officer"}));
  expect_good(kTransport);
  expect_good(national());
}

// What nobody who holds `national` had pulled when the hub was lost shows in another ledger, later.
TEST_F(NationalTest, NobodyNewEnrolsBeforeEverythingIsBack) {
  need(officer.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  late.save(indicator_key(2, 1), kName, "Buses");
  need(late.sync().report.status);
  for (int i = 0; i < 2; ++i) need(officer.sync().report.status);
  restore_hub();
  for (int i = 0; i < 2; ++i) need(inspection.sync().report.status);
  EXPECT_EQ(need(world.hub.store().awaited(national())), std::nullopt);
  const auto enrol = [&] {
    return world.hub.store()
        .add_device(SigningKey::generate().public_key(), {}, "new", false, {kTransport})
        .status();
  };
  EXPECT_EQ(enrol().message(), Msg::hub_is_restored);
  for (int i = 0; i < 2; ++i) need(officer.sync().report.status);
  EXPECT_EQ(world.hub.messages(kTransport), std::vector<std::string>{"Buses"});
  EXPECT_EQ(enrol().message(), Msg::hub_is_restored) << "national lacks what that was judged by";
  need(world.hub.store().end_awaiting());
  world.hub.close();
  world.hub.open();
  need(enrol());
  EXPECT_EQ(need(world.hub.store().device(late.number()))->key,
            need(late.store().key()).public_key());
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 0U);
}

// A number that was given twice, of which `national` names one and another ledger the other.
TEST_F(NationalTest, ANumberOfTwoDevicesStopsNobodyElse) {
  need(officer.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  late.save(indicator_key(2, 1), kName, "Buses");
  need(late.sync().report.status);
  for (int i = 0; i < 2; ++i) need(officer.sync().report.status);
  world.hub.restore(world.folder / "backup");  // and its operator does not say so
  TestDevice& newcomer = world.add_device();
  ASSERT_EQ(newcomer.number(), late.number());
  need(newcomer.sync().report.status);
  need(inspection.sync().report.status);
  for (int i = 0; i < 2; ++i) need(officer.sync().report.status);
  EXPECT_EQ(need(world.hub.store().device(late.number()))->key,
            need(late.store().key()).public_key());
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 0U);
}

// Two devices that the backup knows, to which the same ledger was opened after it.
TEST_F(NationalTest, EachDeviceToWhichALedgerWasOpenedIsAwaited) {
  TestDevice& first = world.add_device();
  TestDevice& second = world.add_device();
  TestDevice& holder = world.add_device({national()});
  need(world.hub.store().revoke_device(inspection.number()));
  world.hub.add_ledger(kHealth);  // open to nobody, so that it does not wait by itself
  for (TestDevice* device : {&officer, &first, &second, &holder}) {
    need(device->sync().report.status);
  }
  world.hub.back_up(world.folder / "backup");
  for (TestDevice* device : {&first, &second}) {
    need(world.hub.store().grant(device->number(), false, {kHealth}));
    need(device->sync().report.status);
  }
  need(holder.sync().report.status);
  second.save(kRoads, kName, "Clinics", {}, kHealth);
  for (int i = 0; i < 2; ++i) need(second.sync().report.status);
  restore_hub();
  for (int i = 0; i < 2; ++i) need(holder.sync().report.status);
  first.save(indicator_key(1, 2), kName, "Hospitals", {}, kHealth);
  for (int i = 0; i < 2; ++i) need(first.sync().report.status);
  EXPECT_EQ(first.info(kHealth).waiting, 1U);
  for (int i = 0; i < 2; ++i) need(second.sync().report.status);
  for (TestDevice* device : {&officer, &first, &second}) need(device->sync().report.status);
  EXPECT_EQ(world.hub.messages(kHealth), (std::vector<std::string>{"Clinics", "Hospitals"}));
}

TEST_F(NationalTest, NothingIsJudgedByABackupThatKnowsNobodyWhoHoldsNational) {
  need(officer.sync().report.status);
  TestDevice& other = world.add_device({kHealth});
  need(other.sync().report.status);
  need(world.hub.store().revoke_device(inspection.number()));
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  restore_hub();
  officer.save(kRoads, kName, "by a role that may be another since");
  for (int i = 0; i < 3; ++i) need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 1U);
  need(other.sync().report.status);
  need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 0U);
}

TEST_F(NationalTest, WhoWasShutOutBeforeNationalIsBackStaysSo) {
  need(officer.sync().report.status);
  TestDevice& second = world.add_inspection();
  need(second.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& stolen = world.add_device();
  stolen.save(indicator_key(2, 1), kName, "Buses");
  need(stolen.sync().report.status);
  for (TestDevice* device : {&officer, &inspection, &second}) need(device->sync().report.status);
  restore_hub();
  for (int i = 0; i < 2; ++i) need(officer.sync().report.status);
  ASSERT_EQ(need(world.hub.store().device(stolen.number()))->user, 0U);
  need(world.hub.store().revoke_device(stolen.number(), true));
  for (TestDevice* device : {&inspection, &second, &inspection}) need(device->sync().report.status);
  EXPECT_TRUE(need(world.hub.store().device(stolen.number()))->is_lost);
  EXPECT_EQ(stolen.sync().report.status.message(), Msg::device_lost);
  EXPECT_EQ(directory().devices().at(stolen.number()).standing, Standing::lost);
}

// After the operator has given up what one device alone had, that one comes after all.
TEST_F(NationalTest, APastThatWasGivenUpDoesNotCloseTheLedgersAgain) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  need(officer.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  for (const char* role : {"data-officer", "focal-point", "data-officer"}) {
    save_in_national(first, user_record(user_of(officer)), field::user_role, Value::text(role));
    need(first.sync().report.status);
  }
  need(first.sync().report.status);
  restore_hub();
  need(inspection.sync().report.status);
  world.hub.close();
  world.hub.open();
  need(world.hub.store().end_awaiting());
  TestDevice& fresh = world.add_device();
  need(fresh.sync().report.status);
  std::vector<DeviceNumber> others;
  hub::Writer::Events events;
  events.other_past = [&](const std::string&, DeviceNumber device) { others.push_back(device); };
  world.hub.writer().on(std::move(events));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(first.sync().report.turned_away.contains(national()));
    officer.save(kRoads, kName, "Roads " + std::to_string(i));
    need(officer.sync().report.status);
    EXPECT_EQ(officer.info().waiting, 0U);
  }
  EXPECT_EQ(others.size(), 2U);
}

// Of `national` itself the newest entry is with somebody whom only `national` names.
TEST_F(NationalTest, NationalWaitsForThoseWhomItNames) {
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& first = add_with_role(Role::omsar_administrator);
  need(first.sync().report.status);
  need(inspection.sync().report.status);
  save_in_national(first, user_record(user_of(officer)), field::user_role,
                   Value::text("data-officer"));
  need(first.sync().report.status);
  need(first.sync().report.status);
  restore_hub();
  need(inspection.sync().report.status);
  need(inspection.sync().report.status);
  EXPECT_EQ(need(world.hub.store().awaited(national())), (std::set<DeviceNumber>{first.number()}));
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 1U);
  need(first.sync().report.status);
  EXPECT_EQ(officer.sync().report.refused, 1U) << "that role may not";
  need(first.sync().report.status);
  expect_good(national());
}

// A backup from before anybody held `national`: entries that come back say that there was more.
TEST_F(NationalTest, ABackupFromBeforeNationalWasOpenedWritesNoOther) {
  need(officer.sync().report.status);
  need(world.hub.store().revoke_device(inspection.number()));
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& first = add_with_role(Role::omsar_administrator);
  TestDevice& second = add_with_role(Role::omsar_administrator);
  officer.save(kRoads, kName, "Roads again");
  for (int i = 0; i < 2; ++i) need(officer.sync().report.status);
  save_in_national(first, user_record(user_of(officer)), field::user_role,
                   Value::text("data-officer"));
  need(first.sync().report.status);
  need(second.sync().report.status);
  const TreeHead said = world.hub.head(national());
  restore_hub();
  officer.save(kRoads, kName, "not for a data officer");
  for (int i = 0; i < 3; ++i) need(officer.sync().report.status);
  EXPECT_LT(world.hub.head(national()).size, said.size);
  EXPECT_EQ(officer.info().waiting, 1U) << "who may write what is not known";
  for (TestDevice* device : {&second, &first}) {
    const bool came_back = need(world.hub.store().device(device->number())).has_value();
    if (!came_back)
      need(world.hub.store().add_device(need(device->store().key()).public_key(), user_of(*device),
                                        "back", false, {kTransport, national()}, device->number(),
                                        Role::none));
    need(device->sync().report.status);
  }
  need(second.sync().report.status);
  EXPECT_EQ(officer.sync().report.refused, 1U);
  for (int i = 0; i < 2; ++i) need(first.sync().report.status);
  EXPECT_EQ(first.verified(national()), world.hub.head(national()));
}

TEST_F(NationalTest, WhatNobodyHasAnyMoreCanBeGivenUp) {
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  need(late.sync().report.status);
  officer.save(kRoads, kName, "Roads again");
  need(officer.sync().report.status);
  need(officer.sync().report.status);
  restore_hub();
  need(world.hub.store().revoke_device(inspection.number()));
  officer.save(kRoads, kName, "Roads once more");
  for (int i = 0; i < 3; ++i) need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 1U);
  world.hub.close();
  world.hub.open();
  need(world.hub.store().end_awaiting());
  need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 0U);
  EXPECT_EQ(officer.sync().report.refused, 0U);
}

// What the backup opened and was closed since is not opened again for another word of the operator.
TEST_F(NationalTest, AGrantThatWasTakenAwayStaysSoInARestoredHub) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  need(first.sync().report.status);
  const RecordKey grant = directory().devices().at(officer.number()).grants.begin()->first;
  world.hub.back_up(world.folder / "backup");
  save_in_national(first, grant, kDeletedField, Value::boolean(true));
  save_in_national(first, user_record(user_of(officer)), field::user_role,
                   Value::text("data-officer"));
  need(first.sync().report.status);
  need(first.sync().report.status);
  need(inspection.sync().report.status);
  restore_hub();
  need(world.hub.store().grant(officer.number(), false, {kHealth}));
  for (int i = 0; i < 2; ++i) {
    need(inspection.sync().report.status);
    need(first.sync().report.status);
  }
  (void)officer.sync();
  need(inspection.sync().report.status);
  EXPECT_EQ(need(world.hub.store().device(officer.number()))->ledgers,
            (std::vector<std::string>{kHealth}));
  EXPECT_EQ(directory().role_of_device(officer.number()), Role::data_officer);
  EXPECT_FALSE(directory().devices().at(officer.number()).may_reach(kTransport));
  EXPECT_TRUE(directory().devices().at(officer.number()).may_reach(kHealth));
}

TEST_F(NationalTest, ADeviceThatCameBackUnderAnotherNumberHasItsOwn) {
  const PublicKey key = SigningKey::generate().public_key();
  hub::HubStore& store = world.hub.store();
  const DeviceNumber wrong = need(store.add_device(key, {}, "again", false, {kTransport})).number;
  need(store.ledgers().begin());
  need(store.add_recovered_devices({{wrong + 5, key}}));
  need(store.ledgers().commit());
  EXPECT_EQ(need(store.device_by_key(key))->number, wrong + 5);
  EXPECT_FALSE(need(store.device(wrong)));
}

// ---- between a word and its being said

TEST_F(NationalTest, WhoeverIsRegisteredWhileNationalIsUnderSuspicionIsNotRefused) {
  need(inspection.sync().report.status);
  TestDevice& fresh = world.add_device();
  fresh.save(kRoads, kName, "Roads");
  world.hub.writer().suspect({national()});
  need(fresh.sync().report.status);
  EXPECT_EQ(fresh.info().held, 0U);
  EXPECT_EQ(fresh.info().waiting, 1U);
  officer.save(indicator_key(1, 2), kName, "Buses");
  need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 0U) << "who is known goes on";
  world.clock.steady += 120'000;
  need(fresh.sync().report.status);
  need(fresh.sync().report.status);
  EXPECT_EQ(fresh.info().held + fresh.info().waiting, 0U);
  expect_good(kTransport);
}

TEST_F(NationalTest, WhoWasLostStaysSoWhenRevokedAgain) {
  need(world.hub.store().revoke_device(officer.number(), true));
  need(world.hub.store().revoke_device(officer.number(), false));
  EXPECT_TRUE(need(world.hub.store().device(officer.number()))->is_lost);
}

TEST_F(NationalTest, AMistakenFirstAdministratorDoesNotEndTheFounding) {
  TestDevice& mistaken = add_with_role(Role::omsar_administrator);
  need(world.hub.store().grant(mistaken.number(), false, {}, {}, Role::focal_point));
  need(inspection.sync().report.status);
  TestDevice& first = add_with_role(Role::omsar_administrator);
  EXPECT_TRUE(need(world.hub.store().is_founding()));
  EXPECT_TRUE(directory().is_founding());
  TestDevice& second = add_with_role(Role::omsar_administrator);
  EXPECT_FALSE(need(world.hub.store().is_founding()));
  const Directory said = directory();
  EXPECT_FALSE(said.is_founding());
  EXPECT_EQ(said.administrators(), (std::set<UserNumber>{user_of(first), user_of(second)}));
  expect_good(national());
}

// An unsent word about device or user 3 is about that one, also when device 3 becomes another.
TEST_F(NationalTest, WorkThatIsMadeAgainSpeaksOfTheSameUsers) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  TestDevice& second = add_with_role(Role::omsar_administrator);
  const UserNumber user = user_of(second);
  ASSERT_EQ(user, second.number()) << "the trap";
  need(second.sync().report.status);
  save_in_national(second, user_record(user), field::user_party, Value());
  const RecordKey made{kind::approval, second.number(), need(second.store().reserve_ids(1)), ""};
  save_in_national(second, made, field::approval_user,
                   Value::reference(user_record(user_of(officer))));
  need(world.hub.store().revoke_device(second.number()));
  world.enrol_anew(second, {kTransport, national()});
  need(second.sync().report.status);
  EXPECT_EQ(second.info(national()).held, 0U);
  need(first.sync().report.status);
  const Directory said = directory();
  EXPECT_FALSE(said.users().contains(second.number())) << "nobody has that number";
  EXPECT_EQ(said.approvers(user_of(officer)), (std::set<UserNumber>{user}));
  expect_good(national());
}

TEST_F(NationalTest, TheDeviceRefusesWhatTheHubWould) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  TestDevice& second = add_with_role(Role::omsar_administrator);
  need(first.sync().report.status);
  need(second.sync().report.status);
  need(first.sync().report.status);
  const Directory said = directory();
  const auto tries_to_take_back = [&](const RecordKey& key) {
    client::Draft draft;
    draft.context = first.context(national());
    draft.message = "back";
    draft.records = one(key, kDeletedField, Value::boolean(true));
    return first.store()
        .save(first.ledger(national()), {draft}, world.clock.wall)
        .status()
        .message();
  };
  const RecordKey of_second = said.approvals_by_hub(user_of(second)).front();
  save_in_national(first, of_second, kDeletedField, Value::boolean(true));
  need(first.sync().report.status);
  need(first.sync().report.status);
  EXPECT_EQ(tries_to_take_back(of_second), Msg::authority_again);
  EXPECT_EQ(tries_to_take_back(said.approvals_by_hub(user_of(first)).front()), Msg::authority_last);
  EXPECT_EQ(first.info(national()).waiting, 0U);
}

TEST_F(NationalTest, WhatWasGivenInTheFoundingIsSaidInTheFounding) {
  TestDevice& first = world.add_device({national()});
  TestDevice& second = world.add_device({national()});
  TestDevice& later = world.add_device();
  for (TestDevice* device : {&first, &second}) {
    need(world.hub.store().grant(device->number(), false, {}, {}, Role::omsar_administrator));
  }
  later.save(kRoads, kName, "Roads");
  need(later.sync().report.status);
  EXPECT_EQ(later.info().held, 0U);
  const Directory said = directory();
  EXPECT_FALSE(said.is_founding());
  EXPECT_EQ(said.role_of_device(later.number()), Role::focal_point);
  expect_good(kTransport);
}

TEST_F(NationalTest, AnAdministratorShutsADeviceOut) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  save_in_national(first, device_record(officer.number()), field::device_standing,
                   Value::text("lost"));
  need(first.sync().report.status);
  EXPECT_EQ(officer.sync().report.status.message(), Msg::device_lost);
  save_in_national(first, {kind::grant, first.number(), 77, ""}, field::grant_ledger,
                   Value::text(kHealth));
  EXPECT_EQ(first.sync().report.refused, 0U);
  expect_good(national());
}

TEST_F(NationalTest, ARestoredHubLearnsItsDevicesAgain) {
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  need(world.hub.store().grant(officer.number(), false, {}, {}, Role::data_officer));
  late.save(indicator_key(2, 1), kName, "Buses");
  need(late.sync().report.status);
  need(inspection.sync().report.status);
  restore_hub();

  EXPECT_EQ(late.sync().report.status.message(), Msg::caller_unknown);
  officer.save(kRoads, kName, "Roads, not judged yet");
  EXPECT_EQ(officer.sync().report.refused, 0U);
  EXPECT_EQ(officer.info().waiting, 1U) << "who may write is not known before";
  need(inspection.sync().report.status);
  need(inspection.sync().report.status);
  const hub::Device known = *need(world.hub.store().device(late.number()));
  EXPECT_EQ(known.user, user_of(late));
  EXPECT_EQ(known.role, Role::focal_point);
  EXPECT_EQ(known.ledgers, (std::vector<std::string>{kTransport}));
  EXPECT_EQ(need(world.hub.store().device(officer.number()))->role, Role::data_officer);
  need(late.sync().report.status);
  EXPECT_EQ(officer.sync().report.refused, 1U);
  expect_good(kTransport);
  expect_good(national());
}

}  // namespace
}  // namespace daftar
