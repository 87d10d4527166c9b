#include "common/trust/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "common/base/limits.h"

namespace daftar {
namespace {

template <auto function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    function(object);
  }
};
void free_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Store = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using Check = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
using Stack = std::unique_ptr<STACK_OF(X509), Free<free_stack>>;

// RFC 5280, 4.1.2.5: "no well-defined expiration date".
constexpr char kNever[] = "99991231235959Z";
constexpr char kBeginning[] = "19700101000000Z";
constexpr size_t kSerialBytes = 16;
// Leaf, issuer, root; a chain that is longer is not ours.
constexpr size_t kChainLength = 3;

Status failed() {
  ERR_clear_error();
  return {Code::internal, Msg::certificate_failed};
}
Status bad() {
  ERR_clear_error();
  return {Code::corrupt, Msg::certificate_bad};
}

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Key private_key(const SigningKey& key) {
  const std::string seed = key.seed();
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data_of(seed), seed.size()));
}

Result<PublicKey> public_key(EVP_PKEY* key) {
  PublicKey result{};
  size_t size = result.size();
  const bool is_ed25519 = key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
  if (!is_ed25519 || EVP_PKEY_get_raw_public_key(key, result.data(), &size) != 1 ||
      size != result.size()) {
    return bad();
  }
  return result;
}

std::string text_of_bio(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size <= 0 ? "" : std::string(data, static_cast<size_t>(size));
}

Bio bio_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate read_next(BIO* bio) {
  return Certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
}

// All certificates of a chain; none if it is too long or anything of it cannot be read.
std::vector<Certificate> read_chain(std::string_view pem) {
  std::vector<Certificate> chain;
  if (pem.size() > limits::kCertificateBytes) return chain;
  const Bio bio = bio_of(pem);
  while (Certificate next = read_next(bio.get())) {
    chain.push_back(std::move(next));
    if (chain.size() > kChainLength) return {};
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!is_at_end) chain.clear();
  return chain;
}

std::string common_name(CertificateUse use, DeviceNumber device) {
  switch (use) {
    case CertificateUse::root:
      return "Daftar root";
    case CertificateUse::issuer:
      return "Daftar issuer";
    case CertificateUse::hub:
      return kHubServerName;
    case CertificateUse::proxy:
      return "daftar-proxy";
    case CertificateUse::device:
      break;
  }
  return "device " + std::to_string(device);
}

// The number in "device 7"; 0 if there is none.
DeviceNumber number_in(std::string_view name) {
  constexpr std::string_view kPrefix = "device ";
  DeviceNumber number = 0;
  if (!name.starts_with(kPrefix)) return 0;
  name.remove_prefix(kPrefix.size());
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_number = error == std::errc() && end == name.data() + name.size();
  return is_number && number <= limits::kNumber && std::to_string(number) == name ? number : 0;
}

std::string common_name_of(X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return "";
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

bool set_common_name(X509_NAME* name, const std::string& text) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, data_of(text),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

struct ExtensionText {
  int nid;
  const char* value;
};

std::vector<ExtensionText> extensions_of(CertificateUse use) {
  static constexpr char kSigns[] = "critical,keyCertSign,cRLSign";
  static constexpr char kSpeaks[] = "critical,digitalSignature";
  switch (use) {
    case CertificateUse::root:
      return {{NID_basic_constraints, "critical,CA:TRUE,pathlen:1"}, {NID_key_usage, kSigns}};
    case CertificateUse::issuer:
      return {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"}, {NID_key_usage, kSigns}};
    case CertificateUse::hub:
      return {{NID_basic_constraints, "critical,CA:FALSE"},
              {NID_key_usage, kSpeaks},
              {NID_ext_key_usage, "serverAuth"},
              {NID_subject_alt_name, "DNS:daftar-hub"}};
    case CertificateUse::device:
    case CertificateUse::proxy:
      break;
  }
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, kSpeaks},
          {NID_ext_key_usage, "clientAuth"}};
}

bool add_extensions(X509* certificate, X509* issuer, CertificateUse use) {
  std::vector<ExtensionText> wanted = extensions_of(use);
  wanted.push_back({NID_subject_key_identifier, "hash"});
  wanted.push_back({NID_authority_key_identifier, "keyid:always"});
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  return std::all_of(wanted.begin(), wanted.end(), [&](const ExtensionText& one) {
    const Extension made(X509V3_EXT_conf_nid(nullptr, &context, one.nid, one.value));
    return made != nullptr && X509_add_ext(certificate, made.get(), -1) == 1;
  });
}

// Random, so that nobody knows the bytes that are signed beforehand.
bool set_serial(X509* certificate) {
  std::array<unsigned char, kSerialBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7F;
  const std::unique_ptr<BIGNUM, Free<BN_free>> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate, const std::optional<uint64_t>& ends_ms) {
  if (ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), kBeginning) != 1) return false;
  ASN1_TIME* end = X509_getm_notAfter(certificate);
  if (!ends_ms) return ASN1_TIME_set_string_X509(end, kNever) == 1;
  return ASN1_TIME_set(end, static_cast<time_t>(*ends_ms / 1000)) != nullptr;
}

std::optional<CertificateUse> use_of(X509* certificate, std::string_view name) {
  if (name == common_name(CertificateUse::root, 0)) return CertificateUse::root;
  if (name == common_name(CertificateUse::issuer, 0)) return CertificateUse::issuer;
  const uint32_t usage = X509_get_extended_key_usage(certificate);
  if (usage == XKU_SSL_SERVER) return CertificateUse::hub;
  if (usage != XKU_SSL_CLIENT) return std::nullopt;
  return name == common_name(CertificateUse::proxy, 0) ? CertificateUse::proxy
                                                       : CertificateUse::device;
}

Result<uint64_t> milliseconds(const ASN1_TIME* time) {
  int days = 0;
  int seconds = 0;
  const std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>> epoch(ASN1_TIME_set(nullptr, 0));
  if (epoch == nullptr || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1 || days < 0) {
    return bad();
  }
  return (static_cast<uint64_t>(days) * 86'400 + static_cast<uint64_t>(seconds)) * 1000;
}

Result<std::string> digest_of(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return failed();
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

Result<std::string> pem_of(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate) != 1) return failed();
  return text_of_bio(bio.get());
}

// The chain against a root, as OpenSSL does it for the peer of a TLS connection.
Status verify(const std::vector<Certificate>& chain, X509* root, CertificateUse use,
              uint64_t now_ms) {
  const Store store(X509_STORE_new());
  const Check check(X509_STORE_CTX_new());
  const Stack others(sk_X509_new_null());
  if (store == nullptr || check == nullptr || others == nullptr) return failed();
  for (size_t i = 1; i < chain.size(); ++i) {
    if (sk_X509_push(others.get(), chain[i].get()) == 0) return failed();
  }
  if (X509_STORE_add_cert(store.get(), root) != 1 ||
      X509_STORE_CTX_init(check.get(), store.get(), chain[0].get(), others.get()) != 1) {
    return failed();
  }
  X509_VERIFY_PARAM* terms = X509_STORE_CTX_get0_param(check.get());
  X509_VERIFY_PARAM_set_time(terms, static_cast<time_t>(now_ms / 1000));
  X509_VERIFY_PARAM_set_depth(terms, static_cast<int>(kChainLength));
  int purpose = X509_PURPOSE_ANY;
  if (use == CertificateUse::hub) purpose = X509_PURPOSE_SSL_SERVER;
  if (use == CertificateUse::device || use == CertificateUse::proxy) {
    purpose = X509_PURPOSE_SSL_CLIENT;
  }
  if (X509_STORE_CTX_set_purpose(check.get(), purpose) != 1) return failed();
  if (X509_verify_cert(check.get()) == 1) return {};
  const int why = X509_STORE_CTX_get_error(check.get());
  ERR_clear_error();
  if (why == X509_V_ERR_CERT_HAS_EXPIRED) return {Code::refused, Msg::certificate_ended};
  return {Code::refused, Msg::certificate_untrusted, {X509_verify_cert_error_string(why)}};
}

}  // namespace

Result<std::string> issue_certificate(const CertificateTerms& terms, const SigningKey& issuer,
                                      const std::string& issuer_pem) {
  const Certificate made(X509_new());
  const Key subject(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, terms.key.data(), terms.key.size()));
  const Key signer = private_key(issuer);
  if (made == nullptr || subject == nullptr || signer == nullptr) return failed();
  Certificate above;
  if (!issuer_pem.empty()) {
    above = read_next(bio_of(issuer_pem).get());
    if (above == nullptr) return bad();
  }
  X509_NAME* name = X509_get_subject_name(made.get());
  const bool is_set =
      X509_set_version(made.get(), X509_VERSION_3) == 1 && set_serial(made.get()) &&
      set_validity(made.get(), terms.ends_ms) &&
      set_common_name(name, common_name(terms.use, terms.device)) &&
      X509_set_pubkey(made.get(), subject.get()) == 1 &&
      X509_set_issuer_name(made.get(),
                           above == nullptr ? name : X509_get_subject_name(above.get())) == 1;
  X509* const signed_by = above == nullptr ? made.get() : above.get();
  if (!is_set || !add_extensions(made.get(), signed_by, terms.use) ||
      X509_sign(made.get(), signer.get(), nullptr) == 0) {
    return failed();
  }
  return pem_of(made.get());
}

Result<std::string> pem_of_der(std::string_view der_chain) {
  if (der_chain.size() > limits::kCertificateBytes) return bad();
  std::string pem;
  const unsigned char* at = data_of(der_chain);
  const unsigned char* const end = at + der_chain.size();
  while (at != end) {
    const Certificate one(d2i_X509(nullptr, &at, end - at));
    if (one == nullptr) return bad();
    DAFTAR_ASSIGN_OR_RETURN(const std::string text, pem_of(one.get()));
    pem += text;
  }
  if (pem.empty()) return bad();
  return pem;
}

Result<CertificateTerms> read_certificate(std::string_view chain_pem) {
  const std::vector<Certificate> chain = read_chain(chain_pem);
  if (chain.empty()) return bad();
  X509* const certificate = chain[0].get();
  const std::string name = common_name_of(X509_get_subject_name(certificate));
  const std::optional<CertificateUse> use = use_of(certificate, name);
  if (!use) return bad();
  CertificateTerms terms;
  terms.use = *use;
  terms.device = number_in(name);
  if ((terms.use == CertificateUse::device) != (terms.device != 0)) return bad();
  DAFTAR_ASSIGN_OR_RETURN(terms.key, public_key(X509_get0_pubkey(certificate)));
  DAFTAR_ASSIGN_OR_RETURN(terms.ends_ms, milliseconds(X509_get0_notAfter(certificate)));
  return terms;
}

Status verify_certificates(std::string_view chain_pem, std::string_view root_pem,
                           CertificateUse use, uint64_t now_ms) {
  const std::vector<Certificate> chain = read_chain(chain_pem);
  const std::vector<Certificate> root = read_chain(root_pem);
  if (chain.empty() || root.size() != 1) return bad();
  return verify(chain, root[0].get(), use, now_ms);
}

Result<std::string> verify_certificates_by_fingerprint(std::string_view chain_pem,
                                                       std::string_view fingerprint,
                                                       CertificateUse use, uint64_t now_ms) {
  const std::vector<Certificate> chain = read_chain(chain_pem);
  if (chain.size() < 2) return bad();
  DAFTAR_ASSIGN_OR_RETURN(const std::string digest, digest_of(chain.back().get()));
  if (fingerprint.size() != kFingerprintBytes || !digest.starts_with(fingerprint)) {
    return Status(Code::refused, Msg::certificate_other_hub);
  }
  DAFTAR_RETURN_IF_ERROR(verify(chain, chain.back().get(), use, now_ms));
  return pem_of(chain.back().get());
}

Result<std::string> root_fingerprint(std::string_view root_pem) {
  const std::vector<Certificate> root = read_chain(root_pem);
  if (root.size() != 1) return bad();
  DAFTAR_ASSIGN_OR_RETURN(const std::string digest, digest_of(root[0].get()));
  return digest.substr(0, kFingerprintBytes);
}

Result<std::string> make_signing_request(const SigningKey& key, DeviceNumber device) {
  const Request made(X509_REQ_new());
  const Key own = private_key(key);
  const Bio bio(BIO_new(BIO_s_mem()));
  if (made == nullptr || own == nullptr || bio == nullptr) return failed();
  const bool is_made = set_common_name(X509_REQ_get_subject_name(made.get()),
                                       common_name(CertificateUse::device, device)) &&
                       X509_REQ_set_pubkey(made.get(), own.get()) == 1 &&
                       X509_REQ_sign(made.get(), own.get(), nullptr) != 0 &&
                       PEM_write_bio_X509_REQ(bio.get(), made.get()) == 1;
  if (!is_made) return failed();
  return text_of_bio(bio.get());
}

Result<SigningRequest> read_signing_request(std::string_view pem) {
  const Status wrong(Code::invalid, Msg::signing_request_bad);
  if (pem.size() > limits::kCertificateBytes) return wrong;
  const Request request(PEM_read_bio_X509_REQ(bio_of(pem).get(), nullptr, nullptr, nullptr));
  EVP_PKEY* const key = request == nullptr ? nullptr : X509_REQ_get0_pubkey(request.get());
  const Result<PublicKey> read = public_key(key);
  const bool is_signed = read.ok() && X509_REQ_verify(request.get(), key) == 1;
  ERR_clear_error();
  if (!is_signed) return wrong;
  return SigningRequest{*read, number_in(common_name_of(X509_REQ_get_subject_name(request.get())))};
}

std::string key_pem(const SigningKey& key) {
  const Key own = private_key(key);
  const Bio bio(BIO_new(BIO_s_mem()));
  if (own == nullptr || bio == nullptr ||
      PEM_write_bio_PrivateKey(bio.get(), own.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    ERR_clear_error();
    return "";
  }
  return text_of_bio(bio.get());
}

Result<SigningKey> read_key_pem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return failed();
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  std::array<unsigned char, 32> seed{};
  size_t size = seed.size();
  if (key == nullptr || EVP_PKEY_get_raw_private_key(key.get(), seed.data(), &size) != 1 ||
      size != seed.size()) {
    return bad();
  }
  return SigningKey::from_seed({reinterpret_cast<const char*>(seed.data()), seed.size()});
}

}  // namespace daftar
