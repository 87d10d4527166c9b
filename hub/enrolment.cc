#include "hub/enrolment.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "common/trust/enrolment_message.h"
#include "common/trust/token.h"

namespace daftar::hub {
namespace {

// A string of an object; "" if it is not there or something else.
std::string text_in(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

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
  on_event_(made.status().message(), made.status().arguments());
  // What failed in the hub is in its log; a stranger learns nothing of its files.
  const Code code = made.status().code();
  const bool is_callers = code == Code::invalid || code == Code::refused || code == Code::exists;
  return failure(is_callers ? made.status() : Status(Code::unavailable, Msg::hub_failed));
}

Result<std::string> Enrolment::certify(const HttpRequest& request) {
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  if (request.method != "POST" || !body.is_object()) {
    return Status(Code::invalid, Msg::signing_request_bad);
  }
  DAFTAR_ASSIGN_OR_RETURN(const SigningRequest signing,
                          read_signing_request(text_in(body, "request")));
  DAFTAR_ASSIGN_OR_RETURN(const Device device, find_device(signing, text_in(body, "token")));
  EnrolmentAnswer answer;
  DAFTAR_ASSIGN_OR_RETURN(answer.certificate,
                          authority_.certify(device.number, device.key, clock_.wall_ms()));
  answer.device = device.number;
  answer.user = device.user;
  answer.hub_name = identity_.name;
  answer.hub_key = identity_.key.public_key();
  answer.sync_port = sync_port_;
  on_event_(Msg::certificate_given, {std::to_string(device.number)});
  return encode_enrolment_answer(answer);
}

Result<Device> Enrolment::find_device(const SigningRequest& signing, const std::string& token) {
  if (!token.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const Token shown, parse_token(token));
    return store_.redeem_token(sha256(shown.secret), signing.key, signing.device, clock_.wall_ms());
  }
  DAFTAR_ASSIGN_OR_RETURN(std::optional<Device> device, store_.device_by_key(signing.key));
  if (!device || device->number != signing.device) {
    return Status(Code::refused, Msg::caller_unknown, {std::to_string(signing.device)});
  }
  if (device->is_revoked) {
    return Status(Code::refused, Msg::device_revoked, {std::to_string(signing.device)});
  }
  return *std::move(device);
}

Result<std::string> make_token(HubStore& store, const CertificateAuthority& authority,
                               const TokenTerms& terms, uint64_t now_ms) {
  Token token;
  DAFTAR_ASSIGN_OR_RETURN(token.fingerprint, authority.fingerprint());
  std::random_device random;  // the operating system's
  std::generate_n(std::back_inserter(token.secret), kTokenSecretBytes,
                  [&] { return static_cast<char>(random()); });
  DAFTAR_RETURN_IF_ERROR(store.add_token(sha256(token.secret), terms, now_ms));
  return token_text(token);
}

}  // namespace daftar::hub
