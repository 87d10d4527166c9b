// The X.509 certificates by which a hub and its devices know each other (README.md beside this).
//
// All keys are Ed25519. A certificate counts from 1970, so that a machine whose clock fell back can
// still be reached; only its end is a date that means something. Chains are PEM, the leaf first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/ledger/changeset.h"
#include "common/ledger/keys.h"

namespace daftar {

enum class CertificateUse {
  root,    ///< signs issuers
  issuer,  ///< signs hubs and devices
  hub,     ///< a TLS server
  device,  ///< a TLS client
  proxy,   ///< a TLS client that hands on what devices say, with their certificates
};

/// How long a device's certificate counts: two nights without a line do not matter, a stolen disk
/// not for long.
inline constexpr uint64_t kDeviceCertificateMs = 30ULL * 24 * 3600 * 1000;

/// The name under which every hub's certificate is held against: whose hub it is says the root.
inline constexpr char kHubServerName[] = "daftar-hub";

/// What a certificate is to say.
struct CertificateTerms {
  CertificateUse use = CertificateUse::device;
  DeviceNumber device = 0;  ///< of a device
  PublicKey key{};
  /// Milliseconds since 1970; nothing: it never ends.
  std::optional<uint64_t> ends_ms;
};

/// Signs a certificate. `issuer_pem` is that of `issuer`; "" for a root, which signs itself.
Result<std::string> issue_certificate(const CertificateTerms& terms, const SigningKey& issuer,
                                      const std::string& issuer_pem);

/// Certificates in DER, one after the other, as PEM. Code::corrupt if they are none.
Result<std::string> pem_of_der(std::string_view der_chain);

/// The first certificate of a chain. Code::corrupt if it is not one of these.
Result<CertificateTerms> read_certificate(std::string_view chain_pem);

/// Code::refused unless the first certificate is for `use`, has not ended at `now_ms`, and goes
/// back to `root_pem` over the others.
Status verify_certificates(std::string_view chain_pem, std::string_view root_pem,
                           CertificateUse use, uint64_t now_ms);

/// The same, where only the root's fingerprint is known: it must be the last of the chain. Returns
/// it.
Result<std::string> verify_certificates_by_fingerprint(std::string_view chain_pem,
                                                       std::string_view fingerprint,
                                                       CertificateUse use, uint64_t now_ms);

/// The first bytes of the SHA-256 of a root: enough that nobody makes another one that has them.
inline constexpr size_t kFingerprintBytes = 18;
Result<std::string> root_fingerprint(std::string_view root_pem);

/// A signing request (PKCS#10): it shows that its sender has the key. `device` 0: has none yet.
Result<std::string> make_signing_request(const SigningKey& key, DeviceNumber device);
struct SigningRequest {
  PublicKey key{};
  DeviceNumber device = 0;
};
/// Code::invalid unless it was signed by the key that it names.
Result<SigningRequest> read_signing_request(std::string_view pem);

/// The key as PEM, as libraries for TLS take it.
std::string key_pem(const SigningKey& key);
/// The first private key in a PEM text. Code::corrupt if there is none of Ed25519.
Result<SigningKey> read_key_pem(std::string_view pem);

}  // namespace daftar
