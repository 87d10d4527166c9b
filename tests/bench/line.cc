#include <arpa/inet.h>
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

#include "client/grpc_transport.h"
#include "common/base/limits.h"
#include "common/rpc/grpc_status.h"
#include "daftar/v1/hub.grpc.pb.h"
#include "tests/bench/bench.h"

namespace daftar::bench {
namespace {

namespace fs = std::filesystem;

std::optional<RefusalReason> allow(const Changeset& changeset, uint64_t national) {
  static_cast<void>(changeset);
  static_cast<void>(national);
  return std::nullopt;
}

std::unique_ptr<hub::HubStore> open_hub(const std::string& folder) {
  return take(hub::HubStore::open(folder, Database::Access::read_write), "open the hub");
}

// GrpcTransport, watched at the moments that the figures are about.
class WatchedTransport : public client::Transport {
 public:
  WatchedTransport(client::Transport& line, SyncTimes& times,
                   const std::function<void()>& after_push)
      : line_(line), times_(times), after_push_(after_push) {}
  void heads(const v1::HeadsRequest& request) override {
    ++times_.calls;
    line_.heads(request);
  }
  void open_push() override {
    ++times_.calls;
    line_.open_push();
  }
  void push(const v1::PushRequest& request) override { line_.push(request); }
  void finish_push() override { line_.finish_push(); }
  void pull(const v1::PullRequest& request) override {
    ++times_.calls;
    times_.pushed_ms = watch_.ms();
    if (after_push_) after_push_();
    times_.materialised_ms = watch_.ms();
    line_.pull(request);
  }
  void open_recover() override { line_.open_recover(); }
  void recover(const v1::RecoverRequest& request) override { line_.recover(request); }
  void finish_recover() override { line_.finish_recover(); }
  void cancel() override { line_.cancel(); }
  [[nodiscard]] double ms() const { return watch_.ms(); }

 private:
  client::Transport& line_;
  SyncTimes& times_;
  const std::function<void()>& after_push_;
  Stopwatch watch_;
};

int listen_on_loopback(int* port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const bare = reinterpret_cast<sockaddr*>(&address);
  require(::bind(listener, bare, length) == 0 && ::listen(listener, 16) == 0 &&
              ::getsockname(listener, bare, &length) == 0,
          "the proxy listens");
  *port = ntohs(address.sin_port);
  return listener;
}

int connect_to_loopback(int port) {
  const int line = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  require(::connect(line, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
          "the proxy connects");
  return line;
}

bool write_whole(int line, const char* bytes, ssize_t count) {
  while (count > 0) {
    const ssize_t written = ::send(line, bytes, static_cast<size_t>(count), MSG_NOSIGNAL);
    if (written <= 0) return false;
    bytes += written;
    count -= written;
  }
  return true;
}

}  // namespace

// ---- hubs and devices

Hub::Hub(const std::string& folder)
    : reader_(open_hub(folder)),
      writer_(open_hub(folder), clock_, allow),
      authority_(take(hub::CertificateAuthority::open(folder), "certificates")) {
  service_ = std::make_unique<hub::Service>(open_hub(folder), take(reader_->identity(), "hub key"),
                                            writer_);
  server_ = std::make_unique<hub::Server>(*service_, authority_, clock_, [](const Status&) {});
  port_ = take(server_->start("127.0.0.1:0"), "start the hub");
  writing_ = std::jthread([this](const std::stop_token& stop) { writer_.run(stop); });
}

Hub::~Hub() { server_->stop(); }

void Hub::wait_materialised() {
  const auto id = take(reader_->ledgers().find_ledger(kLedger), "the ledger");
  while (true) {
    const LedgerRow row = take(reader_->ledgers().row(*id), "the ledger's row");
    if (row.materialised == row.size) return;
    std::this_thread::yield();
  }
}

CellSet Hub::contended_cells() {
  const auto id = take(reader_->ledgers().find_ledger(kLedger), "the ledger");
  CellSet cells;
  for (const std::string& key :
       take(reader_->ledgers().contended_records(*id), "contended records")) {
    const auto state = take(reader_->ledgers().record(*id, key), "a record");
    const RecordState record = take(RecordState::decode(*state), "a record");
    for (const Cell& cell : record.cells) {
      if (cell.is_contended()) cells.emplace(key, cell.field);
    }
  }
  return cells;
}

Hash Hub::root() {
  const auto id = take(reader_->ledgers().find_ledger(kLedger), "the ledger");
  const LedgerRow row = take(reader_->ledgers().row(*id), "the ledger's row");
  return take(RightEdge::from_bytes(row.size, row.right_edge), "right edge").root();
}

void make_hub(const std::string& folder) {
  check(hub::HubStore::create(folder, "hub"), "make a hub");
  check(hub::CertificateAuthority::create(folder, SystemClock().wall_ms()), "make certificates");
  check(open_hub(folder)->add_ledger(kLedger), "add the ledger");
}

void make_device(const std::string& hub_folder, const std::string& folder) {
  check(client::ClientStore::create(folder), "make a device");
  const auto store = take(client::ClientStore::open(folder), "open the device");
  const auto hub = open_hub(hub_folder);
  const hub::HubIdentity identity = take(hub->identity(), "hub key");
  const PublicKey key = take(store->key(), "device key").public_key();
  const hub::Device device =
      take(hub->add_device(key, std::nullopt, "bench", false, {kLedger}), "register the device");
  const auto authority = take(hub::CertificateAuthority::open(hub_folder), "certificates");
  check(store->set_identity(
            {device.number, device.user, "127.0.0.1:1", identity.name, identity.key.public_key(),
             "127.0.0.1:1", authority.root(),
             take(authority.certify(device.number, key, SystemClock().wall_ms()), "certify"),
             device.role}),
        "set the identity");
  take(store->add_ledger(kLedger), "add the ledger");
}

void copy_folder(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::create_directories(fs::path(to).parent_path());
  fs::copy(from, to, fs::copy_options::recursive);
  ::sync();  // else somebody's first fsync would pay for the copy
}

std::unique_ptr<client::ClientStore> open_device(const std::string& folder) {
  return take(client::ClientStore::open(folder), "open a device");
}

LedgerId ledger_of(client::ClientStore& store) {
  return take(store.find_ledger(kLedger), "the ledger");
}

void save_all(client::ClientStore& store, const std::vector<Save>& saves) {
  const LedgerId ledger = ledger_of(store);
  const Context context = take(store.current_context(ledger), "context");
  take(store.save(ledger, to_drafts(saves, context), kNow), "save");
}

std::shared_ptr<grpc::Channel> unconnected(client::ClientStore& store, const std::string& address) {
  // As client::connect_hub, but with a connection of its own: in one process, channels to one
  // address share theirs.
  grpc::ChannelArguments arguments = client::hub_channel_arguments();
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const client::Identity identity = take(store.identity(), "identity");
  return grpc::CreateCustomChannel(
      address, client::hub_credentials(identity, take(store.key(), "key")), arguments);
}

std::shared_ptr<grpc::Channel> connected(client::ClientStore& store, const std::string& address) {
  auto channel = unconnected(store, address);
  require(channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)),
          "the channel connects");
  return channel;
}

SyncTimes sync(client::ClientStore& store, const std::shared_ptr<grpc::Channel>& channel,
               const std::function<void()>& after_push) {
  boost::asio::io_context context;
  client::GrpcTransport line(context, channel);
  return run_session(
      store, context, line, [&](client::SyncSession& session) { line.attach(session); },
      after_push);
}

SyncTimes run_session(client::ClientStore& store, boost::asio::io_context& context,
                      client::Transport& line,
                      const std::function<void(client::SyncSession&)>& attach,
                      const std::function<void()>& after_push) {
  SyncTimes times;
  SystemClock clock;
  WatchedTransport watched(line, times, after_push);
  client::SyncSession session(store, watched, clock, [](const client::SyncReport&) {});
  attach(session);
  session.start();
  const auto work = boost::asio::make_work_guard(context);
  while (!session.is_done()) {
    const uint64_t now = clock.steady_ms();
    const uint64_t wait = session.next_deadline_ms() > now ? session.next_deadline_ms() - now : 0;
    context.run_one_for(std::chrono::milliseconds(wait));
    session.on_time();
  }
  times.total_ms = watched.ms();
  times.report = session.report();
  check(times.report.status, "sync");
  require(times.report.turned_away.empty() && times.report.forked.empty(), "nothing turned away");
  return times;
}

// ---- the proxy

struct Proxy::Parts {
  int listener = -1;
  int wake = -1;
  int target = 0;
  std::atomic<uint64_t> up = 0;
  std::atomic<uint64_t> down = 0;
  std::atomic<uint64_t> turns = 0;
  std::vector<int> lines;  ///< client and hub, in pairs
  bool hub_spoke = true;
  std::jthread thread;

  void pass(size_t index) {
    std::array<char, 65536> buffer{};
    const int other = lines[index ^ 1];
    const ssize_t count =
        lines[index] < 0 ? 0 : ::recv(lines[index], buffer.data(), buffer.size(), 0);
    if (count <= 0 || !write_whole(other, buffer.data(), count)) {
      for (const size_t end : {index, index ^ 1}) {
        if (lines[end] >= 0) ::close(lines[end]);
        lines[end] = -1;
      }
      return;
    }
    const bool is_up = index % 2 == 0;
    if (is_up && hub_spoke) ++turns;
    hub_spoke = !is_up;
    (is_up ? up : down) += static_cast<uint64_t>(count);
  }

  void run() {
    while (true) {
      std::vector<pollfd> polls = {{wake, POLLIN, 0}, {listener, POLLIN, 0}};
      for (const int line : lines) polls.push_back({line, POLLIN, 0});
      ::poll(polls.data(), polls.size(), -1);
      if (polls[0].revents != 0) return;
      for (size_t i = 2; i < polls.size(); ++i) {
        if (polls[i].revents != 0 && lines[i - 2] >= 0) pass(i - 2);
      }
      if (polls[1].revents != 0) {
        lines.push_back(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        lines.push_back(connect_to_loopback(target));
      }
    }
  }
};

Proxy::Proxy(int target) : parts_(std::make_unique<Parts>()) {
  parts_->target = target;
  parts_->listener = listen_on_loopback(&port_);
  parts_->wake = ::eventfd(0, EFD_CLOEXEC);
  parts_->thread = std::jthread([parts = parts_.get()] { parts->run(); });
}

Proxy::~Proxy() {
  const uint64_t one = 1;
  require(::write(parts_->wake, &one, sizeof(one)) == sizeof(one), "the proxy stops");
  parts_->thread.join();
  for (const int line : parts_->lines) {
    if (line >= 0) ::close(line);
  }
  ::close(parts_->listener);
  ::close(parts_->wake);
}

Proxy::Count Proxy::taken() {
  return {parts_->up.exchange(0), parts_->down.exchange(0), parts_->turns.exchange(0)};
}

// ---- other processes

namespace {

// `output`: where its standard output goes; -1: nowhere.
pid_t start_program(const std::vector<std::string>& arguments, int output) {
  std::vector<char*> bare;
  bare.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) bare.push_back(const_cast<char*>(argument.c_str()));
  bare.push_back(nullptr);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t child = ::vfork();
  if (child == 0) {
    ::dup2(output < 0 ? nowhere : output, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    ::execv(bare[0], bare.data());
    ::_exit(127);
  }
  ::close(nowhere);
  require(child > 0, "start a program");
  return child;
}

double status_mb(pid_t process, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) / 1024;
  }
  return 0;
}

// A device of the crowd: its chain, and its push stream.
struct CrowdDevice {
  hub::Device device;
  std::optional<SigningKey> key;
  Hash link{};
  uint64_t seq = 0;
  std::unique_ptr<v1::Hub::Stub> stub;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PushRequest, v1::PushReply>> stream;
  v1::PushRequest request;
  Stopwatch since;
};

void next_batch(CrowdDevice& device, const std::vector<Save>& saves) {
  std::vector<std::string> bytes;
  for (Changeset& changeset : to_changesets(saves, device.seq + 1, 0)) {
    changeset.device = device.device.number;
    changeset.author = device.device.user;
    bytes.push_back(take(encode_changeset(changeset), "encode"));
    device.link = chain_next(device.link, bytes.back());
    ++device.seq;
  }
  const Seal seal = make_seal(*device.key, kLedger, {device.device.number, device.seq, device.link},
                              {0, empty_root()});
  device.request.set_ledger(kLedger);
  device.request.set_frame(encode_push_frame(bytes));
  device.request.set_seen_root(std::string(hash_bytes(seal.seen.root)));
  device.request.set_signature(std::string(seal.signature.begin(), seal.signature.end()));
}

void join_crowd(CrowdDevice& device, hub::HubStore& hub, const hub::CertificateAuthority& authority,
                size_t number, const std::string& address) {
  std::string seed(32, '\0');
  seed[0] = static_cast<char>(number);
  device.key = SigningKey::from_seed(seed);
  device.device =
      take(hub.add_device(device.key->public_key(), std::nullopt, "crowd", false, {kLedger}),
           "register a device");
  device.link = chain_start(kLedger, device.device.number, device.key->public_key());
  grpc::ChannelArguments arguments = client::hub_channel_arguments();
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  client::Identity identity;
  identity.root = authority.root();
  identity.certificate =
      take(authority.certify(device.device.number, device.device.key, SystemClock().wall_ms()),
           "certify");
  device.stub = v1::Hub::NewStub(grpc::CreateCustomChannel(
      address, client::hub_credentials(identity, *device.key), arguments));
  device.stream = device.stub->Push(&device.context);
}

}  // namespace

ProcessUse run_program(const std::vector<std::string>& arguments) {
  // A child's peak memory begins with its parent's, so a small process of ours runs the program.
  std::vector<std::string> helper = {fs::read_symlink("/proc/self/exe").string(), "--run"};
  helper.insert(helper.end(), arguments.begin(), arguments.end());
  std::array<int, 2> pipe{};
  require(::pipe2(pipe.data(), O_CLOEXEC) == 0, "a pipe");
  const pid_t child = start_program(helper, pipe[1]);
  ::close(pipe[1]);
  ProcessUse use;
  require(::read(pipe[0], &use, sizeof(use)) == sizeof(use), arguments.front().c_str());
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);
  return use;
}

int run_and_report(const std::vector<std::string>& arguments) {
  const Stopwatch watch;
  const pid_t child = start_program(arguments, -1);
  int status = 0;
  rusage children{};
  ::wait4(child, &status, 0, &children);
  const ProcessUse use{watch.ms(), static_cast<double>(children.ru_maxrss) / 1024};
  const bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return is_good && ::write(STDOUT_FILENO, &use, sizeof(use)) == sizeof(use) ? 0 : 1;
}

CrowdUse push_as_crowd(const std::string& program, const std::string& folder, size_t devices,
                       size_t rounds, size_t records) {
  std::array<int, 2> pipe{};
  require(::pipe2(pipe.data(), O_CLOEXEC) == 0, "a pipe");
  const pid_t child =
      start_program({program, "--folder", folder, "serve", "--listen", "127.0.0.1:0"}, pipe[1]);
  ::close(pipe[1]);
  std::array<char, 256> line{};
  require(::read(pipe[0], line.data(), line.size() - 1) > 0, "the hub says where it listens");
  std::string address(line.data());
  const std::string before = "listening on ";
  require(address.starts_with(before), "the hub says where it listens");
  address = address.substr(before.size(), address.find(';') - before.size());

  const auto hub = open_hub(folder);
  std::vector<CrowdDevice> crowd(devices);
  const auto authority = take(hub::CertificateAuthority::open(folder), "certificates");
  for (size_t i = 0; i < devices; ++i) join_crowd(crowd[i], *hub, authority, i + 1, address);
  CrowdUse use;
  std::vector<double> replies;
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < devices; ++i) {
      next_batch(crowd[i], random_saves(records, 10, 1000 * round + i));
    }
    const Stopwatch watch;
    for (CrowdDevice& device : crowd) {
      device.since = Stopwatch();
      require(device.stream->Write(device.request), "push");
    }
    for (CrowdDevice& device : crowd) {
      v1::PushReply reply;
      require(device.stream->Read(&reply) && !reply.has_turned_away(), "a push is answered");
      replies.push_back(device.since.ms());
      use.edits += 10 * kEditsOfSave;
    }
    use.seconds += watch.ms() / 1000;
  }
  for (CrowdDevice& device : crowd) {
    device.stream->WritesDone();
    require(device.stream->Finish().ok(), "a push ends");
  }
  use.peak_mb = status_mb(child, "VmHWM");
  use.reply_p50_ms = quantile(replies, 0.5);
  use.reply_p99_ms = quantile(replies, 0.99);
  ::kill(child, SIGTERM);
  ::waitpid(child, nullptr, 0);
  ::close(pipe[0]);
  return use;
}

}  // namespace daftar::bench
