#include "common/base/messages.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "common/base/text.h"

namespace daftar {
namespace {

std::string id_of(int index) { return std::string(message_id(message_at(index))); }

// The text with each placeholder as it stands in the catalogue.
std::string pattern(int index, Language language) {
  std::vector<std::string> arguments;
  for (int i = 0; i < 10; ++i) arguments.push_back("{" + std::to_string(i) + "}");
  return message_text(message_at(index), arguments, language);
}

std::set<char> placeholders(const std::string& text) {
  std::set<char> found;
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] == '{' && text[i + 2] == '}') found.insert(text[i + 1]);
  }
  return found;
}

TEST(MessagesTest, IdsAreUniqueAndWellFormed) {
  std::set<std::string> ids;
  for (int i = 0; i < message_count(); ++i) {
    const std::string id = id_of(i);
    EXPECT_TRUE(ids.insert(id).second) << id;
    EXPECT_NE(id.find('.'), std::string::npos) << id;
    for (const char c : id) {
      const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
      EXPECT_TRUE(allowed) << id;
    }
  }
}

TEST(MessagesTest, EveryMessageHasEnglish) {
  ASSERT_GT(message_count(), 0);
  for (int i = 0; i < message_count(); ++i) {
    EXPECT_FALSE(pattern(i, Language::english).empty()) << id_of(i);
  }
}

TEST(MessagesTest, PlaceholdersCountUpFromZero) {
  for (int i = 0; i < message_count(); ++i) {
    char expected = '0';
    for (const char digit : placeholders(pattern(i, Language::english))) {
      EXPECT_EQ(digit, expected++) << id_of(i);
    }
  }
}

TEST(MessagesTest, TranslationsUseThePlaceholdersOfTheEnglish) {
  for (int i = 0; i < message_count(); ++i) {
    const std::set<char> english = placeholders(pattern(i, Language::english));
    EXPECT_EQ(placeholders(pattern(i, Language::arabic)), english) << id_of(i) << " in Arabic";
    EXPECT_EQ(placeholders(pattern(i, Language::french)), english) << id_of(i) << " in French";
  }
}

TEST(MessagesTest, EveryTextIsNfc) {
  for (int i = 0; i < message_count(); ++i) {
    for (const Language language : {Language::english, Language::arabic, Language::french}) {
      const std::string text = pattern(i, language);
      ASSERT_TRUE(normalise_text(text).ok()) << id_of(i);
      EXPECT_EQ(*normalise_text(text), text) << id_of(i);
    }
  }
}

TEST(MessagesTest, ArgumentsStandInTheirPlaces) {
  EXPECT_EQ(message_text(Msg::decimal_bad, {"x"}).substr(0, 3), "\"x\"");
  EXPECT_NE(message_text(Msg::decimal_bad, {"x"}, Language::arabic).find("«x»"), std::string::npos);
  EXPECT_NE(message_text(Msg::decimal_bad, {"x"}, Language::french).find("« x »"),
            std::string::npos);
}

TEST(MessagesTest, AMissingArgumentShowsAsAQuestionMark) {
  EXPECT_EQ(message_text(Msg::decimal_bad, {}).substr(0, 3), "\"?\"");
}

TEST(MessagesTest, AnArgumentIsNeverReadForPlaceholders) {
  EXPECT_EQ(message_text(Msg::decimal_bad, {"{0}"}).substr(0, 5), "\"{0}\"");
}

TEST(MessagesTest, WithoutATranslationEnglishIsShown) {
  EXPECT_EQ(message_text(Msg::base64_bad, {}, Language::french),
            message_text(Msg::base64_bad, {}, Language::english));
}

}  // namespace
}  // namespace daftar
