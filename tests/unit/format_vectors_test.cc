// tests/vectors/format.json is for other implementations of FORMAT.md. These tests hold it and the
// code together; DAFTAR_WRITE_VECTORS=path writes it anew, which only a new format version may
// need.
#include "tests/unit/format_vectors.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "common/ledger/checkpoint.h"
#include "common/ledger/entry.h"
#include "tests/unit/ledger_builders.h"

namespace daftar::vectors {
namespace {

const Json& committed() {
  static const Json kVectors = [] {
    std::ifstream file(std::string(DAFTAR_SOURCE_DIR) + "/tests/vectors/format.json");
    return Json::parse(file, nullptr, false);
  }();
  return kVectors;
}

std::string bytes_of(const Json& hex) { return from_hex(hex.get<std::string>()); }

PublicKey key_of(const Json& vector) { return *parse_key(to_base64(bytes_of(vector.at("key")))); }

TEST(FormatVectorsTest, TheCodeStillMakesTheCommittedVectors) {
  const Json made = make_vectors();
  if (const char* path = std::getenv("DAFTAR_WRITE_VECTORS")) {
    std::ofstream(path) << made.dump(1) << '\n';
  }
  ASSERT_TRUE(committed().is_object()) << "tests/vectors/format.json cannot be read";
  for (const auto& [name, vectors] : made.items()) {
    ASSERT_TRUE(committed().contains(name)) << name;
    const Json& expected = committed().at(name);
    ASSERT_EQ(vectors.size(), expected.size()) << name;
    for (size_t i = 0; i < vectors.size(); ++i)
      EXPECT_EQ(vectors[i], expected[i]) << name << " " << i;
  }
  EXPECT_EQ(committed().size(), made.size());
}

TEST(FormatVectorsTest, EveryNumberThatIsNotTheShortestFormIsRefused) {
  for (const Json& hex : committed().at("n_refused")) {
    const std::string bytes = bytes_of(hex);
    Reader reader(bytes);
    static_cast<void>(reader.n());
    EXPECT_FALSE(reader.ok() && reader.at_end()) << hex;
  }
}

TEST(FormatVectorsTest, EveryDecimalIsReadAndWrittenAsItStands) {
  for (const Json& vector : committed().at("decimals")) {
    const std::string bytes = bytes_of(vector.at("hex"));
    EXPECT_EQ(number(vector.at("text").get<std::string>()).bytes(), bytes) << vector;
    Reader reader(bytes);
    const Value value = Value::read(reader);
    ASSERT_TRUE(reader.ok() && value.as_decimal()) << vector;
    EXPECT_EQ(value.as_decimal()->text(), vector.at("text")) << vector;
  }
}

TEST(FormatVectorsTest, EveryChangesetIsReadAndWrittenAsItStands) {
  for (const Json& vector : committed().at("changesets")) {
    const Result<Changeset> changeset = decode_changeset(bytes_of(vector.at("hex")));
    ASSERT_TRUE(changeset.ok()) << vector.at("name");
    EXPECT_EQ(changeset->edit_count(), vector.at("edits").get<size_t>()) << vector.at("name");
    EXPECT_EQ(to_hex(*encode_changeset(*changeset)), vector.at("hex")) << vector.at("name");
  }
}

TEST(FormatVectorsTest, EveryHeaderIsReadAndWrittenAsItStands) {
  for (const Json& vector : committed().at("headers")) {
    const Result<EntryHeader> header = decode_header(bytes_of(vector.at("hex")));
    ASSERT_TRUE(header.ok()) << vector;
    EXPECT_EQ(std::to_string(header->position), vector.at("position"));
    EXPECT_EQ(to_hex(encode_header(*header)), vector.at("hex"));
  }
}

TEST(FormatVectorsTest, EveryRefusedChangesetAndHeaderIsRefused) {
  for (const Json& vector : committed().at("changesets_refused")) {
    EXPECT_FALSE(decode_changeset(bytes_of(vector.at("hex"))).ok()) << vector.at("name");
  }
  for (const Json& vector : committed().at("headers_refused")) {
    EXPECT_FALSE(decode_header(bytes_of(vector.at("hex"))).ok()) << vector.at("name");
  }
}

TEST(FormatVectorsTest, NotesAreVerifiedOrRefused) {
  for (const Json& vector : committed().at("notes")) {
    const Result<TreeHead> head =
        verify_checkpoint(vector.at("note").get<std::string>(),
                          vector.at("origin").get<std::string>(), key_of(vector));
    ASSERT_TRUE(head.ok()) << vector;
    EXPECT_EQ(std::to_string(head->size), vector.at("size"));
    EXPECT_EQ(to_hex(head->root), vector.at("root"));
  }
  for (const Json& vector : committed().at("notes_refused")) {
    const std::string note = vector.at("note").get<std::string>();
    const std::string origin = note.substr(0, note.find('\n'));
    EXPECT_FALSE(verify_checkpoint(note, origin, key_of(vector)).ok()) << vector.at("name");
  }
}

}  // namespace
}  // namespace daftar::vectors
