#include "common/store/files.h"

#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace daftar {
namespace {

namespace fs = std::filesystem;

Status system_failure(const std::string& path) {
  if (errno == ENOSPC) return {Code::io, Msg::disk_full, {path}};
  return {Code::io, Msg::file_io, {path, std::strerror(errno)}};
}

Status sync_folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return system_failure(folder);
  const int failed = ::fsync(descriptor);
  ::close(descriptor);
  return failed == 0 ? Status() : system_failure(folder);
}

Status write_all(int descriptor, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_failure(path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return ::fsync(descriptor) == 0 ? Status() : system_failure(path);
}

// Reads to the end, or until there is more than `most`: a device or pipe does not say its size.
Result<std::string> read_all(int descriptor, const std::string& path, size_t most) {
  std::string content;
  std::array<char, 64 * 1024> buffer{};
  while (content.size() <= most) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure(path);
    if (got == 0) break;
    content.append(buffer.data(), static_cast<size_t>(got));
  }
  return content;
}

}  // namespace

void use_one_heap() {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);
#endif
}

Status make_private_folder(const std::string& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return {};
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return {Code::io, Msg::file_io, {folder, error.message()}};
  return {};
}

Status make_private_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_failure(path);
  ::close(descriptor);
  return {};
}

Result<std::string> read_file(const std::string& path, size_t most) {
  std::error_code error;
  if (!fs::exists(path, error) && !error)
    return Status(Code::not_found, Msg::file_not_found, {path});
  if (fs::is_directory(path, error)) {
    return Status(Code::invalid, Msg::file_is_folder, {path});
  }
  const auto size = fs::file_size(path, error);
  const auto too_large = [&](uintmax_t bytes) {
    return Status(Code::too_large, Msg::file_too_large,
                  {path, std::to_string(bytes), std::to_string(most)});
  };
  if (!error && size > most) return too_large(size);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_failure(path);
  Result<std::string> content = read_all(descriptor, path, most);
  ::close(descriptor);
  if (content.ok() && content->size() > most) return too_large(content->size());
  return content;
}

Status write_file(const std::string& path, std::string_view content, bool is_private) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());  // what a power cut left may have other rights
  const int descriptor =
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, is_private ? 0600 : 0644);
  if (descriptor < 0) return system_failure(fresh);
  Status written = write_all(descriptor, content, fresh);
  ::close(descriptor);
  if (!written.ok()) {
    ::unlink(fresh.c_str());
    return written;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return system_failure(path);
  return sync_folder_of(path);
}

Status become_program(const std::string& name, char** arguments) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path() / name;
  ::execv(program.c_str(), arguments);
  return {Code::not_found, Msg::program_missing, {program.string()}};
}

Result<std::optional<FileLock>> FileLock::acquire(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_failure(path);
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    return std::optional<FileLock>(std::move(lock));
  }
  if (errno == EWOULDBLOCK) return std::optional<FileLock>();
  return system_failure(path);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace daftar
