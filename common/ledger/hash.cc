#include "common/ledger/hash.h"

#include <openssl/evp.h>

#include <cstring>
#include <stdexcept>

namespace daftar {

struct Sha256::Context {
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
};

namespace {

// Looking the algorithm up costs more than hashing a leaf, so it is fetched once.
const EVP_MD* algorithm() {
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kAlgorithm;
}

void require(bool done) {
  // OpenSSL fails here only when it cannot allocate or is broken: nothing can go on without it.
  if (!done) throw std::runtime_error("OpenSSL: SHA-256 failed");
}

}  // namespace

Hash hash_from_bytes(std::string_view bytes) {
  Hash hash{};
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

std::string to_hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return hex;
}

std::string from_hex(std::string_view hex) {
  const auto nibble = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string bytes;
  if (hex.size() % 2 != 0) return bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = nibble(hex[i]);
    const int low = nibble(hex[i + 1]);
    if (high < 0 || low < 0) return "";
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

Hash sha256(std::string_view bytes) {
  thread_local Sha256 scratch;
  scratch.add(bytes);
  return scratch.finish();
}

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  require(context_->digest != nullptr &&
          EVP_DigestInit_ex2(context_->digest, algorithm(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_->digest); }

void Sha256::add(std::string_view bytes) {
  require(EVP_DigestUpdate(context_->digest, bytes.data(), bytes.size()) == 1);
}

Hash Sha256::finish() {
  Hash hash{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(context_->digest, hash.data(), &length) == 1 &&
          EVP_DigestInit_ex2(context_->digest, algorithm(), nullptr) == 1);
  return hash;
}

}  // namespace daftar
