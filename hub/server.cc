#include "hub/server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>

#include <charconv>
#include <chrono>
#include <utility>

#include "common/base/limits.h"
#include "common/rpc/grpc_status.h"
#include "daftar/v1/hub.grpc.pb.h"

namespace daftar::hub {
namespace {

// How long calls may go on after stop() before they are cut; a push is a second at most.
constexpr auto kStopGrace = std::chrono::seconds(5);
// Devices ping an idle connection no more often than this.
constexpr int kMinPingIntervalMs = 20'000;
constexpr int kStreamsOfConnection = 8;

// gRPC would take 99999 modulo 65536, and no port as 443.
bool has_port(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view port = address.substr(colon + 1);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number <= 65'535;
}

bool is_loopback(std::string_view address) {
  const std::string_view host = address.substr(0, address.rfind(':'));
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

// A failure of the hub's own disk: no device can help it, and its message names the hub's files.
bool is_of_the_disk(const Status& status) {
  if (status.code() == Code::io || status.code() == Code::internal) return true;
  const Msg message = status.message();
  return message == Msg::database_busy || message == Msg::database_corrupt ||
         message == Msg::record_state_bad || message == Msg::right_edge_bad;
}

// What the device is told; the hub's operator reads the rest in the log.
grpc::Status answer(const Status& status, const Server::OnFailure& on_failure) {
  if (status.ok() || !is_of_the_disk(status)) return to_grpc(status);
  on_failure(status);
  return to_grpc({Code::unavailable, Msg::hub_failed});
}

class HeadsCall : public grpc::ServerUnaryReactor {
 public:
  explicit HeadsCall(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

class PushCall : public grpc::ServerBidiReactor<v1::PushRequest, v1::PushReply> {
 public:
  PushCall(Service& service, const Server::OnFailure& on_failure, Result<Device> device)
      : service_(service), on_failure_(on_failure), device_(std::move(device)) {
    if (!device_.ok()) {
      Finish(answer(device_.status(), on_failure_));
    } else {
      StartRead(&request_);
    }
  }

  void OnReadDone(bool has_request) override {
    if (!has_request) return Finish(grpc::Status::OK);
    // Its answer comes from the writer's thread; until then this call has nothing outstanding and
    // cannot end.
    service_.push(*device_, request_, [this](Result<v1::PushReply> reply) {
      if (!reply.ok()) return Finish(answer(reply.status(), on_failure_));
      reply_ = *std::move(reply);
      StartWrite(&reply_);
    });
  }

  void OnWriteDone(bool is_written) override {
    if (!is_written) return Finish(grpc::Status::CANCELLED);
    StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  Service& service_;
  const Server::OnFailure& on_failure_;
  Result<Device> device_;
  v1::PushRequest request_;
  v1::PushReply reply_;
};

class PullCall : public grpc::ServerWriteReactor<v1::PullReply> {
 public:
  PullCall(Service& service, const Server::OnFailure& on_failure, Result<Device> device,
           const v1::PullRequest& request)
      : service_(service),
        on_failure_(on_failure),
        device_(std::move(device)),
        cursor_(service.pull(request)) {
    if (!device_.ok()) {
      Finish(answer(device_.status(), on_failure_));
    } else {
      write_next();
    }
  }

  void OnWriteDone(bool is_written) override {
    if (!is_written) return Finish(grpc::Status::CANCELLED);
    write_next();
  }

  void OnDone() override { delete this; }

 private:
  void write_next() {
    Result<std::optional<v1::PullReply>> next = service_.next(*device_, cursor_);
    if (!next.ok()) return Finish(answer(next.status(), on_failure_));
    if (!*next) return Finish(grpc::Status::OK);
    reply_ = **std::move(next);
    StartWrite(&reply_);
  }

  Service& service_;
  const Server::OnFailure& on_failure_;
  Result<Device> device_;
  PullCursor cursor_;
  v1::PullReply reply_;
};

class RecoverCall : public grpc::ServerReadReactor<v1::RecoverRequest> {
 public:
  RecoverCall(Service& service, const Server::OnFailure& on_failure, Result<Device> device,
              v1::RecoverReply* reply)
      : service_(service), on_failure_(on_failure), device_(std::move(device)), reply_(reply) {
    if (!device_.ok()) {
      Finish(answer(device_.status(), on_failure_));
    } else {
      StartRead(&request_);
    }
  }

  void OnReadDone(bool has_request) override {
    if (!has_request) return Finish(grpc::Status::OK);
    service_.recover(*device_, request_, [this](Result<uint64_t> recovered) {
      if (!recovered.ok()) return Finish(answer(recovered.status(), on_failure_));
      reply_->set_recovered(reply_->recovered() + *recovered);
      StartRead(&request_);
    });
  }

  void OnDone() override { delete this; }

 private:
  Service& service_;
  const Server::OnFailure& on_failure_;
  Result<Device> device_;
  v1::RecoverRequest request_;
  v1::RecoverReply* reply_;
};

class RpcService : public v1::Hub::CallbackService {
 public:
  RpcService(hub::Service& service, Identity& identity, Server::OnFailure on_failure)
      : service_(service), identity_(identity), on_failure_(std::move(on_failure)) {}

  grpc::ServerUnaryReactor* Heads(grpc::CallbackServerContext* context,
                                  const v1::HeadsRequest* request, v1::HeadsReply* reply) override {
    const Result<Device> device = caller(*context);
    if (!device.ok()) return new HeadsCall(answer(device.status(), on_failure_));
    Result<v1::HeadsReply> made = service_.heads(*device, *request);
    if (!made.ok()) return new HeadsCall(answer(made.status(), on_failure_));
    *reply = *std::move(made);
    return new HeadsCall(grpc::Status::OK);
  }

  grpc::ServerBidiReactor<v1::PushRequest, v1::PushReply>* Push(
      grpc::CallbackServerContext* context) override {
    return new PushCall(service_, on_failure_, caller(*context));
  }

  grpc::ServerWriteReactor<v1::PullReply>* Pull(grpc::CallbackServerContext* context,
                                                const v1::PullRequest* request) override {
    return new PullCall(service_, on_failure_, caller(*context), *request);
  }

  grpc::ServerReadReactor<v1::RecoverRequest>* Recover(grpc::CallbackServerContext* context,
                                                       v1::RecoverReply* reply) override {
    return new RecoverCall(service_, on_failure_, caller(*context), reply);
  }

 private:
  Result<Device> caller(const grpc::CallbackServerContext& context) {
    DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber number, identity_.device_of(context));
    Result<Device> device = service_.authenticate(number);
    if (!device.ok() && !is_of_the_disk(device.status())) on_failure_(device.status());
    return device;
  }

  hub::Service& service_;  // not the generated base of the same name
  Identity& identity_;
  Server::OnFailure on_failure_;
};

// gRPC 1.51 inflates a message before it checks its size, so nothing compressed is taken at all.
void refuse_compression(grpc::ServerBuilder& builder) {
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_NONE);
}

}  // namespace

Result<DeviceNumber> LoopbackIdentity::device_of(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(kDeviceMetadata);
  DeviceNumber number = 0;
  if (found != metadata.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  }
  if (number == 0) return Status(Code::refused, Msg::identity_missing);
  return number;
}

struct Server::Parts {
  Parts(Service& service, Identity& identity, OnFailure on_failure)
      : rpc(service, identity, std::move(on_failure)) {}
  RpcService rpc;
  std::unique_ptr<grpc::Server> server;
};

Server::Server(Service& service, Identity& identity, OnFailure on_failure)
    : parts_(std::make_unique<Parts>(service, identity, std::move(on_failure))) {}

Server::~Server() { stop(); }

Result<int> Server::start(const std::string& address) {
  gpr_set_log_function([](gpr_log_func_args*) {});  // what fails is said by a message of ours
  if (!is_loopback(address)) return Status(Code::invalid, Msg::hub_not_loopback, {address});
  if (!has_port(address)) return Status(Code::invalid, Msg::hub_listen_bad, {address});
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&parts_->rpc);
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits::kMessageWireBytes));
  builder.SetMaxSendMessageSize(static_cast<int>(limits::kMessageWireBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsOfConnection);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  // A second hub on a port in use must fail, not share it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  refuse_compression(builder);
  parts_->server = builder.BuildAndStart();
  if (parts_->server == nullptr || port == 0) {
    return Status(Code::unavailable, Msg::hub_port_taken, {address});
  }
  return port;
}

void Server::stop() {
  if (parts_->server == nullptr) return;
  parts_->server->Shutdown(std::chrono::system_clock::now() + kStopGrace);
  parts_->server->Wait();
  parts_->server.reset();
}

}  // namespace daftar::hub
