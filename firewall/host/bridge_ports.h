// The ports of bridge groups: one packet socket for each member's link and for the appliance's own port, and the copying of
// frames between them as the engine decides. This is the bridge; the kernel has none (README.md says why).
//
// Super-packets and unfinished checksums of virtual links go through as they came (PACKET_VNET_HDR). Data thread only, but Open.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "firewall/base/result.h"
#include "firewall/bridge.h"
#include "firewall/engine.h"
#include "firewall/policy.h"

namespace sallyport {

class BridgePorts {
 public:
  struct Counters {
    std::uint64_t received = 0, sent = 0, failed = 0;  // failed: the link took the frame not
  };
  BridgePorts();
  ~BridgePorts();
  BridgePorts(const BridgePorts&) = delete;
  BridgePorts& operator=(const BridgePorts&) = delete;

  // Before anything else. Error: no descriptors.
  Status Open();
  void Close();
  // Readable when some port has a frame.
  int fd() const { return epoll_; }
  // Opens what the policy's groups have and closes the rest. Errors: no privileges, a link that is gone; the other ports work.
  Status Use(const Policy& policy);
  // Reads at most kBatch frames of each port and sends what the engine lets through. True: there may be more.
  // `release` is called when the engine has set packets free that go before the next one.
  bool Drain(Engine& engine, TimePoint now, const std::function<void()>& release);
  // A frame that was held goes on, or not. `bytes` not empty: the IP packet that it now carries.
  void Release(const ReleasedPacket& r);
  void Send(const OriginatedFrame& f);
  // Handles of frames have this bit; those of the queue do not.
  static constexpr std::uint32_t kHandleBit = 0x80000000;
  const Counters& counters() const { return counters_; }

  static constexpr int kBatch = 32;

 private:
  struct Port {
    int fd = -1;
    int link = 0;
    int group = 0;
    IfId interface = IfId::kIdentity;  // kIdentity: the appliance's own
  };
  struct VnetHeader {  // virtio_net_hdr
    std::uint8_t flags = 0, gso_type = 0;
    std::uint16_t header_length = 0, gso_size = 0, checksum_start = 0, checksum_offset = 0;
  };
  struct Held {
    FrameDisposition where;
    int group = 0;
    VnetHeader header;
    std::vector<std::uint8_t> bytes;
  };
  struct Buffers;
  int OpenSocket(int link, std::string& why);
  bool DrainPort(const Port& port, Engine& engine, TimePoint now, const std::function<void()>& release);
  void Forward(const FrameDisposition& d, int group, const VnetHeader& header, Bytes frame);
  void SendBy(const Port& port, const VnetHeader& header, Bytes frame);

  int epoll_ = -1;
  std::vector<Port> ports_;
  std::unique_ptr<Buffers> buffers_;
  std::unordered_map<std::uint32_t, Held> held_;
  std::uint32_t next_handle_ = 1;
  Counters counters_;
};

}  // namespace sallyport
