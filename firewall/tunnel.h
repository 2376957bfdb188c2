// How the pipeline uses tunnels without knowing what they are made of: IPsec (vpn/data_plane.h) and AnyConnect
// (vpn/anyconnect/ssl_plane.h).
//
// A tunnel is one negotiated pair of selectors between two ends. Its TunnelId stays over rekeys, and over loss and return of the
// tunnel as long as connections hold it. Everything here is the data thread's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/time.h"
#include "firewall/drop_reason.h"
#include "firewall/originated.h"
#include "firewall/types.h"

namespace sallyport {

class AccessList;
class UndoLog;
struct AclElement;
struct Packet;
struct Policy;

// Slot in the low 16 bits, generation above; a slot's generation changes when nothing refers to it any more.
enum class TunnelId : std::uint32_t { kNone = 0 };

// What Policy::tunnels points at; its meaning is the gate's (vpn/policy.h).
struct TunnelPolicy {
  virtual ~TunnelPolicy() = default;
};

// A packet as it would be on the wire at the interface `at`: translated (an ASA's crypto access lists see mapped addresses).
struct TunnelFlow {
  IpAddress src, dst;
  std::uint16_t sport = 0, dport = 0;  // 0 where the protocol has none
  std::uint8_t protocol = 0, icmp_type = 0, icmp_code = 0;
  IfId at{};
};

// What a connection has to do with tunnels (ConnExtra), by Direction of the packet.
struct TunnelPath {
  TunnelId out[2] = {};   // by which it leaves; kNone: in the clear
  TunnelId in[2] = {};    // out of which it must have come; kNone: it came in the clear
  bool Any() const {
    return out[0] != TunnelId::kNone || out[1] != TunnelId::kNone || in[0] != TunnelId::kNone || in[1] != TunnelId::kNone;
  }
  bool Names(TunnelId t) const { return out[0] == t || out[1] == t || in[0] == t || in[1] == t; }
};

// What the policy wants of a new flow that leaves.
struct TunnelChoice {
  enum class What : std::uint8_t {
    kClear,      // it is not to be protected
    kTunnel,     // by `tunnel`
    kNegotiate,  // there is no tunnel yet; `entry` can bring one up
    kRefuse,     // it is to be protected, and the appliance may not begin a negotiation
  } what = What::kClear;
  TunnelId tunnel = TunnelId::kNone;
  std::uint32_t entry = 0;              // the policy's number for what decided; 0: nothing did
  const AclElement* element = nullptr;  // of its access list
};

// What a tunnel's session lets pass (vpn-filter), and whom messages name as its user.
struct TunnelFilter {
  const AccessList* list = nullptr;  // null: there is none
  std::string user;                  // of a tunnel between sites the peer's address
};

struct TunnelLink {
  IpAddress peer;
  int mtu = 1500;           // largest inner packet that leaves as one now: path MTU less what is put around it
  std::uint32_t entry = 0;  // TunnelChoice::entry of what it was made for
  IfId at{};                // the interface that the outer packet leaves by
};

enum class Sealed : std::uint8_t {
  kReplaced,  // the packet's bytes are the outer packet now
  kSent,      // what leaves is in `out`; the packet itself is consumed
  kTooBig,    // larger than TunnelLink::mtu and may not be cut
  kNoSa,      // no security association
  kFailed,    // cipher failure, no room
  kBusy,      // the way to the peer is full for now
};

class TunnelGate {
 public:
  virtual ~TunnelGate() = default;
  virtual void UsePolicy(const Policy& policy, TimePoint now) = 0;

  // --- from a peer
  // ESP to one of our addresses, UDP 4500 or IPsec over UDP with ESP in it, TCP of an IPsec-over-TCP port, records of a DTLS
  // connection. IKE, TLS and handshakes of DTLS are not: they go to their sockets.
  virtual bool Terminates(const Packet& outer) const = 0;
  // Does somebody listen on `port` of TCP or UDP at the interface (IKE, the portal, DTLS)?
  virtual bool Answers(IfId at, std::uint8_t protocol, std::uint16_t port) const = 0;
  // Is a datagram to everybody on the interface's network for somebody here (a load-balancing cluster)?
  virtual bool HearsBroadcast(IfId /*at*/, std::uint16_t /*port*/) const { return false; }
  struct Inner {
    FrameDrop drop = FrameDrop::kNone;
    FlowDrop flow_drop = FlowDrop::kNone;
    bool consumed = false;  // nothing came out, and nothing is wrong with it (keepalives, handshakes)
    TunnelId tunnel{};
    IfId at{};              // the interface that the inner packet counts as having come by
  };
  // One packet, in place: `outer.bytes` becomes the inner packet, which is not parsed yet.
  virtual Inner Open(Packet& outer, TimePoint now) = 0;
  // `outer` came in fragments.
  virtual void Reassembled(const Packet& outer) = 0;
  // A super-packet of several ESP packets.
  virtual void OpenMany(Packet& outer, TimePoint now, const std::function<void(MutableBytes, const Inner&)>& inner) = 0;
  // An ICMP error about an outer packet of ours; `quoted` is what it quotes, from the IP header on. True: it was one (PMTU).
  virtual bool IcmpError(const Packet& error, Bytes quoted, TimePoint now) = 0;

  // --- to a peer
  virtual TunnelChoice Choose(const TunnelFlow& f, TimePoint now) = 0;
  // The interface behind which a remote user has `inner` as his own address now: what goes there needs no route.
  virtual std::optional<IfId> RouteTo(IpAddress /*inner*/) const { return {}; }
  // Asks for a tunnel; rate-limited for each entry.
  virtual void Negotiate(std::uint32_t entry, const TunnelFlow& f, TimePoint now) = 0;
  // A packet of a connection of `t` waits while that has no security association. True: a negotiation has been asked for; false: it is
  // for the peer to begin one.
  virtual bool Revive(TunnelId t, const TunnelFlow& f, TimePoint now) = 0;
  // Do the selectors of `t` let this flow pass, as it is on the wire of the *inner* side towards the peer?
  virtual bool Covers(TunnelId t, const TunnelFlow& f) const = 0;
  virtual TunnelFilter Filter(TunnelId t) const = 0;
  virtual std::optional<TunnelLink> Link(TunnelId t) const = 0;  // nothing: no security association now
  // Who judges sizes: is `p`, which is to leave by `t`, larger than Link's mtu, and may it not be cut (its own DF bit as `df-bit` has it,
  // IPv6)? True counts as told to its sender, which the caller does.
  virtual bool TooBig(TunnelId t, const Packet& p, TimePoint now) = 0;
  // A packet came in the clear that should have come out of `t`.
  virtual void Spoofed(TunnelId t) = 0;
  // What a packet is dropped for that has to do with `t`, which is of this gate or none at all.
  enum class Why : std::uint8_t {
    kTooBig,     // it may not be cut
    kNoSa,       // Sealed of the same name
    kFailed,
    kBusy,
    kNoLink,     // nothing leads to the peer now, and it is for the peer to change that
    kSpoof,      // the first packet of a flow came in the clear
    kMissing,    // one of a known flow did
  };
  struct Drop {
    FrameDrop frame = FrameDrop::kNone;
    FlowDrop flow = FlowDrop::kNone;
    bool non_ipsec = false;  // message 402117 tells of it
  };
  virtual Drop ReasonOf(TunnelId t, Why why) const;  // as IPsec's tunnels have it
  // A packet without tunnel headers becomes one with. `out` gets what does not fit into one packet.
  virtual Sealed Seal(TunnelId t, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out) = 0;
  // What was in `out` is about to be sent, behind all packets that were replaced until now. Until the next call a tunnel that has put
  // something into `out` replaces none, or the later packet would be the first to leave.
  virtual void Sent() = 0;

  // --- references of connections
  virtual void AddFlow(TunnelId t) = 0;
  virtual void DropFlow(TunnelId t) = 0;
  // From here on every change is noted (null: no longer), as in the engine's own tables.
  virtual void UseUndo(UndoLog* undo) = 0;

  // --- time: what is due at the latest when, and what is done then
  virtual TimePoint NextDeadline() const { return TimePoint::Max(); }
  virtual void AdvanceTo(TimePoint /*now*/) {}
};

}  // namespace sallyport
