// MS-CHAPv2 towards RADIUS servers (RFC 2548), which `password-management` wants: the password is not sent, the server can say that it
// has expired, and the user can have a new one.
#include <algorithm>

#include "vpn/aaa/aaa_client.h"

namespace sallyport {
namespace {

constexpr std::size_t kPiece = 243;  // of an encrypted password, in one attribute
constexpr int kExpiredError = 648;

}  // namespace

bool AaaClient::AddMsChap(Request& r, RadiusWriter& out) {
  using namespace radius;
  MsChapChallenge challenge{}, peer{};
  ports_.entropy.Fill(challenge);
  ports_.entropy.Fill(peer);
  const std::string_view user = std::string_view(r.q.user).substr(r.q.user.rfind('\\') + 1);  // without its domain
  const bool change = !r.q.new_password.empty();
  const auto answer = AnswerMsChap(challenge, peer, user, change ? r.q.new_password : r.q.password);
  if (!answer) return false;
  r.ms_chap_authenticator = answer->authenticator;
  constexpr std::uint8_t kIdent = 1;
  out.Vendor(kMicrosoft, kMsChapChallenge, challenge);
  std::vector<std::uint8_t> value;
  const auto put = [&](Bytes b) { value.insert(value.end(), b.begin(), b.end()); };
  const std::uint8_t reserved[8] = {};
  if (!change) {
    value = {kIdent, 0};
    put(peer);
    put(reserved);
    put(answer->response);
    out.Vendor(kMicrosoft, kMsChap2Response, value);
    return true;
  }
  std::array<std::uint8_t, 512> random{};
  ports_.entropy.Fill(random);
  const auto changed = ChangeMsChap(r.q.password, r.q.new_password, random);
  if (!changed) return false;
  value = {7, kIdent};
  put(changed->hash);
  put(peer);
  put(reserved);
  put(answer->response);
  put(Bytes(reserved).first(2));
  out.Vendor(kMicrosoft, kMsChap2Cpw, value);
  const Bytes password = changed->password;
  for (std::size_t at = 0, piece = 1; at < password.size(); at += kPiece, piece++) {
    value = {6, kIdent, 0, static_cast<std::uint8_t>(piece)};
    put(password.subspan(at, std::min(kPiece, password.size() - at)));
    out.Vendor(kMicrosoft, kMsChapNtEncPw, value);
  }
  return true;
}

bool AaaClient::MsChapAccepted(const Request& r, const RadiusMessage& m) {
  const std::string said = m.Text(radius::kMsChap2Success, radius::kMicrosoft);  // an octet, then "S=..."
  const auto bytes = [](std::string_view s) { return Bytes(reinterpret_cast<const std::uint8_t*>(s.data()), s.size()); };
  const std::size_t length = r.ms_chap_authenticator.size();
  return said.size() > length && SameBytes(bytes(std::string_view(said).substr(1, length)), bytes(r.ms_chap_authenticator));
}

bool AaaClient::MsChapExpired(const RadiusMessage& m) {
  const std::string said = m.Text(radius::kMsChapError, radius::kMicrosoft);  // an octet, then "E=648 R=0 C=... V=3 M=..."
  const std::size_t at = said.find("E=");
  int error = 0;
  for (std::size_t i = at == said.npos ? said.size() : at + 2; i < said.size() && said[i] >= '0' && said[i] <= '9' && error < 10000; i++) {
    error = 10 * error + (said[i] - '0');
  }
  return error == kExpiredError;
}

}  // namespace sallyport
