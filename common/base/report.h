// How a program tells a person or another program how it ended.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace daftar {

/// A program's exit code: 0 done, 1 fault of Daftar, 2 wrong input, 3 not found, 4 refused,
/// 5 conflict, 6 hub or file not available now, 7 damaged data, 8 over a limit, 9 disk, 10 stopped,
/// 11 made by a newer Daftar, 12 this disk is a copy, 13 exists already.
int exit_code(Code code);

/// The language of DAFTAR_LANGUAGE, else of LC_ALL, LC_MESSAGES or LANG: "ar…", "fr…"; else
/// English.
Language language_of_environment();

/// While it lives, nothing on standard output steers a terminal: what others wrote is shown there.
/// Control characters but line ends and tabs appear as U+FFFD.
class PlainOutput {
 public:
  PlainOutput();
  ~PlainOutput();
  PlainOutput(const PlainOutput&) = delete;
  PlainOutput& operator=(const PlainOutput&) = delete;

 private:
  std::unique_ptr<std::streambuf> plain_;
  std::streambuf* before_;
};

/// Prints a text to standard output, in a colour where that is a terminal and NO_COLOR is not set.
/// `colour`: parameters of ECMA-48's SGR, such as "32"; "" for none.
void print_coloured(const std::string& text, std::string_view colour);

/// Prints a message to standard output in the language of the environment.
void say(Msg message, const std::vector<std::string>& arguments);
/// The text of a message in the language of the environment.
std::string text_of(Msg message, const std::vector<std::string>& arguments = {});
/// With the commas of the environment's language between them.
std::string joined(const std::vector<std::string>& words);
/// The text of the message GROUP.NAME, for words that come from tables; NAME where there is none.
std::string words_of(std::string_view group, std::string_view name);
void print_json(const nlohmann::json& object);

/// {"id": "sync.nothing_new", "text": …, "arguments": […]} in the given language.
nlohmann::json to_json(Msg message, const std::vector<std::string>& arguments, Language language);

/// Prints a failure to standard error, as a sentence or as {"error": {…}}, and returns its exit
/// code.
int report_failure(const Status& status, bool as_json);

/// Milliseconds since 1970 as "2026-11-22T08:59:43.120Z".
std::string time_text(uint64_t milliseconds);

}  // namespace daftar
