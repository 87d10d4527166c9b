#include "tests/unit/refused_vectors.h"

// A literal for each part of the bytes: clang-format would put each on a line of its own.
// clang-format off
namespace daftar::vectors {

std::vector<Refused> refused_changesets() {
  const std::string link(64, '5');
  const std::string qualifier(130, '6');  // 65 bytes
  const std::string one = "01" + kRecord;
  return {
      {"nothing", ""},
      {"version 0", "00" + (kHead + one).substr(2)},
      {"a ledger without a name", "0100" "0701" "00" "0000" "000000" + one},
      {"a ledger with a capital", "0103612f42" "0701" "00" "0000" "000000" + one},
      {"device 0", "0103612f62" "0001" "00" "0000" "000000" + one},
      {"seq 0", "0103612f62" "0700" "00" "0000" "000000" + one},
      {"an unknown flag", "0103612f62" "0701" "10" "0000" "000000" + one},
      {"an over-long position", "0103612f62" "0701" "00" "fa00000000" "000000" + one},
      {"an over-long number of records", kHead + "fa000001" + kRecord},
      {"continues in seq 2", "0103612f62" "0702" "01" "0805" + link + "0000" "000000" + one},
      {"continues itself", "0103612f62" "0701" "01" "0705" + link + "0000" "000000" + one},
      {"continues device 0", "0103612f62" "0701" "01" "0005" + link + "0000" "000000" + one},
      {"continues seq 0", "0103612f62" "0701" "01" "0800" + link + "0000" "000000" + one},
      {"a foreign context of its own device",
       "0103612f62" "0701" "02" "00" "0705" + link + "000000" + one},
      {"a foreign context with seq 0",
       "0103612f62" "0701" "02" "00" "0800" + link + "000000" + one},
      {"an own seq below 0", "0103612f62" "0701" "00" "0001" "000000" + one},
      {"a NUL in the message", "0103612f62" "0701" "00" "0000" "0000" "0100" + one},
      {"a message of broken UTF-8", "0103612f62" "0701" "00" "0000" "0000" "01ff" + one},
      {"a NUL in the workbook's id",
       "0103612f62" "0701" "04" "0000" "000000" "010000" + link + one},
      {"no records", kHead + "00"},
      {"more records than there are", kHead + "02" + kRecord},
      {"fewer records than there are", kHead + "01" + kRecord + "0201" "00" "0200"},
      {"a first record with same 1", kHead + "01" "010101000200"},
      {"a first record with same 2", kHead + "01" "0201000200"},
      {"a first record with same 3", kHead + "01" "0301610200"},
      {"kind 0", kHead + "01" "000001010002" "00"},
      {"device 0 of a record", kHead + "01" "0001000100" "0200"},
      {"counter 0 of a record", kHead + "01" "0001010000" "0200"},
      {"same 0 for an equal kind", kHead + "02" + kRecord + "0000010200" "0200"},
      {"same 1 for an equal device", kHead + "02" + kRecord + "01000200" "0200"},
      {"same 2 for an equal counter", kHead + "02" + kRecord + "020001610200"},
      {"the same record again", kHead + "02" + kRecord + "0300" "0200"},
      {"qualifiers that do not ascend", kHead + "02" "000101010162" "0200" "030161" "0200"},
      {"a kind of 2^64", kHead + "02" "00ffffffffffffffffff010100" "0200" "0001010100" "0200"},
      {"a counter of 2^64", kHead + "02" "000101ffffffffffffffffff00" "0200" "020100" "0200"},
      {"a qualifier of 65 bytes", kHead + "01" "0001010141" + qualifier + "0200"},
      {"field 10000", kHead + "01" "0001010100" "f94530"},
      {"field 10000 in two steps", kHead + "01" "0401010100" "f9452e00" "0000"},
      {"deleted beside another field", kHead + "01" "0401010100" "0002" "0000"},
      {"deleted := empty", kHead + "01" "0001010100" "0000"},
      {"deleted := a text", kHead + "01" "0001010100" "00" "040161"},
      {"a place of form 2", kHead + "01" "0001010100" "03" "02" "0161" "0101" "00"},
      {"a NUL in a sheet's name", kHead + "01" "0001010100" "03" "01" "0100" "0101" "00"},
      {"an unknown value", kHead + "01" "0001010100" "020b"},
      {"a decimal with a trailing zero", kHead + "01" "0001010100" "02" "03000a"},
      {"minus zero", kHead + "01" "0001010100" "02" "030200"},
      {"a wide decimal without a high part", kHead + "01" "0001010100" "02" "03010100"},
      {"a trailing byte", kHead + one + "00"},
  };
}

std::vector<Refused> refused_headers() {
  const std::string hash(64, '5');
  const std::string signature(128, '6');
  return {
      {"nothing", ""},
      {"position 0", "000203" "01" "00" "00"},
      {"an over-long time", "01fa00000203" "01" "00" "00"},
      {"rule version 0", "010203" "00" "00" "00"},
      {"an unknown flag", "010203" "01" "08" "00"},
      {"a count without outcomes", "010203" "01" "00" "01"},
      {"outcomes without a count", "010203" "01" "00" "00" "00"},
      {"reason 0", "010203" "01" "01" "070900" + hash},
      {"reason 6", "010203" "01" "01" "070906" + hash},
      {"a refused device 0", "010203" "01" "01" "000902" + hash},
      {"a refused seq 0", "010203" "01" "01" "070002" + hash},
      {"a refusal with outcomes", "010203" "01" "01" "070902" + hash + "00"},
      {"a refusal whose link matched", "010203" "01" "03" "070902" + hash},
      {"a seal over no checkpoint with a root",
       "010203" "01" "04" "00" "00" + hash + signature},
      {"a seal that is cut", "010203" "01" "04" "00" "04" + hash + signature.substr(2)},
  };
}

}  // namespace daftar::vectors
// clang-format on
