// tests/vectors/authority.txt, the table that a person can read: who may write what.
#pragma once

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/register/kinds.h"

namespace daftar {

class AuthorityTable {
 public:
  explicit AuthorityTable(const std::string& path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (line.empty() || line[0] == '#') continue;
      std::istringstream words(line);
      std::string ledger;
      std::string kind;
      std::string field;
      words >> ledger >> kind >> field;
      std::set<std::string>& roles = lines_[{ledger, kind, field}];
      for (std::string role; words >> role;) roles.insert(role);
    }
  }

  [[nodiscard]] size_t size() const { return lines_.size(); }
  /// The names of the roles that may write this field of this kind in a ledger of this name.
  [[nodiscard]] std::set<std::string> roles(const std::string& ledger, std::string_view kind,
                                            const std::string& field) const {
    for (const std::string& of : {field, std::string("*")}) {
      const auto found = lines_.find({ledger.substr(0, ledger.find('/')), std::string(kind), of});
      if (found != lines_.end()) return found->second;
    }
    return {};
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, std::set<std::string>> lines_;
};

struct NamedField {
  FieldNumber number;
  std::string name;
  FieldType type;
};

/// All fields of a kind, `deleted` first.
inline std::vector<NamedField> fields_of(const Kind& kind) {
  std::vector<NamedField> fields = {{kDeletedField, "deleted", FieldType::yes_no}};
  for (const Field& field : kind.fields) {
    fields.push_back({field.number, std::string(field.name), field.type});
  }
  return fields;
}

}  // namespace daftar
