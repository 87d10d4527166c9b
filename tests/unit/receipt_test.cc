#include "common/ledger/receipt.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/ledger/checkpoint.h"
#include "common/ledger/entries_file.h"
#include "common/ledger/merkle.h"
#include "tests/unit/format_vectors.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

// The ledger of the test vectors, with its hub's note and receipts of all its entries.
class ReceiptTest : public testing::Test {
 protected:
  ReceiptTest()
      : bytes(from_hex(vectors::make_ledger_vector()["entries_file"].get<std::string>())) {
    file = *decode_entries_file(bytes);
    (void)visit_entries(file, [&](std::string_view header, std::string_view changeset) -> Status {
      headers.emplace_back(header);
      changesets.emplace_back(changeset);
      leaves.push_back(leaf_hash(header, changeset));
      return {};
    });
  }

  [[nodiscard]] std::string receipt(uint64_t position, std::string_view note) const {
    ReceiptParts parts{headers[position - 1], changesets[position - 1], position, {}, note};
    parts.inclusion =
        inclusion_proof([&](uint64_t index) { return leaves[index]; }, position - 1, leaves.size());
    return encode_receipt(parts);
  }
  [[nodiscard]] std::string receipt(uint64_t position) const {
    return receipt(position, file.note);
  }

  std::string bytes;
  EntriesFile file;
  std::vector<std::string> headers;
  std::vector<std::string> changesets;
  std::vector<Hash> leaves;
  PublicKey key = test_key('h').public_key();
};

TEST_F(ReceiptTest, ProvesEachEntry) {
  ASSERT_GT(leaves.size(), 10U);
  size_t refused = 0;
  for (uint64_t position = 1; position <= leaves.size(); ++position) {
    const Result<Receipt> proved = verify_receipt(receipt(position), key);
    ASSERT_TRUE(proved.ok()) << position << ": " << proved.status().text();
    EXPECT_EQ(proved->header.position, position);
    EXPECT_EQ(proved->head.size, leaves.size());
    EXPECT_EQ(proved->hub, "hub.example");
    EXPECT_EQ(proved->ledger, file.ledger);
    EXPECT_EQ(proved->code, receipt_code(position, leaves[position - 1]));
    EXPECT_EQ(proved->header.refusal.has_value(), !proved->changeset.has_value());
    refused += proved->header.refusal ? 1 : 0;
    if (proved->changeset) {
      EXPECT_EQ(*encode_changeset(*proved->changeset), changesets[position - 1]);
    }
  }
  EXPECT_EQ(refused, 1U);
}

TEST_F(ReceiptTest, NoByteMayChangeAndNoneBeMissing) {
  const std::string good = receipt(9);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] ^= static_cast<char>(1 + i % 127);
    EXPECT_FALSE(verify_receipt(changed, key).ok()) << "byte " << i;
    EXPECT_FALSE(verify_receipt(good.substr(0, i), key).ok()) << "cut at " << i;
  }
  EXPECT_FALSE(verify_receipt(good + "x", key).ok());
}

TEST_F(ReceiptTest, AnotherKeyIndexEntryLedgerOrSizeProvesNothing) {
  const SigningKey hub = test_key('h');
  const std::string origin = checkpoint_origin("hub.example", file.ledger);
  const Result<TreeHead> head = verify_checkpoint(file.note, origin, key);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(message_of(verify_receipt(receipt(9), test_key('x').public_key()).status()),
            "checkpoint.bad");
  std::string moved = receipt(9);
  moved.replace(moved.find("index 8"), 7, "index 7");
  EXPECT_EQ(message_of(verify_receipt(moved, key).status()), "receipt.not_included");
  std::string exchanged = receipt(9);
  const std::string other = receipt(10);
  const size_t end = exchanged.find('\n', exchanged.find("extra "));
  const size_t other_end = other.find('\n', other.find("extra "));
  exchanged = other.substr(0, other_end) + exchanged.substr(end);
  EXPECT_EQ(message_of(verify_receipt(exchanged, key).status()), "receipt.not_included");
  const auto verdict = [&](const std::string& signed_note) {
    return message_of(verify_receipt(receipt(9, signed_note), key).status());
  };
  EXPECT_EQ(verdict(make_checkpoint(hub, origin, {8, head->root})), "receipt.not_included");
  EXPECT_EQ(verdict(make_checkpoint(hub, origin, {4 * leaves.size(), head->root})),
            "receipt.not_included");
  EXPECT_EQ(verdict(make_checkpoint(hub, origin, {leaves.size(), filled_hash(7)})),
            "receipt.not_included");
  EXPECT_EQ(verdict(make_checkpoint(hub, "hub.example/administration/other", *head)),
            "receipt.bad");
  EXPECT_EQ(verdict(make_checkpoint(hub, "hub.example", *head)), "receipt.bad");
}

TEST_F(ReceiptTest, CodeIsPositionAndSixtyBits) {
  Hash leaf{};
  EXPECT_EQ(receipt_code(1042, leaf), "1042-0000-0000-0000");
  leaf.fill(0xFF);
  EXPECT_EQ(receipt_code(1, leaf), "1-ZZZZ-ZZZZ-ZZZZ");
  leaf = {};
  leaf[0] = 0x08;  // the first five bits are 1
  leaf[7] = 0x10;  // and so are the last five of the sixty
  EXPECT_EQ(receipt_code(1, leaf), "1-1000-0000-0001");
}

TEST(EntriesFileTest, IsReadAsItWasWritten) {
  const std::string bytes =
      from_hex(vectors::make_ledger_vector()["entries_file"].get<std::string>());
  const Result<EntriesFile> file = decode_entries_file(bytes);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(encode_entries_file(*file), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_entries_file(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(decode_entries_file(bytes + '\0').ok());
}

}  // namespace
}  // namespace daftar
