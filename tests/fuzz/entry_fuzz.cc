#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {

void judge(std::string_view input, Verdicts* verdicts) { judge_header(input, verdicts); }

}  // namespace daftar::fuzz
