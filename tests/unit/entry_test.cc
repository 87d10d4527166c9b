#include "common/ledger/entry.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "common/base/limits.h"
#include "tests/unit/ledger_builders.h"
#include "tests/unit/refused_vectors.h"

namespace daftar {
namespace {

const std::string kHash(64, '5');
const std::string kSignature(128, '6');

EntryHeader random_header(std::mt19937_64& random) {
  EntryHeader header;
  header.position = 1 + (random() >> (random() % 64) >> 1);
  header.time_ms = random() >> (random() % 64);
  header.national = random() % 5'000;
  if (random() % 3 == 0) {
    header.refusal = Refusal{1 + random() % 300, 1 + random() % 90'000,
                             static_cast<RefusalReason>(1 + random() % 5), filled_hash(7)};
  } else {
    header.link_matched = random() % 2 == 0;
    uint32_t index = 0;
    for (size_t count = random() % 5; count > 0; --count) {
      index += static_cast<uint32_t>(random() % 700);
      header.exceptions.push_back({index, static_cast<Outcome>(random() % 2)});
      ++index;
    }
  }
  if (random() % 2 == 0) {
    Signature signature{};
    signature.fill(static_cast<uint8_t>(random()));
    header.seal = Seal{{1 + random() % 1000, filled_hash(8)}, signature};
  }
  return header;
}

TEST(EntryTest, HeadersHaveTheBytesOfThePage) {
  EntryHeader header;
  header.position = 1;
  header.time_ms = 2;
  header.national = 3;
  EXPECT_EQ(to_hex(encode_header(header)),
            "010203"
            "01"
            "00"
            "00");
  header.link_matched = true;
  header.exceptions = {{0, Outcome::agreed}, {1, Outcome::contended}, {5, Outcome::contended}};
  EXPECT_EQ(to_hex(encode_header(header)),
            "010203"
            "01"
            "02"
            "03"
            "00"
            "01"
            "07");
  header.link_matched = false;
  header.exceptions.clear();
  header.refusal = Refusal{7, 9, RefusalReason::period_locked, filled_hash(0x55)};
  EXPECT_EQ(to_hex(encode_header(header)),
            "010203"
            "01"
            "01"
            "070902" +
                kHash);
  Signature signature{};
  signature.fill(0x66);
  header.seal = Seal{{4, filled_hash(0x55)}, signature};
  EXPECT_EQ(to_hex(encode_header(header)),
            "010203"
            "01"
            "05"
            "070902" +
                kHash + "04" + kHash + kSignature);
}

TEST(EntryTest, RandomHeadersReadBackAndNoTruncationDoes) {
  std::mt19937_64 random(23);
  for (int i = 0; i < 2'000; ++i) {
    const EntryHeader header = random_header(random);
    const std::string bytes = encode_header(header);
    const Result<EntryHeader> read_back = decode_header(bytes);
    ASSERT_TRUE(read_back.ok()) << to_hex(bytes);
    EXPECT_EQ(*read_back, header);
    for (size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_EQ(message_of(decode_header(std::string_view(bytes).substr(0, size)).status()),
                "header.not_canonical");
    }
    EXPECT_EQ(message_of(decode_header(bytes + '\0').status()), "header.not_canonical");
  }
}

TEST(EntryTest, WhateverIsReadIsWrittenInTheSameBytes) {
  std::mt19937_64 random(24);
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = encode_header(random_header(random));
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      const Result<EntryHeader> read = decode_header(flipped);
      if (read.ok()) {
        ASSERT_EQ(to_hex(encode_header(*read)), to_hex(flipped));
      }
    }
  }
}

TEST(EntryTest, WhatIsNotCanonicalIsRefused) {
  for (const vectors::Refused& c : vectors::refused_headers()) {
    EXPECT_EQ(message_of(decode_header(from_hex(c.hex)).status()), "header.not_canonical")
        << c.name;
  }
}

TEST(EntryTest, AnIndexBeyondTheEditsOfAChangesetIsRefused) {
  EXPECT_TRUE(decode_header(from_hex("010203"
                                     "01"
                                     "00"
                                     "01"
                                     "f91e1e"))
                  .ok())
      << "index 4999";
  EXPECT_FALSE(decode_header(from_hex("010203"
                                      "01"
                                      "00"
                                      "01"
                                      "f91e20"))
                   .ok())
      << "index 5000";
}

TEST(EntryTest, ANewerRuleVersionIsNotCalledDamaged) {
  EXPECT_EQ(decode_header(from_hex("010203"
                                   "02"
                                   "00"
                                   "00"))
                .status()
                .code(),
            Code::newer_version);
}

// A refused entry's context is not judged, so nothing of it can have matched.
TEST(EntryTest, ARefusedEntryCannotSayThatALinkMatched) {
  EXPECT_FALSE(decode_header(from_hex("010203"
                                      "01"
                                      "03"
                                      "070902" +
                                      kHash))
                   .ok());
}

// FORMAT.md §4: without a checkpoint, a seal says size 0 and the root SHA-256 of nothing.
TEST(EntryTest, ASealOverNoCheckpointHasTheRootOfNothing) {
  const std::string nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  EXPECT_TRUE(decode_header(from_hex("010203"
                                     "01"
                                     "04"
                                     "00"
                                     "00" +
                                     nothing + kSignature))
                  .ok());
  EXPECT_FALSE(decode_header(from_hex("010203"
                                      "01"
                                      "04"
                                      "00"
                                      "00" +
                                      kHash + kSignature))
                   .ok());
}

TEST(EntryTest, AHeaderOfAsManyOutcomesAsAChangesetHoldsFits) {
  EntryHeader header;
  header.position = UINT64_MAX;
  for (uint32_t i = 0; i < limits::kChangesetEdits; ++i) {
    header.exceptions.push_back({i, Outcome::contended});
  }
  header.seal = Seal{};
  header.seal->seen.root = sha256("");
  EXPECT_TRUE(decode_header(encode_header(header)).ok());
}

TEST(EntryTest, ALeafIsTheHashOfBothLengthsAndBytes) {
  EXPECT_EQ(leaf_hash("ab", "cde"), sha256(std::string("\0\2ab\3cde", 8)));
  EXPECT_EQ(leaf_hash("ab", ""), sha256(std::string("\0\2ab\0", 5)));
  EXPECT_NE(leaf_hash("ab", "c"), leaf_hash("a", "bc"));
}

}  // namespace
}  // namespace daftar
