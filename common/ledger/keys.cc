#include "common/ledger/keys.h"

#include <sodium.h>

#include <cstring>
#include <stdexcept>

namespace daftar {
namespace {

// Idempotent and thread-safe; fails only where the system has no random numbers at all.
void require_sodium() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium: no source of random numbers");
}

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

SigningKey SigningKey::generate() {
  require_sodium();
  SigningKey key;
  crypto_sign_keypair(key.public_key_.data(), key.secret_.data());
  return key;
}

std::string random_bytes(size_t count) {
  require_sodium();
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

SigningKey SigningKey::from_seed(std::string_view seed) {
  require_sodium();
  SigningKey key;
  crypto_sign_seed_keypair(key.public_key_.data(), key.secret_.data(), data_of(seed));
  return key;
}

std::string SigningKey::seed() const {
  std::string seed(crypto_sign_SEEDBYTES, '\0');
  crypto_sign_ed25519_sk_to_seed(reinterpret_cast<unsigned char*>(seed.data()), secret_.data());
  return seed;
}

Signature SigningKey::sign(std::string_view message) const {
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, data_of(message), message.size(), secret_.data());
  return signature;
}

bool verify_signature(const PublicKey& key, std::string_view message, const Signature& signature) {
  require_sodium();
  return crypto_sign_verify_detached(signature.data(), data_of(message), message.size(),
                                     key.data()) == 0;
}

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), data_of(bytes), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.resize(std::strlen(text.c_str()));
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  size_t length = 0;
  const char* end = nullptr;
  const int failed =
      sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &length, &end, sodium_base64_VARIANT_ORIGINAL);
  bytes.resize(length);
  if (failed != 0 || end != text.data() + text.size() || to_base64(bytes) != text) {
    return Status(Code::invalid, Msg::base64_bad);
  }
  return bytes;
}

std::string key_text(const PublicKey& key) {
  return to_base64({reinterpret_cast<const char*>(key.data()), key.size()});
}

Result<PublicKey> parse_key(std::string_view text) {
  const Result<std::string> bytes = from_base64(text);
  PublicKey key{};
  if (!bytes.ok() || bytes->size() != key.size()) {
    return Status(Code::invalid, Msg::key_bad, {std::string(text.substr(0, 80))});
  }
  std::memcpy(key.data(), bytes->data(), key.size());
  return key;
}

}  // namespace daftar
