// Asking the hub for this device's certificate, over HTTPS: with a token for the first one, without
// for one that has ended.
#pragma once

#include <cstdint>
#include <string>

#include "client/client_store.h"

namespace daftar::client {

struct CertificateWish {
  std::string address;      ///< of the hub's enrolment, "host:port"
  std::string token;        ///< "" for a device that the hub knows
  std::string root;         ///< PEM, by which the hub is known; "": by the token's fingerprint
  DeviceNumber device = 0;  ///< its number, if it has one
};

/// What the hub gave: number, user, hub, root and certificate, all held against one another.
Result<Identity> ask_certificate(const CertificateWish& wish, const SigningKey& key,
                                 uint64_t now_ms);

/// A new certificate for a device whose own has ended, or cannot be judged because this computer's
/// clock is wrong; kept in the store. Returns whether there was need.
Result<bool> renew_ended_certificate(ClientStore& store, uint64_t now_ms);

}  // namespace daftar::client
