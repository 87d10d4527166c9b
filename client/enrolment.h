// Asking the hub for this device's certificate, over HTTPS: with a token for the first one, without
// for one that has ended.
#pragma once

#include <cstdint>
#include <string>

#include "client/client_store.h"

namespace daftar::client {

struct CertificateWish {
  std::string address;       ///< of the hub's enrolment, "host:port"
  std::string token;         ///< "" for a device that the hub knows
  std::string root;          ///< PEM, by which the hub is known; "": by the token's fingerprint
  DeviceNumber device = 0;   ///< its number, if it has one
  DeviceNumber follows = 0;  ///< whose unsent work it will make again under a new number
  Role role = Role::none;    ///< of its user, as far as it knows
};

/// What the hub gave: number, user, hub, root and certificate, all held against one another.
Result<Identity> ask_certificate(const CertificateWish& wish, const SigningKey& key,
                                 uint64_t now_ms);

/// Asks for a new certificate for a device that has a number, and keeps it in the store. Whether
/// the old one has ended is not asked: this computer's clock may be wrong.
Status renew_certificate(ClientStore& store, uint64_t now_ms);

}  // namespace daftar::client
