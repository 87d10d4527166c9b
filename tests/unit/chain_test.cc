#include "common/ledger/chain.h"

#include <gtest/gtest.h>

#include <string>

#include "common/ledger/bytes.h"
#include "common/ledger/keys.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

const char kLedger[] = "administration/transport";

std::string raw(const PublicKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

TEST(ChainTest, TheFirstLinkIsTheHashOfLedgerDeviceAndKey) {
  const PublicKey key = test_key('k').public_key();
  std::string input = "daftar chain 1";
  put_bytes(input, kLedger);
  put_n(input, 300);
  EXPECT_EQ(chain_start(kLedger, 300, key), sha256(input + raw(key)));
}

TEST(ChainTest, TheNextLinkIsTheHashOfTheLastAndTheChangesetsHash) {
  const Hash first = filled_hash(1);
  const std::string input = std::string(32, '\1') + std::string(hash_bytes(sha256("changeset")));
  EXPECT_EQ(chain_next(first, "changeset"), sha256(input));
  EXPECT_EQ(chain_next(first, sha256("changeset")), chain_next(first, "changeset"));
}

TEST(ChainTest, AnyDifferenceGivesAnotherChain) {
  const PublicKey key = test_key('k').public_key();
  const Hash start = chain_start(kLedger, 7, key);
  EXPECT_NE(start, chain_start("national", 7, key));
  EXPECT_NE(start, chain_start(kLedger, 8, key));
  EXPECT_NE(start, chain_start(kLedger, 7, test_key('l').public_key()));
  EXPECT_NE(chain_next(start, "a"), chain_next(start, "b"));
}

TEST(ChainTest, ASealSignsTheBytesOfThePage) {
  const SigningKey key = test_key('s');
  const ChainPoint newest{7, 300, filled_hash(2)};
  const TreeHead seen{5, filled_hash(3)};
  std::string message = "daftar seal 1";
  put_bytes(message, kLedger);
  message += n_bytes(7) + n_bytes(300) + std::string(32, '\2') + n_bytes(5) + std::string(32, '\3');
  const Seal seal = make_seal(key, kLedger, newest, seen);
  EXPECT_EQ(seal.seen, seen);
  EXPECT_TRUE(verify_signature(key.public_key(), message, seal.signature));
  EXPECT_TRUE(verify_seal(key.public_key(), kLedger, newest, seal));
}

TEST(ChainTest, ASealHoldsForNothingElse) {
  const SigningKey key = test_key('s');
  const ChainPoint newest{7, 300, filled_hash(2)};
  const Seal seal = make_seal(key, kLedger, newest, {5, filled_hash(3)});
  EXPECT_FALSE(verify_seal(test_key('t').public_key(), kLedger, newest, seal));
  EXPECT_FALSE(verify_seal(key.public_key(), "national", newest, seal));
  EXPECT_FALSE(verify_seal(key.public_key(), kLedger, {8, 300, filled_hash(2)}, seal));
  EXPECT_FALSE(verify_seal(key.public_key(), kLedger, {7, 301, filled_hash(2)}, seal));
  EXPECT_FALSE(verify_seal(key.public_key(), kLedger, {7, 300, filled_hash(4)}, seal));
  Seal other = seal;
  other.seen.size = 6;
  EXPECT_FALSE(verify_seal(key.public_key(), kLedger, newest, other));
  other = seal;
  other.seen.root = filled_hash(4);
  EXPECT_FALSE(verify_seal(key.public_key(), kLedger, newest, other));
  other = seal;
  other.signature[10] ^= 1;
  EXPECT_FALSE(verify_seal(key.public_key(), kLedger, newest, other));
}

TEST(KeysTest, ASeedGivesTheSameKeyAgain) {
  const SigningKey key = SigningKey::generate();
  EXPECT_EQ(SigningKey::from_seed(key.seed()).public_key(), key.public_key());
  EXPECT_NE(SigningKey::generate().public_key(), key.public_key());
}

// RFC 8032 §7.1, test 2.
TEST(KeysTest, SignaturesAreThoseOfTheStandard) {
  const SigningKey key = SigningKey::from_seed(
      from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  const Signature signature = key.sign("\x72");
  EXPECT_EQ(to_hex({reinterpret_cast<const char*>(signature.data()), signature.size()}),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(KeysTest, Base64IsCanonicalOrRefused) {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xFF\xFE"}) {
    EXPECT_EQ(*from_base64(to_base64(bytes)), bytes);
  }
  for (const char* bad : {"YQ", "YQ=", "YR==", "Y Q==", "YQ==\n", "YQ==YQ==", "-_==", "===="}) {
    EXPECT_EQ(from_base64(bad).status().code(), Code::invalid) << bad;
  }
}

TEST(KeysTest, AKeyReadsBackFromItsText) {
  const PublicKey key = test_key('k').public_key();
  EXPECT_EQ(key_text(key).size(), 44U);
  EXPECT_EQ(*parse_key(key_text(key)), key);
  EXPECT_FALSE(parse_key("").ok());
  EXPECT_FALSE(parse_key(to_base64("too short")).ok());
  EXPECT_FALSE(parse_key(key_text(key) + "A").ok());
}

}  // namespace
}  // namespace daftar
