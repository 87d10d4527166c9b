// Defects that tests plant into the production code, to show that they would be found.
//
// Each is a wrong line beside the right one, named in planted.def. One at a time is switched on,
// and only by the tests, before the code runs. The switch is compiled in where assertions are; in
// the preset `release` is_planted() is a constant and the wrong lines are gone.
#pragma once

namespace daftar {

enum class Defect {
  none,
#define DAFTAR_DEFECT(name, what) name,
#include "common/base/planted.def"
#undef DAFTAR_DEFECT
};

#ifndef NDEBUG

/// The defect that is switched on in this process.
inline Defect planted_defect = Defect::none;
inline bool is_planted(Defect defect) { return planted_defect == defect; }

#else

constexpr bool is_planted(Defect) { return false; }

#endif

}  // namespace daftar
