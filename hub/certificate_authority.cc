#include "hub/certificate_authority.h"

#include <optional>
#include <utility>

#include "common/base/limits.h"
#include "common/store/files.h"

namespace daftar::hub {
namespace {

std::string root_file(const std::string& folder) { return folder + "/root.crt"; }
std::string root_key_file(const std::string& folder) { return folder + "/root.key"; }
std::string issuer_file(const std::string& folder) { return folder + "/issuer.pem"; }
std::string chain_file(const std::string& folder) { return folder + "/server.crt"; }

Status damaged(const std::string& path) {
  return {Code::corrupt, Msg::certificate_unreadable, {path}};
}

Result<std::string> read_pem(const std::string& path) {
  return read_file(path, limits::kCertificateBytes);
}

bool is_there(const std::string& path) { return read_pem(path).status().code() != Code::not_found; }

// The root's key, if it is that of the certificate.
Result<SigningKey> read_root_key(const std::string& path, const std::string& root) {
  DAFTAR_ASSIGN_OR_RETURN(const std::string seed, read_file(path, 64));
  if (seed.size() != 32) return Status(Code::corrupt, Msg::key_file_bad, {path});
  SigningKey key = SigningKey::from_seed(seed);
  DAFTAR_ASSIGN_OR_RETURN(const CertificateTerms terms, read_certificate(root));
  if (terms.key != key.public_key()) return Status(Code::invalid, Msg::root_key_other, {path});
  return key;
}

// The key first: without a certificate nobody knows it, so that it may be made again.
Status make_root(const std::string& folder) {
  const std::string path = root_key_file(folder);
  if (!is_there(path)) {
    DAFTAR_RETURN_IF_ERROR(write_file(path, SigningKey::generate().seed(), true));
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::string seed, read_file(path, 64));
  if (seed.size() != 32) return {Code::corrupt, Msg::key_file_bad, {path}};
  const SigningKey key = SigningKey::from_seed(seed);
  const CertificateTerms terms{CertificateUse::root, 0, key.public_key(), std::nullopt};
  DAFTAR_ASSIGN_OR_RETURN(const std::string root, issue_certificate(terms, key, ""));
  return write_file(root_file(folder), root, true);
}

Status make_issuer(const std::string& folder, const std::string& root, const SigningKey& root_key) {
  const SigningKey key = SigningKey::generate();
  const CertificateTerms terms{CertificateUse::issuer, 0, key.public_key(), std::nullopt};
  DAFTAR_ASSIGN_OR_RETURN(const std::string issuer, issue_certificate(terms, root_key, root));
  return write_file(issuer_file(folder), key_pem(key) + issuer, true);
}

}  // namespace

Status CertificateAuthority::create(const std::string& folder, uint64_t now_ms) {
  if (!is_there(root_file(folder))) {
    // What others know by a root that is gone is not to be put under another one.
    for (const std::string& path : {issuer_file(folder), chain_file(folder)}) {
      if (is_there(path)) return damaged(root_file(folder));
    }
    DAFTAR_RETURN_IF_ERROR(make_root(folder));
  }
  if (!is_there(issuer_file(folder))) {
    DAFTAR_ASSIGN_OR_RETURN(const std::string root, read_pem(root_file(folder)));
    DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, read_root_key(root_key_file(folder), root));
    DAFTAR_RETURN_IF_ERROR(make_issuer(folder, root, key));
  }
  DAFTAR_ASSIGN_OR_RETURN(const CertificateAuthority made, open_issuer(folder));
  if (!is_there(made.key_path())) {
    DAFTAR_RETURN_IF_ERROR(write_file(made.key_path(), key_pem(SigningKey::generate()), true));
  } else if (is_there(made.chain_path())) {
    return {};
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::string pem, read_pem(made.key_path()));
  const Result<SigningKey> own = read_key_pem(pem);
  return own.ok() ? made.write_own(own->public_key(), now_ms) : damaged(made.key_path());
}

// The root and the issuer below it, held against each other.
Result<CertificateAuthority> CertificateAuthority::open_issuer(const std::string& folder) {
  DAFTAR_ASSIGN_OR_RETURN(std::string root, read_pem(root_file(folder)));
  DAFTAR_ASSIGN_OR_RETURN(const std::string pem, read_pem(issuer_file(folder)));
  const Result<SigningKey> key = read_key_pem(pem);
  const size_t at = pem.find("-----BEGIN CERTIFICATE-----");
  if (!key.ok() || at == std::string::npos) return damaged(issuer_file(folder));
  std::string issuer = pem.substr(at);
  const Result<CertificateTerms> terms = read_certificate(issuer);
  const Status chained = verify_certificates(issuer, root, CertificateUse::issuer, 0);
  if (!terms.ok() || !chained.ok() || terms->key != key->public_key()) {
    return damaged(issuer_file(folder));
  }
  return CertificateAuthority(folder, std::move(root), std::move(issuer), *key);
}

Result<CertificateAuthority> CertificateAuthority::open(const std::string& folder) {
  DAFTAR_ASSIGN_OR_RETURN(CertificateAuthority opened, open_issuer(folder));
  DAFTAR_ASSIGN_OR_RETURN(const std::string chain, read_pem(opened.chain_path()));
  DAFTAR_ASSIGN_OR_RETURN(const std::string pem, read_pem(opened.key_path()));
  const Result<CertificateTerms> terms = read_certificate(chain);
  const Result<SigningKey> own = read_key_pem(pem);
  // An own certificate that has ended is renewed before it is used.
  const Status chained = verify_certificates(chain, opened.root_, CertificateUse::hub, 0);
  if (!terms.ok() || !own.ok() || !chained.ok() || terms->key != own->public_key()) {
    return damaged(opened.chain_path());
  }
  return opened;
}

Result<std::string> CertificateAuthority::certify(DeviceNumber device, const PublicKey& key,
                                                  uint64_t now_ms) const {
  const CertificateTerms terms{CertificateUse::device, device, key, now_ms + kDeviceCertificateMs};
  DAFTAR_ASSIGN_OR_RETURN(const std::string leaf, issue_certificate(terms, issuer_key_, issuer_));
  return leaf + issuer_;
}

Result<std::string> CertificateAuthority::own_chain(const PublicKey& key, uint64_t now_ms) const {
  const CertificateTerms terms{CertificateUse::hub, 0, key, now_ms + kHubCertificateMs};
  DAFTAR_ASSIGN_OR_RETURN(const std::string leaf, issue_certificate(terms, issuer_key_, issuer_));
  return leaf + issuer_ + root_;
}

Status CertificateAuthority::write_own(const PublicKey& key, uint64_t now_ms) const {
  DAFTAR_ASSIGN_OR_RETURN(const std::string chain, own_chain(key, now_ms));
  return write_file(chain_path(), chain, true);
}

Result<std::string> CertificateAuthority::renew(const CertificateTerms& shown,
                                                uint64_t now_ms) const {
  const bool is_due = now_ms + kDeviceCertificateMs / 2 >= shown.ends_ms.value_or(0);
  return is_due ? certify(shown.device, shown.key, now_ms) : Result<std::string>("");
}

Result<bool> CertificateAuthority::renew_own(uint64_t now_ms, bool only_if_due) const {
  DAFTAR_ASSIGN_OR_RETURN(const std::string chain, read_pem(chain_path()));
  DAFTAR_ASSIGN_OR_RETURN(const CertificateTerms now, read_certificate(chain));
  if (only_if_due && now_ms + kHubCertificateMs / 2 < *now.ends_ms) return false;
  DAFTAR_RETURN_IF_ERROR(write_own(now.key, now_ms));
  return true;
}

Status CertificateAuthority::equip_proxy(const std::string& folder, uint64_t now_ms) const {
  DAFTAR_RETURN_IF_ERROR(make_private_folder(folder));
  // Made anew, so that both count as long as is said.
  DAFTAR_ASSIGN_OR_RETURN(const std::string own_key, read_pem(key_path()));
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey own, read_key_pem(own_key));
  DAFTAR_ASSIGN_OR_RETURN(const std::string chain, own_chain(own.public_key(), now_ms));
  DAFTAR_RETURN_IF_ERROR(write_file(folder + "/hub.pem", own_key + chain, true));
  const SigningKey key = SigningKey::generate();
  const CertificateTerms terms{CertificateUse::proxy, 0, key.public_key(),
                               now_ms + kHubCertificateMs};
  DAFTAR_ASSIGN_OR_RETURN(const std::string leaf, issue_certificate(terms, issuer_key_, issuer_));
  DAFTAR_RETURN_IF_ERROR(write_file(folder + "/proxy.pem", key_pem(key) + leaf + issuer_, true));
  return write_file(folder + "/root.crt", root_, true);
}

Status CertificateAuthority::renew_issuer(const std::string& root_key_path, uint64_t now_ms) {
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey root_key, read_root_key(root_key_path, root_));
  DAFTAR_RETURN_IF_ERROR(make_issuer(folder_, root_, root_key));
  DAFTAR_ASSIGN_OR_RETURN(*this, open_issuer(folder_));
  return renew_own(now_ms, false).status();
}

}  // namespace daftar::hub
