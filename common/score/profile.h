// A scoring profile: how values become scores and colours. Data, not code: a versioned record of
// `national` (kinds.def), or one of the presets here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/messages.h"
#include "common/base/status.h"

namespace daftar {

enum class Method : uint8_t { achievement, progress_rate };

/// Each has a symbol, so that nobody needs to see the colour.
enum class Colour : uint8_t { grey, red, orange, yellow, green, blue };
std::string_view name_of(Colour colour);
std::string_view symbol_of(Colour colour);

/// From that score on. `word` is the end of a message's id: band.WORD.
struct Band {
  double from = 0;
  Colour colour = Colour::grey;
  std::string word;
  friend bool operator==(const Band&, const Band&) = default;
};

struct Profile {
  std::string code = "sopmip-default";
  uint64_t version = 0;  ///< 0: built in
  Method method = Method::achievement;
  double lowest = 0;  ///< scores are held between these
  double highest = 100;
  double least_coverage = 0.5;  ///< share of what was expected that a group's score needs, 0 to 1
  double soft_above = 1.2;      ///< an achievement above that: the target was soft
  int decimals = 1;             ///< of the score as it is shown, 0 to 3
  std::vector<Band> bands;      ///< descending; below the last one counts as the last one
  friend bool operator==(const Profile&, const Profile&) = default;
};

/// The one that holds where no other is in force.
const Profile& default_profile();
/// sopmip-default, progress-rate, open-sdg, undp, kenya, philippines.
const std::vector<Profile>& preset_profiles();
/// Nothing if there is no such preset.
const Profile* find_preset(std::string_view code);

/// As the record keeps it: JSON with one form. The code and version stand beside it.
std::string profile_text(const Profile& profile);
/// Code::invalid, with what is wrong, for anything that is no profile.
Result<Profile> parse_profile(std::string_view text);

/// A score as it is shown, "79.9", and its band, which is that of the number that is shown.
struct ShownScore {
  std::string text;
  Band band;
};
ShownScore show_score(const Profile& profile, double score);

/// The name of a band for people.
std::string band_text(const Band& band, Language language);

}  // namespace daftar
