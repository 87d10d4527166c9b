// Who gets a certificate: a new device that shows a token, and a known one that is not revoked (its
// own may have ended, or the hub have moved). Answers what comes over HTTPS at kCertificateTarget;
// common/trust/README.md has the messages.
#pragma once

#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/net/https.h"
#include "common/trust/enrolment_message.h"
#include "hub/certificate_authority.h"
#include "hub/hub_store.h"

namespace daftar::hub {

class Enrolment {
 public:
  /// Called for each certificate given and, some times a minute, for requests that are refused.
  using OnEvent = std::function<void(Msg, const std::vector<std::string>&)>;

  /// `store` and `authority` outlive this. `sync_port`: where devices sync.
  Enrolment(HubStore& store, const CertificateAuthority& authority, HubIdentity identity,
            int sync_port, Clock& clock, OnEvent on_event);

  HttpAnswer answer(const HttpRequest& request);

 private:
  Result<std::string> certify(const HttpRequest& request);
  Result<Device> find_device(const SigningRequest& signing, const EnrolmentRequest& asked);
  void note_refusal(const Status& why);

  HubStore& store_;
  const CertificateAuthority& authority_;
  HubIdentity identity_;
  int sync_port_;
  Clock& clock_;
  OnEvent on_event_;
  uint64_t refusals_since_ms_ = 0;
  uint64_t refusals_ = 0;
};

/// The token of new terms, kept in the store, as the operator hands it on.
Result<std::string> make_token(HubStore& store, const CertificateAuthority& authority,
                               const TokenTerms& terms, uint64_t now_ms);

}  // namespace daftar::hub
