// daftar passphrase: seals the device's key, and what asks for the passphrase when it is needed.
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "client/key_file.h"
#include "common/base/terminal.h"
#include "common/store/files.h"

namespace daftar::client {
namespace {

constexpr size_t kFileBytes = 4096;

std::string prompt(Msg message) { return message_text(message, {}, language_of_environment()); }

Result<std::string> first_line(const std::string& path) {
  DAFTAR_ASSIGN_OR_RETURN(std::string text, read_file(path, kFileBytes));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  return text;
}

Result<std::string> new_passphrase(const PassphraseOptions& options) {
  if (options.remove) return std::string();
  std::string text;
  if (!options.new_file.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(text, first_line(options.new_file));
  } else {
    const Result<std::string> typed = read_secret(prompt(Msg::passphrase_new));
    if (!typed.ok()) return Status(Code::invalid, Msg::passphrase_no_new);
    text = *typed;
    DAFTAR_ASSIGN_OR_RETURN(const std::string again, read_secret(prompt(Msg::passphrase_again)));
    if (again != text) return Status(Code::invalid, Msg::passphrase_differs);
  }
  const auto letters = std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;  // not the rest of a letter in UTF-8
  });
  if (letters < kPassphraseLetters) {
    return Status(Code::invalid, Msg::passphrase_short, {std::to_string(kPassphraseLetters)});
  }
  return text;
}

}  // namespace

Result<std::string> ask_passphrase() {
  const char* const file = std::getenv("DAFTAR_PASSPHRASE_FILE");
  return file != nullptr ? first_line(file) : read_secret(prompt(Msg::passphrase_prompt));
}

Status run_passphrase(const Session& session, const PassphraseOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_RETURN_IF_ERROR(store->key().status());  // by the old one, before a new one is asked for
  DAFTAR_ASSIGN_OR_RETURN(const std::string passphrase, new_passphrase(options));
  DAFTAR_RETURN_IF_ERROR(store->seal_key(passphrase));
  if (session.as_json) {
    print_json({{"sealed", !options.remove}});
  } else {
    say(options.remove ? Msg::key_is_open : Msg::key_is_sealed, {});
  }
  return {};
}

}  // namespace daftar::client
