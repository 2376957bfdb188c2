// Certificates: what is read from them, whom they are believed of, and what their keys sign.
#include "vpn/crypto/crl.h"
#include "vpn/crypto/certificates.h"

#include <gtest/gtest.h>

#include "firewall/base/random.h"
#include "tests/vpn/authority.h"
#include "tests/vpn/hex.h"
#include "vpn/crypto/digests.h"

namespace sallyport {
namespace {

using Scheme = SignatureScheme;

constexpr std::int64_t kNow = kTestEpoch + 10 * kTestDay;

TEST(Certificate, IsReadInBothForms) {
  const TestAuthority authority("Root");
  const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP384);
  const Certificate c = authority.Issue(key, {{"c", "US"}, {"o", "Example, Inc."}, {"ou", "VPN"}, {"cn", "asa.example.com"}},
                                        "DNS:asa.example.com,IP:192.0.2.1,IP:2001:db8::1,email:admin@example.com");
  EXPECT_EQ(c.subject_text(), "cn=asa.example.com,ou=VPN,o=Example\\, Inc.,c=US");
  EXPECT_EQ(c.issuer_text(), "cn=Root,o=Example,c=US");
  EXPECT_EQ(c.subject()[1], (std::pair<std::string, std::string>("o", "Example, Inc.")));
  EXPECT_EQ(c.serial(), "1001");
  EXPECT_EQ(c.not_before(), kTestEpoch);
  EXPECT_EQ(c.not_after(), kTestEpoch + 365 * kTestDay);
  EXPECT_EQ(c.key_type(), KeyType::kEcP384);
  EXPECT_EQ(c.key_bits(), 384);
  EXPECT_EQ(c.signature_algorithm(), "ecdsa-with-SHA256");
  EXPECT_FALSE(c.is_ca());
  EXPECT_TRUE(authority.certificate().is_ca());
  EXPECT_EQ(c.dns_names(), std::vector<std::string>{"asa.example.com"});
  EXPECT_EQ(c.emails(), std::vector<std::string>{"admin@example.com"});
  EXPECT_EQ(c.addresses(), (std::vector<IpAddress>{*IpAddress::Parse("192.0.2.1"), *IpAddress::Parse("2001:db8::1")}));
  EXPECT_TRUE(c.Matches(key));
  EXPECT_FALSE(authority.certificate().Matches(key));
  EXPECT_EQ(c.fingerprint(VpnHash::kSha1), Hash(VpnHash::kSha1, {c.der()}));
  EXPECT_EQ(c.public_key_sha1().size(), 20u);
  EXPECT_EQ(ToHex(c.issuer_der()), ToHex(authority.certificate().subject_der()));
  EXPECT_EQ(NameText(c.subject_der()), c.subject_text());
  EXPECT_EQ(*NameDer({{"c", "US"}, {"O", "Example"}, {"CN", "Root"}}),
            std::vector<std::uint8_t>(c.issuer_der().begin(), c.issuer_der().end()));

  Result<Certificate> again = Certificate::FromPem("subject=/CN=whoever\n" + c.ToPem());
  ASSERT_TRUE(again) << again.error();
  EXPECT_TRUE(*again == c);
  Result<std::vector<Certificate>> chain = Certificate::ChainFromPem(key.ToPem() + c.ToPem() + "\n" + authority.certificate().ToPem());
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 2u);
  EXPECT_TRUE((*chain)[1] == authority.certificate());
  EXPECT_TRUE(Certificate() == Certificate());
  EXPECT_TRUE(Certificate().der().empty());
}

TEST(Certificate, RubbishIsRefused) {
  const TestAuthority authority("Root");
  const Bytes der = authority.certificate().der();
  EXPECT_FALSE(Certificate::FromDer({}));
  EXPECT_FALSE(Certificate::FromPem(""));
  EXPECT_FALSE(Certificate::FromPem("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));
  for (std::size_t n = 0; n < der.size(); n += 3) EXPECT_FALSE(Certificate::FromDer(der.first(n)));
  std::vector<std::uint8_t> more(der.begin(), der.end());
  more.push_back(0);
  EXPECT_FALSE(Certificate::FromDer(more));
  // Whatever a peer makes of it, it is read or refused.
  Random random(11);
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::uint8_t> spoiled(der.begin(), der.end());
    for (int k = 0; k < 3; ++k) spoiled[random.Below(static_cast<std::uint32_t>(spoiled.size()))] = static_cast<std::uint8_t>(random.U32());
    Result<Certificate> c = Certificate::FromDer(spoiled);
    if (!c) continue;
    c->subject_text();
    c->dns_names();
    c->addresses();
    TrustStore store;
    store.AddAnchor(authority.certificate());
    EXPECT_TRUE(*c == authority.certificate() || !store.Validate(*c, {}, kNow).ok());
  }
  EXPECT_FALSE(NameText(FromHex("3003")));
  EXPECT_FALSE(NameDer({{"nonsense", "x"}}));
}

TEST(TrustStore, ChainsTimesAndStrangers) {
  const TestAuthority root("Root"), stranger("Root"), middle(root, "Issuing");
  const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
  const Certificate leaf = middle.Issue(key, {{"cn", "peer"}});
  TrustStore store;
  store.AddAnchor(root.certificate());
  EXPECT_TRUE(store.Validate(leaf, {middle.certificate()}, kNow).ok());
  EXPECT_TRUE(store.Validate(leaf, {stranger.certificate(), leaf, middle.certificate()}, kNow).ok());
  EXPECT_EQ(store.Validate(leaf, {}, kNow).error(), "unable to get local issuer certificate");
  EXPECT_EQ(store.Validate(leaf, {middle.certificate()}, kTestEpoch + 400 * kTestDay).error(), "certificate has expired");
  EXPECT_EQ(store.Validate(leaf, {middle.certificate()}, kTestEpoch - 1).error(), "certificate is not yet valid");
  // What a peer sends is believed in nothing, though it calls itself Root.
  const Certificate false_leaf = stranger.Issue(key, {{"cn", "peer"}});
  EXPECT_FALSE(store.Validate(false_leaf, {stranger.certificate()}, kNow).ok());
  EXPECT_FALSE(store.Validate(Certificate(), {}, kNow).ok());
  // A leaf is no authority.
  const PrivateKey other = *PrivateKey::NewEc(KeyType::kEcP256);
  TrustStore below;
  below.AddAnchor(middle.certificate());  // an anchor need not be self-signed
  EXPECT_TRUE(below.Validate(leaf, {}, kNow).ok());
  ASSERT_NE(below.AnchorOf(leaf), nullptr);
  EXPECT_TRUE(*below.AnchorOf(leaf) == middle.certificate());
  EXPECT_EQ(below.AnchorOf(false_leaf), nullptr);
}

TEST(TrustStore, RevocationLists) {
  const TestAuthority root("Root");
  const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
  const Certificate good = root.Issue(key, {{"cn", "good"}}), bad = root.Issue(key, {{"cn", "bad"}});
  TrustStore store;
  store.AddAnchor(root.certificate());
  EXPECT_TRUE(store.Validate(bad, {}, kNow).ok());
  EXPECT_EQ(store.Validate(good, {}, kNow, true).error(), "unable to get certificate CRL");
  ASSERT_TRUE(store.AddCrl(root.Crl({bad})).ok());
  EXPECT_TRUE(store.Validate(good, {}, kNow).ok());
  EXPECT_TRUE(store.Validate(good, {}, kNow, true).ok());
  EXPECT_EQ(store.Validate(bad, {}, kNow).error(), "certificate revoked");
  EXPECT_EQ(store.Validate(good, {}, kTestEpoch + 31 * kTestDay).error(), "CRL has expired");
  EXPECT_FALSE(store.AddCrl(FromHex("3003020101")).ok());
  EXPECT_FALSE(store.AddCrl({}).ok());
}

struct Signer {
  PrivateKey key;
  Certificate certificate;
};

TEST(Signatures, EverySchemeSignsAndVerifies) {
  const TestAuthority root("Root");
  std::vector<Signer> signers;
  for (KeyType t : {KeyType::kRsa, KeyType::kEcP256, KeyType::kEcP384, KeyType::kEcP521}) {
    const PrivateKey key = t == KeyType::kRsa ? *PrivateKey::NewRsa(2048) : *PrivateKey::NewEc(t);
    signers.push_back({key, root.Issue(key, {{"cn", "peer"}})});
  }
  const std::vector<std::uint8_t> data = Counting(0, 20);
  int fitting = 0;
  for (int s = 0; s <= static_cast<int>(Scheme::kEcdsaSha512Der); ++s) {
    const Scheme scheme = static_cast<Scheme>(s);
    for (const Signer& signer : signers) {
      Result<std::vector<std::uint8_t>> signature = Sign(signer.key, scheme, data);
      if (!signature) {
        EXPECT_EQ(signature.error(), "the key does not fit the kind of signature");
        EXPECT_FALSE(Verify(signer.certificate, scheme, data, data));
        continue;
      }
      ++fitting;
      EXPECT_TRUE(Verify(signer.certificate, scheme, data, *signature)) << s;
      EXPECT_FALSE(Verify(root.certificate(), scheme, data, *signature)) << s;
      std::vector<std::uint8_t> spoiled = *signature;
      spoiled.back() ^= 1;
      EXPECT_FALSE(Verify(signer.certificate, scheme, data, spoiled)) << s;
      EXPECT_FALSE(Verify(signer.certificate, scheme, Counting(1, 20), *signature)) << s;
      EXPECT_FALSE(Verify(signer.certificate, scheme, data, Bytes(*signature).first(signature->size() - 1))) << s;
      EXPECT_FALSE(Verify(signer.certificate, scheme, data, {})) << s;
    }
  }
  // RSA: raw, four hashes, three of PSS; fixed: one curve each; DER: four hashes on three curves.
  EXPECT_EQ(fitting, 8 + 3 + 12);
}

TEST(Signatures, Ikev1SignsTheHashWithoutADigestInfo) {
  const TestAuthority root("Root");
  const PrivateKey key = *PrivateKey::NewRsa(1024);
  const std::vector<std::uint8_t> hash = Counting(0x40, 20);
  Result<std::vector<std::uint8_t>> signature = Sign(key, Scheme::kRsaRaw, hash);
  ASSERT_TRUE(signature);
  // The block under the signature: 00 01 ff ... ff 00 and the hash.
  std::vector<std::uint8_t> block(128);
  std::size_t size = block.size();
  EVP_PKEY_CTX* c = EVP_PKEY_CTX_new_from_pkey(CryptoLibrary::Get().context(), key.handle(), nullptr);
  ASSERT_EQ(EVP_PKEY_encrypt_init(c), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(c, RSA_NO_PADDING), 1);
  ASSERT_EQ(EVP_PKEY_encrypt(c, block.data(), &size, signature->data(), signature->size()), 1);
  EVP_PKEY_CTX_free(c);
  std::string expected = "0001";
  for (int i = 0; i < 128 - 3 - 20; ++i) expected += "ff";
  EXPECT_EQ(ToHex(block), expected + "00" + ToHex(hash));
}

TEST(Signatures, AlgorithmIdentifiersAsOpenSslWritesThem) {
  // A certificate names its signature by the same identifier.
  const TestAuthority root("Root");
  for (int s = 0; s <= static_cast<int>(Scheme::kEcdsaSha512Der); ++s) {
    const Scheme scheme = static_cast<Scheme>(s);
    const Bytes id = AlgorithmIdentifierOf(scheme);
    if (id.empty()) continue;
    EXPECT_EQ(SchemeOf(id), scheme);
    for (std::size_t n = 0; n < id.size(); ++n) EXPECT_FALSE(SchemeOf(id.first(n)));
    const bool rsa = s <= static_cast<int>(Scheme::kRsaPssSha512);
    const PrivateKey key = rsa ? *PrivateKey::NewRsa(2048) : *PrivateKey::NewEc(KeyType::kEcP256);
    X509* x = X509_new_ex(CryptoLibrary::Get().context(), nullptr);
    X509_set_pubkey(x, key.handle());
    EVP_MD_CTX* c = EVP_MD_CTX_new();
    EVP_PKEY_CTX* p = nullptr;
    EVP_DigestSignInit_ex(c, &p, EVP_MD_get0_name(CryptoLibrary::Get().Md(HashOf(scheme))), CryptoLibrary::Get().context(), nullptr,
                          key.handle(), nullptr);
    if (scheme >= Scheme::kRsaPssSha256 && rsa) {
      EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(p, RSA_PSS_SALTLEN_DIGEST);
    }
    ASSERT_GT(X509_sign_ctx(x, c), 0);
    const X509_ALGOR* algorithm = nullptr;
    X509_get0_signature(nullptr, &algorithm, x);
    unsigned char* der = nullptr;
    const int size = i2d_X509_ALGOR(algorithm, &der);
    EXPECT_EQ(ToHex(id), ToHex({der, static_cast<std::size_t>(size)})) << s;
    OPENSSL_free(der);
    EVP_MD_CTX_free(c);
    X509_free(x);
  }
  // ECDSA with a NULL, RSA without one: some write them so.
  EXPECT_EQ(SchemeOf(FromHex("300b06092a864886f70d01010b")), Scheme::kRsaSha256);
  EXPECT_EQ(SchemeOf(FromHex("300c06082a8648ce3d0403020500")), Scheme::kEcdsaSha256Der);
  EXPECT_EQ(SchemeOf(FromHex("300d06092a864886f70d0101040500")), std::nullopt);  // MD5
  EXPECT_EQ(SchemeOf(FromHex("300d06092a864886f70d01010a0500")), std::nullopt);  // PSS without parameters
  EXPECT_EQ(SchemeOf(FromHex("300506032b6570")), std::nullopt);                  // Ed25519
}

TEST(KeyFiles, PemDerAndPkcs12) {
  const TestAuthority root("Root");
  const PrivateKey key = *PrivateKey::NewRsa(2048);
  const Certificate c = root.Issue(key, {{"cn", "asa"}});
  EXPECT_EQ(key.type(), KeyType::kRsa);
  EXPECT_EQ(key.bits(), 2048);
  Result<PrivateKey> again = PrivateKey::FromPem(key.ToPem());
  ASSERT_TRUE(again) << again.error();
  EXPECT_TRUE(c.Matches(*again));
  EXPECT_FALSE(PrivateKey::FromPem("nothing"));
  EXPECT_FALSE(PrivateKey::FromDer(Counting(0, 40)));
  EXPECT_FALSE(PrivateKey::NewEc(KeyType::kRsa));
  EXPECT_FALSE(PrivateKey::NewRsa(10));
  for (bool old : {false, true}) {
    const std::vector<std::uint8_t> file = root.Pkcs12(key, c, "cisco123", old);
    ASSERT_FALSE(file.empty());
    Result<KeyAndChain> read = ReadPkcs12(file, "cisco123");
    ASSERT_TRUE(read) << read.error();
    EXPECT_TRUE(read->certificate == c);
    EXPECT_TRUE(c.Matches(read->key));
    ASSERT_EQ(read->chain.size(), 1u);
    EXPECT_TRUE(read->chain[0] == root.certificate());
    EXPECT_TRUE(Sign(read->key, Scheme::kRsaSha256, file));
    EXPECT_FALSE(ReadPkcs12(file, "cisco124"));
    EXPECT_FALSE(ReadPkcs12(Bytes(file).first(file.size() / 2), "cisco123"));
    // As it is pasted on a console.
    std::string pasted(file.size() * 2, '\0');
    pasted.resize(static_cast<std::size_t>(
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(pasted.data()), file.data(), static_cast<int>(file.size()))));
    std::string lines = "-----BEGIN PKCS12-----\r\n";
    for (std::size_t i = 0; i < pasted.size(); i += 64) lines += pasted.substr(i, 64) + "\r\n";
    lines += "-----END PKCS12-----\n";
    Result<KeyAndChain> from_text = ReadPkcs12(AsBytes(lines), "cisco123");
    ASSERT_TRUE(from_text) << from_text.error();
    EXPECT_TRUE(from_text->certificate == c);
  }
  EXPECT_FALSE(ReadPkcs12({}, ""));
  EXPECT_FALSE(ReadPkcs12(AsBytes("no base64 at all!"), ""));
}

TEST(KeyFiles, SelfSignedAndRequest) {
  const PrivateKey key = *PrivateKey::NewRsa(1024);
  const std::uint8_t serial[] = {0x5a, 0x01};
  Result<Certificate> c = Certificate::SelfSigned(key, {{"cn", "asa.example.com"}}, {"asa.example.com"}, kTestEpoch, kTestEpoch + kTestDay, serial);
  ASSERT_TRUE(c) << c.error();
  EXPECT_EQ(c->serial(), "5A01");
  EXPECT_EQ(c->dns_names(), std::vector<std::string>{"asa.example.com"});
  TrustStore store;
  store.AddAnchor(*c);
  EXPECT_TRUE(store.Validate(*c, {}, kTestEpoch + 60).ok());
  Result<std::string> request = CertificateRequest(key, {{"cn", "asa.example.com"}, {"hostname", "asa"}}, {"asa.example.com"});
  ASSERT_TRUE(request) << request.error();
  EXPECT_TRUE(request->starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"));
  EXPECT_FALSE(CertificateRequest(PrivateKey(), {}, {}));
}

TEST(Crl, IsReadWhenItsAuthorityHasSignedIt) {
  TestAuthority root("Root"), other("Root"), stranger("Stranger");
  const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
  EXPECT_TRUE(CrlUrlsOf(root.Issue(key, {{"cn", "a"}})).empty());
  root.crl_url = "http://192.0.2.80/root.crl";
  const Certificate leaf = root.Issue(key, {{"cn", "a"}});
  EXPECT_EQ(CrlUrlsOf(leaf), std::vector<std::string>{"http://192.0.2.80/root.crl"});
  EXPECT_TRUE(CrlUrlsOf(Certificate()).empty());
  const std::vector<std::uint8_t> der = root.Crl({leaf});
  const auto crl = ReadCrl(der, root.certificate());
  ASSERT_TRUE(crl) << crl.error();
  EXPECT_EQ(crl->der, der);
  EXPECT_EQ(crl->issuer, root.certificate().subject_text());
  EXPECT_EQ(crl->last_update, kTestEpoch);
  EXPECT_EQ(crl->next_update, kTestEpoch + 30 * kTestDay);
  EXPECT_EQ(ReadCrl(der, other.certificate()).error(), "its signature is not right");
  EXPECT_EQ(ReadCrl(der, stranger.certificate()).error(), "it is another authority's");
  EXPECT_FALSE(ReadCrl(der, Certificate()));
  for (std::size_t n = 0; n < der.size(); n += 7) EXPECT_FALSE(ReadCrl(Bytes(der).first(n), root.certificate())) << n;
}

}  // namespace
}  // namespace sallyport
