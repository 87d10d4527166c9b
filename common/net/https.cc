#include "common/net/https.h"

#include <openssl/pem.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <filesystem>
#include <optional>
#include <utility>

#include "common/net/address.h"

namespace daftar {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Stream = beast::ssl_stream<beast::tcp_stream>;
using Error = boost::system::error_code;

constexpr size_t kMostAnswerBytes = 64 * 1024;
// Until connections are taken again after the system had no room for one.
constexpr auto kAcceptPause = std::chrono::milliseconds(200);

void allow_tls13_alone(asio::ssl::context& context) {
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_3_VERSION);
}

std::string peer_chain(SSL* connection) {
  std::string pem;
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(connection);
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    if (bio == nullptr || PEM_write_bio_X509(bio.get(), sk_X509_value(chain, i)) != 1) return "";
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    pem.append(data, static_cast<size_t>(size));
  }
  return pem;
}

// One POST: each step starts the next, and the deadline stands over all of them.
class Post {
 public:
  Post(const std::string& address, const std::string& target, const std::string& body,
       const std::function<Status(const std::string&)>& check)
      : address_(address), check_(check), stream_(context_, tls()), resolver_(context_) {
    request_.method(http::verb::post);
    request_.target(target);
    request_.set(http::field::host, address);
    request_.set(http::field::content_type, "application/json");
    request_.keep_alive(false);
    request_.body() = body;
    request_.prepare_payload();
    parser_.body_limit(kMostAnswerBytes);
  }

  Result<HttpAnswer> run(std::chrono::milliseconds deadline) {
    const auto [host, port] = host_and_port(address_);
    beast::get_lowest_layer(stream_).expires_after(deadline);
    resolver_.async_resolve(host, port, [this](Error error, const auto& found) {
      if (fails(error)) return;
      beast::get_lowest_layer(stream_).async_connect(
          found, [this](Error failed, const tcp::endpoint&) { connected(failed); });
    });
    context_.run_for(deadline);
    if (!result_) return unreachable();
    return *std::move(result_);
  }

 private:
  // The server's certificates are judged by `check`, before the first byte of the request.
  asio::ssl::context& tls() {
    allow_tls13_alone(tls_);
    tls_.set_verify_mode(asio::ssl::verify_none);
    return tls_;
  }
  Status unreachable() const { return {Code::unavailable, Msg::hub_unreachable, {address_}}; }
  bool fails(Error error) {
    if (error) result_ = unreachable();
    return static_cast<bool>(error);
  }

  void connected(Error error) {
    if (fails(error)) return;
    stream_.async_handshake(asio::ssl::stream_base::client, [this](Error failed) {
      if (fails(failed)) return;
      Status checked = check_(peer_chain(stream_.native_handle()));
      if (!checked.ok()) {
        result_ = std::move(checked);
        return;
      }
      http::async_write(stream_, request_, [this](Error broken, size_t) {
        if (!fails(broken)) read();
      });
    });
  }
  void read() {
    http::async_read(stream_, buffer_, parser_, [this](Error error, size_t) {
      // What is whole is whole, however the line ended.
      if (error && !parser_.is_done() && fails(error)) return;
      result_ = HttpAnswer{parser_.get().result_int(), std::move(parser_.get().body())};
    });
  }

  asio::io_context context_;
  std::string address_;
  const std::function<Status(const std::string&)>& check_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  Stream stream_;
  tcp::resolver resolver_;
  http::request<http::string_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_;
  std::optional<Result<HttpAnswer>> result_;
};

}  // namespace

Result<HttpAnswer> https_post(const std::string& address, const std::string& target,
                              const std::string& body,
                              const std::function<Status(const std::string& chain_pem)>& check,
                              std::chrono::milliseconds deadline) {
  return Post(address, target, body, check).run(deadline);
}

// ---- the server

struct HttpsServer::Parts : std::enable_shared_from_this<Parts> {
  Parts(asio::io_context& io, Files of, HttpsLimits most, Handler on_request)
      : context(io),
        files(std::move(of)),
        limits(most),
        handler(std::move(on_request)),
        acceptor(io),
        pause(io) {}

  struct Connection;

  // The context of the files as they are now; null if they cannot be read.
  std::shared_ptr<asio::ssl::context> tls_now();
  Result<int> listen(const std::string& address);
  void accept();
  void accept_later();

  asio::io_context& context;
  Files files;
  HttpsLimits limits;
  Handler handler;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  size_t connections = 0;
  std::shared_ptr<asio::ssl::context> tls;
  std::filesystem::file_time_type changed;
};

// Lives as long as one of its steps is outstanding.
struct HttpsServer::Parts::Connection : std::enable_shared_from_this<Connection> {
  Connection(std::shared_ptr<Parts> of, tcp::socket socket, std::shared_ptr<asio::ssl::context> by)
      : parts(std::move(of)), tls(std::move(by)), stream(std::move(socket), *tls) {
    ++parts->connections;
    parser.body_limit(parts->limits.body_bytes);
  }
  ~Connection() { --parts->connections; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void begin() {
    wait_no_longer();
    stream.async_handshake(asio::ssl::stream_base::server,
                           [self = shared_from_this()](Error error) {
                             if (!error) self->read();
                           });
  }
  void read() {
    wait_no_longer();
    http::async_read(stream, buffer, parser, [self = shared_from_this()](Error error, size_t) {
      if (!error) self->answer();
    });
  }
  void answer() {
    const auto& request = parser.get();
    const HttpAnswer made = parts->handler(
        {std::string(request.method_string()), std::string(request.target()), request.body()});
    response.result(made.status);
    response.set(http::field::content_type, "application/json");
    response.keep_alive(false);
    response.body() = made.body;
    response.prepare_payload();
    wait_no_longer();
    http::async_write(stream, response, [self = shared_from_this()](Error error, size_t) {
      if (!error) self->end();
    });
  }
  void end() {
    wait_no_longer();
    stream.async_shutdown([self = shared_from_this()](Error) {});
  }
  void wait_no_longer() { beast::get_lowest_layer(stream).expires_after(parts->limits.wait); }

  std::shared_ptr<Parts> parts;
  std::shared_ptr<asio::ssl::context> tls;
  Stream stream;
  beast::flat_buffer buffer;
  http::request_parser<http::string_body> parser;
  http::response<http::string_body> response;
};

std::shared_ptr<asio::ssl::context> HttpsServer::Parts::tls_now() {
  Error error;
  std::error_code no_file;
  const auto now = std::filesystem::last_write_time(files.certificates, no_file);
  if (no_file || (tls != nullptr && now == changed)) return tls;
  const auto fresh = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  allow_tls13_alone(*fresh);
  fresh->use_certificate_chain_file(files.certificates, error);
  if (!error) fresh->use_private_key_file(files.key, asio::ssl::context::pem, error);
  if (error) return tls;
  tls = fresh;
  changed = now;
  return tls;
}

Result<int> HttpsServer::Parts::listen(const std::string& address) {
  if (!is_address(address)) return Status(Code::invalid, Msg::hub_listen_bad, {address});
  if (tls_now() == nullptr)
    return Status(Code::io, Msg::certificate_unreadable, {files.certificates});
  const auto [host, port] = host_and_port(address);
  Error error;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(host, port, tcp::resolver::passive, error);
  if (error || found.empty()) return Status(Code::invalid, Msg::hub_listen_bad, {address});
  const tcp::endpoint endpoint = *found.begin();
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return Status(Code::unavailable, Msg::hub_port_taken, {address});
  accept();
  return acceptor.local_endpoint().port();
}

void HttpsServer::Parts::accept() {
  acceptor.async_accept([self = shared_from_this()](Error error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !self->acceptor.is_open()) return;
    if (error) return self->accept_later();
    if (self->connections < self->limits.connections) {
      const auto now = self->tls_now();
      std::make_shared<Connection>(self, std::move(socket), now)->begin();
    }
    self->accept();
  });
}

void HttpsServer::Parts::accept_later() {
  pause.expires_after(kAcceptPause);
  pause.async_wait([self = shared_from_this()](Error error) {
    if (!error) self->accept();
  });
}

HttpsServer::HttpsServer(asio::io_context& context, Files files, HttpsLimits limits,
                         Handler handler)
    : parts_(std::make_shared<Parts>(context, std::move(files), limits, std::move(handler))) {}

HttpsServer::~HttpsServer() { stop(); }

Result<int> HttpsServer::start(const std::string& address) { return parts_->listen(address); }

void HttpsServer::stop() {
  Error ignored;
  parts_->acceptor.close(ignored);
  parts_->pause.cancel();
}

}  // namespace daftar
