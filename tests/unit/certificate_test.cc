#include "common/trust/certificate.h"

#include <gtest/gtest.h>

#include "common/trust/enrolment_message.h"

namespace daftar {
namespace {

constexpr uint64_t kNow = 1'800'000'000'000;
constexpr uint64_t kDay = 24ULL * 3600 * 1000;

template <typename T>
T need(Result<T> result) {
  EXPECT_TRUE(result.ok()) << result.status().text();
  return *std::move(result);
}

SigningKey key_of(char seed) { return SigningKey::from_seed(std::string(32, seed)); }

// A root, an issuer and certificates below them.
struct Pki {
  SigningKey root_key = key_of('r');
  SigningKey issuer_key = key_of('i');
  SigningKey device_key = key_of('d');
  std::string root =
      need(issue_certificate({CertificateUse::root, 0, root_key.public_key(), {}}, root_key, ""));
  std::string issuer = need(
      issue_certificate({CertificateUse::issuer, 0, issuer_key.public_key(), {}}, root_key, root));

  [[nodiscard]] std::string leaf(CertificateUse use, DeviceNumber device, uint64_t ends) const {
    return need(
        issue_certificate({use, device, device_key.public_key(), ends}, issuer_key, issuer));
  }
  [[nodiscard]] std::string device_chain(uint64_t ends = kNow + 30 * kDay) const {
    return leaf(CertificateUse::device, 7, ends) + issuer;
  }
};

TEST(CertificateTest, ReadsWhatItIssued) {
  const Pki pki;
  const CertificateTerms terms = need(read_certificate(pki.device_chain()));
  EXPECT_EQ(terms.use, CertificateUse::device);
  EXPECT_EQ(terms.device, 7U);
  EXPECT_EQ(terms.key, pki.device_key.public_key());
  EXPECT_EQ(terms.ends_ms, kNow + 30 * kDay);
  EXPECT_EQ(need(read_certificate(pki.leaf(CertificateUse::hub, 0, kNow))).use,
            CertificateUse::hub);
  EXPECT_EQ(need(read_certificate(pki.root)).use, CertificateUse::root);
  EXPECT_EQ(need(read_certificate(pki.issuer)).use, CertificateUse::issuer);
}

TEST(CertificateTest, CountsFrom1970ToItsEnd) {
  const Pki pki;
  const std::string chain = pki.device_chain();
  for (const uint64_t now : {uint64_t{0}, kNow, kNow + 30 * kDay - 1000}) {
    EXPECT_TRUE(verify_certificates(chain, pki.root, CertificateUse::device, now).ok()) << now;
  }
  const Status ended =
      verify_certificates(chain, pki.root, CertificateUse::device, kNow + 30 * kDay + 1000);
  EXPECT_EQ(ended.message(), Msg::certificate_ended);
}

TEST(CertificateTest, RefusesAnotherUseRootOrChain) {
  const Pki pki;
  const std::string chain = pki.device_chain();
  const auto refused = [&](const std::string& shown, const std::string& root, CertificateUse use) {
    return verify_certificates(shown, root, use, kNow).code() == Code::refused;
  };
  EXPECT_TRUE(refused(chain, pki.root, CertificateUse::hub));
  EXPECT_TRUE(refused(pki.leaf(CertificateUse::hub, 0, kNow + kDay) + pki.issuer, pki.root,
                      CertificateUse::device));
  const SigningKey rogue = key_of('x');
  const std::string rogue_root =
      need(issue_certificate({CertificateUse::root, 0, rogue.public_key(), {}}, rogue, ""));
  EXPECT_TRUE(refused(chain, rogue_root, CertificateUse::device));
  EXPECT_TRUE(
      refused(pki.leaf(CertificateUse::device, 7, kNow + kDay), pki.root, CertificateUse::device))
      << "without its issuer";
  // A device cannot issue: not with its own certificate above, nor below the rogue's issuer.
  const std::string by_device = need(issue_certificate(
      {CertificateUse::device, 8, rogue.public_key(), kNow + kDay}, pki.device_key, chain));
  EXPECT_TRUE(refused(by_device + chain, pki.root, CertificateUse::device));
  const std::string forged = need(issue_certificate(
      {CertificateUse::device, 7, rogue.public_key(), kNow + kDay}, rogue, pki.issuer));
  EXPECT_TRUE(refused(forged + pki.issuer, pki.root, CertificateUse::device));
}

TEST(CertificateTest, FingerprintFindsTheRoot) {
  const Pki pki;
  const std::string shown = pki.leaf(CertificateUse::hub, 0, kNow + kDay) + pki.issuer + pki.root;
  const std::string print = need(root_fingerprint(pki.root));
  EXPECT_EQ(print.size(), kFingerprintBytes);
  EXPECT_EQ(need(verify_certificates_by_fingerprint(shown, print, CertificateUse::hub, kNow)),
            pki.root);
  std::string other = print;
  other[0] = static_cast<char>(other[0] ^ 1);
  for (const std::string& wrong : {other, std::string(), print.substr(1)}) {
    EXPECT_EQ(verify_certificates_by_fingerprint(shown, wrong, CertificateUse::hub, kNow)
                  .status()
                  .message(),
              Msg::certificate_other_hub);
  }
  // The root, behind a chain that is not under it.
  const SigningKey rogue = key_of('x');
  const std::string alone =
      need(issue_certificate({CertificateUse::hub, 0, rogue.public_key(), kNow + kDay}, rogue, ""));
  EXPECT_FALSE(
      verify_certificates_by_fingerprint(alone + pki.root, print, CertificateUse::hub, kNow).ok());
}

TEST(CertificateTest, DamagedBytesAreNone) {
  const Pki pki;
  const std::string chain = pki.device_chain();
  for (size_t i = 0; i < chain.size(); ++i) {
    std::string damaged = chain;
    damaged[i] = static_cast<char>(damaged[i] ^ 2);
    const Status verified = verify_certificates(damaged, pki.root, CertificateUse::device, kNow);
    // A bit of base64's padding or of the frame around it may mean nothing.
    if (verified.ok()) {
      const Result<CertificateTerms> terms = read_certificate(damaged);
      ASSERT_TRUE(terms.ok() && terms->device == 7 && terms->key == pki.device_key.public_key());
    }
  }
  for (const std::string& text : {std::string(), std::string("nonsense"), chain.substr(0, 100),
                                  chain + chain + chain, std::string(100'000, 'A')}) {
    EXPECT_FALSE(read_certificate(text).ok());
    EXPECT_FALSE(verify_certificates(text, pki.root, CertificateUse::device, kNow).ok());
  }
}

TEST(CertificateTest, SigningRequestShowsTheKey) {
  const SigningKey key = key_of('d');
  const std::string pem = need(make_signing_request(key, 7));
  const SigningRequest read = need(read_signing_request(pem));
  EXPECT_EQ(read.key, key.public_key());
  EXPECT_EQ(read.device, 7U);
  EXPECT_EQ(need(read_signing_request(need(make_signing_request(key, 0)))).device, 0U);
  size_t taken = 0;
  for (size_t i = 0; i < pem.size(); ++i) {
    std::string damaged = pem;
    damaged[i] = static_cast<char>(damaged[i] ^ 2);
    const Result<SigningRequest> other = read_signing_request(damaged);
    if (other.ok()) {
      ++taken;
      ASSERT_EQ(other->key, key.public_key());
    }
  }
  EXPECT_LT(taken, 8U);
  EXPECT_EQ(read_signing_request("nonsense").status().message(), Msg::signing_request_bad);
}

TEST(EnrolmentMessageTest, ReadsWhatItWrote) {
  const EnrolmentAnswer answer{"PEM", 7, 3, "hub.example", key_of('h').public_key(), 7443};
  const EnrolmentAnswer read = need(decode_enrolment_answer(200, encode_enrolment_answer(answer)));
  EXPECT_EQ(read.certificate, "PEM");
  EXPECT_EQ(read.device, 7U);
  EXPECT_EQ(read.user, 3U);
  EXPECT_EQ(read.hub_name, "hub.example");
  EXPECT_EQ(read.hub_key, answer.hub_key);
  EXPECT_EQ(read.sync_port, 7443);
}

TEST(EnrolmentMessageTest, FailuresKeepTheirMessage) {
  const Status failure(Code::refused, Msg::device_revoked, {"7"});
  const Status read = decode_enrolment_answer(403, enrolment_failure(failure)).status();
  EXPECT_EQ(read.code(), Code::refused);
  EXPECT_EQ(read.message(), Msg::device_revoked);
  EXPECT_EQ(read.arguments(), std::vector<std::string>{"7"});
}

TEST(EnrolmentMessageTest, RefusesWhatNoHubSays) {
  for (const char* body :
       {"", "nonsense", "[]", "{}", "{\"device\":0}", "{\"device\":\"7\"}", "{\"error\":7}",
        "{\"error\":{\"id\":7}}", "{\"error\":{\"id\":\"no\"}}"}) {
    for (const unsigned status : {200U, 403U, 500U}) {
      EXPECT_FALSE(decode_enrolment_answer(status, body).ok()) << status << body;
    }
  }
}

TEST(CertificateTest, AKeyInPemIsTheKey) {
  const Pki pki;
  const std::string pem = key_pem(pki.issuer_key) + pki.issuer;
  const Result<SigningKey> read = read_key_pem(pem);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->public_key(), pki.issuer_key.public_key());
  for (const std::string& other : {std::string(), pki.issuer, pem.substr(0, 60)}) {
    EXPECT_EQ(read_key_pem(other).status().code(), Code::corrupt) << other;
  }
}

}  // namespace
}  // namespace daftar
