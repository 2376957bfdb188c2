// Trustpoints by terminal: an authority's certificate, a request, the certificate that answers it, PKCS12.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "cli/key_store.h"
#include "cli/show_certificates.h"
#include "console_fixture.h"

namespace sallyport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kToday = kTestWall / 1'000'000'000;

struct Authority {
  Authority() {
    key = *PrivateKey::NewRsa(2048);
    const std::uint8_t serial[] = {0x2a};
    certificate = *Certificate::SelfSigned(key, {{"o", "Example"}, {"cn", "Example CA"}}, {}, kToday - kDay, kToday + 100 * kDay, Bytes(serial, 1));
  }
  // Signs what a request asks for.
  std::string Sign(const std::string& request) const {
    BIO* in = BIO_new_mem_buf(request.data(), static_cast<int>(request.size()));
    X509_REQ* asked = PEM_read_bio_X509_REQ(in, nullptr, nullptr, nullptr);
    BIO_free(in);
    if (asked == nullptr) return {};
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 0x1f4);
    X509_set_issuer_name(made, X509_get_subject_name(certificate.handle()));
    X509_set_subject_name(made, X509_REQ_get_subject_name(asked));
    X509_set_pubkey(made, X509_REQ_get0_pubkey(asked));
    ASN1_TIME_set(X509_getm_notBefore(made), kToday - kDay);
    ASN1_TIME_set(X509_getm_notAfter(made), kToday + 30 * kDay);
    X509_sign(made, key.handle(), EVP_sha256());
    X509_REQ_free(asked);
    const std::string text = Pem(made);
    X509_free(made);
    return text;
  }
  static std::string Pem(X509* c) {
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, c);
    char* data = nullptr;
    const long n = BIO_get_mem_data(out, &data);
    std::string text(data, static_cast<std::size_t>(n));
    BIO_free(out);
    return text;
  }
  PrivateKey key;
  Certificate certificate;
};

class Certificates : public ConsoleTest {
 protected:
  static std::string Lines(TestConsole& console, const std::string& text) {
    std::string said;
    std::istringstream in(text + "quit\n");
    for (std::string line; std::getline(in, line);) said += console.Do(line);
    return said;
  }
  void Trustpoint(TestConsole& console) {
    for (const char* line : {"hostname hub", "domain-name example.com", "crypto ca trustpoint tp", "enrollment terminal", "keypair pair",
                             "subject-name CN=hub.example.com,OU=VPN,O=\"Example, Inc\"", "exit"}) {
      console.Do(line);
    }
    const auto key = PrivateKey::NewRsa(2048);
    ASSERT_TRUE(key.ok());
    ASSERT_TRUE(box_.appliance->keys().Keep("pair", *key).ok());
  }
};

TEST_F(Certificates, AuthenticateEnrollAndImport) {
  auto console = OpenConfig();
  console->Do("terminal pager 0");
  Trustpoint(*console);
  const Authority ca;
  EXPECT_EQ(console->Do("crypto ca authenticate tp"), "Enter the base 64 encoded CA certificate.\nEnd with the word \"quit\" on a line by itself\n\n");
  EXPECT_EQ(Lines(*console, ca.certificate.ToPem()),
            "\nINFO: Certificate has the following attributes:\nFingerprint:     " + FingerprintText(ca.certificate) + "\n");
  EXPECT_EQ(console->prompt(), "Do you accept this certificate? [yes/no]: ");
  EXPECT_EQ(console->Do("yes"), "\nTrustpoint CA certificate accepted.\n\n% Certificate successfully imported\n");
  EXPECT_THAT(console->Do("show running-config crypto ca"), HasSubstr("crypto ca certificate chain tp\n certificate ca 2a\n    30"));

  EXPECT_EQ(console->Do("crypto ca enroll tp"),
            "% Start certificate enrollment .. \n% The subject name in the certificate will be: CN=hub.example.com,OU=VPN,O=\"Example, Inc\"\n\n"
            "% The fully-qualified domain name in the certificate will be: hub.example.com\n\n");
  EXPECT_EQ(console->prompt(), "Display Certificate Request to terminal? [yes/no]: ");
  const std::string request = console->Do("yes");
  EXPECT_THAT(request, HasSubstr("Certificate Request follows:\n-----BEGIN CERTIFICATE REQUEST-----\n"));
  console->Do("no");
  const std::string signed_by_ca = ca.Sign(request.substr(request.find("-----BEGIN")));
  ASSERT_NE(signed_by_ca, "");

  // One of another key is not taken.
  const auto other = PrivateKey::NewRsa(2048);
  const std::uint8_t serial[] = {9};
  const auto wrong = Certificate::SelfSigned(*other, {{"cn", "x"}}, {}, kToday - kDay, kToday + kDay, Bytes(serial, 1));
  console->Do("crypto ca import tp certificate");
  EXPECT_THAT(Lines(*console, wrong->ToPem()), HasSubstr("ERROR: The public key"));
  EXPECT_THAT(console->Do("crypto ca import tp certificate"), HasSubstr("Enter the base 64 encoded certificate.\n"));
  EXPECT_EQ(Lines(*console, signed_by_ca), "INFO: Certificate successfully imported\n");

  EXPECT_EQ(console->Do("show crypto ca certificates tp"),
            "Certificate\n  Status: Available\n  Certificate Serial Number: 01f4\n  Certificate Usage: General Purpose\n"
            "  Public Key Type: RSA (2048 bits)\n  Signature Algorithm: SHA256 with RSA Encryption\n"
            "  Issuer Name:\n    cn=Example CA\n    o=Example\n  Subject Name:\n    o=Example, Inc\n    ou=VPN\n    cn=hub.example.com\n"
            "  Validity Date:\n    start date: 15:00:00 UTC Apr 30 2024\n    end   date: 15:00:00 UTC May 31 2024\n  Associated Trustpoints: tp\n\n"
            "CA Certificate\n  Status: Available\n  Certificate Serial Number: 2a\n  Certificate Usage: Signature\n"
            "  Public Key Type: RSA (2048 bits)\n  Signature Algorithm: SHA256 with RSA Encryption\n"
            "  Issuer Name:\n    cn=Example CA\n    o=Example\n  Subject Name:\n    cn=Example CA\n    o=Example\n"
            "  Validity Date:\n    start date: 15:00:00 UTC Apr 30 2024\n    end   date: 15:00:00 UTC Aug 9 2024\n  Associated Trustpoints: tp\n\n");
}

TEST_F(Certificates, WhatIsNoCertificateIsRefusedAndCtrlCEndsIt) {
  auto console = OpenConfig();
  console->Do("terminal pager 0");
  EXPECT_THAT(console->Do("crypto ca authenticate none"), HasSubstr("ERROR: Trustpoint none does not exist"));
  Trustpoint(*console);
  console->Do("crypto ca authenticate tp");
  EXPECT_EQ(Lines(*console, "rubbish\n"), "\nERROR: Failed to parse or verify imported certificate\n");
  console->Do("crypto ca authenticate tp");
  console->Do("-----BEGIN CERTIFICATE-----");
  console->Interrupt();
  EXPECT_EQ(console->prompt(), "hub(config)# ");
  EXPECT_THAT(console->Do("show running-config crypto ca"), Not(HasSubstr("chain")));
}

TEST_F(Certificates, ImportPkcs12BringsKeyAndCertificates) {
  const Authority ca;
  const auto key = PrivateKey::NewRsa(2048);
  const std::uint8_t serial[] = {0x77};
  const auto own = Certificate::SelfSigned(*key, {{"cn", "Example CA"}, {"o", "Example"}}, {}, kToday - kDay, kToday + kDay, Bytes(serial, 1));
  PKCS12* p = PKCS12_create("secret", "tp", key->handle(), own->handle(), nullptr, 0, 0, 0, 0, 0);
  ASSERT_NE(p, nullptr);
  unsigned char* der = nullptr;
  const int n = i2d_PKCS12(p, &der);
  PKCS12_free(p);
  std::string base64(static_cast<std::size_t>(n) * 2, '\0');
  base64.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), der, n)));
  OPENSSL_free(der);
  std::string lines;
  for (std::size_t at = 0; at < base64.size(); at += 64) lines += base64.substr(at, 64) + "\n";

  auto console = OpenConfig();
  console->Do("terminal pager 0");
  console->Do("crypto ca import fresh pkcs12 wrong");
  EXPECT_EQ(Lines(*console, lines), "ERROR: Import PKCS12 operation failed\n");
  console->Do("crypto ca import fresh pkcs12 secret");
  EXPECT_EQ(Lines(*console, lines), "INFO: Import PKCS12 operation completed successfully\n");
  const std::string shown = console->Do("show running-config crypto ca");
  EXPECT_THAT(shown, HasSubstr("crypto ca trustpoint fresh\n keypair fresh\n"));
  EXPECT_THAT(shown, HasSubstr("\n certificate 77\n"));
  // The key outlives the appliance's memory.
  KeyStore again(box_.state.At("keys"));
  ASSERT_NE(again.Find("fresh"), nullptr);
  EXPECT_TRUE(own->Matches(*again.Find("fresh")));
}

TEST_F(Certificates, SelfEnrollment) {
  auto console = OpenConfig();
  console->Do("terminal pager 0");
  for (const char* line : {"hostname hub", "crypto ca trustpoint self", "enrollment self", "exit"}) console->Do(line);
  console->Do("crypto ca enroll self");
  EXPECT_EQ(console->prompt(), "Generate Self-Signed Certificate? [yes/no]: ");
  console->Do("yes");
  EXPECT_THAT(console->Do("show crypto ca certificates"), HasSubstr("Subject Name:\n    cn=hub\n"));
}

TEST_F(Certificates, KeysWithLabels) {
  auto console = OpenConfig();
  console->Do("terminal pager 0");
  const auto finish = [&] {
    for (int i = 0; i < 600 && box_.posted.empty(); i++) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_FALSE(box_.posted.empty());
    box_.posted.front()();
    box_.posted.pop_front();
  };
  EXPECT_EQ(console->Do("crypto key generate ecdsa label pair elliptic-curve 384"),
            "INFO: The name for the keys will be: pair\nKeypair generation process begin. Please wait...\n");
  finish();
  ASSERT_NE(box_.appliance->keys().Find("pair"), nullptr);
  EXPECT_EQ(box_.appliance->keys().Find("pair")->type(), KeyType::kEcP384);
  EXPECT_EQ(console->prompt(), "ciscoasa(config)# ");
  console->Do("crypto key generate rsa label pair modulus 2048");
  EXPECT_THAT(console->prompt(), HasSubstr("You have a RSA keypair already defined named pair.\n"));
  console->Do("no");
  EXPECT_EQ(box_.appliance->keys().Find("pair")->type(), KeyType::kEcP384);
  console->Do("crypto key generate rsa label pair modulus 2048 noconfirm");
  finish();
  EXPECT_EQ(box_.appliance->keys().Find("pair")->type(), KeyType::kRsa);
}

TEST(SubjectNames, QuotesAndBackslashes) {
  const auto parts = ParseSubjectName("CN = a.example , o=\"Example, Inc\",OU=one\\, two");
  ASSERT_TRUE(parts.has_value());
  using P = std::pair<std::string, std::string>;
  EXPECT_THAT(*parts, ElementsAre(P{"cn", "a.example"}, P{"o", "Example, Inc"}, P{"ou", "one, two"}));
  for (const char* wrong : {"", "cn", "cn=", "=x", "cn=\"open", "cn=a,,o=b"}) EXPECT_FALSE(ParseSubjectName(wrong)) << wrong;
}

}  // namespace
}  // namespace sallyport
