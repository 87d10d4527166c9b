#include "tests/simulation/fault_disk.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace daftar::simulation {
namespace {

constexpr uint64_t kSectorBytes = 512;
constexpr int kShmRegionBytes = 32 * 1024;

// A write, or with `is_truncation` a new length, that may be lost. It keeps what was there before,
// not what it wrote: that is in the file until a later change is undone, so that a file is held
// once.
struct Change {
  uint64_t offset = 0;
  uint64_t length = 0;
  std::string before;  ///< what it overwrote or cut off
  uint64_t size_before = 0;
  bool is_truncation = false;
};

// The locks and the shared memory of a database in WAL mode.
struct Shared {
  std::vector<std::unique_ptr<std::array<char, kShmRegionBytes>>> regions;
  std::array<int, SQLITE_SHM_NLOCK> readers{};
  std::array<bool, SQLITE_SHM_NLOCK> writer{};
  int users = 0;
};

struct File {
  std::string content;
  std::vector<Change> unsynced;
  // Locks of the database file: who holds which.
  std::map<const void*, int> locks;
  Shared shared;
};

struct Machine {
  std::optional<DiskFault> planned;
  uint64_t after = 0;
  uint64_t operations = 0;
  std::optional<DiskFault> struck;
};

void put(std::string& content, uint64_t offset, std::string_view bytes) {
  if (content.size() < offset) content.resize(offset);
  content.replace(offset, bytes.size(), bytes);
}

// Takes a change back, the latest first; what it had written.
std::string undo(std::string& content, const Change& change) {
  std::string written = change.is_truncation ? "" : content.substr(change.offset, change.length);
  put(content, change.offset, change.before);
  content.resize(change.size_before);
  return written;
}

struct State {
  std::map<std::string, std::shared_ptr<File>> files;
  std::map<std::string, Machine> machines;  ///< by folder
  FaultDisk disk;
  uint64_t random = 1;
  int reads_may_fail = 0;  ///< scopes
};

// A thread's own: worlds run side by side, one on each thread.
State& state() {
  thread_local State the_state;
  return the_state;
}

// The machine that a path belongs to; only folders that have plans or were asked about are known.
Machine* machine_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return nullptr;
  return &state().machines[path.substr(0, slash)];
}

bool is_dead(const Machine& machine) {
  return machine.struck == DiskFault::power_cut || machine.struck == DiskFault::kill;
}

// Counts an operation that changes the disk; SQLITE_OK if it may happen.
int enter_operation(Machine* machine, bool needs_room) {
  if (machine == nullptr) return SQLITE_OK;
  ++machine->operations;
  if (is_dead(*machine)) return SQLITE_IOERR_WRITE;
  const bool is_planned = machine->planned && machine->planned != DiskFault::read_error;
  if (is_planned && machine->after-- == 0) {
    machine->struck = machine->planned;
    machine->planned.reset();
    if (machine->struck != DiskFault::full) return SQLITE_IOERR_WRITE;
  }
  if (machine->struck == DiskFault::full && needs_room) return SQLITE_FULL;
  return SQLITE_OK;
}

bool fails_to_read(Machine* machine) {
  if (machine == nullptr) return false;
  if (is_dead(*machine)) return true;
  const bool may_fail = state().reads_may_fail > 0 && machine->planned == DiskFault::read_error;
  if (!may_fail || machine->after-- != 0) return false;
  machine->struck = machine->planned;
  machine->planned.reset();
  return true;
}

struct OpenFile {
  sqlite3_file base;
  std::shared_ptr<File> file;
  Machine* machine;
  bool has_shared;
};

OpenFile* of(sqlite3_file* file) { return reinterpret_cast<OpenFile*>(file); }

int close_file(sqlite3_file* handle) {
  OpenFile* open = of(handle);
  open->file->locks.erase(open);
  open->file.~shared_ptr();
  return SQLITE_OK;
}

int read_at(sqlite3_file* handle, void* out, int count, sqlite3_int64 offset) {
  OpenFile* open = of(handle);
  if (fails_to_read(open->machine)) return SQLITE_IOERR_READ;
  const std::string& content = open->file->content;
  const auto at = static_cast<size_t>(offset);
  const size_t there =
      at >= content.size() ? 0 : std::min(static_cast<size_t>(count), content.size() - at);
  if (there > 0) std::memcpy(out, content.data() + at, there);
  if (there == static_cast<size_t>(count)) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + there, 0, static_cast<size_t>(count) - there);
  return SQLITE_IOERR_SHORT_READ;
}

int write_at(sqlite3_file* handle, const void* bytes, int count, sqlite3_int64 offset) {
  OpenFile* open = of(handle);
  const int code = enter_operation(open->machine, true);
  if (code != SQLITE_OK) return code;
  File& file = *open->file;
  const auto at = static_cast<uint64_t>(offset);
  const auto length = static_cast<uint64_t>(count);
  file.unsynced.push_back({at, length,
                           at < file.content.size() ? file.content.substr(at, length) : "",
                           file.content.size(), false});
  put(file.content, at, {static_cast<const char*>(bytes), static_cast<size_t>(count)});
  return SQLITE_OK;
}

int truncate(sqlite3_file* handle, sqlite3_int64 size) {
  OpenFile* open = of(handle);
  const int code = enter_operation(open->machine, false);
  if (code != SQLITE_OK) return SQLITE_IOERR_TRUNCATE;
  File& file = *open->file;
  const auto wanted = static_cast<uint64_t>(size);
  file.unsynced.push_back({wanted, 0,
                           wanted < file.content.size() ? file.content.substr(wanted) : "",
                           file.content.size(), true});
  file.content.resize(wanted);
  return SQLITE_OK;
}

int sync(sqlite3_file* handle, int) {
  OpenFile* open = of(handle);
  if (enter_operation(open->machine, false) != SQLITE_OK) return SQLITE_IOERR_FSYNC;
  open->file->unsynced.clear();
  return SQLITE_OK;
}

int file_size(sqlite3_file* handle, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(of(handle)->file->content.size());
  return SQLITE_OK;
}

// SQLite's five levels: who wants to write must be alone in it, and readers keep it from
// committing.
int lock(sqlite3_file* handle, int level) {
  OpenFile* open = of(handle);
  auto& locks = open->file->locks;
  for (const auto& [other, held] : locks) {
    if (other == open) continue;
    const bool is_free = level == SQLITE_LOCK_SHARED     ? held < SQLITE_LOCK_PENDING
                         : level == SQLITE_LOCK_RESERVED ? held < SQLITE_LOCK_RESERVED
                                                         : held == SQLITE_LOCK_NONE;
    if (!is_free) return SQLITE_BUSY;
  }
  locks[open] = std::max(locks[open], level);
  return SQLITE_OK;
}

int unlock(sqlite3_file* handle, int level) {
  OpenFile* open = of(handle);
  if (level == SQLITE_LOCK_NONE) {
    open->file->locks.erase(open);
  } else {
    open->file->locks[open] = std::min(open->file->locks[open], level);
  }
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* handle, int* is_reserved) {
  *is_reserved = 0;
  for (const auto& [other, held] : of(handle)->file->locks) {
    if (held >= SQLITE_LOCK_RESERVED) *is_reserved = 1;
  }
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return static_cast<int>(kSectorBytes); }
// As SQLite's own file system says of ordinary disks.
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int shm_map(sqlite3_file* handle, int region, int bytes, int extend, void volatile** out) {
  OpenFile* open = of(handle);
  Shared& shared = open->file->shared;
  if (!open->has_shared) {
    open->has_shared = true;
    ++shared.users;
  }
  *out = nullptr;
  if (bytes != kShmRegionBytes) return SQLITE_IOERR_SHMMAP;
  const auto index = static_cast<size_t>(region);
  if (index >= shared.regions.size() && extend == 0) return SQLITE_OK;
  while (index >= shared.regions.size()) {
    shared.regions.push_back(std::make_unique<std::array<char, kShmRegionBytes>>());
    shared.regions.back()->fill(0);
  }
  *out = shared.regions[index]->data();
  return SQLITE_OK;
}

int shm_lock(sqlite3_file* handle, int first, int count, int flags) {
  Shared& shared = of(handle)->file->shared;
  const bool is_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (int i = first; i < first + count; ++i) {
    const auto at = static_cast<size_t>(i);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      if (is_exclusive) {
        shared.writer[at] = false;
      } else {
        --shared.readers[at];
      }
      continue;
    }
    if (shared.writer[at] || (is_exclusive && shared.readers[at] > 0)) return SQLITE_BUSY;
  }
  if ((flags & SQLITE_SHM_UNLOCK) != 0) return SQLITE_OK;
  for (int i = first; i < first + count; ++i) {
    const auto at = static_cast<size_t>(i);
    if (is_exclusive) {
      shared.writer[at] = true;
    } else {
      ++shared.readers[at];
    }
  }
  return SQLITE_OK;
}

void shm_barrier(sqlite3_file*) {}

int shm_unmap(sqlite3_file* handle, int) {
  OpenFile* open = of(handle);
  Shared& shared = open->file->shared;
  if (!std::exchange(open->has_shared, false)) return SQLITE_OK;
  if (--shared.users == 0) shared = Shared();
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods = {2,
                                         close_file,
                                         read_at,
                                         write_at,
                                         truncate,
                                         sync,
                                         file_size,
                                         lock,
                                         unlock,
                                         check_reserved,
                                         file_control,
                                         sector_size,
                                         characteristics,
                                         shm_map,
                                         shm_lock,
                                         shm_barrier,
                                         shm_unmap,
                                         nullptr,
                                         nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* handle, int flags, int* out_flags) {
  OpenFile* open = of(handle);
  open->base.pMethods = nullptr;
  std::shared_ptr<File> file;
  Machine* machine = nullptr;
  if (name == nullptr) {
    file = std::make_shared<File>();
  } else {
    machine = machine_of(name);
    if (machine != nullptr && is_dead(*machine)) return SQLITE_CANTOPEN;
    const auto found = state().files.find(name);
    if (found == state().files.end()) {
      if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      file = std::make_shared<File>();
      state().files[name] = file;
    } else {
      file = found->second;
    }
  }
  new (&open->file) std::shared_ptr<File>(std::move(file));
  open->machine = machine;
  open->has_shared = false;
  open->base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* name, int) {
  if (enter_operation(machine_of(name), false) != SQLITE_OK) return SQLITE_IOERR_DELETE;
  state().files.erase(name);
  return SQLITE_OK;
}

int access(sqlite3_vfs*, const char* name, int, int* is_there) {
  *is_there = state().files.contains(name) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int most, char* out) {
  sqlite3_snprintf(most, out, "%s", name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int count, char* out) {
  for (int i = 0; i < count; ++i) {
    state().random = state().random * 6364136223846793005U + 1442695040888963407U;
    out[i] = static_cast<char>(state().random >> 56);
  }
  return count;
}

// Nobody else runs while we wait: a lock that is held now is held for good.
int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

int current_time(sqlite3_vfs*, sqlite3_int64* out) {
  *out = 210'866'760'000'000;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

bool is_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

}  // namespace

FaultDisk& FaultDisk::install() {
#ifdef __GLIBC__
  // Files grow and go by the megabyte: keep what they lived in, instead of page after page from the
  // kernel.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  static const int registered = [] {
    static sqlite3_vfs made{};
    made.iVersion = 2;
    made.szOsFile = sizeof(OpenFile);
    made.mxPathname = 512;
    made.zName = "daftar-fault-disk";
    made.xOpen = open_file;
    made.xDelete = delete_file;
    made.xAccess = access;
    made.xFullPathname = full_path;
    made.xRandomness = randomness;
    made.xSleep = sleep;
    made.xGetLastError = last_error;
    made.xCurrentTimeInt64 = current_time;
    return sqlite3_vfs_register(&made, 1);
  }();
  if (registered != SQLITE_OK) throw std::runtime_error("no fault disk");
  return state().disk;
}

void FaultDisk::plan(const std::string& folder, DiskFault fault, uint64_t after) {
  Machine& machine = state().machines[folder];
  machine.planned = fault;
  machine.after = after;
}

bool FaultDisk::has_struck(const std::string& folder) const {
  return state().machines[folder].struck.has_value();
}

std::optional<DiskFault> FaultDisk::struck(const std::string& folder) const {
  return state().machines[folder].struck;
}

bool FaultDisk::is_dead(const std::string& folder) const {
  return simulation::is_dead(state().machines[folder]);
}

void FaultDisk::make_room(const std::string& folder) {
  Machine& machine = state().machines[folder];
  if (machine.struck && !simulation::is_dead(machine)) machine.struck.reset();
}

void FaultDisk::heal(const std::string& folder) {
  state().machines[folder].planned.reset();
  make_room(folder);
}

FaultDisk::ReadsMayFail::ReadsMayFail() { ++state().reads_may_fail; }
FaultDisk::ReadsMayFail::~ReadsMayFail() { --state().reads_may_fail; }

FaultDisk::Lost FaultDisk::restart(const std::string& folder,
                                   const std::function<uint64_t(uint64_t count)>& below) {
  Lost lost;
  Machine& machine = state().machines[folder];
  const bool is_power_cut = machine.struck == DiskFault::power_cut;
  machine.struck.reset();
  machine.planned.reset();
  for (auto& [path, file] : state().files) {
    if (!is_below(path, folder)) continue;
    file->locks.clear();
    file->shared = Shared();
    if (!is_power_cut) continue;  // what a process has written is there, and still not synced
    const std::vector<Change> changes = std::exchange(file->unsynced, {});
    std::vector<std::string> written(changes.size());
    for (size_t i = changes.size(); i-- > 0;) written[i] = undo(file->content, changes[i]);
    for (size_t i = 0; i < changes.size(); ++i) {
      const uint64_t fate = below(3);
      lost.is_dropped = lost.is_dropped || fate == 0;
      if (fate == 0) continue;
      if (changes[i].is_truncation) {
        file->content.resize(changes[i].offset);
        continue;
      }
      if (fate == 1) {
        const uint64_t sectors = written[i].size() / kSectorBytes + 1;
        written[i].resize(std::min<uint64_t>(written[i].size(), below(sectors) * kSectorBytes));
        lost.is_torn = true;
        if (written[i].empty()) continue;
      }
      put(file->content, changes[i].offset, written[i]);
    }
  }
  return lost;
}

void FaultDisk::copy(const std::string& from, const std::string& to) {
  erase(to);
  std::map<std::string, std::shared_ptr<File>> made;
  for (const auto& [path, file] : state().files) {
    if (!is_below(path, from)) continue;
    auto copied = std::make_shared<File>();
    copied->content = file->content;
    made[to + path.substr(from.size())] = std::move(copied);
  }
  state().files.merge(made);
}

void FaultDisk::erase(const std::string& folder) {
  std::erase_if(state().files, [&](const auto& file) { return is_below(file.first, folder); });
  state().machines.erase(folder);
}

void FaultDisk::erase_all() {
  state().files.clear();
  state().machines.clear();
}

uint64_t FaultDisk::operations(const std::string& folder) const {
  return state().machines[folder].operations;
}

}  // namespace daftar::simulation
