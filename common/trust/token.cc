#include "common/trust/token.h"

#include "common/ledger/hash.h"
#include "common/trust/certificate.h"

namespace daftar {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr size_t kCheckBytes = 2;
constexpr size_t kTokenBytes = kTokenSecretBytes + kFingerprintBytes + kCheckBytes;
constexpr size_t kGroup = 4;
constexpr unsigned kBits = 5;

std::string check_of(std::string_view bytes) {
  const Hash hash = sha256(bytes);
  return {reinterpret_cast<const char*>(hash.data()), kCheckBytes};
}

}  // namespace

std::string token_text(const Token& token) {
  std::string bytes = token.secret + token.fingerprint;
  bytes += check_of(bytes);
  std::string text;
  unsigned held = 0;
  unsigned count = 0;
  size_t letters = 0;
  for (const char byte : bytes) {
    held = held << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= kBits; count -= kBits) {
      if (letters > 0 && letters % kGroup == 0) text += '-';
      text += kLetters[held >> (count - kBits) & 0x1F];
      ++letters;
    }
    held &= (1U << count) - 1;
  }
  return text;
}

Result<Token> parse_token(std::string_view text) {
  std::string bytes;
  unsigned held = 0;
  unsigned count = 0;
  for (char letter : text) {
    if (letter == '-' || letter == ' ') continue;
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    if (letter == '0') letter = 'O';
    if (letter == '1') letter = 'I';
    const size_t value = kLetters.find(letter);
    if (value == std::string_view::npos) return Status(Code::invalid, Msg::token_bad);
    held = held << kBits | static_cast<unsigned>(value);
    count += kBits;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(held >> count);
      held &= (1U << count) - 1;
    }
    if (bytes.size() > kTokenBytes) break;
  }
  const bool is_whole = bytes.size() == kTokenBytes && count == 0;
  const size_t body = kTokenBytes - kCheckBytes;
  if (!is_whole || check_of(bytes.substr(0, body)) != bytes.substr(body)) {
    return Status(Code::invalid, Msg::token_bad);
  }
  return Token{bytes.substr(0, kTokenSecretBytes),
               bytes.substr(kTokenSecretBytes, kFingerprintBytes)};
}

}  // namespace daftar
