// How the pipeline calls an application inspection engine without knowing that inspection exists. Engines live in
// `inspect/`; they know neither sockets nor each other.
//
// An engine is called with the packets of a connection that the service policy put under it. Of TCP it gets bytes once and in
// order (a retransmission is repaired without it); of the rest every packet. What it may do is what InspectCall offers: look,
// drop, close or reset, keep state, change the payload, expect another connection, log. Bounds are the engine's duty: it may
// keep a few hundred bytes for each connection, and no packet may make it work longer than in proportion to its length.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "firewall/drop_reason.h"
#include "firewall/inspect_map.h"
#include "firewall/log_event.h"
#include "firewall/packet.h"

namespace sallyport {

struct Conn;
struct ConnExtra;
struct EngineCore;
struct ServiceClass;

// One packet under inspection.
class InspectCall {
 public:
  InspectCall(EngineCore& core, std::uint32_t conn_index, Conn& conn, ConnExtra* extra, Packet& packet, Direction direction,
              TimePoint now);

  Conn& conn;
  Packet& packet;
  const Direction direction;
  const TimePoint now;
  LogSink& log;
  const NameId ingress_name;
  const NameId egress_name;
  const InspectMap* const map;  // null: the defaults

  bool FromInitiator() const { return direction == Direction::kForward; }
  // Payload: of TCP what was not seen before (`fresh`), else all of it.
  Bytes payload() const;
  std::string_view text() const { return {reinterpret_cast<const char*>(payload().data()), payload().size()}; }

  // State of this connection; null until Keep.
  InspectState* state() const;
  void Keep(std::unique_ptr<InspectState> state);

  void CountRow(std::size_t row);
  std::uint16_t RandomNumber();

  // The connection ends with this packet, which is dropped; with `reset` both ends are told so (507003 and 302014 say it).
  void Close(bool reset) {
    close_ = true;
    reset_ = reset;
  }
  // The connection ends when this packet has gone out.
  void CloseAfter() { close_after_ = true; }

  // --- changing the payload
  // Replaces `removed` bytes at `offset` of payload() by `by`. Calls in one packet go from front to back, and offsets are those
  // of the payload as it came. At least one byte is removed. False: it can't be done now (too much is unacknowledged, the packet
  // would be too large); the packet must be dropped.
  bool Replace(std::size_t offset, std::size_t removed, Bytes by);
  bool Replace(std::size_t offset, std::size_t removed, std::string_view by) {
    return Replace(offset, removed, Bytes(reinterpret_cast<const std::uint8_t*>(by.data()), by.size()));
  }
  // Are addresses or ports of this connection translated?
  bool Translated() const;
  // Acknowledges everything of this TCP packet to its sender: for bytes that the engine keeps back until the rest has come.
  void AcknowledgeToSender();

  // --- secondary connections
  // The end that sent this packet announces that it can be reached at `real` (its own address and port, as it knows them): opens
  // a pinhole for one connection from the other end (any port, or `peer_port`), translated as this connection is. Nothing: no
  // translation, no room, or too many of this connection already; else how the other end sees `real`.
  std::optional<Endpoint> ExpectConnection(std::uint8_t protocol, const Endpoint& real, std::uint16_t peer_port);

  // --- names
  // Are there NAT rules with `dns`? Do they make IPv4 addresses of IPv6 ones between the ends of this connection?
  bool RewritesNames() const;
  bool NamesCrossFamilies() const;
  // What an address that is named in a message to the far side of this packet becomes by them, in its own family or in the other;
  // nothing: it stays.
  std::optional<IpAddress> TranslateAnswer(IpAddress a, bool other_family = false) const;

  // --- for messages: the two ends as this packet has them, at their interfaces
  LogArg Source() const { return LogArg::At(ingress_name, packet.key.src); }
  LogArg Destination() const;
  LogArg SourcePort() const { return LogArg::Number(packet.key.sport); }
  LogArg DestinationPort() const;

 private:
  friend struct InspectRun;
  EngineCore& core_;
  const std::uint32_t index_;
  ConnExtra* const extra_;  // null: the connection has none
  std::size_t fresh_ = 0;   // bytes at the front that were inspected before (a retransmission with more behind it)
  bool close_ = false, reset_ = false, close_after_ = false;
  std::vector<std::uint8_t> edited_;  // UDP: the payload so far, once Replace was called
  std::ptrdiff_t grown_ = 0;          // UDP: by how much
  bool has_edits_ = false;
};

class Inspector {
 public:
  virtual ~Inspector() = default;
  // Does the engine take packets of this protocol to this port, as part of default-inspection-traffic? `port` is 0 when it only
  // asks for the protocol.
  virtual bool Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap* map) const = 0;
  // Looks at one packet; drops it by returning a reason. One virtual call for each packet of an inspected connection only.
  virtual FrameDrop Inspect(InspectCall& call) = 0;
};

// Set once, before traffic. Null entries: the inspection does not act.
struct Inspectors {
  Inspector* engine[static_cast<std::size_t>(InspectId::kCount)] = {};
};

}  // namespace sallyport
