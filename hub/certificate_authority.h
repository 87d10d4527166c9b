// The hub's certificate authority: a root, an issuer below it, and the hub's own certificate.
//
// Files in the hub's folder, all readable by its owner alone: root.crt and root.key (which may be
// taken away and kept offline), issuer.pem (key and certificate in one file, so that no power cut
// parts them), server.crt (the chain as it is sent: the hub's own, the issuer's, the root) and
// server.key.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "common/ledger/changeset.h"
#include "common/ledger/keys.h"
#include "common/trust/certificate.h"

namespace daftar::hub {

/// The hub's own, which it renews by itself.
inline constexpr uint64_t kHubCertificateMs = 90ULL * 24 * 3600 * 1000;

class CertificateAuthority {
 public:
  /// Makes the files; where some are missing, those. Never replaces one that is there:
  /// Code::corrupt if what is there cannot be read or does not belong together.
  static Status create(const std::string& folder, uint64_t now_ms);
  /// Code::not_found if a file is missing, Code::corrupt if they do not belong together.
  static Result<CertificateAuthority> open(const std::string& folder);

  /// A certificate for a device, with the issuer's: what the device sends to the hub.
  [[nodiscard]] Result<std::string> certify(DeviceNumber device, const PublicKey& key,
                                            uint64_t now_ms) const;
  /// A new one where half the time of the one that was shown is over; "" where it is not.
  [[nodiscard]] Result<std::string> renew(const CertificateTerms& shown, uint64_t now_ms) const;
  /// Makes the hub's own certificate anew (its key stays); `only_if_due`: if half its time is over.
  /// Returns whether it did.
  [[nodiscard]] Result<bool> renew_own(uint64_t now_ms, bool only_if_due) const;
  /// Writes what a proxy in front of the hub needs into a folder: hub.pem (the hub's own
  /// certificate and key), proxy.pem (the proxy's, made anew) and root.crt.
  [[nodiscard]] Status equip_proxy(const std::string& folder, uint64_t now_ms) const;
  /// Makes a new issuer by the root's key, which is in the file `root_key_path`, and the hub's own
  /// certificate under it. Certificates of the old issuer count as long as they last: whoever has
  /// its key is shut out by a new root alone.
  Status renew_issuer(const std::string& root_key_path, uint64_t now_ms);

  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] Result<std::string> fingerprint() const { return root_fingerprint(root_); }
  [[nodiscard]] std::string root_path() const { return folder_ + "/root.crt"; }
  [[nodiscard]] std::string chain_path() const { return folder_ + "/server.crt"; }
  [[nodiscard]] std::string key_path() const { return folder_ + "/server.key"; }

 private:
  CertificateAuthority(std::string folder, std::string root, std::string issuer,
                       SigningKey issuer_key)
      : folder_(std::move(folder)),
        root_(std::move(root)),
        issuer_(std::move(issuer)),
        issuer_key_(issuer_key) {}
  static Result<CertificateAuthority> open_issuer(const std::string& folder);
  [[nodiscard]] Result<std::string> own_chain(const PublicKey& key, uint64_t now_ms) const;
  [[nodiscard]] Status write_own(const PublicKey& key, uint64_t now_ms) const;

  std::string folder_;
  std::string root_;
  std::string issuer_;
  SigningKey issuer_key_;
};

}  // namespace daftar::hub
