#include "cli/icmp_prober.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/icmp_echo.h"
#include "firewall/base/bytes.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kFirstId = 0x5400;  // `ping` has those below

}  // namespace

Result<std::unique_ptr<IcmpProber>> IcmpProber::Open(std::function<std::string(const std::string& nameif)> link_of) {
  const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);
  if (fd < 0) return Error{std::string("cannot send ICMP: ") + std::strerror(errno)};
  return std::unique_ptr<IcmpProber>(new IcmpProber(fd, std::move(link_of)));
}

IcmpProber::~IcmpProber() { close(fd_); }

bool IcmpProber::Send(const SlaEntry& entry, std::uint16_t sequence) {
  const std::string link = link_of_(entry.interface);
  if (link.empty()) return false;
  std::uint16_t id = 0;
  for (const auto& [known, of] : entry_of_) {
    if (of == entry.id) id = known;
  }
  if (id == 0) {
    id = static_cast<std::uint16_t>(kFirstId + entry_of_.size());
    entry_of_[id] = entry.id;
  }
  const std::vector<std::uint8_t> packet = EchoRequest(false, id, sequence, static_cast<std::size_t>(entry.data_size), 0);
  setsockopt(fd_, SOL_SOCKET, SO_BINDTODEVICE, link.c_str(), static_cast<socklen_t>(link.size()));
  setsockopt(fd_, IPPROTO_IP, IP_TOS, &entry.tos, sizeof entry.tos);
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_addr.s_addr = htonl(entry.target.v4());
  const ssize_t sent = sendto(fd_, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&target), sizeof target);
  // Answers come by any interface.
  setsockopt(fd_, SOL_SOCKET, SO_BINDTODEVICE, "", 0);
  return sent >= 0;
}

void IcmpProber::Receive(const std::function<void(int entry, std::uint16_t sequence)>& answered) {
  std::uint8_t reply[64];
  for (;;) {
    const ssize_t n = recv(fd_, reply, sizeof reply, MSG_TRUNC);
    if (n < 0) return;
    const std::size_t header = std::size_t{4} * (reply[0] & 15);
    if (static_cast<std::size_t>(n) < header + 8 || header + 8 > sizeof reply) continue;
    const std::uint8_t* icmp = reply + header;
    const auto of = entry_of_.find(LoadBe16(icmp + 4));
    if (icmp[0] == kEchoReply && of != entry_of_.end()) answered(of->second, LoadBe16(icmp + 6));
  }
}

}  // namespace sallyport
