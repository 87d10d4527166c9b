#include "common/base/messages.h"

#include <array>
#include <cctype>
#include <unordered_map>

namespace daftar {
namespace {

struct Entry {
  std::string_view id;
  std::string_view english;
  std::string_view arabic;
  std::string_view french;
};

constexpr Entry kEntries[] = {
#define DAFTAR_MESSAGE(name, id, en, ar, fr) {id, en, ar, fr},
#include "common/base/messages.def"
#undef DAFTAR_MESSAGE
};

const Entry& entry_of(Msg message) { return kEntries[static_cast<int>(message)]; }

std::string_view pattern_of(Msg message, Language language) {
  const Entry& entry = entry_of(message);
  if (language == Language::arabic && !entry.arabic.empty()) return entry.arabic;
  if (language == Language::french && !entry.french.empty()) return entry.french;
  return entry.english;
}

}  // namespace

std::string_view message_id(Msg message) { return entry_of(message).id; }

std::optional<Msg> find_message(std::string_view id) {
  static const std::unordered_map<std::string_view, Msg> kByIds = [] {
    std::unordered_map<std::string_view, Msg> messages;
    for (int i = 0; i < message_count(); ++i) messages.emplace(kEntries[i].id, message_at(i));
    return messages;
  }();
  const auto found = kByIds.find(id);
  return found == kByIds.end() ? std::nullopt : std::optional(found->second);
}

std::string message_text(Msg message, const std::vector<std::string>& arguments,
                         Language language) {
  const std::string_view pattern = pattern_of(message, language);
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool is_placeholder = pattern[i] == '{' && i + 2 < pattern.size() &&
                                std::isdigit(static_cast<unsigned char>(pattern[i + 1])) != 0 &&
                                pattern[i + 2] == '}';
    if (!is_placeholder) {
      text += pattern[i];
      continue;
    }
    const auto index = static_cast<size_t>(pattern[i + 1] - '0');
    text += index < arguments.size() ? arguments[index] : "?";
    i += 2;
  }
  return text;
}

int message_count() { return static_cast<int>(std::size(kEntries)); }

Msg message_at(int index) { return static_cast<Msg>(index); }

}  // namespace daftar
