// Ed25519 keys and signatures.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/ledger/hash.h"

namespace daftar {

using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

/// A signing key. Its 32-byte seed is all that is stored; the caller keeps that file private.
class SigningKey {
 public:
  /// From random bytes of the operating system.
  static SigningKey generate();
  /// Precondition: `seed` has 32 bytes.
  static SigningKey from_seed(std::string_view seed);

  [[nodiscard]] std::string seed() const;
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature sign(std::string_view message) const;

 private:
  SigningKey() = default;
  std::array<uint8_t, 64> secret_{};
  PublicKey public_key_{};
};

bool verify_signature(const PublicKey& key, std::string_view message, const Signature& signature);

/// Random bytes of the operating system, fit for secrets.
std::string random_bytes(size_t count);

/// Base64 with padding, as C2SP notes and vkeys use it.
std::string to_base64(std::string_view bytes);
/// Code::invalid unless `text` is canonical base64.
Result<std::string> from_base64(std::string_view text);

/// A public key as people copy it: base64 of its 32 bytes.
std::string key_text(const PublicKey& key);
Result<PublicKey> parse_key(std::string_view text);

}  // namespace daftar
