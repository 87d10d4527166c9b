#include "common/ledger/changeset.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "common/base/limits.h"
#include "tests/unit/ledger_builders.h"
#include "tests/unit/refused_vectors.h"

namespace daftar {
namespace {

uint64_t small(std::mt19937_64& random) { return 1 + (random() >> (44 + random() % 20)); }

ChainPoint random_point(std::mt19937_64& random) {
  return {1'000'000 + small(random), small(random), filled_hash(static_cast<uint8_t>(random()))};
}

Place random_place(std::mt19937_64& random) {
  if (random() % 2 == 0) return {"", small(random), 0};
  return {"Sheet 1", small(random), small(random)};
}

std::vector<RecordEdits> random_records(std::mt19937_64& random) {
  std::vector<RecordEdits> records;
  RecordKey key{1, 1, 1, ""};
  for (size_t count = 1 + random() % 6; count > 0; --count) {
    switch (random() % 4) {
      case 0:
        key = {key.kind + small(random), small(random), small(random), ""};
        break;
      case 1:
        key = {key.kind, key.device + small(random), small(random), "q"};
        break;
      case 2:
        key = {key.kind, key.device, key.counter + small(random), ""};
        break;
      default:
        key.qualifier += "\xFE";
    }
    RecordEdits record{key, {}};
    if (random() % 5 == 0) {
      record.cells.push_back({kDeletedField, Value::boolean(random() % 2 == 0), {}});
    } else {
      auto field = static_cast<FieldNumber>(1 + random() % 3);
      for (size_t cells = 1 + random() % 4; cells > 0; --cells) {
        record.cells.push_back({field, random_value(random), {}});
        field += 1 + static_cast<FieldNumber>(random() % 300);
      }
    }
    for (CellEdit& cell : record.cells) {
      if (random() % 3 == 0) cell.place = random_place(random);
    }
    records.push_back(std::move(record));
  }
  return records;
}

// `flags`: which of the four optional parts it has.
Changeset random_changeset(std::mt19937_64& random, unsigned flags) {
  Changeset changeset;
  changeset.ledger = random() % 2 == 0 ? "national" : "administration/public-works-2";
  changeset.device = small(random);
  changeset.seq = (flags & 1) != 0 ? 1 : small(random);
  if ((flags & 1) != 0) changeset.continues = random_point(random);
  changeset.context.position = random() >> (random() % 64);
  if ((flags & 2) != 0) {
    changeset.context.foreign = random_point(random);
  } else {
    changeset.context.own_seq = random() % changeset.seq;
  }
  changeset.author = small(random);
  changeset.time_ms = random();
  changeset.message = random() % 2 == 0 ? "" : "أضيفت القيم";
  if ((flags & 4) != 0) changeset.source = Source{"wb-1", "قيم.xlsx", filled_hash(3)};
  if ((flags & 8) != 0) changeset.origin = filled_hash(9);
  changeset.records = random_records(random);
  return changeset;
}

TEST(ChangesetTest, RandomChangesetsWithEveryFlagReadBack) {
  std::mt19937_64 random(17);
  for (unsigned i = 0; i < 3'200; ++i) {
    const Changeset changeset = random_changeset(random, i % 16);
    const Result<std::string> bytes = encode_changeset(changeset);
    ASSERT_TRUE(bytes.ok()) << i;
    const Result<Changeset> read_back = decode_changeset(*bytes);
    ASSERT_TRUE(read_back.ok()) << to_hex(*bytes);
    EXPECT_EQ(*read_back, changeset);
  }
}

TEST(ChangesetTest, EveryTruncationIsRefused) {
  std::mt19937_64 random(18);
  for (unsigned flags = 0; flags < 16; ++flags) {
    const std::string bytes = *encode_changeset(random_changeset(random, flags));
    for (size_t size = 0; size < bytes.size(); ++size) {
      const Result<Changeset> cut = decode_changeset(std::string_view(bytes).substr(0, size));
      ASSERT_EQ(message_of(cut.status()), "changeset.not_canonical") << flags << " cut at " << size;
    }
    EXPECT_EQ(message_of(decode_changeset(bytes + '\0').status()), "changeset.not_canonical");
  }
}

TEST(ChangesetTest, WhateverIsReadIsWrittenInTheSameBytes) {
  std::mt19937_64 random(19);
  for (unsigned i = 0; i < 160; ++i) {
    const std::string bytes = *encode_changeset(random_changeset(random, i % 16));
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      const Result<Changeset> read = decode_changeset(flipped);
      if (!read.ok()) continue;
      const Result<std::string> again = encode_changeset(*read);
      ASSERT_TRUE(again.ok()) << to_hex(flipped);
      ASSERT_EQ(to_hex(*again), to_hex(flipped));
    }
  }
}

// ---- bytes by hand

using vectors::kHead;
using vectors::kRecord;

TEST(ChangesetTest, TheSmallestChangesetByHand) {
  const Result<Changeset> read = decode_changeset(from_hex(kHead + "01" + kRecord));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->ledger, "a/b");
  EXPECT_EQ(read->device, 7U);
  EXPECT_EQ(read->seq, 1U);
  ASSERT_EQ(read->records.size(), 1U);
  EXPECT_EQ(read->records[0].key, (RecordKey{1, 1, 1, ""}));
  EXPECT_EQ(read->records[0].cells, (std::vector<CellEdit>{{1, Value(), {}}}));
}

TEST(ChangesetTest, WhatIsNotCanonicalIsRefused) {
  ASSERT_TRUE(decode_changeset(from_hex(kHead + "01" + kRecord)).ok());
  ASSERT_TRUE(decode_changeset(from_hex(kHead + "02" + kRecord +
                                        "020100"
                                        "0200"))
                  .ok());
  ASSERT_TRUE(decode_changeset(from_hex(kHead + "01"
                                                "0001010100"
                                                "f9452e00"))
                  .ok())
      << "9999";
  for (const vectors::Refused& c : vectors::refused_changesets()) {
    const std::string bytes = from_hex(c.hex);
    ASSERT_EQ(bytes.size() * 2, c.hex.size()) << c.name;
    EXPECT_EQ(message_of(decode_changeset(bytes).status()), "changeset.not_canonical") << c.name;
  }
}

TEST(ChangesetTest, ANewerVersionIsNotCalledDamaged) {
  const std::string bytes = from_hex("02" + (kHead + "01" + kRecord).substr(2));
  EXPECT_EQ(decode_changeset(bytes).status().code(), Code::newer_version);
}

// ---- what must never be saved

TEST(ChangesetTest, WhatNobodyCouldReadIsNotEncoded) {
  const RecordKey key{4, 7, 1042, ""};
  const auto spoilt = [](const auto& spoil) {
    Changeset changeset = small_changeset();
    spoil(changeset);
    return changeset;
  };
  const struct {
    const char* what;
    Changeset changeset;
  } kTable[] = {
      {"no records", spoilt([](Changeset& c) { c.records.clear(); })},
      {"a record without cells", spoilt([](Changeset& c) { c.records[0].cells.clear(); })},
      {"the same record twice", spoilt([](Changeset& c) { c.records.push_back(c.records[0]); })},
      {"descending records", spoilt([](Changeset& c) {
         c.records.push_back(write({3, 1, 1, ""}, 1, Value()));
       })},
      {"the same field twice",
       spoilt([](Changeset& c) { c.records[0].cells.push_back(c.records[0].cells[0]); })},
      {"descending fields", spoilt([](Changeset& c) {
         c.records[0].cells.push_back({2, Value(), {}});
       })},
      {"field 10000", spoilt([](Changeset& c) { c.records[0].cells[0].field = 10'000; })},
      {"deleted beside another field", spoilt([](Changeset& c) {
         c.records[0].cells.insert(c.records[0].cells.begin(), {0, Value::boolean(true), {}});
       })},
      {"deleted := a number",
       spoilt([&](Changeset& c) { c.records = {write(key, 0, number("1"))}; })},
      {"an own seq that is not before it", spoilt([](Changeset& c) { c.context.own_seq = 3; })},
      {"continues in seq 3", spoilt([](Changeset& c) {
         c.continues = ChainPoint{8, 1, {}};
       })},
      {"a ledger with a space", spoilt([](Changeset& c) { c.ledger = "a b"; })},
      {"a NUL in the message", spoilt([](Changeset& c) { c.message = std::string(1, '\0'); })},
      {"a text of broken UTF-8",
       spoilt([](Changeset& c) { c.records[0].cells[0].value = Value::text("\xC3"); })},
      {"device 0", spoilt([](Changeset& c) { c.device = 0; })},
      {"a message of 4097 bytes", spoilt([](Changeset& c) { c.message.assign(4097, 'a'); })},
      {"a qualifier of 65 bytes",
       spoilt([](Changeset& c) { c.records[0].key.qualifier.assign(65, 'a'); })},
  };
  ASSERT_TRUE(encode_changeset(small_changeset()).ok());
  for (const auto& c : kTable) EXPECT_FALSE(encode_changeset(c.changeset).ok()) << c.what;
}

TEST(ChangesetTest, ABrokenRuleIsInvalidAndNoFaultOfDaftarsOwn) {
  Changeset changeset = small_changeset();
  changeset.message = std::string(1, '\0');
  EXPECT_EQ(encode_changeset(changeset).status().code(), Code::invalid);
}

TEST(ChangesetTest, TheLimitsOnEditsAndBytesHold) {
  Changeset changeset = small_changeset();
  const auto with_edits = [&](size_t count) {
    changeset.records.clear();
    for (size_t i = 0; i < count; ++i) {
      changeset.records.push_back(write({4, 7, i + 1, ""}, 1, Value()));
    }
    return encode_changeset(changeset);
  };
  EXPECT_TRUE(with_edits(limits::kChangesetEdits).ok());
  EXPECT_EQ(with_edits(limits::kChangesetEdits + 1).status().code(), Code::too_large);
  const Value page = Value::text(std::string(60'000, 'a'));
  changeset.records.clear();
  for (uint64_t i = 1; i <= 17; ++i) changeset.records.push_back(write({4, 7, i, ""}, 1, page));
  EXPECT_TRUE(encode_changeset(changeset).ok());
  changeset.records.push_back(write({4, 7, 18, ""}, 1, page));
  EXPECT_EQ(encode_changeset(changeset).status().code(), Code::too_large);
}

TEST(ChangesetTest, LedgerNames) {
  for (const char* good : {"national", "administration/public-works-2", "0", "a/b/c"}) {
    EXPECT_TRUE(is_ledger_name(good)) << good;
  }
  for (const char* bad : {"", "National", "a b", "a_b", "a.b", "طرق", "/", "a/", "/a", "a//b"}) {
    EXPECT_FALSE(is_ledger_name(bad)) << bad;
  }
  EXPECT_TRUE(is_ledger_name(std::string(100, 'a')));
  EXPECT_FALSE(is_ledger_name(std::string(101, 'a')));
}

TEST(ChangesetTest, EditsAreCountedOverAllRecords) {
  Changeset changeset = small_changeset();
  changeset.records[0].cells.push_back({9, Value(), {}});
  changeset.records.push_back(remove({5, 1, 1, ""}));
  EXPECT_EQ(changeset.edit_count(), 3U);
}

}  // namespace
}  // namespace daftar
