#include "common/ledger/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "common/ledger/hash.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

// Around every boundary of FORMAT.md §1, and the powers of two.
std::vector<uint64_t> interesting_numbers() {
  std::vector<uint64_t> numbers = {
      0,         1,    239,  240,    241,    495,    496,    2286,
      2287,      2288, 2289, 67'822, 67'823, 67'824, 67'825, UINT64_MAX - 1,
      UINT64_MAX};
  for (int bit = 1; bit < 64; ++bit) {
    for (const int64_t step : {-1, 0, 1}) {
      numbers.push_back((uint64_t{1} << bit) + static_cast<uint64_t>(step));
    }
  }
  std::mt19937_64 random(5);
  for (int i = 0; i < 500; ++i) numbers.push_back(random() >> (random() % 64));
  return numbers;
}

struct Written {
  uint64_t value;
  const char* hex;
};

TEST(BytesTest, NumbersHaveTheBytesOfThePage) {
  constexpr Written kTable[] = {
      {0, "00"},
      {240, "f0"},
      {241, "f101"},
      {495, "f1ff"},
      {496, "f200"},
      {2287, "f8ff"},
      {2288, "f90000"},
      {67'823, "f9ffff"},
      {67'824, "fa0108f0"},
      {0xFFFFFF, "faffffff"},
      {0x1000000, "fb01000000"},
      {0xFFFFFFFF, "fbffffffff"},
      {0x100000000, "fc0100000000"},
      {0xFFFFFFFFFFFFFF, "feffffffffffffff"},
      {UINT64_MAX, "ffffffffffffffffff"},
  };
  for (const Written& written : kTable) {
    EXPECT_EQ(to_hex(n_bytes(written.value)), written.hex) << written.value;
  }
}

TEST(BytesTest, EveryNumberReadsBack) {
  for (const uint64_t value : interesting_numbers()) {
    const std::string bytes = n_bytes(value);
    Reader reader(bytes);
    EXPECT_EQ(reader.n(), value);
    EXPECT_TRUE(reader.ok() && reader.at_end()) << value;
  }
}

TEST(BytesTest, OrderOfBytesIsOrderOfNumbers) {
  const std::vector<uint64_t> numbers = interesting_numbers();
  for (const uint64_t a : numbers) {
    for (const uint64_t b : numbers) {
      ASSERT_EQ(n_bytes(a) < n_bytes(b), a < b) << a << " and " << b;
    }
  }
}

TEST(BytesTest, ALongerFormThanNeededIsRefused) {
  for (const char* hex :
       {"f100", "fa000000", "fa0108ef", "fb00ffffff", "fb00000000", "fc00ffffffff",
        "fd000000000001", "fe00ffffffffffff", "ff00ffffffffffffff", "ff0000000000000000"}) {
    const std::string bytes = from_hex(hex);
    Reader reader(bytes);
    EXPECT_EQ(reader.n(), 0U) << hex;
    EXPECT_FALSE(reader.ok()) << hex;
  }
}

TEST(BytesTest, ATruncatedNumberIsRefused) {
  for (const uint64_t value : interesting_numbers()) {
    const std::string bytes = n_bytes(value);
    for (size_t size = 0; size < bytes.size(); ++size) {
      Reader reader(std::string_view(bytes).substr(0, size));
      static_cast<void>(reader.n());
      EXPECT_FALSE(reader.ok()) << value << " cut at " << size;
    }
  }
}

TEST(BytesTest, AfterAFailureEverythingReadsAsZero) {
  const std::string bytes = "\x05\x06\x07";
  Reader reader(bytes);
  reader.fail();
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.n(), 0U);
  EXPECT_EQ(reader.raw(1), "");
  EXPECT_EQ(reader.bytes(10), "");
  EXPECT_FALSE(reader.ok());
}

TEST(BytesTest, ALengthBeyondTheEndOrTheLimitIsRefused) {
  const std::string bytes =
      "\x03"
      "ab";
  Reader beyond(bytes);
  EXPECT_EQ(beyond.bytes(100), "");
  EXPECT_FALSE(beyond.ok());
  const std::string good =
      "\x03"
      "abc";
  Reader limited(good);
  EXPECT_EQ(limited.bytes(2), "");
  EXPECT_FALSE(limited.ok());
  Reader exact(good);
  EXPECT_EQ(exact.bytes(3), "abc");
  EXPECT_TRUE(exact.ok() && exact.at_end());
  const std::string huge = from_hex("ffffffffffffffffff61");
  Reader overflow(huge);
  EXPECT_EQ(overflow.bytes(SIZE_MAX), "");
  EXPECT_FALSE(overflow.ok());
}

TEST(BytesTest, NumbersOutsideTheirRangeAreRefused) {
  for (const uint64_t value : {0U, 1U, 5U, 6U}) {
    const std::string bytes = n_bytes(value);
    Reader reader(bytes);
    static_cast<void>(reader.n_within(1, 5));
    EXPECT_EQ(reader.ok(), value >= 1 && value <= 5) << value;
  }
}

TEST(BytesTest, ZigzagKeepsSmallNumbersSmall) {
  constexpr std::pair<int64_t, uint64_t> kTable[] = {{0, 0},
                                                     {-1, 1},
                                                     {1, 2},
                                                     {-2, 3},
                                                     {2, 4},
                                                     {INT64_MAX, UINT64_MAX - 1},
                                                     {INT64_MIN, UINT64_MAX}};
  for (const auto& [plain, written] : kTable) {
    EXPECT_EQ(zigzag(plain), written);
    EXPECT_EQ(unzigzag(written), plain);
  }
}

TEST(BytesTest, HexReadsBackAndRefusesOthers) {
  EXPECT_EQ(from_hex(to_hex(std::string("\x00\xFF\x7F", 3))), std::string("\x00\xFF\x7F", 3));
  EXPECT_EQ(from_hex("FFfe"), "\xFF\xFE");
  EXPECT_EQ(from_hex("f"), "");
  EXPECT_EQ(from_hex("0g"), "");
}

}  // namespace
}  // namespace daftar
