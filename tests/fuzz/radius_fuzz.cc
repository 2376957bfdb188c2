// Answers of RADIUS servers, and EAP messages of peers. The reader with arbitrary bytes; the client with an answer whose attributes
// are arbitrary and whose digests are right, so that what stands behind them is reached.
#include <cstdlib>

#include "tests/vpn/aaa/radius_server.h"
#include "vpn/aaa/radius_text.h"
#include "vpn/ike/eap.h"

namespace sallyport {
namespace {

void Parsers(Bytes data) {
  const auto m = ReadRadius(data);
  if (m) {
    std::size_t held = radius::kHeader;
    for (const RadiusAttribute& a : m->attributes) held += a.value.size();
    if (held > m->whole.size()) std::abort();
    const RadiusAuthenticator request{};
    const std::uint8_t secret[] = {'s'};
    (void)ResponseIsGenuine(*m, request, secret);
    (void)SignatureOf(*m, request, secret);
    (void)ReadAaaAttributes(*m);
    for (const RadiusAttribute& a : m->attributes) (void)MppeKey(a.value, request, secret);
  }
  (void)RadiusText("response", data);
  if (const auto e = ReadEap(data)) (void)EapName(e->data);
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  const Bytes input(data, size);
  Parsers(input);
  if (size < 2) return 0;

  RadiusWire wire;
  static const ManualClock clock{1'258'000'000'000'000'000};
  static LogRing ring;
  static Logger logger{clock, ring};  // is off
  SeededEntropy entropy{1};
  AaaClient client{{wire, logger, clock, entropy, [&] { return clock.Now(); }, [&] { return clock.Now(); }, {}}};
  AaaPlan plan;
  plan.groups.resize(1);
  plan.groups[0].name = "g";
  plan.groups[0].servers.resize(1);
  plan.groups[0].servers[0].address = IpAddress::V4(0x0a010101);
  plan.groups[0].servers[0].key = "s";
  client.UsePlan(plan);
  std::size_t heard = 0;
  client.Listen(&wire, [&](const std::string& line) { heard += line.size(); });
  AaaQuestion q;
  q.group = "g";
  q.user = "u";
  if ((data[0] & 1) != 0) q.eap = {2, 1, 0, 6, 1, 'u'};
  std::size_t answers = 0;
  client.Authenticate(q, [&](const AaaAnswer& a) {
    ++answers;
    if (a.msk != nullptr && a.msk->size() < 64) std::abort();
    (void)ReadEap(a.eap);
  });
  if (wire.sent.size() != 1) std::abort();
  const std::vector<std::uint8_t> request = wire.sent[0].message;
  const std::uint8_t secret[] = {'s'};
  client.Receive(1, input);
  if (answers != 0) std::abort();  // nobody can make that digest
  static constexpr std::uint8_t kCodes[] = {radius::kAccessAccept, radius::kAccessReject, radius::kAccessChallenge, 5, 0, 255};
  std::vector<std::uint8_t> answer = RadiusReply(kCodes[(data[0] >> 1) % 6]).To(request, secret, false);
  answer.insert(answer.end(), input.begin() + 1, input.end());
  if (answer.size() > radius::kLargest) return 0;
  StoreBe16(answer.data() + 2, static_cast<std::uint16_t>(answer.size()));
  // Where a Message-Authenticator stands it is made right, too.
  for (std::size_t at = radius::kHeader; (data[0] & 0x80) != 0 && at + 2 <= answer.size() && answer[at + 1] >= 2; at += answer[at + 1]) {
    if (answer[at] != radius::kMessageAuthenticator || answer[at + 1] != 18 || at + 18 > answer.size()) continue;
    std::fill_n(answer.begin() + static_cast<std::ptrdiff_t>(at) + 2, 16, 0);
    std::copy_n(request.begin() + 4, 16, answer.begin() + 4);
    std::uint8_t mac[16];
    Hmac(VpnHash::kMd5, secret, {answer}, mac);
    std::copy_n(mac, 16, answer.begin() + static_cast<std::ptrdiff_t>(at) + 2);
    break;
  }
  const auto digest = Hash(VpnHash::kMd5, {Bytes(answer).first(4), Bytes(request).subspan(4, 16), Bytes(answer).subspan(20), secret});
  std::copy_n(digest.begin(), 16, answer.begin() + 4);
  client.Receive(1, answer);
  client.Receive(1, answer);
  if (answers > 1) std::abort();
  return 0;
}
