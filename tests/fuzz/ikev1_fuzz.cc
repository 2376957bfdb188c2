// IKE version 1: the parsers, and a responder that is fed with what a fuzzer makes of messages. It may refuse everything; it must
// not fall over, grow without bound, or read behind a message.
#include <cstdint>
#include <cstdlib>

#include "tests/vpn/ike/wire.h"
#include "vpn/ike/attributes.h"
#include "vpn/ike/fragments_v1.h"
#include "vpn/ike/payloads.h"
#include "vpn/ike/sa_v1.h"
#include "vpn/ike/v1_core.h"
#include "vpn/ike/v1_proposals.h"
#include "vpn/ike/v1_selectors.h"

namespace sallyport {
namespace {

void Parsers(Bytes data) {
  if (data.empty()) return;
  const std::uint8_t first = data[0];
  const auto payloads = ReadPayloads(first, data.subspan(1), ChainEnd::kPadded);
  if (!payloads) return;
  ReassemblyV1 reassembly;
  for (const RawPayload& p : *payloads) {
    if (const auto sa = ReadSaV1(p.body)) {
      for (const ProposalV1& proposal : *sa) {
        for (const TransformV1& t : proposal.transforms) {
          (void)ReadSuiteV1(t);
          (void)ReadEspV1(t);
        }
      }
    }
    if (const auto id = ReadIdV1(p.body)) {
      (void)IdText(*id);
      if (const auto s = SelectorOf(*id)) (void)SelectorId(*s);
    }
    (void)ReadNotifyV1(p.body);
    (void)ReadDeleteV1(p.body);
    (void)ReadAttributes(p.body).ok();
    if (const auto f = ReadFragmentV1(p.body)) {
      (void)reassembly.Add(*f);
      if (reassembly.held() > ReassemblyV1::kMostBytes) std::abort();
    }
  }
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  using namespace sallyport::ike_test;
  if (size < 2) return 0;
  Parsers(Bytes(data + 1, size - 1));

  // A whole negotiation, in which messages of one end are changed: each three bytes of input are which message, where, and how.
  Pair pair(data[0]);
  L2lEnd end;
  end.group = 1;
  L2lEnd mirror = end;
  std::swap(mirror.local, mirror.peer);
  std::swap(mirror.inside, mirror.beyond);
  auto policy = L2lPolicy(end);
  policy->entries[0].aggressive = (data[0] & 1) != 0;
  policy->entries[0].aggressive_group = 1;
  pair.a.Use(std::make_unique<Ikev1Core>(pair.a), policy);
  pair.b.Use(std::make_unique<Ikev1Core>(pair.b), L2lPolicy(mirror));
  std::size_t at = 1, message = 0;
  pair.on_wire = [&](End&, IkeDatagram& d) {
    ++message;
    while (at + 3 <= size && data[at] == message) {
      const std::size_t where = data[at + 1] % d.bytes.size();
      if (data[at + 2] == 0xff) {
        d.bytes.resize(where + 1);
      } else {
        d.bytes[where] ^= data[at + 2];
      }
      at += 3;
    }
    return true;
  };
  pair.Need(pair.a);
  pair.Run(Duration::Seconds(50));
  // A datagram that comes out of nothing.
  IkeDatagram d;
  d.at = IfId{1};
  d.local = {pair.b.address(), 500};
  d.peer = {pair.a.address(), 500};
  d.bytes.assign(data, data + size);
  pair.b.core().Receive(d, pair.times);
  pair.Run(Duration::Seconds(60));
  for (const End* e : {&pair.a, &pair.b}) {
    if (!e->errors.empty()) std::abort();
  }
  return 0;
}
