// RADIUS on the wire: the RFCs' examples, what a secret does, and what must not be read.
#include "vpn/aaa/radius_message.h"

#include <gtest/gtest.h>

#include "tests/vpn/hex.h"
#include "vpn/aaa/aaa_client.h"
#include "vpn/crypto/digests.h"

namespace sallyport {
namespace {

using namespace radius;

RadiusAuthenticator Authenticator(const std::string& hex) {
  RadiusAuthenticator out{};
  const auto bytes = FromHex(hex);
  std::copy_n(bytes.begin(), out.size(), out.begin());
  return out;
}

// RFC 2865 7.1: nemo logs in, secret xyzzy5461, password arctangent.
TEST(Radius, TheExchangeOfRfc2865) {
  const RadiusAuthenticator request = Authenticator("0f403f9473978057bd83d5cb98f4227a");
  EXPECT_EQ(HidePassword(AsBytes("arctangent"), request, AsBytes("xyzzy5461")), FromHex("0dbe708d93d413ce3196e43f782a0aee"));
  const auto accept = FromHex("0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103");
  const auto m = ReadRadius(accept);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->code, kAccessAccept);
  EXPECT_EQ(m->Number(kServiceType), 1u);
  EXPECT_TRUE(ResponseIsGenuine(*m, request, AsBytes("xyzzy5461")));
  EXPECT_FALSE(ResponseIsGenuine(*m, request, AsBytes("xyzzy5462")));
  for (std::size_t i = 0; i < accept.size(); i++) {
    auto other = accept;
    other[i] ^= 1;
    const auto changed = ReadRadius(other);
    if (changed) {
      EXPECT_FALSE(ResponseIsGenuine(*changed, request, AsBytes("xyzzy5461"))) << i;
    }
  }
}

// RFC 2865 7.3: mopsy is asked something behind her password.
TEST(Radius, TheChallengeOfRfc2865) {
  const RadiusAuthenticator request = Authenticator("f3a47a1f6a6d76710b947ab93041a039");
  EXPECT_EQ(HidePassword(AsBytes("challenge"), request, AsBytes("xyzzy5461")), FromHex("33657573778289b570885e15084825c5"));
  const auto challenge = FromHex(
      "0b02004e36f3c8764ae8c71157403c0c71ff9c4512304368616c6c656e67652033323736393433302e2020456e74657220726573706f6e73652061742070726f"
      "6d70742e180a3332373639343330");
  const auto m = ReadRadius(challenge);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->code, kAccessChallenge);
  EXPECT_EQ(m->Text(kReplyMessage), "Challenge 32769430.  Enter response at prompt.");
  EXPECT_EQ(m->Text(kState), "32769430");
  EXPECT_TRUE(ResponseIsGenuine(*m, request, AsBytes("xyzzy5461")));
}

TEST(Radius, LongPasswordsAreHiddenBlockByBlock) {
  const RadiusAuthenticator request = Authenticator("000102030405060708090a0b0c0d0e0f");
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 127u, 128u, 129u, 500u}) {
    const std::string password(size, 'p');
    const auto hidden = HidePassword(AsBytes(password), request, AsBytes("secret"));
    EXPECT_EQ(hidden.size(), std::min<std::size_t>(std::max<std::size_t>((size + 15) / 16 * 16, 16), kMostPassword));
    // What the server does.
    std::string plain;
    Bytes before = request;
    for (std::size_t at = 0; at < hidden.size(); at += 16) {
      const auto mask = Hash(VpnHash::kMd5, {AsBytes("secret"), before});
      for (std::size_t i = 0; i < 16; i++) plain += static_cast<char>(hidden[at + i] ^ mask[i]);
      before = Bytes(hidden).subspan(at, 16);
    }
    plain.resize(plain.find_last_not_of('\0') == std::string::npos ? 0 : plain.find_last_not_of('\0') + 1);
    EXPECT_EQ(plain, password.substr(0, kMostPassword));
  }
}

// A key hidden as RFC 2548 2.4.2 has it, as a server does it.
std::vector<std::uint8_t> Hidden(Bytes key, const RadiusAuthenticator& request, Bytes secret, std::uint16_t salt) {
  std::vector<std::uint8_t> plain{static_cast<std::uint8_t>(key.size())}, out(2);
  plain.insert(plain.end(), key.begin(), key.end());
  plain.resize((plain.size() + 15) / 16 * 16);
  StoreBe16(out.data(), salt);
  std::vector<std::uint8_t> mask = Hash(VpnHash::kMd5, {secret, request, out});
  for (std::size_t at = 0; at < plain.size(); at += 16) {
    if (at != 0) mask = Hash(VpnHash::kMd5, {secret, Bytes(out).last(16)});
    for (std::size_t i = 0; i < 16; i++) out.push_back(static_cast<std::uint8_t>(plain[at + i] ^ mask[i]));
  }
  return out;
}

TEST(Radius, KeysOfMsMppe) {
  const RadiusAuthenticator request = Authenticator("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
  std::vector<std::uint8_t> key(32);
  for (std::size_t i = 0; i < key.size(); i++) key[i] = static_cast<std::uint8_t>(i);
  const auto hidden = Hidden(key, request, AsBytes("secret"), 0x8123);
  EXPECT_TRUE(SameBytes(MppeKey(hidden, request, AsBytes("secret")).bytes(), key));
  EXPECT_FALSE(SameBytes(MppeKey(hidden, request, AsBytes("Secret")).bytes(), key));
  EXPECT_TRUE(MppeKey(Bytes(hidden).first(hidden.size() - 1), request, AsBytes("secret")).empty()) << "no whole blocks";
  EXPECT_TRUE(MppeKey(Bytes(hidden).first(2), request, AsBytes("secret")).empty());
  EXPECT_TRUE(MppeKey({}, request, AsBytes("secret")).empty());
  EXPECT_TRUE(MppeKey(Hidden(key, request, AsBytes("secret"), 0x0123), request, AsBytes("secret")).empty()) << "the salt's first bit is not set";
  auto longer = Hidden(key, request, AsBytes("secret"), 0x8123);
  longer[2] ^= 32 ^ 48;  // its length: more than there is
  EXPECT_TRUE(MppeKey(longer, request, AsBytes("secret")).empty());
}

TEST(Radius, ARequestIsSignedAndReadable) {
  const RadiusAuthenticator random = Authenticator("00112233445566778899aabbccddeeff");
  RadiusWriter out(kAccessRequest, 7, random);
  out.Text(kUserName, "ann");
  const std::vector<std::uint8_t> eap(600, 0xee);
  out.Eap(eap);
  out.Vendor(kCisco3000, kTunnelGroupName, AsBytes("road"));
  const auto bytes = out.FinishSigned(AsBytes("secret"));
  const auto m = ReadRadius(bytes);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->id, 7);
  EXPECT_EQ(m->attributes[0].type, kMessageAuthenticator) << "first: a forger may not put anything before it";
  EXPECT_EQ(SignatureOf(*m, random, AsBytes("secret")), RadiusSignature::kGood);
  EXPECT_EQ(SignatureOf(*m, random, AsBytes("other")), RadiusSignature::kBad);
  EXPECT_EQ(m->Eap(), eap);
  EXPECT_EQ(m->Text(kTunnelGroupName, kCisco3000), "road");
  EXPECT_EQ(m->Text(kTunnelGroupName), "") << "of another vendor";
  for (std::size_t i = 0; i < bytes.size(); i++) {
    if (i >= 4 && i < 20) continue;  // the authenticator is told apart
    auto changed = bytes;
    changed[i] ^= 0x40;
    const auto other = ReadRadius(changed);
    if (other) {
      EXPECT_NE(SignatureOf(*other, random, AsBytes("secret")), RadiusSignature::kGood) << i;
    }
  }
}

TEST(Radius, WhatDoesNotFitIsNotSent) {
  RadiusWriter out(kAccessRequest, 1, {});
  out.Eap(std::vector<std::uint8_t>(5000, 1));
  EXPECT_TRUE(out.FinishSigned(AsBytes("s")).empty());
}

TEST(Radius, AnAccountingRequestIsItsOwnDigest) {
  RadiusWriter out(kAccountingRequest, 9, {});
  out.Text(kUserName, "ann");
  const auto bytes = out.FinishAccounting(AsBytes("secret"));
  const RadiusAuthenticator zeros{};
  EXPECT_EQ(Hash(VpnHash::kMd5, {Bytes(bytes).first(4), zeros, Bytes(bytes).subspan(20), AsBytes("secret")}),
            std::vector<std::uint8_t>(bytes.begin() + 4, bytes.begin() + 20));
}

TEST(Radius, LengthsThatAreWrong) {
  const auto good = FromHex("02010019000102030405060708090a0b0c0d0e0f0105616263");
  ASSERT_TRUE(ReadRadius(good));
  for (std::size_t n = 0; n < good.size(); n++) EXPECT_FALSE(ReadRadius(Bytes(good).first(n))) << n;
  for (const char* bad : {"02010013000102030405060708090a0b0c0d0e0f",        // shorter than a header
                          "02010015000102030405060708090a0b0c0d0e0f01",      // an attribute without a length
                          "02010016000102030405060708090a0b0c0d0e0f0100",    // of length 0
                          "02010016000102030405060708090a0b0c0d0e0f0101",    // of length 1
                          "02010016000102030405060708090a0b0c0d0e0f0103"}) {  // longer than the message
    EXPECT_FALSE(ReadRadius(FromHex(bad))) << bad;
  }
  auto padded = good;
  padded.resize(60);
  const auto m = ReadRadius(padded);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->whole.size(), good.size());
  // A vendor's attributes that are no attributes are passed over, the others stay.
  const auto with_odd = FromHex("02010021000102030405060708090a0b0c0d0e0f1a0800000c0401090105616263");
  const auto odd = ReadRadius(with_odd);
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->attributes.size(), 1u);
  EXPECT_EQ(odd->Text(kUserName), "abc");
}

TEST(Radius, GroupPoliciesInAClass) {
  EXPECT_EQ(GroupPolicyOfClass("OU=staff;"), "staff");
  EXPECT_EQ(GroupPolicyOfClass("ou=staff"), "staff");
  EXPECT_EQ(GroupPolicyOfClass("x=1;OU=staff;y"), "staff");
  EXPECT_EQ(GroupPolicyOfClass("staff"), "staff");
  EXPECT_EQ(GroupPolicyOfClass(std::string("\x01\x02", 2)), "");
  EXPECT_EQ(GroupPolicyOfClass(""), "");
}

TEST(Radius, WhatAnAcceptGives) {
  RadiusWriter out(kAccessAccept, 1, {});
  out.Text(kClass, "OU=staff;");
  out.Text(kClass, std::string("\x00\xff", 2));
  out.Number(kFramedIpAddress, 0x0a090105);
  out.Number(kFramedIpNetmask, 0xffffff00);
  out.Number(kSessionTimeout, 90);
  out.Number(kIdleTimeout, 600);
  out.Text(kFilterId, "only_web");
  std::uint8_t n[4] = {0, 0, 0, 64};
  out.Vendor(kCisco3000, kTunnelingProtocols, n);
  out.Vendor(kCisco3000, kAddressPools, AsBytes("a, b"));
  out.Vendor(kCisco3000, kTunnelGroupLock, AsBytes("road"));
  const auto bytes = out.FinishAccounting({});
  const auto m = ReadRadius(bytes);
  ASSERT_TRUE(m);
  const AaaAttributes a = ReadAaaAttributes(*m);
  EXPECT_EQ(a.group_policy, "staff");
  EXPECT_EQ(a.classes.size(), 2u);
  EXPECT_EQ(a.framed_address, IpAddress::Parse("10.9.1.5"));
  EXPECT_EQ(a.framed_mask, IpAddress::Parse("255.255.255.0"));
  EXPECT_EQ(a.session_s, 90u);
  EXPECT_EQ(a.idle_s, 600u);
  EXPECT_EQ(a.filter, "only_web");
  EXPECT_EQ(a.tunneling_protocols, 64u);
  EXPECT_EQ(a.address_pools, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(a.group_lock, "road");
}

}  // namespace
}  // namespace sallyport
