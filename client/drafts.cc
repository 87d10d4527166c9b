#include "client/drafts.h"

#include <algorithm>
#include <utility>

#include "common/base/limits.h"

namespace daftar::client {

std::vector<Draft> cut_into_drafts(std::vector<RecordEdits> edits, const Draft& like) {
  // Room for what stands beside the values.
  constexpr size_t kValueBytes = limits::kChangesetBytes / 2;
  constexpr size_t kBytesBeside = 8;
  std::sort(edits.begin(), edits.end(),
            [](const RecordEdits& a, const RecordEdits& b) { return a.key < b.key; });
  std::vector<Draft> drafts;
  size_t cells = 0;
  size_t bytes = 0;
  for (RecordEdits& record : edits) {
    size_t size = 0;
    for (const CellEdit& cell : record.cells) size += cell.value.bytes().size() + kBytesBeside;
    const bool is_full =
        cells + record.cells.size() > limits::kChangesetEdits || bytes + size > kValueBytes;
    if (drafts.empty() || is_full) {
      drafts.push_back(like);
      cells = bytes = 0;
    }
    cells += record.cells.size();
    bytes += size;
    drafts.back().records.push_back(std::move(record));
  }
  return drafts;
}

}  // namespace daftar::client
