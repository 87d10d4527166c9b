// Every role, call, ledger, kind and field at the hub, against tests/vectors/authority.txt: what a
// device sends is sealed and whole, so that nothing but its authority decides.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "common/base/period.h"
#include "common/ledger/chain.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/frame.h"
#include "common/register/directory.h"
#include "tests/integration/sync_world.h"
#include "tests/unit/authority_table.h"

namespace daftar {
namespace {

constexpr uint64_t kFarAway = 900;  // no record that anybody acts by
const std::vector<std::string> kLedgers = {kTransport, "inspection/transport", "national",
                                           "sector/health"};

struct Cell {
  const Kind* kind;
  NamedField field;
};

std::vector<Cell> all_cells() {
  std::vector<Cell> cells;
  for (const Kind& kind : all_kinds()) {
    for (const NamedField& field : fields_of(kind)) cells.push_back({&kind, field});
  }
  return cells;
}

Value some_value(FieldType type) {
  switch (type) {
    case FieldType::text_list:
      return Value::list({Value::text("x")});
    case FieldType::reference_list:
      return Value::list({Value::reference(user_record(kFarAway))});
    case FieldType::number:
    case FieldType::percent:
    case FieldType::weight:
    case FieldType::count:
    case FieldType::amount:
    case FieldType::money:
    case FieldType::measured:
    case FieldType::aimed:
      return Value::decimal(need(Decimal::parse("1")));
    case FieldType::period_list:
      return Value::list({some_value(FieldType::period)});
    case FieldType::day:
      return Value::period(need(parse_period("2024-05-17")).period.bytes());
    case FieldType::yes_no:
      return Value::boolean(true);
    case FieldType::reference:
      return Value::reference(user_record(kFarAway));
    case FieldType::period:
      return Value::period(need(parse_period("2024")).period.bytes());
    case FieldType::role:
      return Value::text("auditor");
    case FieldType::text:
      return Value::text(kTransport);  // what is shared may come from there
    default:
      return Value::text(choices_of(type).back());
  }
}

class AuthorityCallsTest : public testing::TestWithParam<Role> {
 protected:
  AuthorityCallsTest() {
    need(world.hub.store().grant(device.number(), false, {}, {}, GetParam()));
    TestDevice& other = world.add_device({kHealth});
    other.save(indicator_key(2, 1), field::indicator_name_en, "Clinics", {}, kHealth);
    need(other.sync().report.status);
  }

  hub::Device caller() { return need(world.hub.service().authenticate(device.number())); }

  v1::PushReply push(const std::string& ledger, const std::vector<Cell>& cells) {
    const SigningKey key = need(device.store().key());
    v1::PushRequest request;
    std::vector<std::string> frame;
    ChainPoint newest{device.number(), 0, chain_start(ledger, device.number(), key.public_key())};
    for (const Cell& cell : cells) {
      Changeset changeset;
      changeset.ledger = ledger;
      changeset.device = newest.device;
      changeset.seq = newest.seq + 1;
      changeset.context = {0, newest.seq, {}};
      changeset.author = need(device.store().identity()).user;
      RecordKey of{cell.kind->number, kFarAway, 1, ""};
      // There a record is its maker's.
      if (ledger.starts_with("sector/")) of.device = device.number();
      if (cell.kind->key == KeyForm::period) {
        of.device = kPeriodDevice;
        of.counter = kPeriodCounter;
      }
      if (cell.kind->key == KeyForm::indicator_period || cell.kind->key == KeyForm::period) {
        of.qualifier = need(parse_period("2024")).period.bytes();
      }
      changeset.records = {{of, {{cell.field.number, some_value(cell.field.type), {}}}}};
      frame.push_back(need(encode_changeset(changeset)));
      newest = {newest.device, changeset.seq, chain_next(newest.link, frame.back())};
    }
    const Seal seal = make_seal(key, ledger, newest, {0, empty_root()});
    request.set_ledger(ledger);
    request.set_frame(encode_push_frame(frame));
    request.set_seen_root(std::string(hash_bytes(seal.seen.root)));
    request.set_signature(std::string(seal.signature.begin(), seal.signature.end()));
    v1::PushReply reply;
    world.hub.service().push(caller(), request,
                             [&](Result<v1::PushReply> made) { reply = need(std::move(made)); });
    world.hub.settle();
    return reply;
  }

  SyncWorld world{{kTransport, "inspection/transport", "sector/health", kHealth}};
  TestDevice& device = world.add_device(kLedgers);
  AuthorityTable table{std::string(DAFTAR_SOURCE_DIR) + "/tests/vectors/authority.txt"};
};

TEST_P(AuthorityCallsTest, AFieldIsWrittenIfTheTableSaysSo) {
  const std::string role(role_name(GetParam()));
  const std::vector<Cell> cells = all_cells();
  for (const std::string& ledger : kLedgers) {
    const v1::PushReply reply = push(ledger, cells);
    ASSERT_FALSE(reply.has_turned_away()) << ledger;
    std::set<uint64_t> refused;
    for (const v1::RefusedChangeset& one : reply.refused()) {
      EXPECT_EQ(one.reason(), static_cast<uint32_t>(RefusalReason::no_authority));
      refused.insert(one.seq());
    }
    for (size_t i = 0; i < cells.size(); ++i) {
      const bool may = table.roles(ledger, cells[i].kind->name, cells[i].field.name).contains(role);
      EXPECT_EQ(!refused.contains(i + 1), may)
          << role << ' ' << ledger << ' ' << cells[i].kind->name << ' ' << cells[i].field.name;
    }
  }
}

TEST_P(AuthorityCallsTest, NoRoleOpensALedgerThatWasNotOpened) {
  const std::vector<Cell> cells = {all_cells().front()};
  for (const std::string ledger : {kHealth, "administration/none-such"}) {
    EXPECT_EQ(push(ledger, cells).turned_away().reason(), v1::TurnedAway::NO_LEDGER);

    v1::PullRequest pull;
    pull.add_ledgers()->set_ledger(ledger);
    hub::PullCursor cursor = world.hub.service().pull(pull);
    EXPECT_FALSE(need(world.hub.service().next(caller(), cursor)).has_value());

    v1::RecoverRequest recover;
    recover.set_ledger(ledger);
    Status told;
    world.hub.service().recover(caller(), recover,
                                [&](const Result<uint64_t>& done) { told = done.status(); });
    EXPECT_EQ(told.code(), Code::not_found);
  }
  const v1::HeadsReply heads = need(world.hub.service().heads(caller(), {}));
  std::vector<std::string> named;
  for (const v1::LedgerHead& head : heads.ledgers()) named.push_back(head.ledger());
  EXPECT_EQ(named, kLedgers);
  EXPECT_FALSE(heads.cosigns()) << "that is for whoever holds all ledgers";
}

INSTANTIATE_TEST_SUITE_P(Roles, AuthorityCallsTest, testing::ValuesIn(all_roles()),
                         [](const testing::TestParamInfo<Role>& role) {
                           std::string name(role_name(role.param));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace daftar
