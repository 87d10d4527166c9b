// The device's key on its disk: the 32-byte seed as it is, or sealed by a passphrase.
//
// Sealed: "daftar key 1\n" ‖ public key (32) ‖ passes, kB of memory (8 bytes each, little-endian) ‖
// salt (16) ‖ nonce (24) ‖ the seed in libsodium's secretbox (48). The secretbox's key is Argon2id
// (RFC 9106) of the passphrase.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/ledger/keys.h"

namespace daftar::client {

/// A passphrase has at least so many letters: guessing goes at some tries a second and core.
inline constexpr int kPassphraseLetters = 10;

class KeyFile {
 public:
  /// Code::not_found, or Code::corrupt if it is no key.
  static Result<KeyFile> read(const std::string& path);

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] bool is_sealed() const;
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  /// Code::refused if it was sealed by another passphrase. Takes some tenths of a second.
  [[nodiscard]] Result<SigningKey> open(std::string_view passphrase) const;

 private:
  KeyFile(std::string path, std::string bytes, const PublicKey& public_key)
      : path_(std::move(path)), bytes_(std::move(bytes)), public_key_(public_key) {}
  std::string path_;
  std::string bytes_;
  PublicKey public_key_;
};

/// What a file with this key holds; with a passphrase of "" the seed as it is.
Result<std::string> key_file_bytes(const SigningKey& key, std::string_view passphrase);

}  // namespace daftar::client
