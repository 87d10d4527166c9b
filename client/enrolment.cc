#include "client/enrolment.h"

#include <chrono>

#include "common/net/address.h"
#include "common/net/https.h"
#include "common/trust/certificate.h"
#include "common/trust/enrolment_message.h"
#include "common/trust/token.h"

namespace daftar::client {
namespace {

constexpr auto kDeadline = std::chrono::seconds(30);

}  // namespace

Result<Identity> ask_certificate(const CertificateWish& wish, const SigningKey& key,
                                 uint64_t now_ms) {
  std::string root = wish.root;
  std::string fingerprint;
  if (root.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const Token token, parse_token(wish.token));
    fingerprint = token.fingerprint;
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::string request, make_signing_request(key, wish.device));
  const auto check = [&](const std::string& chain) -> Status {
    if (!wish.root.empty()) {
      return verify_certificates(chain, root, CertificateUse::hub, now_ms);
    }
    DAFTAR_ASSIGN_OR_RETURN(
        root, verify_certificates_by_fingerprint(chain, fingerprint, CertificateUse::hub, now_ms));
    return {};
  };
  DAFTAR_ASSIGN_OR_RETURN(
      const HttpAnswer got,
      https_post(wish.address, kCertificateTarget,
                 encode_enrolment_request({request, wish.token, wish.follows}), check, kDeadline));
  DAFTAR_ASSIGN_OR_RETURN(const EnrolmentAnswer answer,
                          decode_enrolment_answer(got.status, got.body));
  DAFTAR_ASSIGN_OR_RETURN(const CertificateTerms terms, read_certificate(answer.certificate));
  if (terms.device != answer.device || terms.key != key.public_key()) {
    return Status(Code::corrupt, Msg::certificate_bad);
  }
  // Whether it has ended is for the hub to say: this computer's clock may be wrong.
  DAFTAR_RETURN_IF_ERROR(verify_certificates(answer.certificate, root, CertificateUse::device, 0));
  return Identity{answer.device,
                  answer.user,
                  with_port(wish.address, answer.sync_port),
                  answer.hub_name,
                  answer.hub_key,
                  wish.address,
                  root,
                  answer.certificate,
                  answer.role ? role_of(*answer.role) : wish.role};
}

Status renew_certificate(ClientStore& store, uint64_t now_ms) {
  DAFTAR_ASSIGN_OR_RETURN(const Identity identity, store.identity());
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, store.key());
  CertificateWish wish;
  wish.address = identity.enrol_address;
  wish.root = identity.root;
  wish.device = identity.device;
  DAFTAR_ASSIGN_OR_RETURN(const Identity renewed, ask_certificate(wish, key, now_ms));
  return store.keep_certificate(renewed.certificate);
}

}  // namespace daftar::client
