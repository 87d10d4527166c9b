// Who may do what, by the records of `national`.
#include "common/register/directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/base/period.h"
#include "common/register/kinds.h"

namespace daftar {
namespace {

constexpr char kTransport[] = "administration/transport";
constexpr char kHealth[] = "administration/health";

Version version(Value value, DeviceNumber by = kHubDevice, uint64_t position = 1) {
  return {position, by, 1, std::move(value)};
}

// A record whose cells each have one version.
RecordState record(const std::vector<std::pair<FieldNumber, Value>>& cells,
                   DeviceNumber by = kHubDevice, uint64_t position = 1) {
  RecordState state;
  for (const auto& [field, value] : cells) {
    state.find_or_add(field) = {field, true, {version(value, by, position)}};
  }
  return state;
}

// An approval that was taken back later.
RecordState taken_back(UserNumber user, uint64_t made, uint64_t gone,
                       DeviceNumber by = kHubDevice) {
  RecordState state =
      record({{field::approval_user, Value::reference(user_record(user))}}, by, made);
  state.find_or_add(kDeletedField) = {
      kDeletedField, true, {version(Value::boolean(true), 1, gone)}};
  return state;
}

class DirectoryTest : public testing::Test {
 protected:
  void add_device(DeviceNumber number, UserNumber user, const std::string& role,
                  const std::vector<std::string>& ledgers) {
    directory.take(device_record(number),
                   record({{field::device_key, Value::text(key_text(key.public_key()))},
                           {field::device_user, Value::reference(user_record(user))}}));
    directory.take(user_record(user), record({{field::user_role, Value::text(role)}}));
    uint64_t next = 1;
    for (const std::string& ledger : ledgers) {
      directory.take({kind::grant, number, next++, ""},
                     record({{field::grant_device, Value::reference(device_record(number))},
                             {field::grant_ledger, Value::text(ledger)}}));
    }
  }
  void approve(UserNumber user, DeviceNumber by, uint64_t counter = 1) {
    directory.take({kind::approval, by, counter, ""},
                   record({{field::approval_user, Value::reference(user_record(user))}}, by));
  }
  // Devices 1 and 2 of users 1 and 2, whom the hub made administrators.
  void found() {
    for (const uint64_t number : {1, 2}) {
      add_device(number, number, "none", {"national"});
      approve(number, kHubDevice, number);
    }
  }

  static Changeset changeset(DeviceNumber device, UserNumber author, const std::string& ledger,
                             const RecordKey& key, FieldNumber field, Value value) {
    Changeset made;
    made.device = device;
    made.author = author;
    made.ledger = ledger;
    made.records = {{key, {{field, std::move(value), {}}}}};
    return made;
  }
  [[nodiscard]] bool may_measure(DeviceNumber device, UserNumber author,
                                 const std::string& ledger = kTransport) const {
    return directory.may_enter(changeset(device, author, ledger, {kind::measurement, 1, 1, "x"},
                                         field::measurement_value, Value::text("1")));
  }
  [[nodiscard]] bool may_approve(DeviceNumber device, UserNumber author, UserNumber whom) const {
    return directory.may_enter(changeset(device, author, "national",
                                         {kind::approval, device, 9, ""}, field::approval_user,
                                         Value::reference(user_record(whom))));
  }
  [[nodiscard]] bool may_give_role(DeviceNumber device, UserNumber author,
                                   const std::string& role) const {
    return directory.may_enter(
        changeset(device, author, "national", user_record(7), field::user_role, Value::text(role)));
  }

  SigningKey key = SigningKey::generate();
  Directory directory;
};

TEST_F(DirectoryTest, ADeviceActsForItsUserInTheLedgersThatAreOpenToIt) {
  EXPECT_FALSE(may_measure(7, 3));
  add_device(7, 3, "data-officer", {kTransport});
  EXPECT_TRUE(may_measure(7, 3));
  EXPECT_FALSE(may_measure(7, 4)) << "another author";
  EXPECT_FALSE(may_measure(7, 3, kHealth)) << "another ledger";
  EXPECT_FALSE(may_measure(8, 3)) << "another device";
  EXPECT_EQ(directory.role_of_device(7), Role::data_officer);
  EXPECT_EQ(directory.devices().at(7).key, key.public_key());

  directory.take(user_record(3), record({{field::user_role, Value::text("auditor")}}));
  EXPECT_FALSE(may_measure(7, 3));
  directory.take(user_record(3), record({{field::user_role, Value::text("no such role")}}));
  EXPECT_EQ(directory.role_of(3), Role::none);
}

TEST_F(DirectoryTest, EveryLedgerIsOpenToAGrantOfThemAll) {
  add_device(7, 3, "data-officer", {"*"});
  EXPECT_TRUE(may_measure(7, 3, kHealth));
  const RecordKey grant{kind::grant, 7, 1, ""};
  directory.take(grant, record({{kDeletedField, Value::boolean(true)},
                                {field::grant_device, Value::reference(device_record(7))},
                                {field::grant_ledger, Value::text("*")}}));
  EXPECT_FALSE(may_measure(7, 3, kHealth));
}

TEST_F(DirectoryTest, OneStandingWordIsEnoughToShutOut) {
  add_device(7, 3, "data-officer", {kTransport});
  RecordState device = record({{field::device_key, Value::text(key_text(key.public_key()))},
                               {field::device_user, Value::reference(user_record(3))}});
  device.find_or_add(field::device_standing) = {
      field::device_standing,
      true,
      {version(Value::text("active")), version(Value::text("lost"), 1, 5)}};
  directory.take(device_record(7), device);
  EXPECT_EQ(directory.devices().at(7).standing, Standing::lost);
  EXPECT_FALSE(may_measure(7, 3));

  // A deletion that is contended counts too.
  add_device(8, 4, "data-officer", {kTransport});
  RecordState deleted = record({{field::device_user, Value::reference(user_record(4))}});
  deleted.find_or_add(kDeletedField) = {kDeletedField, false, {version(Value::boolean(true))}};
  directory.take(device_record(8), deleted);
  EXPECT_EQ(directory.devices().at(8).standing, Standing::retired);
}

TEST_F(DirectoryTest, TwoPersonsMakeAnAdministrator) {
  found();
  EXPECT_EQ(directory.administrators(), (std::set<UserNumber>{1, 2}));
  EXPECT_FALSE(directory.is_founding());
  add_device(7, 3, "focal-point", {"national"});

  approve(3, 1);
  EXPECT_EQ(directory.role_of(3), Role::focal_point) << "one person's approval does nothing";
  add_device(9, 1, "none", {"national"});
  approve(3, 9);
  EXPECT_EQ(directory.approvers(3), (std::set<UserNumber>{1})) << "nor does his second device";
  EXPECT_EQ(directory.role_of(3), Role::focal_point);
  approve(3, 2);
  EXPECT_EQ(directory.role_of(3), Role::omsar_administrator);
  EXPECT_EQ(directory.administrators(), (std::set<UserNumber>{1, 2, 3}));

  directory.take({kind::approval, 2, 1, ""}, record({{kDeletedField, Value::boolean(true)}}, 1));
  EXPECT_EQ(directory.role_of(3), Role::focal_point) << "an approval that was taken back";
}

TEST_F(DirectoryTest, WhatAnAdministratorCannotDoAlone) {
  found();
  EXPECT_TRUE(may_approve(1, 1, 3));
  EXPECT_FALSE(may_approve(1, 1, 1)) << "himself";
  EXPECT_TRUE(may_give_role(1, 1, "focal-point"));
  EXPECT_FALSE(may_give_role(1, 1, "omsar-administrator"));
  add_device(7, 3, "omsar-administrator", {"*"});
  EXPECT_EQ(directory.role_of(3), Role::none) << "a role alone makes no administrator";
  EXPECT_FALSE(may_give_role(7, 3, "focal-point"));
  EXPECT_FALSE(may_approve(7, 3, 4));
  const Changeset other_key =
      changeset(1, 1, "national", device_record(7), field::device_key, Value::text("x"));
  EXPECT_FALSE(directory.may_enter(other_key)) << "keys are the hub's to register";
  const Changeset shut_out =
      changeset(1, 1, "national", device_record(7), field::device_standing, Value::text("lost"));
  EXPECT_TRUE(directory.may_enter(shut_out));
}

TEST_F(DirectoryTest, NobodyApprovesHimselfByAnotherName) {
  found();
  const RecordKey odd{kind::user, 1, 1, "x"};
  const Changeset himself = changeset(1, 1, "national", {kind::approval, 1, 9, ""},
                                      field::approval_user, Value::reference(odd));
  EXPECT_TRUE(directory.may_enter(himself)) << "it names nobody";
  directory.take({kind::approval, 1, 9, ""},
                 record({{field::approval_user, Value::reference(odd)}}, 1));
  EXPECT_TRUE(directory.approvers(1).empty());
}

TEST_F(DirectoryTest, AnApprovalThatWasTakenBackStaysSo) {
  found();
  const auto writes_deleted = [](bool yes) {
    return changeset(1, 1, "national", {kind::approval, 2, 4, ""}, kDeletedField,
                     Value::boolean(yes));
  };
  EXPECT_TRUE(directory.may_enter(writes_deleted(true)));
  EXPECT_FALSE(directory.may_enter(writes_deleted(false)));
}

TEST_F(DirectoryTest, OneAdministratorIsLeftAndTheFoundingStaysEnded) {
  found();
  const auto takes_back = [](uint64_t counter) {
    return changeset(1, 1, "national", {kind::approval, kHubDevice, counter, ""}, kDeletedField,
                     Value::boolean(true));
  };
  EXPECT_TRUE(directory.may_enter(takes_back(2)));
  directory.take({kind::approval, kHubDevice, 2, ""}, taken_back(2, 1, 5));
  EXPECT_EQ(directory.administrators(), (std::set<UserNumber>{1}));
  EXPECT_FALSE(directory.is_founding()) << "or one could let the hub appoint again";
  EXPECT_FALSE(may_approve(kHubDevice, 0, 3));
  EXPECT_EQ(directory.denies(takes_back(1)), NoAuthority::last_administrator);
  EXPECT_EQ(directory.next_hub_id(), 3U);
}

TEST_F(DirectoryTest, TheHubGivesNoDeviceAnotherKeyUserOrWayBack) {
  add_device(7, 3, "data-officer", {kTransport});
  const auto hub_writes = [&](const RecordKey& of, FieldNumber field, Value value) {
    return directory.may_enter(changeset(kHubDevice, 0, "national", of, field, std::move(value)));
  };
  for (const bool founded : {false, true}) {
    if (founded) found();
    EXPECT_FALSE(hub_writes(device_record(7), field::device_key, Value::text("x")));
    EXPECT_FALSE(
        hub_writes(device_record(7), field::device_user, Value::reference(user_record(1))));
    EXPECT_FALSE(hub_writes(device_record(7), field::device_standing, Value::text("active")));
    EXPECT_FALSE(hub_writes(device_record(7), kDeletedField, Value::boolean(true)));
    EXPECT_TRUE(hub_writes(device_record(7), field::device_standing, Value::text("lost")));
    EXPECT_TRUE(hub_writes(device_record(8), field::device_key, Value::text("x")));
  }
  directory.take(device_record(7), record({{field::device_standing, Value::text("lost")}}));
  EXPECT_FALSE(hub_writes(device_record(7), field::device_standing, Value::text("retired")))
      << "what was lost may not be handed over";
  EXPECT_FALSE(hub_writes({kind::grant, kHubDevice, 1, ""}, kDeletedField, Value::boolean(true)));
}

TEST_F(DirectoryTest, TheHubIsNoneOfItsDevices) {
  directory.take(device_record(kHubDevice),
                 record({{field::device_standing, Value::text("lost")}}));
  directory.take({kind::grant, 1, 1, ""},
                 record({{field::grant_device, Value::reference(device_record(kHubDevice))},
                         {field::grant_ledger, Value::text("*")}}));
  EXPECT_TRUE(directory.devices().empty());
}

TEST_F(DirectoryTest, TheHubAppointsInTheFoundingOnly) {
  EXPECT_TRUE(directory.is_founding());
  EXPECT_TRUE(may_give_role(kHubDevice, 0, "focal-point"));
  EXPECT_TRUE(may_approve(kHubDevice, 0, 1));
  EXPECT_FALSE(may_measure(kHubDevice, 0)) << "it writes in no register";
  found();
  EXPECT_FALSE(may_give_role(kHubDevice, 0, "focal-point"));
  EXPECT_FALSE(may_approve(kHubDevice, 0, 3));
  const Changeset registers =
      changeset(kHubDevice, 0, "national", device_record(7), field::device_key, Value::text("x"));
  EXPECT_TRUE(directory.may_enter(registers));
}

TEST_F(DirectoryTest, TheFoundingLastsUntilTwoAdministratorsStandAtOneTime) {
  add_device(1, 1, "none", {"national"});
  directory.take({kind::approval, kHubDevice, 1, ""}, taken_back(1, 3, 5));
  directory.take({kind::approval, kHubDevice, 2, ""},
                 record({{field::approval_user, Value::reference(user_record(2))}}, kHubDevice, 7));
  EXPECT_TRUE(directory.is_founding()) << "the first one was a mistake, and corrected";
  EXPECT_TRUE(may_approve(kHubDevice, 0, 3));
  directory.take({kind::approval, kHubDevice, 3, ""},
                 record({{field::approval_user, Value::reference(user_record(2))}}, kHubDevice, 8));
  EXPECT_TRUE(directory.is_founding()) << "one person";
  directory.take({kind::approval, kHubDevice, 4, ""}, taken_back(3, 9, 10));
  EXPECT_FALSE(directory.is_founding()) << "for good, though one is left";
}

TEST_F(DirectoryTest, AnApprovalNamesItsUserOnceAndIsTakenBackOnce) {
  found();
  const RecordKey of_hub{kind::approval, kHubDevice, 1, ""};
  const RecordKey gone{kind::approval, 2, 3, ""};
  directory.take(gone, taken_back(3, 2, 4, 2));
  const auto names_another = [&](DeviceNumber device, const RecordKey& approval) {
    return directory.denies(changeset(device, device == kHubDevice ? 0 : device, "national",
                                      approval, field::approval_user,
                                      Value::reference(user_record(7))));
  };
  EXPECT_EQ(names_another(1, of_hub), NoAuthority::approval_again);
  EXPECT_EQ(names_another(1, gone), NoAuthority::approval_again);
  EXPECT_EQ(names_another(kHubDevice, of_hub), NoAuthority::hub);
  EXPECT_EQ(
      directory.denies(changeset(1, 1, "national", gone, kDeletedField, Value::boolean(true))),
      NoAuthority::approval_again)
      << "it would have gone later than it did";
}

TEST_F(DirectoryTest, NobodyUsesUpTheHubsNumbers) {
  found();
  const auto names = [&](uint64_t counter) {
    return directory.denies(changeset(1, 1, "national", {kind::party, kHubDevice, counter, ""},
                                      field::party_code, Value::text("x")));
  };
  EXPECT_EQ(names(UINT64_MAX - 1), NoAuthority::hub_record);
  EXPECT_EQ(names(directory.next_hub_id()), NoAuthority::hub_record);
  EXPECT_EQ(names(1), std::nullopt) << "what the hub has made can be mended";
}

// Whatever is tried: a model that knows nothing of records, only of what was said and by whom, says
// what may have come of it.
TEST_F(DirectoryTest, WhateverIsTriedNobodyAppointsAloneAndSomebodyAlwaysCan) {
  struct Said {
    UserNumber user = 0;
    UserNumber by = 0;  ///< 0: the hub
    RecordKey record;
    bool stands = true;
  };
  constexpr uint64_t kUsers = 6;
  std::mt19937_64 random(29);
  const auto draw = [&](uint64_t below) { return random() % below; };
  size_t appointed = 0;
  size_t refused = 0;
  for (int run = 0; run < 300; ++run) {
    directory = {};
    for (uint64_t number = 1; number <= kUsers; ++number) {
      add_device(number, number, "none", {"national"});
      add_device(number + 10, number, "none", {"national"});
    }
    std::vector<Said> said;
    std::map<DeviceNumber, Standing> standings;
    bool was_founded = false;
    const auto administrators = [&] {
      std::map<UserNumber, std::set<UserNumber>> by;
      for (const Said& one : said) {
        if (one.stands) by[one.user].insert(one.by);
      }
      std::set<UserNumber> users;
      for (const auto& [user, approvers] : by) {
        if (approvers.contains(0) || approvers.size() >= 2) users.insert(user);
      }
      return users;
    };
    for (uint64_t position = 2; position < 60; ++position) {
      const std::set<UserNumber> before = administrators();
      const UserNumber author = draw(4) == 0 ? 0 : 1 + draw(kUsers);
      const DeviceNumber device = author == 0 ? kHubDevice : author + 10 * draw(2);
      const uint64_t what = draw(10);
      if (what < 5) {
        const UserNumber user = 1 + draw(kUsers);
        const RecordKey approval = said.empty() || draw(5) > 0
                                       ? RecordKey{kind::approval, device, position, ""}
                                       : said[draw(said.size())].record;
        const Changeset tried =
            changeset(device, author, "national", approval, field::approval_user,
                      Value::reference(user_record(user)));
        if (!directory.may_enter(tried)) {
          ++refused;
          continue;
        }
        EXPECT_NE(author, user) << "himself";
        EXPECT_TRUE(author == 0 ? !was_founded : before.contains(author));
        EXPECT_TRUE(std::none_of(said.begin(), said.end(),
                                 [&](const Said& one) { return one.record == approval; }));
        directory.take(approval,
                       record({{field::approval_user, Value::reference(user_record(user))}}, device,
                              position));
        said.push_back({user, author, approval});
        ++appointed;
      } else if (what < 8 && !said.empty()) {
        Said& one = said[draw(said.size())];
        if (!directory.may_enter(changeset(device, author, "national", one.record, kDeletedField,
                                           Value::boolean(true)))) {
          ++refused;
          continue;
        }
        EXPECT_TRUE(one.stands);
        EXPECT_TRUE(author == 0 ? !was_founded : before.contains(author));
        RecordState state =
            record({{field::approval_user, Value::reference(user_record(one.user))}},
                   one.by == 0 ? kHubDevice : one.record.device, one.record.counter);
        state.find_or_add(kDeletedField) = {
            kDeletedField, true, {version(Value::boolean(true), device, position)}};
        directory.take(one.record, state);
        one.stands = false;
      } else {
        const DeviceNumber of = 11 + draw(kUsers);
        const Standing standing =
            std::array{Standing::active, Standing::retired, Standing::lost}[draw(3)];
        const Changeset tried =
            changeset(device, author, "national", device_record(of), field::device_standing,
                      Value::text(standing_name(standing)));
        if (!directory.may_enter(tried)) {
          ++refused;
          continue;
        }
        EXPECT_TRUE(author == 0 ? standing > standings[of] : before.contains(author));
        directory.take(device_record(of),
                       record({{field::device_user, Value::reference(user_record(of - 10))},
                               {field::device_standing, Value::text(standing_name(standing))}}));
        standings[of] = standing;
      }
      const std::set<UserNumber> now = administrators();
      EXPECT_EQ(directory.administrators(), now);
      std::set<UserNumber> by_hub;
      for (const Said& one : said) {
        if (one.stands && one.by == 0) by_hub.insert(one.user);
      }
      was_founded = was_founded || by_hub.size() >= 2;
      EXPECT_EQ(directory.is_founding(), !was_founded);
      EXPECT_TRUE(!was_founded || !now.empty()) << "nobody is left";
    }
  }
  EXPECT_GT(appointed, 1'000U);
  EXPECT_GT(refused, 1'000U);
}

TEST_F(DirectoryTest, InASectorARecordIsItsPartysThatMadeIt) {
  const auto add = [&](DeviceNumber number, const std::string& role, uint64_t party) {
    add_device(number, number, role, {"sector/health"});
    const RecordKey of{kind::party, 1, party, ""};
    directory.take(of, record({{field::party_code, Value::text("party" + std::to_string(party))}}));
    directory.take(user_record(number), record({{field::user_role, Value::text(role)},
                                                {field::user_party, Value::reference(of)}}));
  };
  add(3, "focal-point", 1);
  add(4, "data-officer", 1);
  add(5, "focal-point", 2);
  add(6, "omsar-analyst", 3);
  add_device(7, 7, "focal-point", {"sector/health"});  // of no party
  const auto denies = [&](DeviceNumber by, KindNumber kind, DeviceNumber made_by,
                          FieldNumber field) {
    return directory.denies(
        changeset(by, by, "sector/health", {kind, made_by, 1, ""}, field, Value()));
  };
  const auto value = field::measurement_value;
  EXPECT_EQ(denies(3, kind::measurement, 3, value), std::nullopt);
  EXPECT_EQ(denies(4, kind::measurement, 3, value), std::nullopt) << "of one party";
  EXPECT_EQ(denies(5, kind::measurement, 3, value), NoAuthority::owner);
  EXPECT_EQ(denies(6, kind::measurement, 3, value), NoAuthority::owner);
  EXPECT_EQ(denies(5, kind::measurement, 99, value), NoAuthority::owner) << "an unknown device";
  EXPECT_EQ(denies(3, kind::measurement, 7, value), NoAuthority::owner);
  EXPECT_EQ(denies(7, kind::measurement, 7, value), std::nullopt);
  EXPECT_EQ(denies(7, kind::measurement, 3, value), NoAuthority::owner);
  EXPECT_EQ(denies(5, kind::measurement, 3, kDeletedField), NoAuthority::owner);
  EXPECT_EQ(denies(6, kind::indicator, 3, field::indicator_parent), std::nullopt);
  EXPECT_EQ(denies(5, kind::indicator, 3, field::indicator_parent), NoAuthority::owner);
  EXPECT_EQ(denies(6, kind::indicator, 3, field::indicator_code), NoAuthority::owner);
  EXPECT_EQ(denies(5, kind::request, 3, field::request_answer), std::nullopt);
  EXPECT_EQ(denies(5, kind::request, 3, field::request_text), NoAuthority::owner);
  EXPECT_EQ(denies(4, kind::indicator, 4, field::indicator_code), NoAuthority::role);
  // Another party with the same code is another party.
  const RecordKey again{kind::party, 2, 9, ""};
  directory.take(again, record({{field::party_code, Value::text("party1")}}));
  directory.take(user_record(5), record({{field::user_role, Value::text("focal-point")},
                                         {field::user_party, Value::reference(again)}}));
  EXPECT_EQ(denies(5, kind::measurement, 3, value), NoAuthority::owner);
}

TEST_F(DirectoryTest, WhatIsSharedComesFromALedgerThatIsOpenToTheDevice) {
  add_device(3, 3, "focal-point", {"sector/health", "administration/roads"});
  const auto denies = [&](KindNumber kind, FieldNumber field, const std::string& source) {
    const RecordKey of{kind, 3, 1, kind == kind::origin ? Period::year(2024)->bytes() : ""};
    return directory.denies(changeset(3, 3, "sector/health", of, field, Value::text(source)));
  };
  const auto ledger = field::origin_source_ledger;
  EXPECT_EQ(denies(kind::origin, ledger, "administration/roads"), std::nullopt);
  EXPECT_EQ(denies(kind::origin, ledger, "administration/roads2"), NoAuthority::source);
  EXPECT_EQ(denies(kind::origin, ledger, "administration/ports"), NoAuthority::source);
  const auto from = field::indicator_shared_from;
  EXPECT_EQ(denies(kind::indicator, from, "administration/roads#3.7"), std::nullopt);
  EXPECT_EQ(denies(kind::indicator, from, "administration/ports#3.7"), NoAuthority::source);
  EXPECT_EQ(denies(kind::indicator, from, "administration/ports"), NoAuthority::source);
  EXPECT_EQ(denies(kind::indicator, field::indicator_code, "administration/ports"), std::nullopt);
}

TEST_F(DirectoryTest, AUsersPartyIsSaidOnce) {
  found();
  const auto says = [&](DeviceNumber by, UserNumber author, Value party) {
    return directory.denies(
        changeset(by, author, "national", user_record(1), field::user_party, std::move(party)));
  };
  const Value first = Value::reference({kind::party, 1, 1, ""});
  const Value other = Value::reference({kind::party, 1, 2, ""});
  EXPECT_EQ(says(2, 2, first), std::nullopt);
  EXPECT_EQ(says(kHubDevice, 0, first), std::nullopt);
  directory.take(user_record(1), record({{field::user_party, first}}));
  EXPECT_EQ(says(2, 2, first), std::nullopt) << "the same";
  EXPECT_EQ(says(2, 2, other), NoAuthority::party_again);
  EXPECT_EQ(says(2, 2, Value()), NoAuthority::party_again);
  EXPECT_EQ(says(kHubDevice, 0, other), NoAuthority::hub) << "not the hub either";
}

TEST_F(DirectoryTest, NoRandomChangesetGetsThroughWhatIsNotGiven) {
  found();
  add_device(3, 3, "focal-point", {kTransport});
  add_device(4, 4, "ci-inspector", {"*"});
  std::mt19937_64 random(11);
  const auto draw = [&](uint64_t below) { return random() % below; };
  const std::vector<std::string> ledgers = {kTransport, kHealth, "national", "sector/x",
                                            "inspection/transport"};
  size_t allowed = 0;
  for (int i = 0; i < 100'000; ++i) {
    const DeviceNumber device = 1 + draw(6);
    const UserNumber author = draw(4) == 0 ? draw(7) : device;
    const std::string& ledger = ledgers[draw(ledgers.size())];
    const auto kind = static_cast<KindNumber>(1 + draw(13));
    const auto field = static_cast<FieldNumber>(draw(16));
    const bool may =
        directory.may_enter(changeset(device, author, ledger, {kind, 5, 2, ""}, field, Value()));
    const Role roles[] = {Role::none,        Role::omsar_administrator, Role::omsar_administrator,
                          Role::focal_point, Role::ci_inspector,        Role::none,
                          Role::none};
    const bool is_open = device <= 2   ? ledger == "national"
                         : device == 3 ? ledger == kTransport
                                       : device == 4;
    // An empty `deleted` would bring an approval back.
    const bool is_back = kind == kind::approval && field == kDeletedField;
    const bool expected =
        is_open && author == device && may_write(roles[device], ledger, kind, field) && !is_back;
    EXPECT_EQ(may, expected) << device << ' ' << author << ' ' << ledger << ' ' << kind << ' '
                             << field;
    allowed += may ? 1 : 0;
  }
  EXPECT_GT(allowed, 100U);
}

}  // namespace
}  // namespace daftar
