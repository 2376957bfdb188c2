// Packet captures: `capture NAME ...`. The packets of an interface as they came in and as they leave (so before and behind
// translation), those that were dropped, or the appliance's own IKE packets, in a buffer of a size that was fixed when the
// capture began.
//
// Owned by the engine, data thread only. Nothing is allocated for a packet but the record of a trace. Without a capture the engine
// asks one flag for each packet.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/base/bytes.h"
#include "firewall/base/time.h"
#include "firewall/drop_reason.h"
#include "firewall/packet.h"
#include "firewall/policy.h"
#include "firewall/trace.h"
#include "firewall/types.h"

namespace sallyport {

// One `match` of a capture: a packet matches it in either direction.
struct CaptureMatch {
  std::uint8_t protocol = 0;  // 0: any (`ip`)
  AddressRange first, second;  // a none range is any address of both families
  bool any_first = true, any_second = true;
  PortRange first_port, second_port;
  std::string text;  // "tcp any host 10.1.1.1 eq www", as `show capture` prints it
  bool Matches(const FlowKey& key) const;
};

struct CaptureSpec {
  enum class Type : std::uint8_t { kRawData, kAspDrop, kIsakmp };
  // Ranges as the command reference has them.
  static constexpr std::uint32_t kDefaultBuffer = 512 * 1024, kLeastBuffer = 1534, kMostBuffer = 33'554'432;
  static constexpr std::uint32_t kDefaultLength = 1518, kLeastLength = 64, kMostLength = 1522;
  static constexpr std::uint32_t kDefaultTraces = 50, kMostTraces = 1000;

  std::string name;
  Type type = Type::kRawData;
  std::vector<IfId> interfaces;
  // asp-drop: one reason by its keyword, whether of packets or flows, or all ("all").
  std::string drop;
  std::string access_list_name;  // "" : none
  std::shared_ptr<const AccessList> access_list;
  std::vector<CaptureMatch> matches;
  std::uint32_t buffer = kDefaultBuffer;         // bytes of frames
  std::uint32_t packet_length = kDefaultLength;  // bytes of a frame that are kept
  std::uint32_t trace_count = kDefaultTraces;    // packets that are traced
  std::uint16_t ethernet_type = 0;               // 0: any
  bool circular = false, headers_only = false, trace = false, trace_detail = false;
  bool buffer_given = false, length_given = false, trace_count_given = false;  // for `show capture`
};

// A packet out of a capture: a copy.
struct CapturedPacket {
  std::uint32_t number = 0;  // in the capture, from 1
  TimePoint time;
  IfId interface = IfId::kAny;  // kAny: it never was on one
  bool outgoing = false;
  FrameDrop frame_drop = FrameDrop::kNone;
  FlowDrop flow_drop = FlowDrop::kNone;
  std::uint32_t wire_length = 0;    // of the IP packet
  std::vector<std::uint8_t> bytes;  // from the IP header on, as far as it was kept
  std::shared_ptr<const TraceResult> trace;  // null: not traced
};

// What `show capture` lists.
struct CaptureView {
  CaptureSpec spec;
  std::uint64_t packets = 0;  // in the buffer
  std::uint64_t bytes = 0;    // of their frames
  bool full = false;
};

// The bytes that stand before an IP packet in its frame. A tag of a VLAN is counted where the packet is printed or written.
inline constexpr std::uint32_t kEthernetHeader = 14;

// One capture's buffer: a ring of bytes and a ring of records, both of fixed size.
class CaptureBuffer {
 public:
  explicit CaptureBuffer(const CaptureSpec& spec);
  // False: there is no more room (and the oldest must not go).
  bool Add(const CapturedPacket& head, Bytes bytes, std::shared_ptr<TraceResult> trace);
  void Clear();
  std::uint64_t packets() const { return count_; }
  std::uint64_t bytes() const { return used_; }
  bool full() const { return full_; }
  // Since it was made or cleared, those that a circular buffer has lost included.
  std::uint64_t seen() const { return seen_; }
  // The `index`-th packet that is there, from 0.
  CapturedPacket At(std::uint64_t index) const;

 private:
  struct Record {
    std::int64_t time_ns;
    std::uint32_t at, kept, wire_length;
    std::int32_t trace;  // index, -1 none
    IfId interface;
    bool outgoing;
    FrameDrop frame_drop;
    FlowDrop flow_drop;
  };
  void DropOldest();

  std::uint32_t capacity_;
  std::uint32_t most_records_;
  bool circular_;
  // Uninitialised on purpose: the kernel gives a page when it is first written.
  std::unique_ptr<std::uint8_t[]> data_;
  std::unique_ptr<Record[]> records_;
  std::uint32_t write_at_ = 0;
  std::uint32_t first_ = 0, count_ = 0;
  std::uint64_t used_ = 0, seen_ = 0;
  bool full_ = false;
  std::vector<std::shared_ptr<TraceResult>> traces_;
};

// All captures of an appliance.
class CaptureSet {
 public:
  static constexpr std::size_t kMost = 64;

  // Is there any? The one question on the path of every packet.
  bool active() const { return active_; }
  // Does any watch this interface? (packet-tracer's CAPTURE phase.)
  bool Watches(IfId interface) const { return watched_[static_cast<std::size_t>(interface)] != 0; }

  // A new capture, or more interfaces and matches for one that is there (with its other options); the buffer stays unless its size
  // changes. False: there are too many.
  bool Set(const CaptureSpec& spec);
  // Takes one interface away, or (kAny) the whole capture. False: no such thing.
  bool Remove(const std::string& name, IfId interface);
  bool Clear(const std::string& name);  // "" : all
  // Access lists are those of the policy that rules now; a list that is gone matches nothing.
  void UsePolicy(const Policy& policy);
  const CaptureSpec* Find(const std::string& name) const;
  std::vector<CaptureView> List() const;
  // Up to `limit` packets from `index` on. `total` is set to how many there are.
  std::vector<CapturedPacket> Packets(const std::string& name, std::uint64_t index, std::uint64_t limit, std::uint64_t& total) const;
  // Packets since `seen` (CaptureBuffer::seen), at most `limit`; `seen` moves on. For `real-time`.
  std::vector<CapturedPacket> Since(const std::string& name, std::uint64_t& seen, std::uint64_t limit) const;

  // --- from the packet path, only while active()
  // A packet has come in. True: some capture wants to know what becomes of it; then Finish() must follow.
  bool Arrived(const Packet& p, TimePoint now);
  void Finish(std::shared_ptr<TraceResult> trace, TimePoint now);
  void Left(const Packet& p, IfId egress, TimePoint now);
  // The same for a packet that has not been parsed (fragments, packets of the appliance's own).
  void Left(Bytes bytes, IfId egress, TimePoint now);
  void Dropped(const Packet& p, FrameDrop frame, FlowDrop flow, TimePoint now);
  // A fragment that was held; by which interface it came is not known any more.
  void Dropped(Bytes bytes, FrameDrop frame, TimePoint now);

 private:
  struct Capture {
    Capture(const CaptureSpec& s) : spec(s), buffer(s) {}
    CaptureSpec spec;
    CaptureBuffer buffer;
    std::uint32_t traced = 0;
    bool pending = false;  // Arrived has a packet for it that is traced
  };
  static bool Wants(const Capture& c, const Packet& p);
  static void Keep(Capture& c, const Packet& p, CapturedPacket head, TimePoint now, std::shared_ptr<TraceResult> trace);
  void Renew();
  Capture* FindMutable(const std::string& name);

  std::vector<std::unique_ptr<Capture>> captures_;
  bool active_ = false;
  std::array<std::uint64_t, 256> watched_{};  // by interface: a bit for each capture
  std::uint64_t drops_ = 0, isakmp_ = 0;      // captures of these types
  // Of the packet that is traced now, as it came.
  CapturedPacket arrived_;
  std::vector<std::uint8_t> arrived_bytes_;
};

}  // namespace sallyport
