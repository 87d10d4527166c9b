#include "hub/enrolment.h"

#include <utility>

#include "common/trust/enrolment_message.h"
#include "common/trust/token.h"

namespace daftar::hub {
namespace {

// Strangers may ask as often as they like, but not fill the disk with a log of it.
constexpr uint64_t kLoggedRefusals = 20;
constexpr uint64_t kRefusalsMs = 60'000;

HttpAnswer failure(const Status& status) {
  unsigned http = 503;
  if (status.code() == Code::invalid || status.code() == Code::not_found) http = 400;
  if (status.code() == Code::refused || status.code() == Code::exists) http = 403;
  return {http, enrolment_failure(status)};
}

}  // namespace

Enrolment::Enrolment(HubStore& store, const CertificateAuthority& authority, HubIdentity identity,
                     int sync_port, Clock& clock, OnEvent on_event)
    : store_(store),
      authority_(authority),
      identity_(std::move(identity)),
      sync_port_(sync_port),
      clock_(clock),
      on_event_(std::move(on_event)) {}

HttpAnswer Enrolment::answer(const HttpRequest& request) {
  if (request.target != kCertificateTarget) {
    return failure({Code::not_found, Msg::signing_request_bad});
  }
  Result<std::string> made = certify(request);
  if (made.ok()) return {200, *std::move(made)};
  note_refusal(made.status());
  // What failed in the hub is in its log; a stranger learns nothing of its files.
  const Code code = made.status().code();
  const bool is_callers = code == Code::invalid || code == Code::refused || code == Code::exists;
  return failure(is_callers ? made.status() : Status(Code::unavailable, Msg::hub_failed));
}

Result<std::string> Enrolment::certify(const HttpRequest& request) {
  if (request.method != "POST") return Status(Code::invalid, Msg::signing_request_bad);
  DAFTAR_ASSIGN_OR_RETURN(const EnrolmentRequest asked, decode_enrolment_request(request.body));
  DAFTAR_ASSIGN_OR_RETURN(const SigningRequest signing,
                          read_signing_request(asked.signing_request));
  DAFTAR_ASSIGN_OR_RETURN(const Device device, find_device(signing, asked));
  EnrolmentAnswer answer;
  DAFTAR_ASSIGN_OR_RETURN(answer.certificate,
                          authority_.certify(device.number, device.key, clock_.wall_ms()));
  answer.device = device.number;
  answer.user = device.user;
  DAFTAR_ASSIGN_OR_RETURN(const bool may_lack, store_.may_lack_national());
  if (!may_lack) answer.role = static_cast<uint64_t>(device.role);
  answer.hub_name = identity_.name;
  answer.hub_key = identity_.key.public_key();
  answer.sync_port = sync_port_;
  on_event_(Msg::certificate_given, {std::to_string(device.number)});
  return encode_enrolment_answer(answer);
}

void Enrolment::note_refusal(const Status& why) {
  const uint64_t now = clock_.steady_ms();
  if (now - refusals_since_ms_ >= kRefusalsMs) {
    if (refusals_ > kLoggedRefusals) {
      on_event_(Msg::enrolment_more_refused, {std::to_string(refusals_ - kLoggedRefusals)});
    }
    refusals_since_ms_ = now;
    refusals_ = 0;
  }
  if (++refusals_ <= kLoggedRefusals) on_event_(why.message(), why.arguments());
}

Result<Device> Enrolment::find_device(const SigningRequest& signing,
                                      const EnrolmentRequest& asked) {
  if (!asked.token.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const Token shown, parse_token(asked.token));
    return store_.redeem_token(sha256(shown.secret), signing.key, signing.device, asked.follows,
                               clock_.wall_ms());
  }
  DAFTAR_ASSIGN_OR_RETURN(std::optional<Device> device, store_.device_by_key(signing.key));
  if (!device || device->number != signing.device) {
    return Status(Code::refused, Msg::caller_unknown, {std::to_string(signing.device)});
  }
  DAFTAR_RETURN_IF_ERROR(check_not_revoked(*device));
  return *std::move(device);
}

Result<std::string> make_token(HubStore& store, const CertificateAuthority& authority,
                               const TokenTerms& terms, uint64_t now_ms) {
  Token token;
  DAFTAR_ASSIGN_OR_RETURN(token.fingerprint, authority.fingerprint());
  token.secret = random_bytes(kTokenSecretBytes);
  DAFTAR_RETURN_IF_ERROR(store.add_token(sha256(token.secret), terms, now_ms));
  return token_text(token);
}

}  // namespace daftar::hub
