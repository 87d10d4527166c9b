#include "common/score/profile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

namespace daftar {
namespace {

TEST(ProfileTest, EveryPresetReadsItsOwnTextBack) {
  for (const Profile& preset : preset_profiles()) {
    Result<Profile> read = parse_profile(profile_text(preset));
    ASSERT_TRUE(read.ok()) << preset.code << ": " << read.status().text();
    read->code = preset.code;
    EXPECT_EQ(*read, preset);
    EXPECT_EQ(find_preset(preset.code), &preset);
    for (const Band& band : preset.bands) {
      for (const Language language : {Language::english, Language::arabic, Language::french}) {
        EXPECT_NE(band_text(band, language), band.word == "met" ? "" : "?");
      }
    }
  }
  EXPECT_EQ(find_preset("none"), nullptr);
}

TEST(ProfileTest, WhatIsNoProfileIsRefused) {
  const std::string good = profile_text(default_profile());
  const std::pair<const char*, const char*> wrong[] = {
      {"\"achievement\"", "\"guess\""},
      {"\"lowest\":0.0", "\"lowest\":1e99"},
      {"\"highest\":100.0", "\"highest\":-1"},
      {"\"least_coverage\":0.5", "\"least_coverage\":50"},
      {"\"decimals\":1", "\"decimals\":1.5"},
      {"\"decimals\":1", "\"decimal\":1"},
      {"\"green\"", "\"grey\""},
      {"\"green\"", "\"pink\""},
      {"\"met\"", "\"no such word\""},
      {"[80.0,", "[60.0,"},
      {"[80.0,", "[\"80\","},
      {"\"soft_above\":1.2", "\"soft_above\":0"},
      {"\"lowest\":0.0", "\"lowest\":-5.0"}};  // which would have no band
  for (const auto& [from, to] : wrong) {
    std::string text = good;
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " in " << good;
    text.replace(at, std::string(from).size(), to);
    EXPECT_EQ(parse_profile(text).status().message(), Msg::profile_bad) << text;
  }
  for (const char* text : {"", "{}", "[]", "nonsense", "{\"bands\":[]}"}) {
    EXPECT_FALSE(parse_profile(text).ok()) << text;
  }
}

TEST(ProfileTest, TheBandIsThatOfTheNumberThatIsShown) {
  const Profile& profile = default_profile();
  EXPECT_EQ(show_score(profile, 79.96).text, "80.0");
  EXPECT_EQ(show_score(profile, 79.96).band.colour, Colour::green);
  EXPECT_EQ(show_score(profile, 79.94).text, "79.9");
  EXPECT_EQ(show_score(profile, 79.94).band.colour, Colour::yellow);
  EXPECT_EQ(show_score(profile, 0).band.colour, Colour::red);
  EXPECT_EQ(show_score(profile, -0.04).text, "0.0");
  EXPECT_EQ(show_score(*find_preset("philippines"), 130).band.word, "outstanding");
  EXPECT_EQ(show_score(*find_preset("kenya"), 100).band.word, "very_good");
  for (const Profile& preset : preset_profiles()) {
    for (int i = 0; i <= 100'000; ++i) {
      const double score = preset.lowest + (preset.highest - preset.lowest) * i / 100'000;
      const ShownScore shown = show_score(preset, score);
      const double number = std::strtod(shown.text.c_str(), nullptr);
      Band expected = preset.bands.back();
      for (auto band = preset.bands.rbegin(); band != preset.bands.rend(); ++band) {
        if (number >= band->from) expected = *band;
      }
      ASSERT_EQ(shown.band, expected) << preset.code << ' ' << score;
    }
  }
}

}  // namespace
}  // namespace daftar
