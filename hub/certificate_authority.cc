#include "hub/certificate_authority.h"

#include <optional>
#include <utility>

#include "common/base/limits.h"
#include "common/store/files.h"

namespace daftar::hub {
namespace {

std::string root_key_file(const std::string& folder) { return folder + "/root.key"; }
std::string issuer_file(const std::string& folder) { return folder + "/issuer.crt"; }
std::string issuer_key_file(const std::string& folder) { return folder + "/issuer.key"; }

Result<SigningKey> read_key(const std::string& path) {
  DAFTAR_ASSIGN_OR_RETURN(const std::string seed, read_file(path, 64));
  if (seed.size() != 32) return Status(Code::corrupt, Msg::key_file_bad, {path});
  return SigningKey::from_seed(seed);
}

// The key in a file, made if there is none.
Result<SigningKey> make_key(const std::string& path) {
  Result<SigningKey> key = read_key(path);
  if (key.ok() || key.status().code() != Code::not_found) return key;
  SigningKey made = SigningKey::generate();
  DAFTAR_RETURN_IF_ERROR(write_file(path, made.seed(), true));
  return made;
}

Result<std::string> read_pem(const std::string& path) {
  return read_file(path, limits::kCertificateBytes);
}

Result<std::string> issue_issuer(const std::string& folder, const PublicKey& key,
                                 const SigningKey& root_key, const std::string& root) {
  const CertificateTerms terms{CertificateUse::issuer, 0, key, std::nullopt};
  DAFTAR_ASSIGN_OR_RETURN(std::string issuer, issue_certificate(terms, root_key, root));
  DAFTAR_RETURN_IF_ERROR(write_file(issuer_file(folder), issuer, true));
  return issuer;
}

}  // namespace

Status CertificateAuthority::create(const std::string& folder, uint64_t now_ms) {
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey root_key, make_key(root_key_file(folder)));
  Result<std::string> root = read_pem(folder + "/root.crt");
  if (!root.ok()) {
    const CertificateTerms terms{CertificateUse::root, 0, root_key.public_key(), std::nullopt};
    root = issue_certificate(terms, root_key, "");
    if (!root.ok()) return root.status();
    DAFTAR_RETURN_IF_ERROR(write_file(folder + "/root.crt", *root, true));
  }
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey issuer_key, make_key(issuer_key_file(folder)));
  DAFTAR_ASSIGN_OR_RETURN(std::string issuer,
                          issue_issuer(folder, issuer_key.public_key(), root_key, *root));
  const CertificateAuthority made(folder, *std::move(root), std::move(issuer), issuer_key);
  const SigningKey own = SigningKey::generate();
  DAFTAR_RETURN_IF_ERROR(write_file(made.key_path(), key_pem(own), true));
  return made.write_own(own.public_key(), now_ms);
}

Result<CertificateAuthority> CertificateAuthority::open(const std::string& folder) {
  DAFTAR_ASSIGN_OR_RETURN(std::string root, read_pem(folder + "/root.crt"));
  DAFTAR_ASSIGN_OR_RETURN(std::string issuer, read_pem(issuer_file(folder)));
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, read_key(issuer_key_file(folder)));
  DAFTAR_RETURN_IF_ERROR(read_pem(folder + "/server.crt").status());
  return CertificateAuthority(folder, std::move(root), std::move(issuer), key);
}

Result<std::string> CertificateAuthority::certify(DeviceNumber device, const PublicKey& key,
                                                  uint64_t now_ms) const {
  const CertificateTerms terms{CertificateUse::device, device, key, now_ms + kDeviceCertificateMs};
  DAFTAR_ASSIGN_OR_RETURN(const std::string leaf, issue_certificate(terms, issuer_key_, issuer_));
  return leaf + issuer_;
}

Status CertificateAuthority::write_own(const PublicKey& key, uint64_t now_ms) const {
  const CertificateTerms terms{CertificateUse::hub, 0, key, now_ms + kHubCertificateMs};
  DAFTAR_ASSIGN_OR_RETURN(const std::string leaf, issue_certificate(terms, issuer_key_, issuer_));
  return write_file(chain_path(), leaf + issuer_ + root_, true);
}

Result<bool> CertificateAuthority::renew_own(uint64_t now_ms, bool only_if_due) const {
  DAFTAR_ASSIGN_OR_RETURN(const std::string chain, read_pem(chain_path()));
  DAFTAR_ASSIGN_OR_RETURN(const CertificateTerms now, read_certificate(chain));
  if (only_if_due && now_ms + kHubCertificateMs / 2 < *now.ends_ms) return false;
  DAFTAR_RETURN_IF_ERROR(write_own(now.key, now_ms));
  return true;
}

Status CertificateAuthority::renew_issuer(const std::string& root_key_path, uint64_t now_ms) {
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey root_key, read_key(root_key_path));
  DAFTAR_ASSIGN_OR_RETURN(const CertificateTerms root, read_certificate(root_));
  if (root.key != root_key.public_key()) {
    return {Code::invalid, Msg::root_key_other, {root_key_path}};
  }
  const SigningKey fresh = SigningKey::generate();
  DAFTAR_RETURN_IF_ERROR(write_file(issuer_key_file(folder_), fresh.seed(), true));
  DAFTAR_ASSIGN_OR_RETURN(issuer_, issue_issuer(folder_, fresh.public_key(), root_key, root_));
  issuer_key_ = fresh;
  return renew_own(now_ms, false).status();
}

}  // namespace daftar::hub
