// HTTPS (HTTP/1.1 over TLS 1.3), one request a connection: a blocking client, and a server on the
// owner's io_context. The one place that knows Boost.Beast.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "common/base/status.h"

namespace daftar {

struct HttpRequest {
  std::string method;
  std::string target;  ///< "/v1/certificate"
  std::string body;
};

struct HttpAnswer {
  unsigned status = 200;
  std::string body;  ///< JSON
};

/// Sends `body` by POST and waits for the answer. `check` gets the server's certificates (PEM, the
/// leaf first) before anything is sent; what it refuses is the result. Code::unavailable if the
/// line fails or the deadline passes.
Result<HttpAnswer> https_post(const std::string& address, const std::string& target,
                              const std::string& body,
                              const std::function<Status(const std::string& chain_pem)>& check,
                              std::chrono::milliseconds deadline);

/// What a server takes from whoever calls.
struct HttpsLimits {
  size_t body_bytes = 0;
  size_t connections = 0;            ///< at once; further ones are closed
  std::chrono::milliseconds wait{};  ///< for the handshake, and again for the request
};

class HttpsServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;
  struct Files {
    std::string certificates;  ///< PEM, the leaf first; read again when the file has changed
    std::string key;
  };

  /// `context` runs on one thread, on which `handler` is called.
  HttpsServer(boost::asio::io_context& context, Files files, HttpsLimits limits, Handler handler);
  ~HttpsServer();

  /// Listens on "host:port" (port 0: any free one). Returns the port.
  Result<int> start(const std::string& address);
  void stop();

 private:
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

}  // namespace daftar
