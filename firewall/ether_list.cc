#include "firewall/ether_list.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kDsapBpdu = 0x42, kDsapSnap = 0xaa, kDsapIsis = 0xfe, kDsapIpx = 0xe0;
constexpr std::uint16_t kTypeIpx = 0x8137;
constexpr std::uint64_t kCiscoBpdu = 0x01000ccccccd;

}  // namespace

std::uint64_t MacNumber(const std::uint8_t* o) { return std::uint64_t{LoadBe16(o)} << 32 | LoadBe32(o + 2); }

bool ReadEtherHeader(Bytes frame, EtherHeader& out) {
  if (frame.size() < 14) return false;
  out.destination = MacNumber(frame.data());
  out.source = MacNumber(frame.data() + 6);
  const std::uint16_t type = LoadBe16(frame.data() + 12);
  out.type = type >= 0x0600 ? type : std::uint16_t{0};
  out.dsap = out.type == 0 && frame.size() > 14 ? frame[14] : std::uint8_t{0};
  out.bpdu = out.type == 0 && (out.dsap == kDsapBpdu || (out.dsap == kDsapSnap && out.destination == kCiscoBpdu));
  return true;
}

bool EtherElement::Matches(const EtherHeader& h) const {
  switch (what) {
    case What::kAny: return true;
    case What::kBpdu: return h.bpdu;
    case What::kIsis: return h.type == 0 && h.dsap == kDsapIsis;
    case What::kIpx: return h.type == kTypeIpx || (h.type == 0 && (h.dsap == kDsapIpx || h.dsap == 0xff));
    case What::kType: return h.type != 0 && h.type == value;
    case What::kDsap: return h.type == 0 && h.dsap == value;
  }
  return false;
}

const EtherElement* EtherList::Find(const EtherHeader& h) const {
  for (const EtherElement& e : elements) {
    if (e.Matches(h)) return &e;
  }
  return nullptr;
}

}  // namespace sallyport
