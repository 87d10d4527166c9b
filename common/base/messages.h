// The message catalogue: every sentence that Daftar says to a person.
//
// Each message has an id (`sync.nothing_new`), which logs and --json print as it is, and a text in
// English, Arabic and French. English is complete; where another language has no text yet, English
// is shown. Texts live in messages.def, one entry each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace daftar {

enum class Msg {
#define DAFTAR_MESSAGE(name, id, en, ar, fr) name,
#include "common/base/messages.def"
#undef DAFTAR_MESSAGE
};

enum class Language { english, arabic, french };

/// The stable id of a message, e.g. "file.not_found".
std::string_view message_id(Msg message);

/// The message with that id, or nothing.
std::optional<Msg> find_message(std::string_view id);

/// The text of a message; {0}, {1} … are replaced by `arguments`. Never fails: a missing argument
/// shows as "?".
std::string message_text(Msg message, const std::vector<std::string>& arguments,
                         Language language = Language::english);

/// Number of messages in the catalogue, and the one at an index; for tests that walk all of them.
int message_count();
Msg message_at(int index);

}  // namespace daftar
