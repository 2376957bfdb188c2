#include "cli/vpn_names.h"

#include <array>

#include "cli/show_text.h"

namespace sallyport {
namespace {

// Each table has a row for each value of its enum, in order.
constexpr std::array<CipherNames, kVpnCiphers> kCiphers = {{
    {"none", "none", "NULL", "esp-null", 0, false},
    {"DES", "des", "DES", "esp-des", 8, false},
    {"3DES", "3des", "3DES", "esp-3des", 8, false},
    {"RC4", "rc4", "RC4", "esp-rc4", 0, false},
    {"AES128", "aes", "AES-CBC, keysize: 128", "esp-aes", 16, false},
    {"AES192", "aes-192", "AES-CBC, keysize: 192", "esp-aes-192", 16, false},
    {"AES256", "aes-256", "AES-CBC, keysize: 256", "esp-aes-256", 16, false},
    {"AES-GCM-128", "aes-gcm", "AES-GCM, keysize: 128", "esp-aes-gcm", 8, true},
    {"AES-GCM-192", "aes-gcm-192", "AES-GCM, keysize: 192", "esp-aes-gcm-192", 8, true},
    {"AES-GCM-256", "aes-gcm-256", "AES-GCM, keysize: 256", "esp-aes-gcm-256", 8, true},
    {"AES-GMAC-128", "aes-gmac", "AES-GMAC, keysize: 128", "esp-aes-gmac", 8, true},
    {"AES-GMAC-192", "aes-gmac-192", "AES-GMAC, keysize: 192", "esp-aes-gmac-192", 8, true},
    {"AES-GMAC-256", "aes-gmac-256", "AES-GMAC, keysize: 256", "esp-aes-gmac-256", 8, true},
}};
constexpr std::array<HashNames, 6> kHashes = {{
    {"none", "none", "N/A", "esp-none"},
    {"MD5", "MD5", "MD596", "esp-md5-hmac"},
    {"SHA1", "SHA", "SHA96", "esp-sha-hmac"},
    {"SHA256", "SHA256", "SHA256", "esp-sha-256-hmac"},
    {"SHA384", "SHA384", "SHA384", "esp-sha-384-hmac"},
    {"SHA512", "SHA512", "SHA512", "esp-sha-512-hmac"},
}};
constexpr std::array<AuthNames, 8> kAuths = {{
    {"none", "none", "none", "none"},
    {"preSharedKeys", "preshrd", "preshared", "PSK"},
    {"rsaCertificate", "rsa", "rsa", "RSA"},
    {"userPassword", "xauth", "xauth", "EAP"},
    {"Certificate", "rsa", "rsa", "RSA"},
    {"Certificate and userPassword", "rsa", "rsa", "EAP"},
    {"EAP", "eap", "eap", "EAP"},
    {"SAML", "saml", "saml", "EAP"},
}};
constexpr std::array<std::string_view, 9> kEncapsulations = {"none",    "Tunnel",  "Transport", "TLSv1.0", "TLSv1.1",
                                                             "TLSv1.2", "TLSv1.3", "DTLSv1.0",  "DTLSv1.2"};
constexpr std::array<std::string_view, 3> kCompressions = {"none", "LZS", "Deflate"};
constexpr std::array<std::string_view, 13> kStates = {
    "MM_WAIT_MSG2", "MM_WAIT_MSG3", "MM_WAIT_MSG4", "MM_WAIT_MSG5", "MM_WAIT_MSG6", "MM_ACTIVE", "AM_WAIT_MSG2",
    "AM_WAIT_MSG3", "AM_ACTIVE",    "IN-NEG",       "READY",        "REKEY",        "DELETE"};
constexpr std::array<std::string_view, kVpnTunnelKinds> kTunnels = {"IKEv1",         "IKEv2",
                                                                    "IPsec",         "IPsecOverNatT",
                                                                    "IPsecOverTCP",  "IPsecOverUDP",
                                                                    "L2TPOverIPsec", "L2TPOverIPsecOverNatT",
                                                                    "Clientless",    "AnyConnect-Parent",
                                                                    "SSL-Tunnel",    "DTLS-Tunnel"};

template <typename Table, typename E>
const auto& Row(const Table& table, E value) {
  return table[static_cast<std::size_t>(value)];
}

}  // namespace

std::string NameOrAddress(IpAddress address, const AddressNames& names) {
  const auto it = names.find(address);
  return it != names.end() ? it->second : address.ToString();
}

std::string NetworkText(const Prefix& network) {
  const int length = network.FamilyLength();
  return network.address.ToString() + "/" + (network.IsV4() ? MaskText(length) : std::to_string(length));
}

std::string SelectorText(const VpnSelector& s) {
  return fmt::format("{}/{}/{}", NetworkText(s.network), s.protocol, s.port);
}

const CipherNames& NamesOf(VpnCipher cipher) { return Row(kCiphers, cipher); }
const HashNames& NamesOf(VpnHash hash) { return Row(kHashes, hash); }
const AuthNames& NamesOf(VpnAuth auth) { return Row(kAuths, auth); }
std::string_view NameOf(VpnEncapsulation encapsulation) { return Row(kEncapsulations, encapsulation); }
std::string_view NameOf(VpnCompression compression) { return Row(kCompressions, compression); }
std::string_view NameOf(IkeState state) { return Row(kStates, state); }
std::string_view NameOf(VpnTunnelKind kind, const Personality& personality) {
  return kind == VpnTunnelKind::kIkev1 && !personality.ikev1_keyword ? "IKE" : Row(kTunnels, kind);
}

}  // namespace sallyport
