// `ping`: real echo requests from the appliance, five of them, two seconds each.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/icmp_echo.h"
#include "cli/show_ping.h"
#include "conf/codecs.h"
#include "firewall/base/bytes.h"

namespace sallyport {
namespace {

// An address, a `name` of the configuration, or a host name that is to be looked up.
struct Destination {
  NamedAddress address;
  std::string name;  // to be looked up; address is none
  bool operator==(const Destination&) const = default;
};

struct Ping {
  std::string interface;  // nameif, or "": by route
  Destination to;
  int repeat = 5;
  int size = 100;     // bytes of the IP packet
  int timeout_s = 2;  // each
};

}  // namespace

template <>
struct Codec<Destination> {
  static Match Read(Cursor& in, Destination& out, std::string_view help) {
    Cursor at = in;
    out = {};
    if (const Match m = Codec<NamedAddress>::Read(in, out.address, help); m != Match::kNo) return m;
    in = at;
    std::string_view w;
    return in.Word({"WORD", "Name of a host"}, w, [&](std::string_view s) {
      // A name has letters, and is no address that was mistyped.
      if (s.find(':') != std::string_view::npos || s.find_first_not_of("0123456789.") == std::string_view::npos) return false;
      out.name = s;
      return true;
    });
  }
  static void Print(const Destination& v, LineWriter& line) { line.Put(v.name.empty() ? v.address.ToString() : v.name); }
};

namespace {

using SteadyClock = std::chrono::steady_clock;

// One echo request and its answer. Runs on the ping's own thread.
class Echo {
 public:
  // Errors: no privileges.
  Status Open(bool v6) {
    fd_ = v6 ? socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6) : socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (fd_ < 0) return Error{std::string("cannot send ICMP: ") + std::strerror(errno)};
    return {};
  }
  ~Echo() {
    if (fd_ >= 0) close(fd_);
  }
  // By that link, from its address. The socket is not bound to it: answers may come by another one, out of a tunnel.
  void Bind(const std::string& link) { index_ = link.empty() ? 0 : static_cast<int>(if_nametoindex(link.c_str())); }

  // '!' and the time, '?' nothing came, 'U' unreachable.
  char Exchange(IpAddress to, std::uint16_t id, std::uint16_t sequence, int size, int timeout_s,
                const std::atomic<bool>& interrupted, double& ms) {
    const bool v6 = !to.IsV4();
    const int header = (v6 ? 40 : 20) + static_cast<int>(kEchoHeader);
    const std::vector<std::uint8_t> packet = EchoRequest(v6, id, sequence, static_cast<std::size_t>(std::max(size - header, 0)), 0xab);
    sockaddr_in target{};
    sockaddr_in6 target6{};
    if (v6) {
      target6.sin6_family = AF_INET6;
      to.StoreV6(target6.sin6_addr.s6_addr);
    } else {
      target.sin_family = AF_INET;
      target.sin_addr.s_addr = htonl(to.v4());
    }
    const auto* where = v6 ? reinterpret_cast<const sockaddr*>(&target6) : reinterpret_cast<const sockaddr*>(&target);
    const auto sent = SteadyClock::now();
    if (!Send(packet, where, v6 ? sizeof target6 : sizeof target, v6)) return 'U';
    const auto deadline = sent + std::chrono::seconds(timeout_s);
    while (!interrupted) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
      if (left < 0) return '?';
      pollfd p{fd_, POLLIN, 0};
      if (poll(&p, 1, static_cast<int>(std::min<std::int64_t>(left, 100))) <= 0) continue;
      std::uint8_t reply[2048];
      const ssize_t n = recv(fd_, reply, sizeof reply, 0);
      if (v6) {  // comes without its IP header
        if (n < 8) continue;
        if (reply[0] == kEchoReply6 && LoadBe16(reply + 4) == id && LoadBe16(reply + 6) == sequence) {
          ms = std::chrono::duration<double, std::milli>(SteadyClock::now() - sent).count();
          return '!';
        }
        if (reply[0] == kUnreachable6 && n >= 8 + 40 + 8 && reply[8 + 6] == IPPROTO_ICMPV6 && LoadBe16(reply + 8 + 40 + 4) == id) return 'U';
        continue;
      }
      if (n < 28) continue;
      const std::size_t ip = std::size_t{4} * (reply[0] & 15);
      if (static_cast<std::size_t>(n) < ip + 8) continue;
      const std::uint8_t* icmp = reply + ip;
      if (icmp[0] == kEchoReply && LoadBe16(icmp + 4) == id && LoadBe16(icmp + 6) == sequence) {
        ms = std::chrono::duration<double, std::milli>(SteadyClock::now() - sent).count();
        return '!';
      }
      // An error about our request carries its header and first eight bytes.
      if (icmp[0] == kUnreachable && static_cast<std::size_t>(n) >= ip + 8 + 20 + 8) {
        const std::uint8_t* inner = icmp + 8;
        const std::size_t inner_header = std::size_t{4} * (inner[0] & 15);
        if (static_cast<std::size_t>(n) < ip + 8 + inner_header + 8) continue;
        if (inner[9] == IPPROTO_ICMP && LoadBe16(inner + inner_header + 4) == id) return 'U';
      }
    }
    return 0;
  }

 private:
  bool Send(const std::vector<std::uint8_t>& packet, const sockaddr* to, std::size_t to_length, bool v6) const {
    iovec part{const_cast<std::uint8_t*>(packet.data()), packet.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in6_pktinfo))] = {};
    msghdr m{};
    m.msg_name = const_cast<sockaddr*>(to);
    m.msg_namelen = static_cast<socklen_t>(to_length);
    m.msg_iov = &part;
    m.msg_iovlen = 1;
    if (index_ != 0) {
      m.msg_control = control;
      m.msg_controllen = v6 ? CMSG_SPACE(sizeof(in6_pktinfo)) : CMSG_SPACE(sizeof(in_pktinfo));
      cmsghdr* c = CMSG_FIRSTHDR(&m);
      c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
      c->cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
      c->cmsg_len = v6 ? CMSG_LEN(sizeof(in6_pktinfo)) : CMSG_LEN(sizeof(in_pktinfo));
      in_pktinfo by{};
      in6_pktinfo by6{};
      by.ipi_ifindex = index_;
      by6.ipi6_ifindex = static_cast<decltype(by6.ipi6_ifindex)>(index_);
      if (v6) std::memcpy(CMSG_DATA(c), &by6, sizeof by6);
      else std::memcpy(CMSG_DATA(c), &by, sizeof by);
    }
    return sendmsg(fd_, &m, 0) >= 0;
  }

  int fd_ = -1, index_ = 0;
};

class PingJob final : public Job {
 public:
  PingJob(Appliance& appliance, Session& session, const Ping& ping, std::string link)
      : appliance_(appliance), session_(&session), ping_(ping), link_(std::move(link)) {
    if (!ping_.to.address.address.IsNone()) {
      Begin();
      return;
    }
    appliance_.ResolveName(ping_.to.name, [this, alive = alive_](const std::vector<IpAddress>& addresses) {
      if (!*alive || ending_) return;
      if (addresses.empty()) {
        Say("ERROR: % Invalid Hostname\n");
        End();
        return;
      }
      ping_.to.address.address = addresses.front();
      Begin();
    });
  }
  ~PingJob() override {
    interrupted_ = true;
    *alive_ = false;  // control thread: closures still waiting find nobody
    if (thread_.joinable()) thread_.join();
  }
  void Interrupt() override {
    interrupted_ = true;
    if (!thread_.joinable()) End();
  }

 private:
  void Begin() {
    thread_ = std::thread([this] { Run(); });
  }
  // Later: the session may not have the job yet.
  void End() {
    if (ending_.exchange(true)) return;
    appliance_.Post([alive = alive_, session = session_] {
      if (*alive) session->JobDone();  // destroys this
    });
  }
  void Say(const std::string& text) {
    appliance_.Post([alive = alive_, session = session_, text] {
      if (*alive) session->WriteNow(text);
    });
  }

  void Run() {
    static std::atomic<std::uint16_t> next_id{1};
    Echo echo;
    if (const Status opened = echo.Open(!ping_.to.address.address.IsV4()); !opened) {
      Say("ERROR: % " + opened.error() + "\n");
    } else {
      echo.Bind(link_);
      Say(PingHeader({ping_.to.address.address, ping_.repeat, ping_.size, ping_.timeout_s}));
      const auto id = static_cast<std::uint16_t>(0x5350 + next_id++);
      int sent = 0, answered = 0;
      double least = 0, most = 0, sum = 0;
      for (; sent < ping_.repeat && !interrupted_; sent++) {
        double ms = 0;
        const char mark = echo.Exchange(ping_.to.address.address, id, static_cast<std::uint16_t>(sent), ping_.size, ping_.timeout_s,
                                        interrupted_, ms);
        if (mark == 0) break;
        if (mark == '!') {
          // An ASA counts whole milliseconds, the last one begun included.
          ms = static_cast<double>(std::max<std::int64_t>(1, static_cast<std::int64_t>(ms + 0.999)));
          least = answered == 0 ? ms : std::min(least, ms);
          most = std::max(most, ms);
          sum += ms;
          answered++;
        }
        Say(std::string(1, mark));
      }
      const auto whole = [](double ms) { return static_cast<int>(ms); };
      Say("\n" + PingSummary({sent, answered, whole(least), whole(answered == 0 ? 0 : sum / answered), whole(most)}));
    }
    End();
  }

  Appliance& appliance_;
  Session* session_;
  Ping ping_;  // the thread's, once it runs
  const std::string link_;
  std::atomic<bool> interrupted_{false};
  std::atomic<bool> ending_{false};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // control thread only
  std::thread thread_;
};

Reply DoPing(ExecContext& c, const Ping& ping, Form) {
  if (ping.to.name.empty() && ping.to.address.address.IsNone()) return Reply::Refuse("ERROR: % Invalid Hostname\n");
  std::string link;
  if (!ping.interface.empty()) {
    const Interface* i = c.appliance.policy()->FindByName(ping.interface);
    if (i == nullptr) return Reply::Refuse("ERROR: % Invalid interface name " + ping.interface + "\n");
    InterfaceView view;
    c.appliance.host().FillInterface(view, i->linux_index);
    link = view.link;
  }
  c.session.Run(std::make_unique<PingJob>(c.appliance, c.session, ping, link));
  return {};
}

}  // namespace

void AddPingCommands(ExecSet& set) {
  using S = Tokens<Ping>;
  const auto options = S::AnyOrder({{S::Kw("repeat", "Repeat count"), S::Int(&Ping::repeat, 1, 2147483647, "Repeat count")},
                                    {S::Kw("size", "Datagram size"), S::Int(&Ping::size, 36, 18024, "Datagram size")},
                                    {S::Kw("timeout", "Timeout in seconds"), S::Int(&Ping::timeout_s, 0, 3600, "Seconds")}});
  set.Add(Command<Ping>({S::Kw("ping", "Send echo messages"), S::Arg(&Ping::to, "Destination"), options}).Privilege(1), DoPing);
  set.Add(Command<Ping>({S::Kw("ping", "Send echo messages"), S::Kw("ipv6", "IPv6 destination"), S::Arg(&Ping::to, "Destination"), options})
              .Privilege(1),
          DoPing);
  set.Add(Command<Ping>({S::Kw("ping", "Send echo messages"), S::Word(&Ping::interface, "Name of interface"),
                         S::Arg(&Ping::to, "Destination"), options})
              .Privilege(1),
          DoPing);
}

}  // namespace sallyport
