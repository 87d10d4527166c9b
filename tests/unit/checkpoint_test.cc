#include "common/ledger/checkpoint.h"

#include <gtest/gtest.h>

#include <string>

#include "common/ledger/keys.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

const char kOrigin[] = "hub.example/administration/transport";
const std::string kDash = "\u2014 ";

struct Checkpoint {
  SigningKey key = test_key('h');
  TreeHead head{5, filled_hash(9)};
  std::string note = make_checkpoint(key, kOrigin, head);

  Result<TreeHead> verify(const std::string& text) const {
    return verify_checkpoint(text, kOrigin, key.public_key());
  }
  [[nodiscard]] bool accepts(const std::string& text) const { return verify(text).ok(); }
};

// A signature line over `body` as `name`, made here from the page alone.
std::string signature_line(const SigningKey& key, const std::string& name,
                           const std::string& body) {
  const std::string_view raw_key(reinterpret_cast<const char*>(key.public_key().data()), 32);
  const Hash id = sha256(name + "\n\x01" + std::string(raw_key));
  const Signature signature = key.sign(body);
  std::string bytes(hash_bytes(id).substr(0, 4));
  bytes.append(reinterpret_cast<const char*>(signature.data()), signature.size());
  return kDash + name + " " + to_base64(bytes) + "\n";
}

TEST(CheckpointTest, TheNoteIsThatOfThePage) {
  const Checkpoint checkpoint;
  const std::string body =
      std::string(kOrigin) + "\n5\n" + to_base64(std::string(32, '\x09')) + "\n";
  EXPECT_EQ(checkpoint.note, body + "\n" + signature_line(checkpoint.key, kOrigin, body));
}

TEST(CheckpointTest, ASignedNoteGivesSizeAndRoot) {
  const Checkpoint checkpoint;
  const Result<TreeHead> head = checkpoint.verify(checkpoint.note);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(*head, checkpoint.head);
}

TEST(CheckpointTest, NoChangedByteIsAccepted) {
  const Checkpoint checkpoint;
  for (size_t i = 0; i < checkpoint.note.size(); ++i) {
    for (const int bit : {0, 1, 5}) {
      std::string changed = checkpoint.note;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_EQ(message_of(checkpoint.verify(changed).status()), "checkpoint.bad") << i;
    }
  }
  for (size_t size = 0; size < checkpoint.note.size(); ++size) {
    EXPECT_FALSE(checkpoint.accepts(checkpoint.note.substr(0, size))) << size;
  }
}

TEST(CheckpointTest, AnotherKeyOrOriginIsRefused) {
  const Checkpoint checkpoint;
  EXPECT_FALSE(verify_checkpoint(checkpoint.note, kOrigin, test_key('x').public_key()).ok());
  EXPECT_FALSE(
      verify_checkpoint(checkpoint.note, "hub.example/national", checkpoint.key.public_key()).ok());
  EXPECT_FALSE(verify_checkpoint(checkpoint.note, "", checkpoint.key.public_key()).ok());
}

TEST(CheckpointTest, SignaturesOfOthersBesideTheHubsAreAccepted) {
  const Checkpoint checkpoint;
  const size_t gap = checkpoint.note.find("\n\n");
  const std::string body = checkpoint.note.substr(0, gap + 1);
  const std::string own = checkpoint.note.substr(gap + 2);
  const std::string other = signature_line(test_key('c'), "ci.example", body);
  const std::string same_name = signature_line(test_key('c'), kOrigin, body);
  EXPECT_TRUE(checkpoint.accepts(body + "\n" + own + other));
  EXPECT_TRUE(checkpoint.accepts(body + "\n" + other + own));
  EXPECT_TRUE(checkpoint.accepts(body + "\n" + same_name + own));
  EXPECT_FALSE(checkpoint.accepts(body + "\n" + other));
  EXPECT_FALSE(checkpoint.accepts(body + "\n"));
}

TEST(CheckpointTest, TheHubsOwnSignatureIsThereOnceAndGood) {
  const Checkpoint checkpoint;
  const size_t gap = checkpoint.note.find("\n\n");
  const std::string body = checkpoint.note.substr(0, gap + 1);
  const std::string own = checkpoint.note.substr(gap + 2);
  const std::string over_another_body = signature_line(checkpoint.key, kOrigin, body + "more\n");
  EXPECT_FALSE(checkpoint.accepts(body + "\n" + own + own));
  EXPECT_FALSE(checkpoint.accepts(body + "\n" + own + over_another_body));
  EXPECT_FALSE(checkpoint.accepts(body + "\n" + over_another_body + own));
}

TEST(CheckpointTest, ACosignatureIsThatOfThePageAndHoldsForItsNoteAlone) {
  const Checkpoint checkpoint;
  const SigningKey watcher = test_key('c');
  const std::string name = cosigner_name("hub.example", 9);
  EXPECT_EQ(name, "hub.example/device/9");
  const std::string line = make_cosignature(watcher, name, checkpoint.note, 1'679'315'147);
  // Made here from the page alone.
  const std::string body = checkpoint.note.substr(0, checkpoint.note.find("\n\n") + 1);
  const std::string_view raw_key(reinterpret_cast<const char*>(watcher.public_key().data()), 32);
  std::string bytes(hash_bytes(sha256(name + "\n\x04" + std::string(raw_key))).substr(0, 4));
  bytes += std::string("\0\0\0\0\x64\x18\x50\xCB", 8);
  const Signature signature = watcher.sign("cosignature/v1\ntime 1679315147\n" + body);
  bytes.append(reinterpret_cast<const char*>(signature.data()), signature.size());
  EXPECT_EQ(line, kDash + name + " " + to_base64(bytes) + "\n");

  const std::string note = checkpoint.note + line;
  EXPECT_TRUE(checkpoint.accepts(note)) << "the hub's own signature still holds";
  const auto found = find_cosignature(note, watcher.public_key());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, name);
  EXPECT_EQ(found->time_s, 1'679'315'147U);
  EXPECT_FALSE(find_cosignature(checkpoint.note, watcher.public_key()));
  EXPECT_FALSE(find_cosignature(note, checkpoint.key.public_key()));
  EXPECT_FALSE(find_cosignature("", watcher.public_key()));
  const std::string other = make_checkpoint(checkpoint.key, kOrigin, {6, filled_hash(9)});
  EXPECT_FALSE(find_cosignature(other + line, watcher.public_key()));
  for (size_t i = checkpoint.note.size(); i < note.size(); ++i) {
    std::string changed = note;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(find_cosignature(changed, watcher.public_key())) << i;
  }
}

TEST(CheckpointTest, WhatIsNoTextIsRefusedThoughTheHubSignedIt) {
  const Checkpoint checkpoint;
  const std::string body =
      std::string(kOrigin) + "\n5\n" + to_base64(std::string(32, '\x09')) + "\n";
  for (const std::string& line : {std::string("\xFF"), std::string("a\tb"), std::string(1, '\0')}) {
    const std::string signed_body = body + line + "\n";
    EXPECT_FALSE(checkpoint.accepts(signed_body + "\n" +
                                    signature_line(checkpoint.key, kOrigin, signed_body)));
  }
}

TEST(CheckpointTest, FurtherLinesAreAcceptedWhereTheyAreSigned) {
  const Checkpoint checkpoint;
  const std::string body =
      std::string(kOrigin) + "\n5\n" + to_base64(std::string(32, '\x09')) + "\nfurther line\n";
  const std::string note = body + "\n" + signature_line(checkpoint.key, kOrigin, body);
  ASSERT_TRUE(checkpoint.accepts(note));
  EXPECT_EQ(*checkpoint.verify(note), checkpoint.head);
  const size_t gap = checkpoint.note.find("\n\n");
  EXPECT_FALSE(checkpoint.accepts(checkpoint.note.substr(0, gap + 1) + "further line\n\n" +
                                  checkpoint.note.substr(gap + 2)));
}

TEST(CheckpointTest, WhatIsNoCheckpointIsRefusedThoughTheHubSignedIt) {
  const Checkpoint checkpoint;
  const std::string root = to_base64(std::string(32, '\x09'));
  const std::string origin = kOrigin;
  const struct {
    const char* what;
    std::string body;
  } kTable[] = {
      {"a size with a leading zero", origin + "\n05\n" + root + "\n"},
      {"a size with a sign", origin + "\n+5\n" + root + "\n"},
      {"a negative size", origin + "\n-5\n" + root + "\n"},
      {"a size of 2^64", origin + "\n18446744073709551616\n" + root + "\n"},
      {"no size", origin + "\n\n" + root + "\n"},
      {"a size with a space", origin + "\n5 \n" + root + "\n"},
      {"a root of 31 bytes", origin + "\n5\n" + to_base64(std::string(31, '\x09')) + "\n"},
      {"a root of 33 bytes", origin + "\n5\n" + to_base64(std::string(33, '\x09')) + "\n"},
      {"a root without padding", origin + "\n5\n" + root.substr(0, 43) + "\n"},
      {"two lines", origin + "\n5\n"},
      {"another origin", origin + "2\n5\n" + root + "\n"},
      {"a carriage return", origin + "\r\n5\r\n" + root + "\r\n"},
  };
  for (const auto& c : kTable) {
    const std::string note = c.body + "\n" + signature_line(checkpoint.key, kOrigin, c.body);
    EXPECT_FALSE(checkpoint.accepts(note)) << c.what;
  }
}

// FORMAT.md §8 allows signatures of others there, and nothing else.
TEST(CheckpointTest, WhatIsNoSignatureAfterTheSignaturesIsRefused) {
  const Checkpoint checkpoint;
  for (const char* junk : {"junk\n", "\n", "\u2014 a\n", "\u2014\n", "\u2014 a b c\n"}) {
    EXPECT_FALSE(checkpoint.accepts(checkpoint.note + junk)) << junk;
  }
}

TEST(CheckpointTest, AnEmptyTreeHasTheRootOfNothing) {
  const Checkpoint checkpoint;
  EXPECT_TRUE(checkpoint.accepts(make_checkpoint(checkpoint.key, kOrigin, {0, sha256("")})));
  EXPECT_FALSE(checkpoint.accepts(make_checkpoint(checkpoint.key, kOrigin, {0, filled_hash(9)})));
}

TEST(CheckpointTest, AHugeNoteIsRefused) {
  const Checkpoint checkpoint;
  EXPECT_FALSE(
      checkpoint.accepts(checkpoint.note + kDash + "a " + std::string(100'000, 'A') + "\n"));
}

TEST(CheckpointTest, TheOriginIsHubAndLedger) {
  EXPECT_EQ(checkpoint_origin("hub.example", "national"), "hub.example/national");
}

}  // namespace
}  // namespace daftar
