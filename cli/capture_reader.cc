#include "cli/capture_reader.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <unordered_map>

#include "firewall/base/bytes.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800, kArp = 0x0806, kVlan = 0x8100, kQinQ = 0x88a8, kIpv6 = 0x86dd;

// Where the network layer begins, and what it is; 0: neither IP nor ARP.
struct Layer {
  std::uint16_t type = 0;
  std::size_t offset = 0;
  MacAddress source, destination;
  std::optional<int> vlan;
};

Layer LayerOf(int link, Bytes frame) {
  Layer l;
  const auto by_version = [&](std::size_t at) {
    if (at >= frame.size()) return;
    l.offset = at;
    l.type = (frame[at] >> 4) == 4 ? kIpv4 : (frame[at] >> 4) == 6 ? kIpv6 : 0;
  };
  switch (link) {
    case DLT_EN10MB: {
      if (frame.size() < 14) return l;
      std::copy_n(frame.begin(), 6, l.destination.octets.begin());
      std::copy_n(frame.begin() + 6, 6, l.source.octets.begin());
      std::size_t at = 12;
      std::uint16_t type = LoadBe16(frame.data() + at);
      while ((type == kVlan || type == kQinQ) && frame.size() >= at + 6) {
        const int tag = LoadBe16(frame.data() + at + 2) & 0xfff;
        if (!l.vlan && tag != 0) l.vlan = tag;
        at += 4;
        type = LoadBe16(frame.data() + at);
      }
      l.offset = at + 2;
      l.type = type;
      return l;
    }
    case DLT_LINUX_SLL:
      if (frame.size() < 16) return l;
      std::copy_n(frame.begin() + 6, 6, l.source.octets.begin());
      l.type = LoadBe16(frame.data() + 14);
      l.offset = 16;
      return l;
#ifdef DLT_LINUX_SLL2
    case DLT_LINUX_SLL2:
      if (frame.size() < 20) return l;
      std::copy_n(frame.begin() + 12, 6, l.source.octets.begin());
      l.type = LoadBe16(frame.data());
      l.offset = 20;
      return l;
#endif
    case DLT_NULL:
    case DLT_LOOP: by_version(4); return l;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6: by_version(0); return l;
    default: return l;
  }
}

bool KnownLink(int link) {
  switch (link) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
#ifdef DLT_LINUX_SLL2
    case DLT_LINUX_SLL2:
#endif
    case DLT_NULL:
    case DLT_LOOP:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6: return true;
    default: return false;
  }
}

struct File {
  pcap_t* handle = nullptr;
  int link = 0;
  std::string path;
  std::uintmax_t size = 0;
  // The packet that comes next.
  bool ready = false;
  std::int64_t wall = 0;
  Bytes frame;
  std::uint32_t frame_length = 0;
  Layer layer;
  std::unordered_map<IpAddress, MacAddress> arp;
};

}  // namespace

struct CaptureReader::Impl {
  std::vector<File> files;
  std::uint64_t frames = 0, not_ip = 0;
  std::string damage;
  std::vector<std::uint8_t> kept;

  ~Impl() {
    for (File& f : files) {
      if (f.handle != nullptr) pcap_close(f.handle);
    }
  }

  void LearnArp(File& f, Bytes arp) {
    if (arp.size() < 28 || LoadBe16(arp.data() + 2) != kIpv4) return;
    MacAddress mac;
    std::copy_n(arp.begin() + 8, 6, mac.octets.begin());
    f.arp[IpAddress::FromV4Bytes(arp.data() + 14)] = mac;
  }

  // Reads on to the next IP packet of `f`.
  void Fill(File& f) {
    f.ready = false;
    while (f.handle != nullptr) {
      pcap_pkthdr* header = nullptr;
      const u_char* data = nullptr;
      const int got = pcap_next_ex(f.handle, &header, &data);
      if (got != 1) {
        if (got == PCAP_ERROR && damage.empty()) damage = f.path + ": " + pcap_geterr(f.handle);
        return;
      }
      frames++;
      f.wall = std::int64_t{header->ts.tv_sec} * 1'000'000'000 + header->ts.tv_usec;
      f.frame = {data, header->caplen};
      f.frame_length = header->len;
      f.layer = LayerOf(f.link, f.frame);
      if (f.layer.type == kArp) LearnArp(f, f.frame.subspan(std::min(f.layer.offset, f.frame.size())));
      if ((f.layer.type == kIpv4 || f.layer.type == kIpv6) && f.layer.offset < f.frame.size()) {
        f.ready = true;
        return;
      }
      not_ip++;
    }
  }
};

CaptureReader::CaptureReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CaptureReader::CaptureReader(CaptureReader&&) noexcept = default;
CaptureReader::~CaptureReader() = default;

Result<CaptureReader> CaptureReader::Open(const std::vector<std::string>& paths) {
  auto impl = std::make_unique<Impl>();
  for (const std::string& path : paths) {
    char why[PCAP_ERRBUF_SIZE] = {};
    File f;
    f.path = path;
    f.handle = pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, why);
    if (f.handle == nullptr) return Error{std::string(why).find(path) == std::string::npos ? path + ": " + why : why};
    f.link = pcap_datalink(f.handle);
    std::error_code ignored;
    f.size = std::filesystem::file_size(path, ignored);
    impl->files.push_back(std::move(f));
    if (const int link = impl->files.back().link; !KnownLink(link)) {
      const char* name = pcap_datalink_val_to_name(link);
      return Error{path + ": packets of a link of type " + (name != nullptr ? name : std::to_string(link)) + " cannot be read"};
    }
  }
  for (File& f : impl->files) impl->Fill(f);
  return CaptureReader(std::move(impl));
}

std::optional<RecordedPacket> CaptureReader::Next() {
  File* first = nullptr;
  for (File& f : impl_->files) {
    if (f.ready && (first == nullptr || f.wall < first->wall)) first = &f;
  }
  if (first == nullptr) return std::nullopt;
  // libpcap keeps a packet until it reads on; reading on now tells which file is next, so the packet is copied.
  RecordedPacket p;
  std::vector<std::uint8_t>& kept = impl_->kept;
  const Bytes ip = first->frame.subspan(first->layer.offset);
  std::uint32_t wire = first->frame_length - static_cast<std::uint32_t>(first->layer.offset);
  // What an Ethernet frame is filled up with is not the packet's. Length 0: the sender's card would have cut it into segments.
  std::uint32_t said = 0;
  if (first->layer.type == kIpv4 && ip.size() >= 20) said = LoadBe16(ip.data() + 2);
  if (first->layer.type == kIpv6 && ip.size() >= 40 && LoadBe16(ip.data() + 4) != 0) said = 40u + LoadBe16(ip.data() + 4);
  if (said != 0 && said < wire) wire = said;
  kept.assign(ip.begin(), ip.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(ip.size(), wire)));
  p.file = static_cast<std::size_t>(first - impl_->files.data());
  p.wall_nanos = first->wall;
  p.wire_length = wire;
  p.source = first->layer.source;
  p.destination = first->layer.destination;
  p.vlan = first->layer.vlan;
  p.ip = kept;
  impl_->Fill(*first);
  return p;
}

std::uint64_t CaptureReader::frames() const { return impl_->frames; }
std::uint64_t CaptureReader::not_ip() const { return impl_->not_ip; }
const std::string& CaptureReader::damage() const { return impl_->damage; }

double CaptureReader::progress() const {
  double read = 0, all = 0;
  for (const File& f : impl_->files) {
    std::FILE* file = pcap_file(f.handle);
    const long at = file != nullptr ? std::ftell(file) : -1;
    read += at > 0 ? static_cast<double>(at) : 0;
    all += static_cast<double>(f.size);
  }
  return all > 0 ? std::min(read / all, 1.0) : 1.0;
}

std::optional<MacAddress> CaptureReader::MacOf(std::size_t file, IpAddress address) const {
  const auto& arp = impl_->files[file].arp;
  const auto it = arp.find(address);
  if (it == arp.end()) return std::nullopt;
  return it->second;
}

struct CaptureWriter::Impl {
  pcap_t* dead = nullptr;
  pcap_dumper_t* dumper = nullptr;
  ~Impl() {
    if (dumper != nullptr) pcap_dump_close(dumper);
    if (dead != nullptr) pcap_close(dead);
  }
};

CaptureWriter::CaptureWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

Result<CaptureWriter> CaptureWriter::Create(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->dead = pcap_open_dead_with_tstamp_precision(DLT_RAW, 262144, PCAP_TSTAMP_PRECISION_NANO);
  impl->dumper = pcap_dump_open(impl->dead, path.c_str());
  if (impl->dumper == nullptr) return Error{pcap_geterr(impl->dead)};
  return CaptureWriter(std::move(impl));
}

void CaptureWriter::Write(std::int64_t wall_nanos, std::span<const std::uint8_t> ip, std::uint32_t wire_length) {
  pcap_pkthdr header{};
  header.ts.tv_sec = wall_nanos / 1'000'000'000;
  header.ts.tv_usec = wall_nanos % 1'000'000'000;
  header.caplen = static_cast<bpf_u_int32>(ip.size());
  header.len = wire_length;
  pcap_dump(reinterpret_cast<u_char*>(impl_->dumper), &header, ip.data());
}

}  // namespace sallyport
