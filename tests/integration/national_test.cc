// Who may write what is in the ledger `national`: said there by the hub, judged by it, and found
// out by the audit where the hub did not keep to it.
#include "common/ledger/chain.h"
#include "tests/integration/national_world.h"

namespace daftar {
namespace {

class NationalTest : public NationalWorldTest {
 protected:
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

TEST_F(NationalTest, WhoeverIsRegisteredWhileNationalIsUnderSuspicionIsNotRefused) {
  need(inspection.sync().report.status);
  TestDevice& fresh = world.add_device();
  fresh.save(kRoads, kName, "Roads");
  world.hub.writer().suspect({national()}, officer.number());
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

}  // namespace
}  // namespace daftar
