// The few files that are not SQLite's: keys, settings, locks. What only one operating system has
// (permissions, fsync of a folder, file locks) is here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace daftar {

/// Lets all threads allocate from one heap. glibc's heap for each thread grows page by page, which
/// cost the hub's writer a third of its time. Before the first thread.
void use_one_heap();

/// Creates `folder` (and its parents) readable by its owner alone, if it is not there.
Status make_private_folder(const std::string& folder);

/// Makes an empty file readable by its owner alone, if there is none: what SQLite then makes beside
/// it has the same rights.
Status make_private_file(const std::string& path);

/// The whole file; Code::not_found if there is none, Code::too_large above `most` bytes.
Result<std::string> read_file(const std::string& path, size_t most);

/// Writes durably and at once: a new file, fsync, rename, fsync of the folder. `is_private`: mode
/// 0600.
Status write_file(const std::string& path, std::string_view content, bool is_private);

/// Turns this process into the program of that name beside the one that runs, with the same
/// arguments. Returns only if there is none.
Status become_program(const std::string& name, char** arguments);

/// An exclusive lock on a file that ends with the process or the object.
class FileLock {
 public:
  /// Nothing if another process holds it.
  static Result<std::optional<FileLock>> acquire(const std::string& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace daftar
