// A hub that was restored from a backup, and `national`: what it says after the backup counts again
// before anything is judged, and nobody gets a number, a user or a role that is another's.
#include <optional>
#include <set>

#include "tests/integration/national_world.h"

namespace daftar {
namespace {

// Frame by frame, as `national` comes back: what was said last counts.
TEST_F(RestoredNationalTest, ALostDeviceStaysLostWhenNationalComesBack) {
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
TEST_F(RestoredNationalTest, ANumberThatWasGivenTwiceIsThatOfWhomNationalNames) {
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
TEST_F(RestoredNationalTest, WhatWasQueuedUnderANumberThatWasTakenBackIsNotEntered) {
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
  world.hub.writer().suspect({national()}, officer.number());  // so that nothing is said of it
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

TEST_F(RestoredNationalTest, NobodyNewEnrolsBeforeNationalIsBack) {
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
TEST_F(RestoredNationalTest, WhomOnlyNationalNamesIsAwaitedToo) {
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
TEST_F(RestoredNationalTest, NobodyNewEnrolsBeforeEverythingIsBack) {
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
TEST_F(RestoredNationalTest, ANumberOfTwoDevicesStopsNobodyElse) {
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
  // What `national` gives to that number it gives to the other one.
  need(world.hub.store().grant(late.number(), false, {kTransport}, user_of(late)));
  late.save(indicator_key(2, 1), kName, "Buses, by another's role");
  EXPECT_EQ(late.sync().report.refused, 1U);
}

// Two devices that the backup knows, to which the same ledger was opened after it.
TEST_F(RestoredNationalTest, EachDeviceToWhichALedgerWasOpenedIsAwaited) {
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

TEST_F(RestoredNationalTest, NothingIsJudgedByABackupThatKnowsNobodyWhoHoldsNational) {
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

// Of `national` itself the newest entry is with somebody whom only `national` names.
TEST_F(RestoredNationalTest, NationalWaitsForThoseWhomItNames) {
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
TEST_F(RestoredNationalTest, ABackupFromBeforeNationalWasOpenedWritesNoOther) {
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

// What is missing of `national` may name others to whom a ledger is open: it does not open before.
TEST_F(RestoredNationalTest, ADeviceOfWhichNobodyTellsIsWaitedForOnceItIsGrantedAgain) {
  for (TestDevice* device : {&officer, &inspection}) need(device->sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  const UserNumber user = user_of(late);
  late.save(indicator_key(2, 1), kName, "Buses");
  need(late.sync().report.status);
  need(officer.sync().report.status);
  late.save(indicator_key(2, 2), kName, "Trains");
  for (int i = 0; i < 2; ++i) need(late.sync().report.status);  // of this officer has nothing
  restore_hub();
  // `national` opens, and then what comes back shows that there was more of it.
  for (TestDevice* device : {&inspection, &officer}) need(device->sync().report.status);
  EXPECT_TRUE(need(world.hub.store().is_any_awaiting()));
  EXPECT_NE(need(world.hub.store().awaited(kTransport)), std::nullopt);
  need(world.hub.store().grant(late.number(), false, {kTransport}, user, Role::focal_point));
  need(world.hub.store().end_awaiting(national()));
  officer.save(kRoads, kName, "Roads");
  need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 1U) << "the late one has not shown what it knows";
  need(late.sync().report.status);
  for (TestDevice* device : {&officer, &late}) need(device->sync().report.status);
  EXPECT_EQ(officer.info().waiting, 0U);
  EXPECT_EQ(world.hub.messages(kTransport), (std::vector<std::string>{"Buses", "Trains", "Roads"}));
}

// Whom the backup does not know alone has the rest of `national`, which is known to be short.
TEST_F(RestoredNationalTest, WhomAPartOfNationalNamesMayGiveTheRestBack) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  for (TestDevice* device : {&first, &officer}) need(device->sync().report.status);
  need(world.hub.store().revoke_device(inspection.number()));
  need(first.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& second = world.add_inspection();
  need(second.sync().report.status);
  need(first.sync().report.status);  // `national` up to where it names the second
  need(world.hub.store().grant(officer.number(), false, {kHealth}));
  need(officer.sync().report.status);
  officer.save(kRoads, kName, "Roads");
  for (int i = 0; i < 2; ++i) need(officer.sync().report.status);
  need(second.sync().report.status);
  restore_hub();
  for (int i = 0; i < 2; ++i) need(officer.sync().report.status);  // judged by what second has
  for (int i = 0; i < 2; ++i) need(first.sync().report.status);
  for (int i = 0; i < 2; ++i) need(second.sync().report.status);
  for (TestDevice* device : {&first, &officer}) need(device->sync().report.status);
  officer.save(kRoads, kName, "Roads again");
  need(officer.sync().report.status);
  EXPECT_EQ(officer.info().waiting, 0U);
  EXPECT_EQ(need(world.hub.store().device(officer.number()))->ledgers,
            (std::vector<std::string>{kHealth, kTransport}));
}

TEST_F(RestoredNationalTest, ADeviceThatCameBackUnderAnotherNumberHasItsOwn) {
  const PublicKey key = SigningKey::generate().public_key();
  hub::HubStore& store = world.hub.store();
  const DeviceNumber wrong = need(store.add_device(key, {}, "again", false, {kTransport})).number;
  need(store.ledgers().begin());
  need(store.add_recovered_devices({{wrong + 5, key}}));
  need(store.ledgers().commit());
  EXPECT_EQ(need(store.device_by_key(key))->number, wrong + 5);
  EXPECT_FALSE(need(store.device(wrong)));
}

TEST_F(RestoredNationalTest, ARestoredHubLearnsItsDevicesAgain) {
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
