#include "client/key_file.h"

#include <gtest/gtest.h>

#include "common/store/files.h"
#include "tests/integration/sync_world.h"
#include "tests/unit/temp_folder.h"

namespace daftar::client {
namespace {

constexpr char kPassphrase[] = "four words nobody guesses";

class KeyFileTest : public testing::Test {
 protected:
  KeyFile written(const std::string& bytes) {
    need(write_file(path, bytes, true));
    return need(KeyFile::read(path));
  }

  TempFolder folder;
  std::string path = folder.path() + "/device.key";
  SigningKey key = SigningKey::generate();
};

TEST_F(KeyFileTest, ASeedIsAKeyThatAsksForNothing) {
  const KeyFile file = written(need(key_file_bytes(key, "")));
  EXPECT_FALSE(file.is_sealed());
  EXPECT_EQ(file.bytes(), key.seed());
  EXPECT_EQ(file.public_key(), key.public_key());
  EXPECT_EQ(need(file.open("whatever")).seed(), key.seed());
}

TEST_F(KeyFileTest, ASealedKeyOpensByItsPassphraseAlone) {
  const KeyFile file = written(need(key_file_bytes(key, kPassphrase)));
  EXPECT_TRUE(file.is_sealed());
  EXPECT_EQ(file.public_key(), key.public_key()) << "known without the passphrase";
  EXPECT_EQ(file.bytes().find(key.seed()), std::string::npos);
  EXPECT_EQ(need(file.open(kPassphrase)).seed(), key.seed());
  for (const char* wrong : {"", "four words nobody guesse", "Four words nobody guesses"}) {
    EXPECT_EQ(file.open(wrong).status().message(), Msg::passphrase_wrong) << wrong;
  }
  EXPECT_NE(need(key_file_bytes(key, kPassphrase)), file.bytes()) << "salt and nonce are new";
}

TEST_F(KeyFileTest, WhatWasChangedDoesNotOpen) {
  const std::string bytes = need(key_file_bytes(key, kPassphrase));
  // One byte of each part: magic, public key, passes, memory, salt, nonce, box.
  for (const size_t at :
       {size_t{0}, size_t{20}, size_t{45}, size_t{55}, size_t{65}, size_t{80}, bytes.size() - 1}) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x40);
    need(write_file(path, changed, true));
    const Result<KeyFile> file = KeyFile::read(path);
    EXPECT_FALSE(file.ok() && file->open(kPassphrase).ok()) << at;
  }
  for (const size_t size : {size_t{0}, size_t{31}, size_t{33}, bytes.size() - 1}) {
    need(write_file(path, bytes.substr(0, size), true));
    EXPECT_EQ(KeyFile::read(path).status().code(), Code::corrupt) << size;
  }
  EXPECT_EQ(KeyFile::read(path + "x").status().code(), Code::not_found);
}

}  // namespace
}  // namespace daftar::client
