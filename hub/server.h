// The gRPC server around Service: carries messages, and nothing else.
#pragma once

#include <grpcpp/server_context.h>

#include <memory>
#include <string>

#include "common/base/status.h"
#include "hub/service.h"

namespace daftar::hub {

/// Who is calling. With certificates this reads the peer's; until then LoopbackIdentity believes
/// what a caller on this machine says of itself.
class Identity {
 public:
  virtual ~Identity() = default;
  virtual Result<DeviceNumber> device_of(const grpc::CallbackServerContext& context) = 0;
};

class LoopbackIdentity : public Identity {
 public:
  Result<DeviceNumber> device_of(const grpc::CallbackServerContext& context) override;
};

class Server {
 public:
  /// Called for each call that fails because of who calls or of the hub's own disk; any thread.
  using OnFailure = std::function<void(const Status& why)>;

  /// `service` and `identity` outlive the server.
  Server(Service& service, Identity& identity, OnFailure on_failure);
  /// Stops, and waits for calls that are under way.
  ~Server();

  /// Listens on "host:port" of this machine alone (port 0: any free one). Returns the port.
  Result<int> start(const std::string& address);
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace daftar::hub
