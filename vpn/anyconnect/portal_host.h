// What the portal needs of its surroundings: the session service implements it on an appliance (service.h), tests by a fake.
// Control thread. An answer may come within the call or later; it never comes twice, and after the host has gone not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/result.h"
#include "firewall/base/time.h"
#include "firewall/tunnel.h"
#include "firewall/types.h"
#include "vpn/anyconnect/connect_request.h"
#include "vpn/crypto/certificates.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/secret.h"
#include "vpn/policy.h"

namespace sallyport {

struct AaaDialogue;

// A connection to the portal: its number is that of whoever has the socket, and is not used again.
enum class ConnId : std::uint32_t { kNone = 0 };

// Where somebody comes from and with what.
struct PortalPeer {
  ConnId connection = ConnId::kNone;
  IfId at{};
  Endpoint local, peer;
  VpnEncapsulation encapsulation = VpnEncapsulation::kNone;  // kTls10..kTls13
  std::string tls_cipher;                                    // OpenSSL's name
  Certificate certificate;                                   // of the client; a default one: it has shown none
  std::vector<Certificate> certificate_chain;                // what it sent besides
  std::string user_agent;
};

// --- logging in

// One question to AAA. A login asks it once (kPrimary), or again with what the user has said to a challenge (`dialogue`),
// and then, as the tunnel group wants it, for the second pair of name and password and for authorization.
struct LoginQuestion {
  enum class What : std::uint8_t { kPrimary, kSecondary, kAuthorize } what = What::kPrimary;
  std::string tunnel_group;
  std::string user;
  Secret password;                              // or the answer to a challenge; empty for kAuthorize
  std::shared_ptr<const AaaDialogue> dialogue;  // of the LoginAnswer that asked back; null: a new question
  Secret new_password;                          // with `wants_new_password` answered; empty: no change
  bool by_certificate = false;  // the certificate alone stands for the user (kAuthorize follows where it is configured)
  bool browser = false;         // a web page, not the client
  PortalPeer from;
};
struct LoginAnswer {
  enum class Kind : std::uint8_t {
    kAccepted,
    kChallenge,    // `message` is shown, and the answer asked with `dialogue`
    kNewPassword,  // expired: `message`; the same question again, with new_password
    kRejected      // why is the log's business; `message` is radius-reject-message's, or ""
  } kind = Kind::kRejected;
  std::string message;
  std::shared_ptr<const AaaDialogue> dialogue;
  std::string group_policy;              // "": the tunnel group's
  std::shared_ptr<const VpnUser> rules;  // what rules for him besides; null: nothing
};

// Everybody whom it needed has said yes: a session is made (state P), or not (limits, access hours, group lock: that is the
// log's).
struct LoginDone {
  std::string tunnel_group, group_policy /* as LoginAnswer */, user;
  std::shared_ptr<const VpnUser> rules;
  VpnAuth auth = VpnAuth::kUserPassword;
  bool browser = false;
  PortalPeer from;
  // What the client told of itself: `version`, `device-id` and its attributes.
  std::string client_version, device_id, platform_version, device_type, unique_id;
  bool host_scanned = false;
};
struct SessionMade {
  std::string token;    // of the cookie; "": refused (and nothing else here counts)
  std::string message;  // to the user, when refused; "": as a wrong password
  std::uint32_t index = 0;
  std::string banner;                 // of the group policy, as written
  std::vector<std::string> profiles;  // anyconnect profiles: names of SslPolicy::profiles
  std::string group_policy;
};

// --- who has a session

struct PortalSession {
  std::uint32_t index = 0;
  std::string user, tunnel_group, group_policy;
  std::string banner;
  std::vector<std::string> profiles;
  bool clientless = false;  // it began at the web page
  bool connected = false;   // a tunnel is there
  IpAddress assigned;       // none: it has had no address yet
};

// --- CONNECT

struct TunnelRequest {
  ConnectRequest request;  // with the token
  PortalPeer from;
  // 32 bytes of this TLS connection by the exporter of that label (EXPORTER-openconnect-psk); empty: not to be had.
  Secret psk;
  // The document `complete`, for a session: what X-CSTP-Post-Auth-XML carries, in one line. The portal makes it.
  std::function<std::string(const PortalSession&)> post_auth_xml;
};
struct TunnelMade {
  bool accepted = false;
  ConnectRefusal refusal;  // !accepted
  ConnectAnswer answer;    // accepted
  std::uint32_t session = 0;
  TunnelId tunnel = TunnelId::kNone;
  std::uint32_t number = 0;  // of the SSL tunnel: 1436.2
};

class PortalHost {
 public:
  virtual ~PortalHost() = default;

  virtual void Ask(LoginQuestion question, std::function<void(LoginAnswer)> answer) = 0;
  virtual void Login(LoginDone done, std::function<void(SessionMade)> answer) = 0;
  // Is that client certificate good for anything (a trustpoint of ours issued it, it has not ended, it was not revoked)?
  virtual bool CertificateIsGood(const Certificate& leaf, const std::vector<Certificate>& others) = 0;
  // certificate-group-map: the tunnel group of a certificate; "": no rule speaks of it.
  virtual std::string GroupOfCertificate(const Certificate& leaf) = 0;

  // The session of a cookie, in a time that does not tell how much of it was right. A request of the portal counts as use.
  virtual std::optional<PortalSession> ByToken(std::string_view token) = 0;
  virtual void Connect(TunnelRequest request, std::function<void(TunnelMade)> answer) = 0;
  // An accepted CONNECT whose connection has gone before it could be handed over (PortalSink::HandOver): there is no tunnel.
  virtual void TunnelLost(const TunnelMade& /*made*/) {}
  // The user logs out at the portal (716002 User Requested); false: no such session.
  virtual bool Logout(std::string_view token) = 0;
  // A session's portal traffic: octets of a request and of its answer.
  virtual void Count(std::uint32_t /*index*/, std::size_t /*in*/, std::size_t /*out*/) {}

  // vpn load-balancing: where a new client is to go instead ("203.0.113.7" or "asa2.example.com", with ":port" if it is not
  // 443); nothing: it stays.
  virtual std::optional<std::string> RedirectTo(IfId /*at*/, IpAddress /*local*/) { return {}; }

  // A part of a file of disk0: ("x.xml"), on a thread of the pool. The error: it is not there.
  struct FilePart {
    std::uint64_t size = 0;           // of the whole file
    std::vector<std::uint8_t> bytes;  // at most as many as asked for; fewer only at the end
  };
  virtual void ReadFile(const std::string& name, std::uint64_t at, std::size_t most,
                        std::function<void(Result<FilePart>)> answer) = 0;
  // The same of a member of a package ("binaries/setup.exe" of "x.pkg").
  virtual void ReadMember(const std::string& /*package*/, const std::string& /*member*/, std::uint64_t /*at*/, std::size_t /*most*/,
                          std::function<void(Result<FilePart>)> answer) {
    answer(Error{"no packages"});
  }

  // SHA-1 of our certificate on that interface, in upper-case hexadecimal.
  virtual std::string ServerCertificateHash(IfId at) = 0;
  virtual std::string NameOf(IfId at) const = 0;  // nameif, for messages
  virtual void Say(int syslog, int severity, const std::string& text) = 0;
  // `debug webvpn`: a line, if somebody listens at that level. Never a password or a token.
  virtual bool HearsDebug(int /*level*/) const { return false; }
  virtual void Debug(int /*level*/, const std::string& /*line*/) {}
  virtual Entropy& entropy() = 0;
};

}  // namespace sallyport
