#include "hub/server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "common/base/limits.h"
#include "common/net/address.h"
#include "common/rpc/grpc_status.h"
#include "daftar/v1/hub.grpc.pb.h"
#include "hub/call_gate.h"

namespace daftar::hub {
namespace {

// How long calls may go on after stop() before they are cut; a push is a second at most.
constexpr auto kStopGrace = std::chrono::seconds(5);
// Devices ping an idle connection no more often than this.
constexpr int kMinPingIntervalMs = 20'000;
constexpr int kStreamsOfConnection = 8;
// A handshake takes a second over a slow line. Whoever connects and says nothing is cut.
constexpr int kHandshakeMs = 10'000;
constexpr int kIdleConnectionMs = 5 * 60'000;
// A peer whose power failed says no good-bye.
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveAnswerMs = 20'000;
// In which a proxy hands on the caller's certificate and those above it: DER in base64.
constexpr char kLeafHeader[] = "x-daftar-certificate";
constexpr char kChainHeader[] = "x-daftar-chain";
constexpr auto kBetweenSweeps = std::chrono::seconds(5);
// How soon a renewed certificate of the hub's own is in use.
constexpr unsigned kReadCertificateAgainS = 5;

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

// Who calls, what its certificate says, and its place among the calls.
struct Caller {
  Device device;
  CertificateTerms shown;
  std::unique_ptr<CallGate::Call> call;
};

// Before each further message of a stream: it is counted, and the device asked about again.
Status go_on(Service& service, Caller& caller, size_t bytes) {
  DAFTAR_RETURN_IF_ERROR(caller.call->moved(bytes));
  DAFTAR_ASSIGN_OR_RETURN(caller.device, service.authenticate(caller.shown));
  return {};
}

class HeadsCall : public grpc::ServerUnaryReactor {
 public:
  HeadsCall(const grpc::Status& status, std::unique_ptr<CallGate::Call> call)
      : call_(std::move(call)) {
    Finish(status);
  }
  void OnDone() override { delete this; }

 private:
  std::unique_ptr<CallGate::Call> call_;  ///< has its place until the reply is gone
};

class PushCall : public grpc::ServerBidiReactor<v1::PushRequest, v1::PushReply> {
 public:
  PushCall(Service& service, const Server::OnFailure& on_failure, Result<Caller> caller)
      : service_(service), on_failure_(on_failure), caller_(std::move(caller)) {
    if (!caller_.ok()) {
      Finish(answer(caller_.status(), on_failure_));
    } else {
      StartRead(&request_);
    }
  }

  void OnReadDone(bool has_request) override {
    if (!has_request) return Finish(grpc::Status::OK);
    const Status goes_on = go_on(service_, *caller_, request_.ByteSizeLong());
    if (!goes_on.ok()) return Finish(answer(goes_on, on_failure_));
    // Its answer comes from the writer's thread; until then this call has nothing outstanding and
    // cannot end.
    service_.push(caller_->device, request_, [this](Result<v1::PushReply> reply) {
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
  Result<Caller> caller_;
  v1::PushRequest request_;
  v1::PushReply reply_;
};

class PullCall : public grpc::ServerWriteReactor<v1::PullReply> {
 public:
  PullCall(Service& service, const Server::OnFailure& on_failure, Result<Caller> caller,
           const v1::PullRequest& request)
      : service_(service),
        on_failure_(on_failure),
        caller_(std::move(caller)),
        cursor_(service.pull(request)) {
    if (!caller_.ok()) {
      Finish(answer(caller_.status(), on_failure_));
    } else {
      write_next();
    }
  }

  void OnWriteDone(bool is_written) override {
    if (!is_written) return Finish(grpc::Status::CANCELLED);
    const Status goes_on = go_on(service_, *caller_, reply_.ByteSizeLong());
    if (!goes_on.ok()) return Finish(answer(goes_on, on_failure_));
    write_next();
  }

  void OnDone() override { delete this; }

 private:
  void write_next() {
    Result<std::optional<v1::PullReply>> next = service_.next(caller_->device, cursor_);
    if (!next.ok()) return Finish(answer(next.status(), on_failure_));
    if (!*next) return Finish(grpc::Status::OK);
    reply_ = **std::move(next);
    StartWrite(&reply_);
  }

  Service& service_;
  const Server::OnFailure& on_failure_;
  Result<Caller> caller_;
  PullCursor cursor_;
  v1::PullReply reply_;
};

class RecoverCall : public grpc::ServerReadReactor<v1::RecoverRequest> {
 public:
  RecoverCall(Service& service, const Server::OnFailure& on_failure, Result<Caller> caller,
              v1::RecoverReply* reply)
      : service_(service), on_failure_(on_failure), caller_(std::move(caller)), reply_(reply) {
    if (!caller_.ok()) {
      Finish(answer(caller_.status(), on_failure_));
    } else {
      StartRead(&request_);
    }
  }

  void OnReadDone(bool has_request) override {
    if (!has_request) return Finish(grpc::Status::OK);
    const Status goes_on = go_on(service_, *caller_, request_.ByteSizeLong());
    if (!goes_on.ok()) return Finish(answer(goes_on, on_failure_));
    service_.recover(caller_->device, request_, [this](Result<uint64_t> recovered) {
      if (!recovered.ok()) return Finish(answer(recovered.status(), on_failure_));
      reply_->set_recovered(reply_->recovered() + *recovered);
      StartRead(&request_);
    });
  }

  void OnDone() override { delete this; }

 private:
  Service& service_;
  const Server::OnFailure& on_failure_;
  Result<Caller> caller_;
  v1::RecoverRequest request_;
  v1::RecoverReply* reply_;
};

class RpcService : public v1::Hub::CallbackService {
 public:
  RpcService(hub::Service& service, const CertificateAuthority& authority, Clock& clock,
             Server::OnFailure on_failure, const CallLimits& limits)
      : service_(service),
        authority_(authority),
        clock_(clock),
        on_failure_(std::move(on_failure)),
        gate_(clock, limits) {}

  size_t end_silent_calls() { return gate_.end_silent_calls(); }

  grpc::ServerUnaryReactor* Heads(grpc::CallbackServerContext* context,
                                  const v1::HeadsRequest* request, v1::HeadsReply* reply) override {
    std::unique_ptr<CallGate::Call> call;
    const Status done = heads(*context, *request, *reply, call);
    return new HeadsCall(answer(done, on_failure_), std::move(call));
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
  Status heads(grpc::CallbackServerContext& context, const v1::HeadsRequest& request,
               v1::HeadsReply& reply, std::unique_ptr<CallGate::Call>& call) {
    DAFTAR_ASSIGN_OR_RETURN(Caller from, caller(context));
    call = std::move(from.call);
    DAFTAR_RETURN_IF_ERROR(call->moved(request.ByteSizeLong()));
    const Device& device = from.device;
    DAFTAR_ASSIGN_OR_RETURN(reply, service_.heads(device, request));
    DAFTAR_ASSIGN_OR_RETURN(*reply.mutable_certificate(),
                            authority_.renew(from.shown, clock_.wall_ms()));
    return {};
  }

  // gRPC has held it against the root; what it says is read here.
  Result<CertificateTerms> certificate_of(const grpc::CallbackServerContext& context) const {
    const Status nobody(Code::refused, Msg::identity_missing);
    const auto found = context.auth_context()->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    if (found.size() != 1) return nobody;
    Result<CertificateTerms> shown = read_certificate({found.front().data(), found.front().size()});
    if (shown.ok() && shown->use == CertificateUse::proxy) return handed_on(context);
    if (context.client_metadata().contains(kLeafHeader)) return nobody;
    if (!shown.ok() || shown->use != CertificateUse::device) return nobody;
    return shown;
  }

  // What the proxy says that its caller has shown, checked again. Two headers of one name: the
  // proxy has left in what its caller wrote.
  Result<CertificateTerms> handed_on(const grpc::CallbackServerContext& context) const {
    const Status wrong(Code::refused, Msg::proxy_headers_wrong);
    std::string der;
    for (const char* const name : {kLeafHeader, kChainHeader}) {
      const auto header = context.client_metadata().find(name);
      if (context.client_metadata().count(name) != 1) return wrong;
      const Result<std::string> part = from_base64({header->second.data(), header->second.size()});
      if (!part.ok()) return wrong;
      der += *part;
    }
    const Result<std::string> pem = pem_of_der(der);
    if (!pem.ok()) return wrong;
    const std::string& chain = *pem;
    DAFTAR_RETURN_IF_ERROR(
        verify_certificates(chain, authority_.root(), CertificateUse::device, clock_.wall_ms()));
    DAFTAR_ASSIGN_OR_RETURN(const CertificateTerms terms, read_certificate(chain));
    if (terms.use != CertificateUse::device) return Status(Code::refused, Msg::identity_missing);
    return terms;
  }

  Result<Caller> caller(grpc::CallbackServerContext& context) {
    Result<Caller> who = authenticate(context);
    if (!who.ok() && !is_of_the_disk(who.status())) on_failure_(who.status());
    return who;
  }
  Result<Caller> authenticate(grpc::CallbackServerContext& context) {
    DAFTAR_ASSIGN_OR_RETURN(const CertificateTerms shown, certificate_of(context));
    DAFTAR_ASSIGN_OR_RETURN(Device device, service_.authenticate(shown));
    DAFTAR_ASSIGN_OR_RETURN(auto call,
                            gate_.enter(shown.device, [&context] { context.TryCancel(); }));
    return Caller{std::move(device), shown, std::move(call)};
  }

  hub::Service& service_;  // not the generated base of the same name
  const CertificateAuthority& authority_;
  Clock& clock_;
  Server::OnFailure on_failure_;
  CallGate gate_;
};

// gRPC 1.51 inflates a message before it checks its size, so nothing compressed is taken at all.
void refuse_compression(grpc::ServerBuilder& builder) {
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_NONE);
}

std::shared_ptr<grpc::ServerCredentials> mutual_tls(const CertificateAuthority& authority) {
  // gRPC 1.51 cannot be told to leave TLS 1.2 out. Of these names TLS 1.2 knows the last alone, and
  // that one needs an RSA key, which no hub has.
  ::setenv("GRPC_SSL_CIPHER_SUITES",
           "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
           "ECDHE-RSA-AES256-GCM-SHA384",
           1);
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          authority.key_path(), authority.chain_path(), authority.root_path(),
          kReadCertificateAgainS));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace

struct Server::Parts {
  Parts(Service& service, const CertificateAuthority& of, Clock& clock, OnFailure on_failure,
        const CallLimits& limits)
      : authority(of), rpc(service, of, clock, std::move(on_failure), limits) {}
  const CertificateAuthority& authority;
  void sweep(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      rpc.end_silent_calls();
      wake.wait_for(lock, stop, kBetweenSweeps, [] { return false; });
    }
  }

  RpcService rpc;
  std::unique_ptr<grpc::Server> server;
  std::mutex mutex;
  std::condition_variable_any wake;
  std::jthread sweeper;
};

Server::Server(Service& service, const CertificateAuthority& authority, Clock& clock,
               OnFailure on_failure, const CallLimits& limits)
    : parts_(std::make_unique<Parts>(service, authority, clock, std::move(on_failure), limits)) {}

Server::~Server() { stop(); }

Result<int> Server::start(const std::string& address) {
  gpr_set_log_function([](gpr_log_func_args*) {});  // what fails is said by a message of ours
  // gRPC would take 99999 modulo 65536, and no port as 443.
  if (!is_address(address)) return Status(Code::invalid, Msg::hub_listen_bad, {address});
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, mutual_tls(parts_->authority), &port);
  builder.RegisterService(&parts_->rpc);
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits::kMessageWireBytes));
  builder.SetMaxSendMessageSize(static_cast<int>(limits::kMessageWireBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsOfConnection);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleConnectionMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveAnswerMs);
  // A second hub on a port in use must fail, not share it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  refuse_compression(builder);
  parts_->server = builder.BuildAndStart();
  if (parts_->server == nullptr || port == 0) {
    return Status(Code::unavailable, Msg::hub_port_taken, {address});
  }
  parts_->sweeper =
      std::jthread([parts = parts_.get()](const std::stop_token& stop) { parts->sweep(stop); });
  return port;
}

void Server::stop() {
  if (parts_->server == nullptr) return;
  parts_->server->Shutdown(std::chrono::system_clock::now() + kStopGrace);
  parts_->server->Wait();
  parts_->server.reset();
  parts_->sweeper = {};
}

}  // namespace daftar::hub
