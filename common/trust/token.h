// The enrolment token: what a hub's operator hands to the person at a new device.
//
// As text, 48 characters of base32 in groups of four: a secret (10 bytes, known to the hub by its
// hash alone), the fingerprint of the hub's root certificate (18 bytes) and the first two bytes of
// the SHA-256 of both, which tell a slip of the keyboard from a wrong hub.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"

namespace daftar {

struct Token {
  std::string secret;
  std::string fingerprint;
};

inline constexpr size_t kTokenSecretBytes = 10;

std::string token_text(const Token& token);
/// Letters of either case; spaces and dashes count for nothing; 0 and 1 read as O and I.
/// Code::invalid.
Result<Token> parse_token(std::string_view text);

}  // namespace daftar
