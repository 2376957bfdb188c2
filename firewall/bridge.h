// Layer 2: bridge groups as the policy has them, the table of MAC addresses, and a frame on its way through.
//
// A bridge group is two or more interfaces in one network (transparent mode, or a BVI in routed mode from 9.7 on) and the
// appliance's own port in it, which has the group's address. Frames come from firewall/host/bridge_ports.h, tests and
// packet-tracer; the engine decides where they go (l2_flow.cc). Data thread only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"
#include "firewall/drop_reason.h"
#include "firewall/ether_list.h"
#include "firewall/types.h"

namespace sallyport {

struct BridgeGroup {
  int number = 1;
  IfId bvi = IfId::kAny;         // the interface that holds the group's address
  std::vector<IfId> members;     // those in use, by id
  int port_index = 0;            // the link at which the appliance's own port is bridged; 0: none
};

// `arp IF IP MAC`: what ARP inspection compares with, and how the appliance itself reaches the host.
struct StaticArp {
  IfId interface{};
  IpAddress address;
  std::uint64_t mac = 0;
};
// `mac-address-table static IF MAC`
struct StaticMac {
  IfId interface{};
  std::uint64_t mac = 0;
};

struct BridgePolicy {
  bool transparent = false;  // `firewall transparent`; false: routed, with or without BVIs
  std::vector<BridgeGroup> groups;
  Duration aging = Duration::Seconds(300);
  bool flood = false;  // `mac-learn flood`: frames to an unknown address go to all members, as a switch does it
  std::vector<StaticMac> static_macs;
  std::vector<StaticArp> static_arps;
  const BridgeGroup* Of(IfId member_or_bvi) const;
};

// What a member interface does at layer 2.
struct BridgeMember {
  std::uint8_t group = 0;  // 0: not in a bridge group
  bool learn = true;       // `mac-learn IF disable`
  enum class Arp : std::uint8_t { kOff, kFlood, kNoFlood } arp_inspection{};
  IfId routed_by = IfId::kAny;  // routed mode: the group's BVI, if it has a name and so routes for this member
};

struct MacView {
  IfId interface{};
  std::uint64_t mac = 0;
  bool fixed = false;
  std::int64_t left_s = 0;  // until it is forgotten
  int group = 0;
};

class MacTable {
 public:
  static constexpr std::size_t kMost = 16384;  // more are not learned, so that a flood of sources cannot fill memory

  struct Entry {
    IfId interface{};
    bool fixed = false;
    TimePoint seen;
  };
  // Null: not known, or too old.
  const Entry* Find(int group, std::uint64_t mac, TimePoint now) const;
  enum class Learned : std::uint8_t { kKnown, kNew, kMoved, kFixedElsewhere, kFull };
  // Notes that `mac` was seen at `interface`. `was`: where it moved from.
  Learned Learn(int group, std::uint64_t mac, IfId interface, bool learn, TimePoint now, IfId* was = nullptr);
  void SetPolicy(const BridgePolicy& policy);
  void Clear();  // what was learned
  std::vector<MacView> View(TimePoint now) const;

 private:
  static std::uint64_t Key(int group, std::uint64_t mac) { return static_cast<std::uint64_t>(group) << 48 | mac; }
  bool Old(const Entry& e, TimePoint now) const { return !e.fixed && now - e.seen >= aging_; }
  std::unordered_map<std::uint64_t, Entry> entries_;
  Duration aging_ = Duration::Seconds(300);
};

// A frame from one of the ports.
struct Frame {
  MutableBytes bytes;              // from the Ethernet header on
  std::uint32_t wire_length = 0;
  int group = 0;
  IfId ingress = IfId::kIdentity;  // kIdentity: from the appliance's own port
  bool tagged = false;             // came with a VLAN tag, which no interface here has
  bool checksum_pending = false, checksum_checked = false, gso = false;  // as in Packet
  std::uint32_t handle = 0;
};

struct FrameDisposition {
  static constexpr std::size_t kMostPorts = 64;
  enum class Action : std::uint8_t { kForward, kDrop, kHold } action = Action::kDrop;
  FrameDrop reason = FrameDrop::kNone;
  FlowDrop flow_reason = FlowDrop::kNone;  // as in Disposition
  bool consumed = false;  // of kDrop: nothing is wrong with it, what was in it has been taken
  bool to_box = false;        // to the appliance's own port
  std::uint8_t count = 0;
  std::array<IfId, kMostPorts> egress{};  // the first `count`
  std::uint32_t length = 0;   // of the frame as it leaves
  bool checksum_pending = false;
  void Add(IfId id) {
    if (count < kMostPorts) egress[count++] = id;
  }
};

// A frame of the engine's own: a reset, an unreachable, a question to find a host.
struct OriginatedFrame {
  int group = 0;
  IfId egress = IfId::kAny;  // kAny: every member but `except`
  IfId except = IfId::kAny;
  std::vector<std::uint8_t> bytes;
};

}  // namespace sallyport
