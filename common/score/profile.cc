#include "common/score/profile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace daftar {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 6> kColours = {"grey",   "red",   "orange",
                                                      "yellow", "green", "blue"};
constexpr size_t kMostBands = 10;
constexpr int kMostDecimals = 3;
constexpr double kMostScore = 1000;

std::vector<Profile> make_presets() {
  Profile sopmip;
  sopmip.bands = {{80, Colour::green, "met"},
                  {60, Colour::yellow, "near"},
                  {40, Colour::orange, "behind"},
                  {0, Colour::red, "far"}};
  Profile rate;
  rate.code = "progress-rate";
  rate.method = Method::progress_rate;
  rate.lowest = -5;
  rate.highest = 5;
  rate.least_coverage = 0;
  rate.decimals = 2;
  rate.bands = {{2.5, Colour::green, "substantial"},
                {0, Colour::yellow, "moderate"},
                {-2.5, Colour::orange, "limited"},
                {-5, Colour::red, "deterioration"}};
  Profile open_sdg = sopmip;
  open_sdg.code = "open-sdg";
  open_sdg.lowest = -100;
  open_sdg.bands = {{95, Colour::green, "substantial"},
                    {60, Colour::yellow, "moderate"},
                    {0, Colour::orange, "limited"},
                    {-100, Colour::red, "deterioration"}};
  Profile undp = sopmip;
  undp.code = "undp";
  undp.bands = {
      {85, Colour::green, "on_track"}, {70, Colour::yellow, "near"}, {0, Colour::red, "off_track"}};
  Profile kenya = sopmip;
  kenya.code = "kenya";
  kenya.highest = 200;
  kenya.bands = {{101, Colour::blue, "excellent"},
                 {100, Colour::green, "very_good"},
                 {80, Colour::yellow, "good"},
                 {60, Colour::orange, "fair"},
                 {0, Colour::red, "poor"}};
  Profile philippines = sopmip;
  philippines.code = "philippines";
  philippines.highest = 200;
  philippines.bands = {{130, Colour::blue, "outstanding"},
                       {115, Colour::green, "very_satisfactory"},
                       {100, Colour::yellow, "satisfactory"},
                       {51, Colour::orange, "unsatisfactory"},
                       {0, Colour::red, "poor"}};
  return {sopmip, rate, open_sdg, undp, kenya, philippines};
}

Status bad_profile(const std::string& what) { return {Code::invalid, Msg::profile_bad, {what}}; }

Result<double> number_in(const Json& object, const char* name, double low, double high) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return bad_profile(name);
  const double number = found->get<double>();
  if (!(number >= low && number <= high)) return bad_profile(name);
  return number;
}

Result<Band> read_band(const Json& item) {
  if (!item.is_array() || item.size() != 3 || !item[0].is_number() || !item[1].is_string() ||
      !item[2].is_string()) {
    return bad_profile("bands");
  }
  const auto colour = std::find(kColours.begin(), kColours.end(), item[1].get<std::string>());
  Band band{item[0].get<double>(), Colour::grey, item[2].get<std::string>()};
  if (colour == kColours.end() || colour == kColours.begin() || !std::isfinite(band.from) ||
      !find_message("band." + band.word)) {
    return bad_profile("bands");
  }
  band.colour = static_cast<Colour>(colour - kColours.begin());
  return band;
}

}  // namespace

std::string_view name_of(Colour colour) { return kColours[static_cast<size_t>(colour)]; }

std::string_view symbol_of(Colour colour) {
  constexpr std::array<std::string_view, 6> kSymbols = {"–", "○", "◔", "◑", "●", "★"};
  return kSymbols[static_cast<size_t>(colour)];
}

const std::vector<Profile>& preset_profiles() {
  static const std::vector<Profile> kPresets = make_presets();
  return kPresets;
}

const Profile& default_profile() { return preset_profiles().front(); }

const Profile* find_preset(std::string_view code) {
  for (const Profile& profile : preset_profiles()) {
    if (profile.code == code) return &profile;
  }
  return nullptr;
}

std::string profile_text(const Profile& profile) {
  Json bands = Json::array();
  for (const Band& band : profile.bands) {
    bands.push_back({band.from, std::string(name_of(band.colour)), band.word});
  }
  return Json{{"method", profile.method == Method::achievement ? "achievement" : "progress_rate"},
              {"lowest", profile.lowest},
              {"highest", profile.highest},
              {"least_coverage", profile.least_coverage},
              {"soft_above", profile.soft_above},
              {"decimals", profile.decimals},
              {"bands", bands}}
      .dump();
}

Result<Profile> parse_profile(std::string_view text) {
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) return bad_profile("JSON");
  for (const auto& [name, value] : object.items()) {
    constexpr std::array<std::string_view, 7> kNames = {
        "method", "lowest", "highest", "least_coverage", "soft_above", "decimals", "bands"};
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) return bad_profile(name);
  }
  Profile profile;
  const Json method = object.value("method", Json());
  if (method == "progress_rate") {
    profile.method = Method::progress_rate;
  } else if (method != "achievement") {
    return bad_profile("method");
  }
  DAFTAR_ASSIGN_OR_RETURN(profile.lowest, number_in(object, "lowest", -kMostScore, kMostScore));
  DAFTAR_ASSIGN_OR_RETURN(profile.highest,
                          number_in(object, "highest", profile.lowest, kMostScore));
  DAFTAR_ASSIGN_OR_RETURN(profile.least_coverage, number_in(object, "least_coverage", 0, 1));
  DAFTAR_ASSIGN_OR_RETURN(profile.soft_above, number_in(object, "soft_above", 1, kMostScore));
  DAFTAR_ASSIGN_OR_RETURN(const double decimals, number_in(object, "decimals", 0, kMostDecimals));
  profile.decimals = static_cast<int>(decimals);
  if (profile.decimals != decimals) return bad_profile("decimals");
  const Json bands = object.value("bands", Json());
  if (!bands.is_array() || bands.empty() || bands.size() > kMostBands) return bad_profile("bands");
  for (const Json& item : bands) {
    DAFTAR_ASSIGN_OR_RETURN(Band band, read_band(item));
    if (!profile.bands.empty() && band.from >= profile.bands.back().from) {
      return bad_profile("bands");
    }
    profile.bands.push_back(std::move(band));
  }
  // Each score has its band, the lowest as it is shown too.
  const double least = std::strtod(show_score(profile, profile.lowest).text.c_str(), nullptr);
  if (least < profile.bands.back().from) return bad_profile("bands");
  return profile;
}

ShownScore show_score(const Profile& profile, double score) {
  // The band is that of the rounded number: 79.96 cannot be printed as 80.0 with the colour below.
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", profile.decimals, score);
  std::string text(buffer.data());
  const double shown = std::strtod(text.c_str(), nullptr);
  if (shown == 0 && text.starts_with('-')) text.erase(0, 1);
  for (const Band& band : profile.bands) {
    if (shown >= band.from) return {text, band};
  }
  return {text, profile.bands.empty() ? Band() : profile.bands.back()};
}

std::string band_text(const Band& band, Language language) {
  const auto message = find_message("band." + band.word);
  return message ? message_text(*message, {}, language) : band.word;
}

}  // namespace daftar
