// The real client and the real server over loopback, through a line that is cut after every number
// of bytes: whatever got through, the next session goes on, and all work is entered once.
#include <grpcpp/channel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <thread>

#include "client/grpc_transport.h"
#include "client/sync_runner.h"
#include "common/register/kinds.h"
#include "hub/server.h"
#include "tests/integration/sync_world.h"

namespace daftar {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Passes bytes on in both directions until `budget` of them have passed; then every connection is
// closed, and new ones are closed as they come.
class CutProxy {
 public:
  CutProxy(int hub_port, uint64_t budget)
      : hub_(asio::ip::address_v4::loopback(), static_cast<uint16_t>(hub_port)),
        acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        left_(budget) {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~CutProxy() {
    context_.stop();
    thread_.join();
  }
  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  [[nodiscard]] uint64_t passed() const { return passed_; }

 private:
  struct Pair : std::enable_shared_from_this<Pair> {
    Pair(tcp::socket from_client, asio::io_context& context)
        : client(std::move(from_client)), hub(context) {}
    tcp::socket client;
    tcp::socket hub;
    std::array<char, 4096> up{};
    std::array<char, 4096> down{};
    void close() {
      boost::system::error_code ignored;
      client.close(ignored);
      hub.close(ignored);
    }
  };

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      if (left_ > 0) join(std::move(socket));
      accept();
    });
  }
  void join(tcp::socket socket) {
    auto pair = std::make_shared<Pair>(std::move(socket), context_);
    boost::system::error_code error;
    pair->hub.connect(hub_, error);
    if (error) return;
    pair->client.set_option(tcp::no_delay(true));
    pair->hub.set_option(tcp::no_delay(true));
    pairs_.push_back(pair);
    carry(pair, pair->client, pair->hub, pair->up);
    carry(pair, pair->hub, pair->client, pair->down);
  }
  void carry(const std::shared_ptr<Pair>& pair, tcp::socket& from, tcp::socket& to,
             std::array<char, 4096>& buffer) {
    from.async_read_some(
        asio::buffer(buffer),
        [this, pair, &from, &to, &buffer](const boost::system::error_code& error, size_t size) {
          if (error) return pair->close();
          const size_t passing = static_cast<size_t>(std::min<uint64_t>(size, left_));
          left_ -= passing;
          passed_ += passing;
          boost::system::error_code write_error;
          asio::write(to, asio::buffer(buffer, passing), write_error);
          if (write_error || left_ == 0) {
            for (const auto& one : pairs_) one->close();
            return;
          }
          carry(pair, from, to, buffer);
        });
  }

  asio::io_context context_;
  tcp::endpoint hub_;
  tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<Pair>> pairs_;
  uint64_t left_;
  std::atomic<uint64_t> passed_ = 0;
  std::thread thread_;
};

// One device makes more calls here in a second than offices in a night.
constexpr hub::CallLimits kAnyNumberOfCalls{1'000, {1e9, 1e9}, {1e12, 1e12}};

// The hub as daftar-hub runs it, but for that.
class ServedHub {
 public:
  explicit ServedHub(SyncWorld& world)
      : writer_(store(world), clock_,
                [](const Changeset&, uint64_t) { return std::optional<RefusalReason>(); }),
        service_(store(world), need(world.hub.store().identity()), writer_),
        authority_(need(hub::CertificateAuthority::open(world.folder / "hub"))),
        server_(
            service_, authority_, clock_, [](const Status&) {}, kAnyNumberOfCalls),
        port_(need(server_.start("127.0.0.1:0"))),
        writing_([this](const std::stop_token& stop) { writer_.run(stop); }) {}
  ~ServedHub() { server_.stop(); }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  static std::unique_ptr<hub::HubStore> store(SyncWorld& world) {
    return need(hub::HubStore::open(world.folder / "hub", Database::Access::read_write));
  }
  SystemClock clock_;
  hub::Writer writer_;
  hub::Service service_;
  hub::CertificateAuthority authority_;
  hub::Server server_;
  int port_;
  std::jthread writing_;
};

// Gives a device what enrolment would have given it.
void certify(SyncWorld& world, TestDevice& device) {
  const std::string folder = world.folder / "hub";
  SystemClock clock;
  const auto authority = need(hub::CertificateAuthority::open(folder));
  client::Identity identity = need(device.store().identity());
  const PublicKey key = need(device.store().key()).public_key();
  identity.root = authority.root();
  identity.certificate = need(authority.certify(identity.device, key, clock.wall_ms()));
  need(device.store().set_identity(identity));
}

std::shared_ptr<grpc::Channel> connect(TestDevice& device, const std::string& address) {
  client::Identity identity = need(device.store().identity());
  identity.hub_address = address;
  return client::connect_hub(identity, need(device.store().key()));
}

client::SyncReport sync_over(TestDevice& device, const std::shared_ptr<grpc::Channel>& channel) {
  asio::io_context context;
  SystemClock clock;
  return client::run_sync(
      device.store(), context, channel, clock, [](const client::SyncReport&) {},
      [](const std::function<void()>&) {});
}

constexpr uint64_t kMostSessionBytes = 20'000;
const RecordKey kRoads = indicator_key(1, 1);

void save_small(TestDevice& device, uint64_t number) {
  device.save(kRoads, field::indicator_name_en, "cut " + std::to_string(number));
}

// Cases share the bytes, so that they run side by side: a session is two TLS handshakes here.
constexpr uint64_t kCases = 4;
class ByteCutTest : public testing::TestWithParam<uint64_t> {};

TEST_P(ByteCutTest, CutAfterEveryByteTheNextSessionGoesOn) {
  SyncWorld world;
  TestDevice& writer = world.add_device();
  TestDevice& reader = world.add_device();
  need(hub::CertificateAuthority::create(world.folder / "hub", SystemClock().wall_ms()));
  certify(world, writer);
  certify(world, reader);
  ServedHub served(world);
  const auto whole_line = connect(writer, served.address());

  // A session in full, to know its size; with numbers as long as they will get.
  save_small(writer, 1'000);
  need(sync_over(writer, whole_line).status);
  uint64_t size = 0;
  {
    CutProxy whole(served.port(), UINT64_MAX);
    save_small(writer, 10'000);
    need(sync_over(writer, connect(writer, whole.address())).status);
    size = whole.passed();
  }
  ASSERT_GT(size, 500U);
  ASSERT_LE(size, kMostSessionBytes);

  uint64_t uncut = 0;
  uint64_t cut = 0;
  for (uint64_t bytes = GetParam(); bytes <= size; bytes += kCases) {
    SCOPED_TRACE("cut after " + std::to_string(bytes) + " bytes");
    save_small(writer, bytes);
    CutProxy proxy(served.port(), bytes);
    const client::SyncReport first = sync_over(writer, connect(writer, proxy.address()));
    ++(first.status.ok() ? uncut : cut);
    if (!first.status.ok()) {
      ASSERT_EQ(first.status.code(), Code::unavailable) << first.status.text();
    }
    ASSERT_LE(proxy.passed(), bytes);
    // Cut in the middle of everything, work may or may not have got there; nothing is guessed.
    const client::SyncReport second = sync_over(writer, whole_line);
    ASSERT_TRUE(second.status.ok()) << second.status.text();
    const client::LedgerInfo info = writer.info();
    ASSERT_EQ(info.waiting, 0U);
    ASSERT_EQ(info.entered, 0U);
  }
  RecordProperty("session_bytes", static_cast<int>(size));
  EXPECT_GT(cut, size / kCases / 2);
  EXPECT_LT(uncut, size / kCases / 2);

  need(sync_over(reader, connect(reader, served.address())).status);
  world.expect_all_entered_once();
  world.expect_settled();
  EXPECT_EQ(reader.reads(kRoads, field::indicator_name_en),
            "cut " + std::to_string(size - (size - GetParam()) % kCases));
  EXPECT_FALSE(reader.is_contended(kRoads));
}

INSTANTIATE_TEST_SUITE_P(Bytes, ByteCutTest, testing::Range<uint64_t>(0, kCases));

}  // namespace
}  // namespace daftar
