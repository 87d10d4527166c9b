// The entries file: a ledger's whole history as one file, for whoever checks it (FORMAT.md §9).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/ledger/chain.h"

namespace daftar {

struct EntriesFile {
  std::string ledger;
  uint64_t size = 0;         ///< entries
  std::string_view entries;  ///< for each, `bytes header ‖ bytes changeset`; not held here
  Hash digest{};             ///< of the state after the last of them
  std::string note;          ///< the checkpoint of that size
  PublicKey hub_key{};       ///< as the file says it; whoever checks must know it from elsewhere
  std::map<DeviceNumber, PublicKey> device_keys;
};

std::string encode_entries_file(const EntriesFile& file);
/// Views into `bytes`. Code::corrupt unless it is a whole entries file.
Result<EntriesFile> decode_entries_file(std::string_view bytes);

/// Visits the entries in order; stops at the first failure of `visit`.
Status visit_entries(
    const EntriesFile& file,
    const std::function<Status(std::string_view header, std::string_view changeset)>& visit);

}  // namespace daftar
