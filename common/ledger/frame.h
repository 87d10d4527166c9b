// Batches on the wire: FORMAT.md §9, one zstd frame each, bounded before it is opened.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace daftar {

/// An entry as it travels: header and changeset bytes.
struct WireEntry {
  std::string header;
  std::string changeset;     ///< "" when refused or left out
  bool is_left_out = false;  ///< the reader's own: it has the bytes
};

/// One zstd frame (level 3, with content size and checksum) of `plain`.
std::string compress_frame(std::string_view plain);
/// Code::corrupt unless `frame` is one whole frame that says a content size ≤ `most` and keeps to
/// it.
Result<std::string> open_frame(std::string_view frame, size_t most);

std::string encode_push_frame(const std::vector<std::string>& changesets);
Result<std::vector<std::string>> decode_push_frame(std::string_view frame);

std::string encode_pull_frame(const std::vector<WireEntry>& entries);
Result<std::vector<WireEntry>> decode_pull_frame(std::string_view frame);

}  // namespace daftar
