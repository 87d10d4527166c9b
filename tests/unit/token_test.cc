#include "common/trust/token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "common/trust/certificate.h"

namespace daftar {
namespace {

Token some_token() {
  Token token{std::string(kTokenSecretBytes, '\0'), std::string(kFingerprintBytes, '\0')};
  for (size_t i = 0; i < token.secret.size(); ++i) token.secret[i] = static_cast<char>(i * 29 + 7);
  for (size_t i = 0; i < token.fingerprint.size(); ++i) {
    token.fingerprint[i] = static_cast<char>(255 - i * 3);
  }
  return token;
}

TEST(TokenTest, ReadsWhatItWrote) {
  const Token token = some_token();
  const std::string text = token_text(token);
  EXPECT_EQ(text.size(), 48 + 11U);
  const Result<Token> read = parse_token(text);
  ASSERT_TRUE(read.ok()) << read.status().text();
  EXPECT_EQ(read->secret, token.secret);
  EXPECT_EQ(read->fingerprint, token.fingerprint);
}

TEST(TokenTest, TakesItAsPeopleTypeIt) {
  std::string text = token_text(some_token());
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  std::replace(text.begin(), text.end(), '-', ' ');
  std::replace(text.begin(), text.end(), 'o', '0');
  std::replace(text.begin(), text.end(), 'i', '1');
  const Result<Token> read = parse_token("  " + text + " ");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->secret, some_token().secret);
}

TEST(TokenTest, RefusesEverySlipOfOneLetter) {
  const std::string text = token_text(some_token());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') continue;
    for (const char other : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")) {
      if (other == text[i]) continue;
      std::string slip = text;
      slip[i] = other;
      ASSERT_FALSE(parse_token(slip).ok()) << slip;
    }
    std::string shorter = text;
    shorter.erase(i, 1);
    ASSERT_FALSE(parse_token(shorter).ok()) << shorter;
  }
}

TEST(TokenTest, RefusesWhatIsNoToken) {
  const std::string whole = token_text(some_token());
  for (const std::string& text :
       {std::string(), std::string("-"), std::string("nonsense"), whole + "A", whole + whole,
        std::string("8") + whole.substr(1), std::string(100'000, 'A')}) {
    const Result<Token> read = parse_token(text);
    ASSERT_FALSE(read.ok()) << text.substr(0, 80);
    EXPECT_EQ(read.status().message(), Msg::token_bad);
  }
}

}  // namespace
}  // namespace daftar
