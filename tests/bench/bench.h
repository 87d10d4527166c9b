// What the benchmarks share: workloads from a fixed seed, the SQLite table that they are compared
// with, hubs and devices in folders of their own, and the line between them.
#pragma once

#include <benchmark/benchmark.h>
#include <grpcpp/channel.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/client_store.h"
#include "client/sync_session.h"
#include "common/base/clock.h"
#include "common/store/sqlite.h"
#include "hub/certificate_authority.h"
#include "hub/server.h"
#include "hub/service.h"
#include "hub/writer.h"

namespace daftar::bench {

inline constexpr char kLedger[] = "administration/bench";
inline constexpr size_t kFields = 12;
/// The twelve fields of a record are indicator fields 2…13: texts, none of them the code.
inline constexpr FieldNumber kFirstField = 2;
inline constexpr size_t kEditsOfSave = 10;
inline constexpr uint64_t kNow = 1'780'000'000'000;
/// The longest history that growth is measured with, in nightly loads of 20,000 edits.
inline constexpr int kLargestGrowth = 1'000;

/// Where everything is measured, on the disk that counts; made by the caller.
void set_work_folder(const std::string& folder);
const std::string& work_folder();
/// The folder of this program, in which daftar and daftar-hub are too.
std::string program_folder();
/// Megabytes (10^6) of the files in a folder.
double folder_mb(const std::string& folder);

/// What one repetition measured, by counter (rows.def).
using Samples = std::map<std::string, double>;
void set_counters(benchmark::State& state, const Samples& samples);

// ---- the benchmarks, by name
void bench_fold(benchmark::State& state);
void bench_nightly(benchmark::State& state);
void bench_growth(benchmark::State& state);
void bench_join(benchmark::State& state);
void bench_crowd(benchmark::State& state);
void bench_register(benchmark::State& state);
void bench_national(benchmark::State& state);
void bench_score(benchmark::State& state);
void bench_million(benchmark::State& state);
void bench_search(benchmark::State& state);

/// Ends the program with `what` and the message unless `status` is ok.
void check(const Status& status, const char* what);
void require(bool holds, const char* what);
template <typename T>
T take(Result<T> result, const char* what) {
  check(result.status(), what);
  return *std::move(result);
}

/// Milliseconds since it was made.
class Stopwatch {
 public:
  [[nodiscard]] double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// The value below which `part` of the samples lie.
double quantile(std::vector<double> samples, double part);
inline double median(std::vector<double> samples) { return quantile(std::move(samples), 0.5); }

// ---- workloads

struct Edit {
  uint64_t record = 0;  ///< from 1
  size_t field = 0;     ///< from 0
  std::string value;
  friend auto operator<=>(const Edit&, const Edit&) = default;
};
/// The edits of one save, ascending by record and field, one for each cell.
using Save = std::vector<Edit>;

/// Every field of every record, in saves as large as a changeset may be.
std::vector<Save> initial_saves(size_t records, uint64_t seed);
/// `count` saves of kEditsOfSave cells anywhere.
std::vector<Save> random_saves(size_t records, size_t count, uint64_t seed);
std::vector<client::Draft> to_drafts(const std::vector<Save>& saves, const Context& context);
client::Draft to_draft(const Save& save, const Context& context);
std::vector<Changeset> to_changesets(const std::vector<Save>& saves, uint64_t first_seq,
                                     uint64_t position);

/// `indicators` with code, name and unit, and a measurement of each for `periods` half-years.
std::vector<client::Draft> register_drafts(size_t indicators, size_t periods);
std::string register_code(size_t indicator);
client::Draft measurement_draft(size_t indicator, size_t period, const std::string& value,
                                const Context& context);

/// The same data as a table of twelve text columns: SQLite, WAL, synchronous=FULL.
class Table {
 public:
  Table(const std::string& path, size_t records);
  /// One transaction: an UPDATE for each edit.
  void update(const Save& save);
  void update_all(const std::vector<Save>& saves);
  /// One transaction: a row for each record.
  void insert(size_t records);
  /// One transaction that writes blobs of these sizes.
  void append(const std::vector<std::string>& blobs);

 private:
  void run_updates(const Save& save);
  Database database_;
  std::vector<Statement> updates_;
};

// ---- hubs and devices

/// Cells by their record's key bytes and field.
using CellSet = std::set<std::pair<std::string, FieldNumber>>;

/// A hub in this process: the production store, writer, service and gRPC server.
class Hub {
 public:
  explicit Hub(const std::string& folder);
  ~Hub();
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int port() const { return port_; }
  /// Returns when the records of the ledger hold all of its entries.
  void wait_materialised();
  /// Cells with contenders, as the hub's records have them.
  CellSet contended_cells();
  Hash root();
  hub::Service& service() { return *service_; }

 private:
  SystemClock clock_;
  std::unique_ptr<hub::HubStore> reader_;
  hub::Writer writer_;
  hub::CertificateAuthority authority_;
  std::unique_ptr<hub::Service> service_;
  std::unique_ptr<hub::Server> server_;
  std::jthread writing_;
  int port_ = 0;
};

/// An empty hub with the ledger.
void make_hub(const std::string& folder);
/// A device of that hub in a new folder.
void make_device(const std::string& hub_folder, const std::string& folder);
void copy_folder(const std::string& from, const std::string& to);
std::unique_ptr<client::ClientStore> open_device(const std::string& folder);
LedgerId ledger_of(client::ClientStore& store);
/// Saves them all in one transaction, each having seen what is here.
void save_all(client::ClientStore& store, const std::vector<Save>& saves);

struct SyncTimes {
  client::SyncReport report;
  double pushed_ms = 0;        ///< until all was acknowledged
  double materialised_ms = 0;  ///< until `after_push` returned
  double total_ms = 0;
  int calls = 0;
};
/// Syncs over `channel`. `after_push` runs when all that was pushed is acknowledged, before the
/// pull begins.
SyncTimes sync(client::ClientStore& store, const std::shared_ptr<grpc::Channel>& channel,
               const std::function<void()>& after_push = {});
/// Runs a session over a line that is attached to it; as sync().
SyncTimes run_session(client::ClientStore& store, boost::asio::io_context& context,
                      client::Transport& line,
                      const std::function<void(client::SyncSession&)>& attach,
                      const std::function<void()>& after_push);
/// The same sync in this process by calls: without TLS, certificates, and with signatures that
/// nobody makes or checks (bare.cc).
SyncTimes sync_bare(client::ClientStore& store, Hub& hub);
/// A channel that connects when it is used; one that is connected.
std::shared_ptr<grpc::Channel> unconnected(client::ClientStore& store, const std::string& address);
std::shared_ptr<grpc::Channel> connected(client::ClientStore& store, const std::string& address);

/// Passes TCP on to a port of this machine and counts the payload.
class Proxy {
 public:
  explicit Proxy(int target);
  ~Proxy();
  struct Count {
    uint64_t up = 0;
    uint64_t down = 0;
    uint64_t turns = 0;  ///< times that the client spoke after the hub had
  };
  /// What has passed since the last call.
  Count taken();
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  int port_ = 0;
};

// ---- other processes

struct ProcessUse {
  double ms = 0;
  double peak_mb = 0;
};
/// Runs a program to its end; its output goes nowhere.
ProcessUse run_program(const std::vector<std::string>& arguments);
/// What `daftar_bench --run PROGRAM…` does for run_program.
int run_and_report(const std::vector<std::string>& arguments);

struct CrowdUse {
  double peak_mb = 0;
  double seconds = 0;
  uint64_t edits = 0;
  double reply_p50_ms = 0;
  double reply_p99_ms = 0;
};
/// Starts the program daftar-hub on `folder`; `devices` push `rounds` batches of 10 changesets
/// each, all at once.
CrowdUse push_as_crowd(const std::string& program, const std::string& folder, size_t devices,
                       size_t rounds, size_t records);

}  // namespace daftar::bench
