// The rules that send packets to our queues, in the current network namespace, and forwarding (of both families) with them.
//
//   raw PREROUTING  -i LINK  -> queue (TCP: base, the rest: base + 1)     what arrives on a data interface
//   raw OUTPUT      -o LINK  -> queue                                     what the appliance itself sends there
//   filter FORWARD   not from a data interface to a data interface -> drop (what never was in the queue)
//   mangle PREROUTING -i LINK -> TTL / hop limit + 1                      gives back what the kernel's forwarding takes
//
// for IPv4 and IPv6. No listener on the queue means drop: a daemon that is killed leaves the network closed. Everything lives
// in chains of our own, named by the queue number; foreign rules are not touched, and Remove takes away exactly ours. Rules
// found from a killed daemon are replaced in one transaction, without a moment in which packets pass.
// Control thread. Uses the iptables programs, because their NFQUEUE target works with and without nft's own queue expression.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "firewall/base/result.h"

namespace sallyport {

// Marks that we set on packets (skb->mark). The low byte is an IfId: the routing table that is to be used (host_network.h).
inline constexpr std::uint32_t kMarkEgress = 0x53500000;      // + IfId: a verdict that chose the egress interface
inline constexpr std::uint32_t kMarkOriginated = 0x53500100;  // + IfId: sent by the engine; our OUTPUT rule lets it pass
inline constexpr std::uint32_t kMarkEgressMask = 0xffff00ff;  // of the two: which table

class NetfilterRules {
 public:
  enum class Backend : std::uint8_t { kIptablesNft, kIptablesLegacy, kNft };

  // The programs of one backend and one address family.
  struct Tool {
    const char* save;
    const char* restore;
    const char* hop_limit;  // how the mangle rule gives the hop back
    bool v6;
  };

  explicit NetfilterRules(std::uint16_t queue_base) : base_(queue_base) {}

  // A link of our own from which the kernel forwards to the data interfaces without asking us again (tcp_injector.h); "": none.
  // Counts from the next Install on.
  void Inject(std::string link) { inject_ = std::move(link); }
  // Datagrams of port 4500 go to the TCP queue, where they come merged: only where somebody opens ESP in them. From the next Install on.
  void MergeNatT(bool on) { nat_t_ = on; }
  // Brings the rules for `links` into force, in place of earlier ones of the same queue number, then switches ip_forward on.
  // Takes the first way that this kernel supports. May be called again with other links. Errors name every way that failed.
  Status Install(const std::vector<std::string>& links);
  // ip_forward back to what it was before the first Install (also of a daemon that was killed), then the rules away. Nothing
  // there: nothing happens.
  Status Remove();

  bool installed() const { return installed_; }
  Backend backend() const { return backend_; }
  static const char* NameOf(Backend b);
  // What works less than wholly ("TTL is not restored: ..."), for the log.
  const std::vector<std::string>& remarks() const { return remarks_; }

 private:
  Status InstallIptables(Backend b, const std::vector<std::string>& links);
  std::string ForwardScript(const Tool& tool, const std::vector<std::string>& links) const;
  Status InstallNft(const std::vector<std::string>& links);
  void TakeForwarding(const std::string& nft_table);
  Status RemoveFrom(Backend b);
  std::string Chain(const char* what) const;

  std::uint16_t base_;
  std::string inject_;
  bool nat_t_ = false;
  Backend backend_ = Backend::kIptablesNft;
  bool installed_ = false;
  bool forward_was_[2] = {};  // what forwarding was before: IPv4, IPv6
  std::vector<std::string> remarks_;
};

}  // namespace sallyport
