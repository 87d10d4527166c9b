// Every role, ledger, kind and field against tests/vectors/authority.txt.
#include "common/register/authority.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/register/kinds.h"
#include "tests/unit/authority_table.h"

namespace daftar {
namespace {

class AuthorityTest : public testing::Test {
 protected:
  AuthorityTable table{std::string(DAFTAR_SOURCE_DIR) + "/tests/vectors/authority.txt"};
};

TEST_F(AuthorityTest, TheWholeMatrixIsAsTheTableSays) {
  ASSERT_EQ(table.size(), 57U);
  size_t checked = 0;
  size_t allowed = 0;
  for (const std::string ledger :
       {"administration/transport", "national", "sector/health", "inspection/transport"}) {
    for (const Kind& kind : all_kinds()) {
      for (const NamedField& field : fields_of(kind)) {
        const auto roles = table.roles(ledger, kind.name, field.name);
        std::set<std::string> found;
        for (const Role role : all_roles()) {
          ++checked;
          if (may_write(role, ledger, kind.number, field.number)) {
            found.insert(std::string(role_name(role)));
          }
        }
        allowed += found.size();
        EXPECT_EQ(found, roles) << ledger << ' ' << kind.name << ' ' << field.name;
        std::set<std::string> named;
        for (const Role role : who_may_write(ledger, kind.number, field.number)) {
          named.insert(std::string(role_name(role)));
        }
        EXPECT_EQ(named, roles);
      }
    }
  }
  EXPECT_GT(allowed, 100U);
  EXPECT_GT(checked, 2'000U);
}

TEST_F(AuthorityTest, NothingElseIsAllowed) {
  std::mt19937_64 random(7);
  const auto draw = [&](uint64_t below) { return random() % below; };
  const std::vector<std::string> ledgers = {
      "administration/a", "administration", "administrations/a", "national/a", "nationalist",
      "sector/",          "sectors/a",      "inspection/a",      "x",          ""};
  const std::set<std::string> known = {"administration/a", "sector/", "inspection/a"};
  for (int i = 0; i < 100'000; ++i) {
    const Role role = role_of(draw(300));
    const std::string& ledger = ledgers[draw(ledgers.size())];
    const auto kind = static_cast<KindNumber>(draw(20));
    const auto field = static_cast<FieldNumber>(draw(30));
    const Kind* const of = find_kind(kind);
    const bool may = may_write(role, ledger, kind, field);
    if (role == Role::none || !known.contains(ledger) || of == nullptr) {
      EXPECT_FALSE(may) << role_name(role) << ' ' << ledger << ' ' << kind << ' ' << field;
    } else {
      const Field* const known_field = of->find(field);
      const std::string name = known_field == nullptr ? "?" : std::string(known_field->name);
      const auto roles = table.roles(ledger, of->name, name);
      EXPECT_EQ(may, roles.contains(std::string(role_name(role)))) << ledger << ' ' << name;
    }
  }
}

TEST_F(AuthorityTest, TheFirstCellThatIsDeniedIsNamed) {
  const RecordKey measurement{kind::measurement, 1, 1, "x"};
  const RecordKey indicator{kind::indicator, 1, 1, ""};
  const std::vector<RecordEdits> records = {
      {measurement, {{field::measurement_value, Value::text("1"), {}}}},
      {indicator,
       {{field::indicator_name_en, Value::text("n"), {}},
        {field::indicator_source, Value::text("s"), {}}}}};
  const auto denied = [&](Role role) {
    return find_denied(role, "administration/transport", records);
  };
  EXPECT_FALSE(denied(Role::focal_point));
  ASSERT_TRUE(denied(Role::data_officer));
  EXPECT_EQ(denied(Role::data_officer)->field, field::indicator_name_en);
  ASSERT_TRUE(denied(Role::omsar_analyst));
  EXPECT_EQ(denied(Role::omsar_analyst)->kind, kind::measurement);
  EXPECT_TRUE(denied(Role::none));
  EXPECT_TRUE(find_denied(Role::focal_point, "national", records));
}

TEST_F(AuthorityTest, RolesHaveNamesAndNumbers) {
  ASSERT_EQ(all_roles().size(), 9U);
  for (const Role role : all_roles()) {
    EXPECT_EQ(find_role(role_name(role)), role);
    EXPECT_EQ(role_of(static_cast<uint64_t>(role)), role);
  }
  EXPECT_EQ(find_role("none"), std::nullopt);
  EXPECT_EQ(find_role("minister"), std::nullopt);
  EXPECT_EQ(role_of(0), Role::none);
  EXPECT_EQ(role_of(200), Role::none);
}

}  // namespace
}  // namespace daftar
