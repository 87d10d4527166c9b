#include "common/ledger/frame.h"

#include <zstd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/limits.h"
#include "common/ledger/bytes.h"

namespace daftar {
namespace {

constexpr int kLevel = 3;
// The smallest entry on the wire: a header of 6 bytes, two lengths and a flag. Bounds what a frame
// of nothing can make its reader allocate.
constexpr size_t kLeastEntryBytes = 9;

Status bad_frame() { return {Code::corrupt, Msg::frame_bad}; }

}  // namespace

std::string compress_frame(std::string_view plain) {
  // A context costs more to make than a small frame to compress or open: one for each thread.
  thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                                  &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string frame(ZSTD_compressBound(plain.size()), '\0');
  const size_t size =
      ZSTD_compress2(context.get(), frame.data(), frame.size(), plain.data(), plain.size());
  frame.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return frame;
}

Result<std::string> open_frame(std::string_view frame, size_t most) {
  // A skippable frame holds nothing, and would pass for an empty one.
  if (!frame.starts_with("\x28\xB5\x2F\xFD")) return bad_frame();
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > most ||
      ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return bad_frame();
  }
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                                  &ZSTD_freeDCtx);
  std::string plain(size, '\0');
  const size_t got =
      ZSTD_decompressDCtx(context.get(), plain.data(), plain.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0 || got != plain.size()) return bad_frame();
  return plain;
}

std::string encode_push_frame(const std::vector<std::string>& changesets) {
  std::string plain;
  put_n(plain, changesets.size());
  for (const std::string& changeset : changesets) put_bytes(plain, changeset);
  return compress_frame(plain);
}

Result<std::vector<std::string>> decode_push_frame(std::string_view frame) {
  DAFTAR_ASSIGN_OR_RETURN(const std::string plain, open_frame(frame, limits::kPushFrameBytes));
  Reader reader(plain);
  std::vector<std::string> changesets;
  const uint64_t count = reader.n_within(1, limits::kPushFrameChangesets);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    changesets.emplace_back(reader.bytes(limits::kChangesetBytes));
  }
  if (!reader.ok() || !reader.at_end()) return bad_frame();
  return changesets;
}

std::string encode_pull_frame(const std::vector<WireEntry>& entries) {
  std::string plain;
  put_n(plain, entries.size());
  for (const WireEntry& entry : entries) {
    put_bytes(plain, entry.header);
    plain += entry.is_left_out ? '\1' : '\0';
    put_bytes(plain, entry.changeset);
  }
  return compress_frame(plain);
}

Result<std::vector<WireEntry>> decode_pull_frame(std::string_view frame) {
  DAFTAR_ASSIGN_OR_RETURN(const std::string plain, open_frame(frame, limits::kPullFrameBytes));
  Reader reader(plain);
  std::vector<WireEntry> entries;
  const uint64_t count = reader.n_within(1, std::max(reader.left() / kLeastEntryBytes, size_t{1}));
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    WireEntry entry;
    entry.header = reader.bytes(limits::kHeaderBytes);
    const uint8_t left_out = reader.u8();
    entry.is_left_out = left_out == 1;
    entry.changeset = reader.bytes(limits::kChangesetBytes);
    if (left_out > 1 || (entry.is_left_out && !entry.changeset.empty())) reader.fail();
    entries.push_back(std::move(entry));
  }
  if (!reader.ok() || !reader.at_end()) return bad_frame();
  return entries;
}

}  // namespace daftar
