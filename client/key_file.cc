#include "client/key_file.h"

#include <sodium.h>

#include <cstring>
#include <utility>

#include "common/store/files.h"

namespace daftar::client {
namespace {

constexpr std::string_view kMagic = "daftar key 1\n";
constexpr size_t kSeed = 32;
constexpr size_t kNumber = 8;
constexpr size_t kHead = kMagic.size() + sizeof(PublicKey) + 2 * kNumber + crypto_pwhash_SALTBYTES;
constexpr size_t kSealed = kHead + crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + kSeed;

// RFC 9106's second recommendation: 3 passes over 64 MB, which the smallest office PC has to spare.
constexpr uint64_t kPasses = 3;
constexpr uint64_t kKilobytes = 64 * 1024;
// What a file may ask for: who can write it must not be able to take the machine.
constexpr uint64_t kMostPasses = 20;
constexpr uint64_t kFewestKilobytes = 8;
constexpr uint64_t kMostKilobytes = 1024 * 1024;

void put_number(std::string& out, uint64_t number) {
  for (size_t i = 0; i < kNumber; ++i) out += static_cast<char>(number >> (8 * i) & 0xFF);
}

uint64_t number_at(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < kNumber; ++i) {
    number |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return number;
}

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* data_of(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// The key of the secretbox; "" if there is not that much memory.
std::string stretch(std::string_view passphrase, std::string_view salt, uint64_t passes,
                    uint64_t kilobytes) {
  std::string key(crypto_secretbox_KEYBYTES, '\0');
  const int failed =
      crypto_pwhash(data_of(key), key.size(), passphrase.data(), passphrase.size(), data_of(salt),
                    passes, kilobytes * 1024, crypto_pwhash_ALG_ARGON2ID13);
  return failed == 0 ? key : "";
}

}  // namespace

bool KeyFile::is_sealed() const { return bytes_.size() == kSealed; }

Result<KeyFile> KeyFile::read(const std::string& path) {
  DAFTAR_ASSIGN_OR_RETURN(std::string bytes, read_file(path, kSealed));
  if (bytes.size() == kSeed) {
    const PublicKey key = SigningKey::from_seed(bytes).public_key();
    return KeyFile(path, std::move(bytes), key);
  }
  if (bytes.size() != kSealed || !bytes.starts_with(kMagic)) {
    return Status(Code::corrupt, Msg::key_file_bad, {path});
  }
  PublicKey key{};
  std::memcpy(key.data(), bytes.data() + kMagic.size(), key.size());
  return KeyFile(path, std::move(bytes), key);
}

Result<SigningKey> KeyFile::open(std::string_view passphrase) const {
  if (!is_sealed()) return SigningKey::from_seed(bytes_);
  std::string_view rest = bytes_;
  rest.remove_prefix(kMagic.size() + sizeof(PublicKey));
  const uint64_t passes = number_at(rest);
  const uint64_t kilobytes = number_at(rest.substr(kNumber));
  const std::string_view salt = rest.substr(2 * kNumber, crypto_pwhash_SALTBYTES);
  const std::string_view nonce =
      std::string_view(bytes_).substr(kHead, crypto_secretbox_NONCEBYTES);
  const std::string_view box = std::string_view(bytes_).substr(kHead + nonce.size());
  const Status damaged(Code::corrupt, Msg::key_file_bad, {path_});
  const bool is_possible = passes > 0 && passes <= kMostPasses && kilobytes >= kFewestKilobytes &&
                           kilobytes <= kMostKilobytes;
  if (!is_possible) return damaged;
  const std::string key = stretch(passphrase, salt, passes, kilobytes);
  if (key.empty()) return Status(Code::unavailable, Msg::passphrase_no_memory);
  std::string seed(kSeed, '\0');
  if (crypto_secretbox_open_easy(data_of(seed), data_of(box), box.size(), data_of(nonce),
                                 data_of(std::string_view(key))) != 0) {
    return Status(Code::refused, Msg::passphrase_wrong, {path_});
  }
  SigningKey opened = SigningKey::from_seed(seed);
  if (opened.public_key() != public_key_) return damaged;
  return opened;
}

Result<std::string> key_file_bytes(const SigningKey& key, std::string_view passphrase) {
  if (passphrase.empty()) return key.seed();
  std::string bytes(kMagic);
  bytes.append(reinterpret_cast<const char*>(key.public_key().data()), key.public_key().size());
  put_number(bytes, kPasses);
  put_number(bytes, kKilobytes);
  const std::string salt = random_bytes(crypto_pwhash_SALTBYTES);
  const std::string nonce = random_bytes(crypto_secretbox_NONCEBYTES);
  const std::string stretched = stretch(passphrase, salt, kPasses, kKilobytes);
  if (stretched.empty()) return Status(Code::unavailable, Msg::passphrase_no_memory);
  const std::string seed = key.seed();
  std::string box(crypto_secretbox_MACBYTES + seed.size(), '\0');
  crypto_secretbox_easy(data_of(box), data_of(std::string_view(seed)), seed.size(),
                        data_of(std::string_view(nonce)), data_of(std::string_view(stretched)));
  return bytes + salt + nonce + box;
}

}  // namespace daftar::client
