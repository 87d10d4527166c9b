// Bytes by hand that every reader of the format must refuse, each for one reason.
#pragma once

#include <string>
#include <vector>

namespace daftar::vectors {

struct Refused {
  std::string name;
  std::string hex;
};

// version, ledger "a/b", device 7, seq 1, no flags, position 0, own seq 0, author, time, message
inline const std::string kHead =
    "0103612f62"
    "0701"
    "00"
    "0000"
    "000000";
inline const std::string kRecord =
    "0001010100"
    "0200";  // kind 1, 1.1: field 1 := empty

std::vector<Refused> refused_changesets();
std::vector<Refused> refused_headers();

}  // namespace daftar::vectors
