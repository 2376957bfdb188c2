// IKE version 2 in clear: the parsers, and a responder that is fed with arbitrary datagrams and with changed ones of a
// negotiation.
#include "tests/fuzz/ikev2_harness.h"
#include "vpn/ike/sa_v2.h"
#include "vpn/ike/ts.h"

namespace sallyport {
namespace {

void Parsers(Bytes data) {
  if (data.empty()) return;
  const auto payloads = ReadPayloads(data[0], data.subspan(1), ChainEnd::kExact);
  (void)ReadPayloads(data[0], data.subspan(1), ChainEnd::kEncrypted).ok();
  if (!payloads) return;
  for (const std::uint8_t exchange : {34, 35, 36, 37}) {
    (void)CheckV2(exchange, false, *payloads);
    (void)CheckV2(exchange, true, *payloads);
  }
  (void)PayloadListV2(*payloads);
  (void)UnknownCriticalV2(*payloads);
  (void)ErrorNotifyV2(*payloads);
  for (const RawPayload& p : *payloads) {
    if (const auto sa = ReadSaV2(p.body)) {
      for (const ProposalV2& proposal : *sa) (void)ProposalTextV2(proposal);
      ChainWriter out;
      AddSaV2(out, *sa);
      // What was read is written, and reads the same again.
      const auto again = ReadSaV2(out.BodyAt(0));
      if (!again || again->size() != sa->size()) {
        bool strange = false;
        for (const ProposalV2& proposal : *sa) {
          for (const TransformV2& t : proposal.transforms) strange = strange || t.strange_attribute;
        }
        if (!strange) std::abort();
      }
    }
    if (const auto ts = ReadTs(p.body)) {
      (void)NarrowTs(*ts, *ts);
      for (const TrafficSelector& one : *ts) (void)SelectorText(one);
    }
    if (const auto id = ReadIdV2(p.body)) (void)id->Text();
    (void)ReadNotifyV2(p.body);
    (void)ReadDeleteV2(p.body);
    (void)ReadKeV2(p.body);
    (void)ReadAuthV2(p.body);
  }
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  using namespace sallyport::ike_test;
  if (size < 2) return 0;
  Parsers(Bytes(data + 1, size - 1));
  FuzzedPair pair(1);
  if ((data[0] & 1) == 0) {
    // A datagram as it is.
    IkeDatagram d;
    d.at = IfId{1};
    d.local = {pair.b.address(), 500};
    d.peer = {pair.a.address(), 500};
    d.bytes.assign(data + 1, data + size);
    pair.b.core().Receive(d, pair.times);
    pair.a.core().Receive(d, pair.times);
  } else {
    // A negotiation, of which each four bytes change one byte: of which message, where, how.
    std::size_t sent = 0;
    pair.on_wire = [&](End&, IkeDatagram& d) {
      for (std::size_t i = 1; i + 4 <= size; i += 4) {
        if (data[i] == sent && !d.bytes.empty())
          d.bytes[static_cast<std::size_t>(data[i + 1] << 8 | data[i + 2]) % d.bytes.size()] ^= data[i + 3];
      }
      ++sent;
      return sent < 64;
    };
    pair.Need(pair.a);
    pair.Run(Duration::Seconds(40));
  }
  pair.Check();
  return 0;
}
