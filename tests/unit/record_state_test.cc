#include "common/ledger/record_state.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

const Value kA = Value::text("a");
const Value kB = Value::text("b");

TEST(RecordStateTest, ARecordHasTheBytesOfThePage) {
  RecordState record;
  record.find_or_add(3) = {3, true, {{5, 1, 2, kB}, {4, 2, 1, kA}}};
  record.find_or_add(0) = {0, false, {{6, 2, 2, Value::boolean(true)}}};
  EXPECT_EQ(to_hex(record.encode()),
            "02"
            "0001"
            "06020202"
            "0702"
            "050102040162"
            "040201040161");
  const Result<RecordState> read_back = RecordState::decode(record.encode());
  ASSERT_TRUE(read_back.ok());
  EXPECT_EQ(*read_back, record);
}

TEST(RecordStateTest, WithoutACurrentVersionDeletedReadsNoAndOthersReadEmpty) {
  EXPECT_EQ((Cell{0, false, {{1, 1, 1, Value::boolean(true)}}}).reading(), Value::boolean(false));
  EXPECT_EQ((Cell{3, false, {{1, 1, 1, kA}}}).reading(), Value());
  EXPECT_EQ((Cell{3, true, {{1, 1, 1, kA}}}).reading(), kA);
  EXPECT_FALSE(RecordState().is_deleted());
  EXPECT_EQ(RecordState().reading(3), Value());
}

TEST(RecordStateTest, ContendersAreTheStandingVersionsWithAnotherValue) {
  const Cell agreed{3, true, {{1, 1, 1, kA}, {2, 2, 1, kA}}};
  EXPECT_FALSE(agreed.is_contended());
  EXPECT_TRUE(agreed.contenders().empty());
  const Cell contended{3, true, {{1, 1, 1, kA}, {2, 2, 1, kB}, {3, 3, 1, kA}}};
  EXPECT_TRUE(contended.is_contended());
  ASSERT_EQ(contended.contenders().size(), 1U);
  EXPECT_EQ(contended.contenders()[0]->position, 2U);
  const Cell held_back{0, false, {{1, 1, 1, Value::boolean(true)}}};
  EXPECT_TRUE(held_back.is_contended());
  const Cell automatic_no{0, false, {{1, 1, 1, Value::boolean(false)}}};
  EXPECT_FALSE(automatic_no.is_contended());
}

TEST(RecordStateTest, TruncatedAndTrailingBytesAreRefused) {
  RecordState record;
  record.find_or_add(3) = {3, true, {{500, 1, 2, kB}, {501, 2, 1, kA}}};
  const std::string bytes = record.encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(message_of(RecordState::decode(bytes.substr(0, size)).status()), "record_state.bad")
        << size;
  }
  EXPECT_FALSE(RecordState::decode(bytes + '\0').ok());
}

TEST(RecordStateTest, FlippedBitsNeverCrashAndWhatIsReadIsWrittenTheSame) {
  RecordState record;
  record.find_or_add(0) = {0, true, {{700, 9, 3, Value::boolean(true)}}};
  record.find_or_add(3) = {3, true, {{500, 1, 2, kB}, {501, 2, 1, number("12.5")}}};
  record.find_or_add(900) = {900, true, {{500, 1, 2, Value::list({kA, Value()})}}};
  const std::string bytes = record.encode();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const Result<RecordState> read = RecordState::decode(flipped);
    if (read.ok()) {
      EXPECT_EQ(to_hex(read->encode()), to_hex(flipped));
    }
  }
}

TEST(RecordStateTest, CellsThatAreNotAscendingByFieldAreRefused) {
  const std::string field_5 =
      "0b01"
      "010101"
      "00";
  const std::string field_3 =
      "0701"
      "010101"
      "00";
  ASSERT_TRUE(RecordState::decode(from_hex("02" + field_3 + field_5)).ok());
  EXPECT_FALSE(RecordState::decode(from_hex("02" + field_5 + field_3)).ok());
  EXPECT_FALSE(RecordState::decode(from_hex("02" + field_5 + field_5)).ok());
}

TEST(RecordStateTest, ACellWithoutVersionsIsRefused) {
  EXPECT_FALSE(RecordState::decode(from_hex("01"
                                            "0700"))
                   .ok());
  EXPECT_FALSE(RecordState::decode(from_hex("00")).ok());
}

}  // namespace
}  // namespace daftar
