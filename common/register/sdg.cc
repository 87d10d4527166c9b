#include "common/register/sdg.h"

#include <algorithm>
#include <set>
#include <string>

#include "common/base/folding.h"

namespace daftar {
namespace {

struct Goal {
  int number;
  std::string_view targets;
};
constexpr Goal kGoals[] = {
#define DAFTAR_SDG_GOAL(goal, targets) {goal, targets},
#include "common/register/sdg.def"
#undef DAFTAR_SDG_GOAL
};

// All codes as folding leaves them: "4", "4 a", "4 a 1".
std::set<std::string, std::less<>> make_codes() {
  std::set<std::string, std::less<>> codes;
  for (const Goal& goal : kGoals) {
    const std::string number = std::to_string(goal.number);
    codes.insert(number);
    for (size_t from = 0; from < goal.targets.size();) {
      const size_t colon = goal.targets.find(':', from);
      const size_t end = std::min(goal.targets.find(' ', from), goal.targets.size());
      const std::string target =
          number + ' ' + std::string(goal.targets.substr(from, colon - from));
      codes.insert(target);
      const int indicators =
          std::stoi(std::string(goal.targets.substr(colon + 1, end - colon - 1)));
      for (int i = 1; i <= indicators; ++i) codes.insert(target + ' ' + std::to_string(i));
      from = end + 1;
    }
  }
  return codes;
}

}  // namespace

bool is_sdg_code(std::string_view code) {
  static const std::set<std::string, std::less<>> kCodes = make_codes();
  const std::string folded = fold_text(code);
  std::string_view name = folded;
  if (name.starts_with("sdg ")) name.remove_prefix(4);
  return kCodes.contains(name);
}

}  // namespace daftar
