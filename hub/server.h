// The gRPC server around Service: knows the caller by its certificate, and carries messages.
//
// Mutual TLS 1.3 alone. Each message of a stream asks again whether its device is still let in.
#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "hub/call_gate.h"
#include "hub/certificate_authority.h"
#include "hub/service.h"

namespace daftar::hub {

class Server {
 public:
  /// Called for each call that fails because of who calls or of the hub's own disk; any thread.
  using OnFailure = std::function<void(const Status& why)>;

  /// All of them outlive the server. `authority` gives a new certificate to a device whose own is
  /// past half its time.
  Server(Service& service, const CertificateAuthority& authority, Clock& clock,
         OnFailure on_failure, const CallLimits& limits = {});
  /// Stops, and waits for calls that are under way.
  ~Server();

  /// Listens on "host:port" (port 0: any free one). Returns the port.
  Result<int> start(const std::string& address);
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace daftar::hub
