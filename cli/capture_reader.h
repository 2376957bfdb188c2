// Recorded packets of several files in the order of their times, whatever links they were recorded on. libpcap reads the files
// (pcap and pcapng); nothing else here knows it but capture_writer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"

namespace sallyport {

struct RecordedPacket {
  std::size_t file = 0;          // of CaptureReader::Open, in order
  std::int64_t wall_nanos = 0;   // since 1970
  std::uint32_t wire_length = 0; // of the IP packet, as it was on the wire
  MacAddress source, destination;  // all zero: the link has none
  std::optional<int> vlan;         // of the outer tag; priority tags (VLAN 0) are none
  std::span<const std::uint8_t> ip;  // from the IP header on; shorter than wire_length when the capture cut it. Valid until the next
};

class CaptureReader {
 public:
  // Files that cannot be read are an error with their name.
  static Result<CaptureReader> Open(const std::vector<std::string>& paths);
  CaptureReader(CaptureReader&&) noexcept;
  ~CaptureReader();

  // The next IP packet; nothing at the end. Frames that are not IP are counted; ARP is looked at (MacOf).
  std::optional<RecordedPacket> Next();
  // Frames that were read so far, and those among them that were not IP.
  std::uint64_t frames() const;
  std::uint64_t not_ip() const;
  // How far the files are read, 0..1.
  double progress() const;
  // A file that ended in the middle of a packet; "" : none.
  const std::string& damage() const;
  // Who had `address`, by the ARP packets read so far in `file`.
  std::optional<MacAddress> MacOf(std::size_t file, IpAddress address) const;

 private:
  struct Impl;
  explicit CaptureReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Writes IP packets to a pcap file with nanosecond times and no link layer (LINKTYPE_RAW).
class CaptureWriter {
 public:
  static Result<CaptureWriter> Create(const std::string& path);
  CaptureWriter(CaptureWriter&&) noexcept;
  ~CaptureWriter();
  void Write(std::int64_t wall_nanos, std::span<const std::uint8_t> ip, std::uint32_t wire_length);

 private:
  struct Impl;
  explicit CaptureWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
