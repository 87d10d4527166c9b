// A SQLite file system in memory that fails as disks do: it forgets what was not synced, tears
// writes, fails at any operation, and runs full.
//
// The production stores open their databases through it without knowing: it is SQLite's default
// file system in the processes that install it. Paths below one folder are one machine. Each thread
// has disks of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace daftar::simulation {

enum class DiskFault {
  power_cut,   ///< this operation and all after it have no effect, until restart()
  kill,        ///< the same, but what was written is still there: only the process died
  io_error,    ///< this operation fails, the next one works
  full,        ///< no operation that needs room works, until restart() or make_room()
  read_error,  ///< this read fails, the next one works; only where reads may fail
};

class FaultDisk {
 public:
  /// Makes it SQLite's default file system; once for a process.
  static FaultDisk& install();

  /// `fault` happens at the `after`-th write, sync, truncation or deletion below `folder` from now
  /// (0: the next), a read error at the `after`-th read. One at a time for each folder; the later
  /// plan counts.
  void plan(const std::string& folder, DiskFault fault, uint64_t after);
  /// Whether a planned fault has happened since the last restart().
  [[nodiscard]] bool has_struck(const std::string& folder) const;
  [[nodiscard]] std::optional<DiskFault> struck(const std::string& folder) const;
  /// Whether nothing works below `folder` until restart().
  [[nodiscard]] bool is_dead(const std::string& folder) const;
  void make_room(const std::string& folder);
  /// Forgets what is planned, and makes room.
  void heal(const std::string& folder);

  /// While one lives, reads of this thread may fail: what a simulation reads to compare does not.
  class ReadsMayFail {
   public:
    ReadsMayFail();
    ~ReadsMayFail();
    ReadsMayFail(const ReadsMayFail&) = delete;
    ReadsMayFail& operator=(const ReadsMayFail&) = delete;
  };

  /// What a restart did to writes that were not synced.
  struct Lost {
    bool is_dropped = false;
    bool is_torn = false;
  };
  /// The machine starts again; nothing may have its files open. After a power cut each write that
  /// was not synced is there, torn at a sector or not there; `below` draws the choices.
  Lost restart(const std::string& folder, const std::function<uint64_t(uint64_t count)>& below);

  /// A copy of all files below `from` as a running machine shows them.
  void copy(const std::string& from, const std::string& to);
  void erase(const std::string& folder);
  void erase_all();

  /// Writes, syncs, truncations and deletions below `folder` since it was made.
  [[nodiscard]] uint64_t operations(const std::string& folder) const;
};

}  // namespace daftar::simulation
