// One connection under inspection, through the whole engine with address translation, for fuzz targets of inspections.
//
// Input: records of {control, length (2 bytes), bytes}: payloads of a UDP flow or a TCP connection. Control bit 0: from the server;
// bit 1: the one before is sent again first; bit 2: it is cut in two segments; the rest: seconds that pass. Of TCP the harness is
// both ends: whatever leaves must follow, without a gap, what left before, and must be a packet with right checksums.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "conf/configuration.h"
#include "firewall/base/checksum.h"
#include "firewall/engine.h"
#include "firewall/logger.h"
#include "inspect/engines.h"

namespace sallyport {

class InspectHarness {
 public:
  // `lines`: what the policy's class inspects, and maps before it.
  InspectHarness(const char* maps, const char* inspect, std::uint8_t protocol, std::uint16_t port)
      : protocol_(protocol), port_(port), policy_(Compile(maps, inspect)) {}

  void Run(const std::uint8_t* data, std::size_t size) {
    ManualClock clock;
    Renderer log;
    InspectionEngines inspections;
    Engine engine({.max_connections = 64}, clock, log, Random(1), inspections.Table());
    engine.SetPolicy(policy_, clock.Now());
    engine_ = &engine;
    clock_ = &clock;
    for (Side& s : side_) s = {};
    handle_ = 1;
    if (protocol_ == 6 && !Handshake()) std::abort();
    while (size >= 3) {
      const std::uint8_t control = data[0];
      const std::size_t length = std::min<std::size_t>(LoadBe16(data + 1) % 1401, size - 3);
      const std::vector<std::uint8_t> payload(data + 3, data + 3 + length);
      data += 3 + length;
      size -= 3 + length;
      const int from = control & 1;
      if ((control & 2) != 0 && !side_[from].last.empty()) Send(from, side_[from].last, true);
      if ((control & 4) != 0 && protocol_ == 6 && length > 1) {
        const auto middle = payload.begin() + static_cast<std::ptrdiff_t>(length / 2);
        Send(from, {payload.begin(), middle}, false);
        Send(from, {middle, payload.end()}, false);
      } else {
        Send(from, payload, false);
      }
      clock.Advance(Duration::Seconds(control >> 3));
      engine.AdvanceTo(clock.Now());
    }
    ConnFilter everything;
    everything.include_box = true;
    engine.Conns(everything, 0, 1000, clock.Now());
    engine.ClearConns(everything, clock.Now());
    engine.ClearXlates(clock.Now());
    if (engine.ConnCount().first != 0) std::abort();
  }

 private:
  class Renderer final : public LogSink {
   public:
    Renderer() {
      for (auto& e : enabled_) e = true;
    }
    void Emit(const LogEvent& e) override { length += Logger::Render(e).size(); }
    std::size_t length = 0;
  };
  struct Side {
    std::uint32_t next = 1000;  // its own next number
    std::uint32_t expected = 0;  // of the other, as it sees it
    std::vector<std::uint8_t> last;
  };

  static std::shared_ptr<const Policy> Compile(const char* maps, const char* inspect) {
    Configuration conf;
    const LoadReport report = conf.Load(
        std::string("ASA Version 9.16(4)\n"
                    "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
                    "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
                    "object network web\n host 10.1.1.80\n nat (inside,outside) static 203.0.113.80 dns\n"
                    "object network in\n subnet 10.1.1.0 255.255.255.0\n nat (inside,outside) dynamic interface\n"
                    "route outside 0.0.0.0 0.0.0.0 203.0.113.254\n"
                    "class-map inspection_default\n match default-inspection-traffic\n") +
        maps + "policy-map global_policy\n class inspection_default\n" + inspect + "service-policy global_policy global\n");
    if (report.refused != 0) std::abort();
    auto compiled = conf.Compile(nullptr);
    if (!compiled) std::abort();
    return *compiled;
  }

  // Client 10.1.1.10:1025 inside, server 192.0.2.9 outside, which sees 203.0.113.1 and a port that the first packet tells.
  std::vector<std::uint8_t> Make(int from, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, const std::vector<std::uint8_t>& payload) const {
    const std::size_t header = protocol_ == 6 ? 20 : 8;
    std::vector<std::uint8_t> p(20 + header + payload.size());
    p[0] = 0x45;
    StoreBe16(&p[2], static_cast<std::uint16_t>(p.size()));
    p[8] = 64;
    p[9] = protocol_;
    const IpAddress src = from == 0 ? IpAddress::V4(0x0a01010a) : IpAddress::V4(0xc0000209);
    const IpAddress dst = from == 0 ? IpAddress::V4(0xc0000209) : IpAddress::V4(0xcb007101);
    src.StoreV4(&p[12]);
    dst.StoreV4(&p[16]);
    StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(Bytes(p.data(), 20))));
    StoreBe16(&p[20], from == 0 ? std::uint16_t{1025} : port_);
    StoreBe16(&p[22], from == 0 ? port_ : mapped_port_);
    if (protocol_ == 6) {
      StoreBe32(&p[24], seq);
      StoreBe32(&p[28], ack);
      p[32] = 5 << 4;
      p[33] = flags;
      StoreBe16(&p[34], 0xffff);
    } else {
      StoreBe16(&p[24], static_cast<std::uint16_t>(8 + payload.size()));
    }
    std::copy(payload.begin(), payload.end(), p.begin() + static_cast<std::ptrdiff_t>(20 + header));
    const auto length = static_cast<std::uint32_t>(p.size() - 20);
    StoreBe16(&p[protocol_ == 6 ? 36 : 26], ChecksumFinish(ChecksumAdd(Bytes(p).subspan(20), PseudoHeaderSum(src, dst, protocol_, length))));
    return p;
  }

  // What left; `passed` false: nothing did.
  Packet Go(int from, std::vector<std::uint8_t>& bytes, bool& passed) {
    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    p.ingress = policy_->FindByName(from == 0 ? "inside" : "outside")->id;
    p.handle = handle_++;
    Disposition d;
    engine_->Process(p, clock_->Now(), d);
    left_.assign(p.bytes.begin(), p.bytes.end());
    Packet out;
    out.bytes = left_;
    out.wire_length = static_cast<std::uint32_t>(left_.size());
    passed = d.action == Disposition::Action::kAccept;
    if (passed && (ParsePacket(out) != FrameDrop::kNone || !VerifyTransportChecksum(out))) std::abort();
    engine_->TakeReleased();
    for (const OriginatedPacket& o : engine_->TakeOriginated()) {
      std::vector<std::uint8_t> own = o.bytes;
      Packet q;
      q.bytes = own;
      q.wire_length = static_cast<std::uint32_t>(own.size());
      if (ParsePacket(q) != FrameDrop::kNone || !VerifyTransportChecksum(q)) std::abort();
    }
    return out;
  }

  bool Handshake() {
    bool passed = false;
    auto syn = Make(0, kTcpSyn, side_[0].next - 1, 0, {});
    Packet out = Go(0, syn, passed);
    if (!passed) return false;
    mapped_port_ = out.key.sport;
    side_[1].expected = out.seq + 1;
    auto answer = Make(1, kTcpSyn | kTcpAck, side_[1].next - 1, side_[1].expected, {});
    out = Go(1, answer, passed);
    if (!passed) return false;
    side_[0].expected = out.seq + 1;
    auto last = Make(0, kTcpAck, side_[0].next, side_[0].expected, {});
    Go(0, last, passed);
    return passed;
  }

  void Send(int from, const std::vector<std::uint8_t>& payload, bool again) {
    Side& me = side_[from];
    Side& peer = side_[1 - from];
    if (protocol_ != 6) {
      if (from == 1 && mapped_port_ == 0) return;
      auto bytes = Make(from, 0, 0, 0, payload);
      bool passed = false;
      const Packet out = Go(from, bytes, passed);
      if (passed && from == 0) mapped_port_ = out.key.sport;
      return;
    }
    const std::uint32_t seq = again ? me.next - static_cast<std::uint32_t>(payload.size()) : me.next;
    auto bytes = Make(from, kTcpAck | kTcpPsh, seq, me.expected, payload);
    bool passed = false;
    const Packet out = Go(from, bytes, passed);
    if (!passed) return;
    const std::uint32_t end = out.seq + out.payload_length;
    if (again) {
      if (static_cast<std::int32_t>(end - peer.expected) > 0) std::abort();  // more than went before
      return;
    }
    if (out.seq != peer.expected) std::abort();
    peer.expected = end;
    me.next += static_cast<std::uint32_t>(payload.size());
    me.last = payload;
  }

  const std::uint8_t protocol_;
  const std::uint16_t port_;
  const std::shared_ptr<const Policy> policy_;
  Engine* engine_ = nullptr;
  ManualClock* clock_ = nullptr;
  Side side_[2];
  std::uint16_t mapped_port_ = 0;
  std::uint32_t handle_ = 1;
  std::vector<std::uint8_t> left_;
};

}  // namespace sallyport
