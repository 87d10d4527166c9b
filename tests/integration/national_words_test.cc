// A hub that was restored, and what its operator and the administrators said before and since:
// nothing of it is undone, said twice, or waited for when it was given up.
#include <string>
#include <vector>

#include "tests/integration/national_world.h"

namespace daftar {
namespace {

// What an administrator says while other ledgers wait is not undone when they do no more.
TEST_F(RestoredNationalTest, WhoIsLetInAgainWhileSomethingWaitsStaysIn) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  TestDevice& dark = world.add_device();
  for (TestDevice* device : {&officer, &first, &dark, &inspection, &first}) {
    need(device->sync().report.status);
  }
  need(world.hub.store().revoke_device(officer.number()));
  for (TestDevice* device : {&inspection, &first}) need(device->sync().report.status);
  for (TestDevice* device : {&inspection, &first}) need(device->sync().report.status);
  world.hub.back_up(world.folder / "backup");
  restore_hub();
  for (TestDevice* device : {&inspection, &first}) need(device->sync().report.status);
  need(world.hub.store().grant(officer.number(), false, {kHealth}, user_of(officer)));
  save_in_national(first, device_record(officer.number()), field::device_standing,
                   Value::text("active"));
  need(first.sync().report.status);
  ASSERT_EQ(first.info(national()).waiting, 0U);
  EXPECT_FALSE(need(world.hub.store().device(officer.number()))->is_revoked);
  need(dark.sync().report.status);
  need(officer.sync().report.status);
  EXPECT_FALSE(need(world.hub.store().device(officer.number()))->is_revoked);
  EXPECT_EQ(directory().devices().at(officer.number()).standing, Standing::active);
}

// What the backup opened and was closed since is not opened again for another word of the operator.
TEST_F(RestoredNationalTest, AGrantThatWasTakenAwayStaysSoInARestoredHub) {
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

// What was due when the backup was made the hub has said since, and administrators took it back.
TEST_F(RestoredNationalTest, WhatWasDueInABackupIsNotSaidTwice) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  for (TestDevice* device : {&first, &inspection}) need(device->sync().report.status);
  need(world.hub.store().grant(officer.number(), false, {kHealth}));
  need(world.hub.store().revoke_device(officer.number()));
  world.hub.back_up(world.folder / "backup");  // both are due in it
  need(first.sync().report.status);
  need(first.sync().report.status);
  const auto grants = directory().devices().at(officer.number()).grants;
  for (const auto& [grant, ledger] : grants) {
    if (ledger == kHealth) save_in_national(first, grant, kDeletedField, Value::boolean(true));
  }
  save_in_national(first, device_record(officer.number()), field::device_standing,
                   Value::text("active"));
  need(first.sync().report.status);
  need(first.sync().report.status);
  need(inspection.sync().report.status);
  ASSERT_FALSE(need(world.hub.store().device(officer.number()))->is_revoked);
  restore_hub();
  need(world.hub.store().grant(officer.number(), false, {"administration/water"}));
  for (int i = 0; i < 2; ++i) {
    need(inspection.sync().report.status);
    need(first.sync().report.status);
  }
  (void)officer.sync();
  need(inspection.sync().report.status);
  const hub::Device now = *need(world.hub.store().device(officer.number()));
  EXPECT_EQ(now.ledgers, (std::vector<std::string>{kTransport, "administration/water"}));
  EXPECT_TRUE(now.is_revoked) << "a shutting out is said again in any case";
}

// The operator's words to a hub that waited are forgotten for those that `national` names alone.
TEST_F(RestoredNationalTest, AWordThatNobodyHasIsStillDueAfterASecondRestore) {
  need(officer.sync().report.status);
  need(inspection.sync().report.status);
  world.hub.back_up(world.folder / "early");
  TestDevice& known = world.add_device();
  need(known.sync().report.status);
  need(inspection.sync().report.status);
  TestDevice& late = world.add_device();  // nobody holds what was said of it
  const UserNumber user = user_of(late);
  late.save(indicator_key(2, 1), kName, "Buses");
  world.hub.restore(world.folder / "early");
  need(world.hub.store().begin_awaiting());
  need(world.hub.store().add_device(need(late.store().key()).public_key(), user, "back", false,
                                    {kTransport}, late.number(), Role::focal_point));
  need(world.hub.store().begin_awaiting());  // the same command once more
  for (int i = 0; i < 2; ++i) {
    for (TestDevice* device : {&inspection, &officer, &known}) need(device->sync().report.status);
    (void)late.sync();
  }
  need(late.sync().report.status);
  EXPECT_EQ(late.info().waiting, 0U);
  EXPECT_EQ(late.info().held, 0U) << "its work was refused for want of authority";
  EXPECT_EQ(world.hub.messages(kTransport), std::vector<std::string>{"Buses"});
}

// A lost device stays shut out whatever comes back, also when the hub is restored once more from a
// backup that was made while it waited. A grant of that time may have been taken back since: it is
// given again.
TEST_F(RestoredNationalTest, WhoWasShutOutWhileTheHubWaitedStaysSo) {
  TestDevice& second = world.add_inspection();
  for (TestDevice* device : {&officer, &second, &inspection}) need(device->sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& late = world.add_device();
  need(late.sync().report.status);
  for (TestDevice* device : {&inspection, &second}) need(device->sync().report.status);
  restore_hub();
  need(world.hub.store().revoke_device(officer.number(), true));
  need(world.hub.store().grant(second.number(), false, {kHealth}));
  world.hub.back_up(world.folder / "backup");
  restore_hub();
  for (TestDevice* device : {&inspection, &second, &inspection}) need(device->sync().report.status);
  (void)late.sync();
  need(inspection.sync().report.status);
  EXPECT_TRUE(need(world.hub.store().device(officer.number()))->is_lost);
  EXPECT_TRUE(need(world.hub.store().device(second.number()))->ledgers.empty());
}

// … as this one was.
TEST_F(RestoredNationalTest, AGrantOfTheTimeOfWaitingThatWasTakenBackStaysSo) {
  TestDevice& first = add_with_role(Role::omsar_administrator);
  for (TestDevice* device : {&officer, &inspection, &first}) need(device->sync().report.status);
  world.hub.back_up(world.folder / "backup");
  restore_hub();
  need(world.hub.store().grant(officer.number(), false, {kHealth}));
  world.hub.back_up(world.folder / "backup");
  for (TestDevice* device : {&officer, &inspection, &first, &first}) {
    need(device->sync().report.status);
  }
  const auto grants = directory().devices().at(officer.number()).grants;
  for (const auto& [grant, ledger] : grants) {
    if (ledger == kHealth) save_in_national(first, grant, kDeletedField, Value::boolean(true));
  }
  for (int i = 0; i < 2; ++i) need(first.sync().report.status);
  need(inspection.sync().report.status);
  ASSERT_FALSE(directory().devices().at(officer.number()).may_reach(kHealth));
  restore_hub();
  for (int i = 0; i < 2; ++i) {
    for (TestDevice* device : {&inspection, &first, &officer}) need(device->sync().report.status);
  }
  EXPECT_FALSE(directory().devices().at(officer.number()).may_reach(kHealth));
  EXPECT_EQ(need(world.hub.store().device(officer.number()))->ledgers,
            (std::vector<std::string>{kTransport}));
}

// A hub that does not know the role now takes it from nobody: work goes on.
TEST_F(RestoredNationalTest, ARoleThatTheBackupDoesNotKnowIsKeptOnTheDevice) {
  TestDevice& plain = world.add_device();
  need(world.hub.store().grant(plain.number(), false, {}, {}, Role::auditor));
  for (TestDevice* device : {&plain, &inspection}) need(device->sync().report.status);
  world.hub.back_up(world.folder / "backup");
  need(world.hub.store().grant(plain.number(), false, {}, {}, Role::focal_point));
  for (int i = 0; i < 2; ++i) need(plain.sync().report.status);
  need(inspection.sync().report.status);
  ASSERT_EQ(need(plain.store().identity()).role, Role::focal_point);
  restore_hub();
  need(plain.sync().report.status);
  EXPECT_EQ(need(plain.store().identity()).role, Role::focal_point);
  plain.save(kRoads, kName, "Roads");
  for (int i = 0; i < 2; ++i) need(inspection.sync().report.status);
  need(officer.sync().report.status);
  EXPECT_EQ(plain.sync().report.refused, 0U);
  EXPECT_EQ(plain.info().waiting, 0U);
}

TEST_F(RestoredNationalTest, WhoWasShutOutBeforeNationalIsBackStaysSo) {
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
TEST_F(RestoredNationalTest, APastThatWasGivenUpDoesNotCloseTheLedgersAgain) {
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
  events.other_past = [&](const std::string&, DeviceNumber device, bool) {
    others.push_back(device);
  };
  world.hub.writer().on(std::move(events));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(first.sync().report.turned_away.contains(national()));
    officer.save(kRoads, kName, "Roads " + std::to_string(i));
    need(officer.sync().report.status);
    EXPECT_EQ(officer.info().waiting, 0U);
  }
  EXPECT_EQ(others.size(), 2U);
}

TEST_F(RestoredNationalTest, WhatNobodyHasAnyMoreCanBeGivenUp) {
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

// A device that was dark when the operator gave up brings entries that were judged by what is lost.
TEST_F(RestoredNationalTest, WhatComesBackAfterGivingUpStopsNobody) {
  TestDevice& other = world.add_device();
  for (TestDevice* device : {&officer, &other, &inspection}) need(device->sync().report.status);
  world.hub.back_up(world.folder / "backup");
  world.add_device();
  officer.save(kRoads, kName, "Roads");
  for (int i = 0; i < 2; ++i) need(officer.sync().report.status);
  restore_hub();
  world.hub.close();
  world.hub.open();
  need(world.hub.store().end_awaiting());
  need(officer.sync().report.status);
  EXPECT_EQ(world.hub.messages(kTransport), std::vector<std::string>{"Roads"});
  other.save(indicator_key(1, 2), kName, "Buses");
  world.clock.steady += 120'000;
  need(other.sync().report.status);
  EXPECT_EQ(other.info().waiting, 0U);
  EXPECT_TRUE(need(world.hub.store().add_device(SigningKey::generate().public_key(), {}, "new",
                                                false, {kTransport}))
                  .number > 0);
}

}  // namespace
}  // namespace daftar
