// What hub and device say to each other over HTTPS when a certificate is asked for.
//
// POST kCertificateTarget {"request": PEM of a PKCS#10 request, "token": text, left out by a device
// that has a number, "follows": the number that a device goes on from under a new one}. The answer
// is 200 with an EnrolmentAnswer, or an error with a message id.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/ledger/changeset.h"
#include "common/ledger/keys.h"

namespace daftar {

inline constexpr char kCertificateTarget[] = "/v1/certificate";

struct EnrolmentRequest {
  std::string signing_request;  ///< PEM
  std::string token;            ///< "": the device has a number
  DeviceNumber follows = 0;     ///< the number whose unsent work is to be made again; 0 for none
};

struct EnrolmentAnswer {
  std::string certificate;  ///< PEM, with the issuer's
  DeviceNumber device = 0;
  UserNumber user = 0;
  std::string hub_name;
  PublicKey hub_key{};
  int sync_port = 0;  ///< where devices sync, on the same host
  /// What that person may write (common/register/authority.def); nothing where the hub does not
  /// know it now.
  std::optional<uint64_t> role;
};

std::string encode_enrolment_request(const EnrolmentRequest& request);
/// Code::invalid if it is none.
Result<EnrolmentRequest> decode_enrolment_request(std::string_view body);
std::string encode_enrolment_answer(const EnrolmentAnswer& answer);
/// {"error": {"id": …, "arguments": […]}}.
std::string enrolment_failure(const Status& status);
/// The failure that is in it, if the HTTP status is not 200; Code::unavailable if it is neither.
Result<EnrolmentAnswer> decode_enrolment_answer(unsigned http_status, std::string_view body);

}  // namespace daftar
