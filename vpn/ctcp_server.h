// The appliance's side of IPsec over TCP: the connections of clients to the ports of `crypto isakmp ipsec-over-tcp`. Data thread.
//
// A SYN costs no memory: its answer's number proves (syn_cookie.h) that the client has seen it, so there are no half-open
// connections, and a handshake that is not finished in one to two minutes is none. Silence is counted by Sweep, not by the
// clock: an operator who moves the time forward does not end connections.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/base/time.h"
#include "firewall/conn_index.h"
#include "firewall/drop_reason.h"
#include "firewall/originated.h"
#include "firewall/syn_cookie.h"
#include "vpn/ctcp.h"

namespace sallyport {

class UndoLog;
struct Packet;

struct CtcpKey {
  IfId at{};
  Endpoint local, peer;
  bool operator==(const CtcpKey&) const = default;
};

struct CtcpLimits {
  std::uint32_t connections = 10000;
  // A connection ends that has carried nothing for so many seconds,
  std::int64_t unproven = 60;   // before anything genuine has come by it: IKE's negotiation
  std::int64_t proven = 3600;   // and after that; clients send keepalives
  std::int64_t doubtful = 10;   // after a RST that does not know its numbers
};

class CtcpServer {
 public:
  // `seed` secret.
  explicit CtcpServer(std::uint64_t seed, CtcpLimits limits = CtcpLimits());

  // `crypto isakmp ipsec-over-tcp port P ...`. Connections to a port that is gone end without a word.
  void UsePorts(std::span<const std::uint16_t> ports, std::vector<CtcpKey>& closed);
  bool Listens(std::uint16_t port) const {
    for (const std::uint16_t p : ports_) {
      if (p == port) return true;
    }
    return false;
  }

  struct Arrival {
    FrameDrop drop = FrameDrop::kNone;  // it is wrong; `pieces` in front of what is wrong are good all the same
    bool opened = false;                // a new connection: this segment proves that the client has seen our answer
    bool closed = false;                // the client has ended it
    bool replaced = false;              // `opened`, and the old one of the same addresses and ports has ended
    std::vector<CtcpPiece> pieces;
  };
  // A segment to one of the ports, parsed, whole. What it makes us say is appended to `answers`. The result holds until the next
  // call; its pieces lie in `p.bytes`.
  const Arrival& Receive(Packet& p, TimePoint now, std::vector<OriginatedPacket>& answers);

  // Everything below: nothing / empty / false when there is no such connection.
  // The client has shown that it holds keys: an ESP packet of its was genuine, or IKE says so.
  void Prove(const CtcpKey& key);
  MutableBytes WrapEsp(const CtcpKey& key, MutableBytes esp, std::uint8_t traffic_class, bool df, std::uint16_t ip_id);
  std::optional<OriginatedPacket> WrapIke(const CtcpKey& key, Bytes message);
  // Ends it with a RST.
  std::optional<OriginatedPacket> Close(const CtcpKey& key);
  bool Has(const CtcpKey& key) const { return connections_.contains(key); }
  std::size_t size() const { return connections_.size(); }

  // To be called several times a second; looks at some of the connections, and ends those that are silent.
  void Sweep(TimePoint now, std::vector<CtcpKey>& closed, std::vector<OriginatedPacket>& answers);

  struct Counters {
    std::uint64_t opened = 0, closed = 0, refused = 0, segments_in = 0, segments_out = 0, malformed = 0, ike_in = 0, ike_out = 0;
    std::uint64_t esp_in = 0, esp_out = 0, keepalives_in = 0, resets = 0 /* in and out */;
    std::uint64_t bad_checksums = 0, bad_headers = 0, unknown = 0 /* of no connection */;
  };
  const Counters& counters() const { return counters_; }
  // From here on every change is noted (null: no longer).
  void UseUndo(UndoLog* undo) { undo_ = undo; }

 private:
  struct Connection {
    CtcpEnd end;
    bool proven = false;
    std::uint32_t unanswered = 0;  // bytes that came since we have sent something
    std::int64_t last = 0;   // when something came, in Sweep's seconds
    std::int64_t doubt = 0;  // since when a RST is doubted; 0: none
  };
  struct Hash {
    FlowHasher of;
    std::size_t operator()(const CtcpKey& k) const {
      return of(FlowKey{k.peer.address, k.local.address, k.peer.port, k.local.port, 6, k.at});
    }
  };
  using Table = std::unordered_map<CtcpKey, Connection, Hash>;

  void Note(const CtcpKey& key);
  void Greet(const CtcpKey& key, const Packet& p, TimePoint now, std::vector<OriginatedPacket>& answers);
  Connection* Open(const CtcpKey& key, const Packet& p, TimePoint now);
  bool MakeRoom();
  void Refuse(const CtcpKey& key, const Packet& p, std::vector<OriginatedPacket>& answers);
  void TakeReset(const CtcpKey& key, const Packet& p);
  void TakePayload(Connection& c, Packet& p, const CtcpKey& key, std::vector<OriginatedPacket>& answers);
  std::uint16_t IpId() { return static_cast<std::uint16_t>(random_.U32()); }

  const CtcpLimits limits_;
  Random random_;
  SynCookies cookies_;
  Table connections_;
  std::vector<std::uint16_t> ports_;
  Arrival arrival_;
  Counters counters_;
  std::int64_t clock_ = 1;    // seconds that Sweep has counted
  TimePoint swept_;
  std::size_t bucket_ = 0;    // where Sweep goes on
  UndoLog* undo_ = nullptr;
};

}  // namespace sallyport
