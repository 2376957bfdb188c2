// Access lists by Ethernet type: `access-list NAME ethertype permit|deny WHAT`, for frames that are bridged.
//
// First match. The implicit deny at the end holds for everything but IP and ARP, which only an explicit `deny` stops (ASA
// configuration guide, "EtherType access rules"). No text parsing here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/base/bytes.h"

namespace sallyport {

inline constexpr std::uint16_t kEtherIp = 0x0800, kEtherArp = 0x0806, kEtherIp6 = 0x86dd;

// The Ethernet header of a frame without a VLAN tag.
struct EtherHeader {
  std::uint64_t destination = 0;  // 48 bits
  std::uint64_t source = 0;
  std::uint16_t type = 0;         // 0: an 802.3 frame, with a length there
  std::uint8_t dsap = 0;          // of an 802.3 frame
  bool bpdu = false;              // spanning tree: IEEE (DSAP 0x42) or Cisco's (SNAP, 0100.0ccc.cccd)
  bool Group() const { return (destination >> 40 & 1) != 0; }
};
// False: shorter than a header.
bool ReadEtherHeader(Bytes frame, EtherHeader& out);
std::uint64_t MacNumber(const std::uint8_t* octets);

struct EtherElement {
  enum class What : std::uint8_t { kAny, kBpdu, kIsis, kIpx, kType, kDsap } what{};
  bool permit = false;
  std::uint16_t value = 0;  // of kType and kDsap
  std::string text;         // "ethertype permit bpdu"
  std::shared_ptr<HitCounter> hits;
  bool Matches(const EtherHeader& h) const;
};

struct EtherList {
  std::string name;
  std::vector<EtherElement> elements;
  const EtherElement* Find(const EtherHeader& h) const;
};

}  // namespace sallyport
