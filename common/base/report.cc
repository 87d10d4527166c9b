#include "common/base/report.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/terminal.h"

namespace daftar {

int exit_code(Code code) {
  switch (code) {
    case Code::ok:
      return 0;
    case Code::internal:
      return 1;
    case Code::invalid:
      return 2;
    case Code::not_found:
      return 3;
    case Code::refused:
      return 4;
    case Code::conflict:
      return 5;
    case Code::unavailable:
      return 6;
    case Code::corrupt:
      return 7;
    case Code::too_large:
      return 8;
    case Code::io:
      return 9;
    case Code::cancelled:
      return 10;
    case Code::newer_version:
      return 11;
    case Code::forked:
      return 12;
    case Code::exists:
      return 13;
  }
  return 1;
}

Language language_of_environment() {
  for (const char* name : {"DAFTAR_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view language(value);
    if (language.starts_with("ar")) return Language::arabic;
    if (language.starts_with("fr")) return Language::french;
    return Language::english;
  }
  return Language::english;
}

std::string text_of(Msg message, const std::vector<std::string>& arguments) {
  return message_text(message, arguments, language_of_environment());
}

namespace {

class PlainBuffer : public std::streambuf {
 public:
  explicit PlainBuffer(std::streambuf* out) : out_(out) {}

 protected:
  // U+0080 to U+009F are control characters too: two bytes, of which the first is kept back.
  int_type overflow(int_type byte) override {
    const auto c = static_cast<unsigned char>(byte);
    if (std::exchange(may_be_control_, false)) {
      if (c >= 0x80 && c < 0xA0) return write_replacement();
      out_->sputc(kFirstOfTwo);
    }
    may_be_control_ = c == static_cast<unsigned char>(kFirstOfTwo);
    if (may_be_control_) return byte;
    const bool is_control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    return is_control ? write_replacement() : out_->sputc(static_cast<char>(c));
  }
  int sync() override { return out_->pubsync(); }

 private:
  static constexpr char kFirstOfTwo = '\xC2';
  int_type write_replacement() { return static_cast<int_type>(out_->sputn("\xEF\xBF\xBD", 3)); }
  std::streambuf* out_;
  bool may_be_control_ = false;
};

}  // namespace

namespace {

// Where standard output goes when everything else that steers a terminal is taken out of it.
std::streambuf* behind_plain_output = nullptr;

bool shows_colours() {
  const char* off = std::getenv("NO_COLOR");
  return behind_plain_output != nullptr && is_terminal_output() && (off == nullptr || *off == '\0');
}

void steer(std::string_view parameters) {
  std::cout.flush();
  const std::string sequence = "\033[" + std::string(parameters) + "m";
  behind_plain_output->sputn(sequence.data(), static_cast<std::streamsize>(sequence.size()));
}

}  // namespace

PlainOutput::PlainOutput()
    : plain_(std::make_unique<PlainBuffer>(std::cout.rdbuf())),
      before_(std::cout.rdbuf(plain_.get())) {
  behind_plain_output = before_;
}

PlainOutput::~PlainOutput() {
  std::cout.rdbuf(before_);
  behind_plain_output = nullptr;
}

void print_coloured(const std::string& text, std::string_view colour) {
  const bool is_coloured = !colour.empty() && shows_colours();
  if (is_coloured) steer(colour);
  std::cout << text;
  if (is_coloured) steer("0");
}

void say(Msg message, const std::vector<std::string>& arguments) {
  std::cout << text_of(message, arguments) << '\n';
}

std::string joined(const std::vector<std::string>& words) {
  const std::string comma = language_of_environment() == Language::arabic ? "، " : ", ";
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : comma) + word;
  return text;
}

std::string words_of(std::string_view group, std::string_view name) {
  const auto message = find_message(std::string(group) + "." + std::string(name));
  return message ? text_of(*message) : std::string(name);
}

void print_json(const nlohmann::json& object) {
  std::cout << object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

nlohmann::json to_json(Msg message, const std::vector<std::string>& arguments, Language language) {
  return {{"id", message_id(message)},
          {"text", message_text(message, arguments, language)},
          {"arguments", arguments}};
}

int report_failure(const Status& status, bool as_json) {
  const Language language = language_of_environment();
  if (as_json) {
    const nlohmann::json object = {
        {"error", to_json(status.message(), status.arguments(), language)}};
    const std::string text = object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
    std::fprintf(stderr, "%s\n", text.c_str());
  } else {
    std::fprintf(stderr, "%s\n", status.text(language).c_str());
  }
  return exit_code(status.code());
}

std::string time_text(uint64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return std::to_string(milliseconds) + " ms";
  char text[48];
  const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(milliseconds % 1000));
  return std::string(text, length) + fraction;
}

}  // namespace daftar
