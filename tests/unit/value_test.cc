#include "common/ledger/value.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "common/base/limits.h"
#include "common/ledger/hash.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

bool is_value(const std::string& bytes) {
  Reader reader(bytes);
  static_cast<void>(Value::read(reader));
  return reader.ok() && reader.at_end();
}

TEST(ValueTest, EachTypeHasTheBytesOfThePageAndSaysWhatItIs) {
  const struct {
    Value value;
    ValueType type;
    const char* hex;
  } kTable[] = {
      {Value(), ValueType::empty, "00"},
      {Value::boolean(false), ValueType::boolean, "01"},
      {Value::boolean(true), ValueType::boolean, "02"},
      {number("0.2"), ValueType::decimal, "030402"},
      {Value::text(""), ValueType::text, "0400"},
      {Value::text("ab"), ValueType::text, "04026162"},
      {Value::reference({4, 7, 1042, "q"}), ValueType::reference, "050407f4220171"},
      {Value::period("\x0F\xC6\x21\x17"), ValueType::period, "06040fc62117"},
      {Value::time(1), ValueType::time, "0701"},
      {Value::list({}), ValueType::list, "0900"},
      {Value::list({Value(), Value::choice(2)}), ValueType::list, "0902000a02"},
      {Value::choice(300), ValueType::choice, "0af13c"},
  };
  for (const auto& c : kTable) {
    EXPECT_EQ(to_hex(c.value.bytes()), c.hex);
    EXPECT_EQ(c.value.type(), c.type) << c.hex;
    EXPECT_TRUE(is_value(c.value.bytes())) << c.hex;
  }
}

TEST(ValueTest, WhatWasPutInComesOut) {
  EXPECT_EQ(number("12.5").as_decimal()->text(), "12.5");
  EXPECT_EQ(Value::text("طرق").as_text(), "طرق");
  const RecordKey key{4, 7, 1042, "q"};
  EXPECT_EQ(Value::reference(key).as_reference(), key);
  EXPECT_EQ(Value::period("abcd").as_period(), "abcd");
  EXPECT_EQ(Value::time(UINT64_MAX).as_time(), UINT64_MAX);
  EXPECT_EQ(Value::choice(0).as_choice(), 0U);
  const std::vector<Value> items = {Value(), Value::list({Value::text("x")}), number("-1")};
  EXPECT_EQ(Value::list(items).as_list(), items);
  EXPECT_TRUE(Value::boolean(true).is_yes());
  EXPECT_FALSE(Value::boolean(false).is_yes());
  EXPECT_TRUE(Value().is_empty());
}

TEST(ValueTest, AskedForAnotherTypeItSaysNothing) {
  const Value text = Value::text("1");
  EXPECT_FALSE(text.as_decimal() || text.as_reference() || text.as_period() || text.as_time() ||
               text.as_choice());
  EXPECT_FALSE(Value().as_text().has_value());
  EXPECT_TRUE(text.as_list().empty());
}

TEST(ValueTest, RandomValuesReadBackAndNoTruncationDoes) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 3'000; ++i) {
    const Value value = random_value(random, 3);
    Reader reader(value.bytes());
    EXPECT_EQ(Value::read(reader), value);
    EXPECT_TRUE(reader.ok() && reader.at_end());
    Reader skipped(value.bytes());
    Value::skip(skipped);
    EXPECT_TRUE(skipped.ok() && skipped.at_end());
    for (size_t size = 0; size < value.bytes().size(); ++size) {
      EXPECT_FALSE(is_value(value.bytes().substr(0, size))) << to_hex(value.bytes());
    }
  }
}

TEST(ValueTest, MalformedValuesAreRefused) {
  const struct {
    const char* what;
    const char* hex;
  } kTable[] = {
      {"an unknown tag", "0b"},
      {"an unknown tag", "ff"},
      {"a NUL in a text", "0403610062"},
      {"a text of broken UTF-8", "0401ff"},
      {"a text with an overlong form", "0402c0af"},
      {"a text with a surrogate", "0403eda080"},
      {"a text cut within a character", "0401d8"},
      {"a text beyond U+10FFFF", "0404f4908080"},
      {"a reference to kind 0", "0500010100"},
      {"a reference to device 0", "0501000100"},
      {"a reference to counter 0", "0501010000"},
      {"a list with fewer items than it says", "090100ff"},
      {"a list that says more items than bytes", "09faffffff"},
      {"five lists inside each other", "09010901090109010900"},
      {"a wide decimal without a high part", "03010100"},
      {"a number that could be shorter", "07fa000001"},
  };
  for (const auto& c : kTable) EXPECT_FALSE(is_value(from_hex(c.hex))) << c.what;
  EXPECT_TRUE(is_value(from_hex("0901090109010900"))) << "four lists inside each other";
}

TEST(ValueTest, ADecimalHasOneFormAlone) {
  const struct {
    const char* what;
    const char* hex;
  } kTable[] = {
      {"a trailing zero", "03000a"},          {"minus zero", "030200"},
      {"zero with an exponent", "030400"},    {"an exponent of 6001", "03f9b29801"},
      {"an exponent of -6001", "03f9b29401"}, {"a low half of 10^19", "0300ff8ac7230489e80000"},
      {"a high half of 0", "03010100"},
  };
  for (const auto& c : kTable) EXPECT_FALSE(is_value(from_hex(c.hex))) << c.what;
}

TEST(ValueTest, WhatIsInsideAPeriodIsNotTheLedgersBusiness) {
  for (const char* hex : {"0600", "060161", "0603000000"})
    EXPECT_TRUE(is_value(from_hex(hex))) << hex;
}

TEST(ValueTest, BytesAreKeptThoughNothingHereMakesThem) {
  const std::string bytes = from_hex("0803000102");
  Reader reader(bytes);
  const Value value = Value::read(reader);
  ASSERT_TRUE(reader.ok() && reader.at_end());
  EXPECT_EQ(value.type(), ValueType::bytes);
  EXPECT_EQ(value.bytes(), bytes);
}

TEST(ValueTest, LimitsHold) {
  const std::string longest(limits::kValueBytes - 5, 'a');
  EXPECT_TRUE(is_value(Value::text(longest).bytes()));
  EXPECT_FALSE(is_value(Value::text(longest + "aaaaa").bytes()));
  const std::string qualifier(limits::kQualifierBytes, 'q');
  EXPECT_TRUE(is_value(Value::period(qualifier).bytes()));
  EXPECT_FALSE(is_value(Value::period(qualifier + "q").bytes()));
  EXPECT_TRUE(is_value(Value::reference({1, 1, 1, qualifier}).bytes()));
  EXPECT_FALSE(is_value(Value::reference({1, 1, 1, qualifier + "q"}).bytes()));
  const std::vector<Value> half = {Value::text(longest.substr(0, 40'000))};
  EXPECT_TRUE(is_value(Value::list(half).bytes()));
  EXPECT_FALSE(is_value(Value::list({half[0], half[0]}).bytes()));
}

TEST(RecordKeyTest, TheBytesReadBackAndOrderAsTheKeysDo) {
  std::mt19937_64 random(3);
  const auto small = [&] { return 1 + (random() >> (48 + random() % 16)); };
  std::vector<RecordKey> keys;
  for (int i = 0; i < 200; ++i) {
    keys.push_back(
        {small(), small(), small(), std::string(random() % 3, static_cast<char>(random()))});
  }
  for (const RecordKey& a : keys) {
    const Result<RecordKey> read_back = RecordKey::from_bytes(a.bytes());
    ASSERT_TRUE(read_back.ok());
    EXPECT_EQ(*read_back, a);
    for (const RecordKey& b : keys) {
      ASSERT_EQ(a.bytes() <=> b.bytes(), a <=> b) << a.id() << " and " << b.id();
    }
  }
}

TEST(RecordKeyTest, KeysOutsideTheFormatAreRefused) {
  for (const char* hex : {"", "01", "0101", "000101", "010001", "010100", "fa0000010101"}) {
    EXPECT_EQ(RecordKey::from_bytes(from_hex(hex)).status().code(), Code::corrupt) << hex;
  }
  const std::string head = from_hex("010101");
  EXPECT_TRUE(RecordKey::from_bytes(head + std::string(64, 'q')).ok());
  EXPECT_FALSE(RecordKey::from_bytes(head + std::string(65, 'q')).ok());
}

}  // namespace
}  // namespace daftar
