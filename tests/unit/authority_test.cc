// Every role, ledger, kind and field against tests/vectors/authority.txt.
#include "common/register/authority.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "common/register/kinds.h"

namespace daftar {
namespace {

using Place = std::tuple<std::string, std::string, std::string>;  // ledger, kind, field

std::map<Place, std::set<std::string>> read_table() {
  std::ifstream file(std::string(DAFTAR_SOURCE_DIR) + "/tests/vectors/authority.txt");
  std::map<Place, std::set<std::string>> table;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string ledger;
    std::string kind;
    std::string field;
    words >> ledger >> kind >> field;
    std::set<std::string>& roles = table[{ledger, kind, field}];
    for (std::string role; words >> role;) roles.insert(role);
  }
  return table;
}

class AuthorityTest : public testing::Test {
 protected:
  [[nodiscard]] std::set<std::string> expected(const std::string& ledger, const std::string& kind,
                                               const std::string& field) const {
    for (const std::string& of : {field, std::string("*")}) {
      const auto found = table.find({ledger.substr(0, ledger.find('/')), kind, of});
      if (found != table.end()) return found->second;
    }
    return {};
  }

  std::map<Place, std::set<std::string>> table = read_table();
};

struct NamedField {
  FieldNumber number;
  std::string name;
};

std::vector<NamedField> fields_of(const Kind& kind) {
  std::vector<NamedField> fields = {{kDeletedField, "deleted"}};
  for (const Field& field : kind.fields) fields.push_back({field.number, std::string(field.name)});
  return fields;
}

TEST_F(AuthorityTest, TheWholeMatrixIsAsTheTableSays) {
  ASSERT_EQ(table.size(), 20U);
  size_t checked = 0;
  size_t allowed = 0;
  for (const std::string ledger :
       {"administration/transport", "national", "sector/health", "inspection/transport"}) {
    for (const Kind& kind : all_kinds()) {
      for (const NamedField& field : fields_of(kind)) {
        const auto roles = expected(ledger, std::string(kind.name), field.name);
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
      const auto roles = expected(ledger, std::string(of->name), name);
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
        {field::indicator_standing, Value::text("s"), {}}}}};
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
