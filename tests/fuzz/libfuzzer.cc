// Where libFuzzer comes in (preset fuzz).
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  daftar::fuzz::judge({reinterpret_cast<const char*>(data), size}, nullptr);
  return 0;
}
