// Both versions of IKE as one: each datagram goes to the version that it is of, and a need for a tunnel to the version that can
// make it. An ASA calls that part its tunnel manager (8.4 on), and it speaks for itself in 752xxx: an entry with proposals of both
// versions is tried with IKEv2 first, and with IKEv1 when that has come to nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "vpn/ike/host.h"

namespace sallyport {

class IkeCore final : public IkeProtocol {
 public:
  // Numbers of IKE SAs are each version's own. Where a call of IkeHost names one without its version (PeerDown), those of IKEv2
  // carry this bit.
  static constexpr std::uint32_t kVersion2 = 0x8000'0000;
  static std::uint32_t Numbered(std::uint8_t version, std::uint32_t ike_sa) { return version == 2 ? ike_sa | kVersion2 : ike_sa; }

  // Makes the engine of a version, whose host is the one given. An empty function, or null: that version is not spoken.
  using Make = std::function<std::unique_ptr<IkeProtocol>(IkeHost&)>;
  IkeCore(IkeHost& host, const Make& v1, const Make& v2);
  ~IkeCore() override;

  // Says 752xxx (a release that has IKEv2).
  void UseTunnelManager(bool speaks) { speaks_ = speaks; }
  // Has the entry been asked for, and has nothing come of it yet?
  bool Waiting(std::uint32_t entry) const { return pending_.contains(entry); }
  // The engine of a version, null if it is not spoken.
  const IkeProtocol* version(std::uint8_t n) const { return n == 2 ? v2_.get() : v1_.get(); }

  void UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) override;
  void Receive(const IkeDatagram& d, Times t) override;
  void Need(std::uint32_t entry, const TunnelFlow& flow, Times t) override;
  void Event(const TunnelEvent& e, Times t) override;
  std::uint32_t Clear(const IkeClear& what, Times t) override;
  void AdvanceTo(Times t) override;
  Times NextDeadline() const override;
  std::vector<IkeSaView> Views(Times t) const override;
  IkeStats Stats() const override;  // of both together

 private:
  class Side;
  // What an entry of the policy (crypto map, virtual tunnel) has to do with each version.
  struct Target {
    std::string map;
    std::uint32_t sequence = 0;
    IfId at{};
    std::vector<IpAddress> peers;
    bool v1 = false, v2 = false;          // it has proposals of that version
    bool on_v1 = false, on_v2 = false;    // ... and IKE of that version is on there
  };
  struct Pending {
    Target target;
    TunnelFlow flow;
    std::uint8_t version = 1;
    bool other_failed = false;
    TimePoint asked;  // real
  };
  std::optional<Target> Find(std::uint32_t entry) const;
  // Whom a version has IKE SAs with, in any state.
  std::set<IpAddress> PeersOf(std::uint8_t version, Times t) const;
  static bool AnyOf(const std::set<IpAddress>& peers, const Target& target);
  void Dispatch(std::uint32_t entry, Pending p, Times t);
  void Say(int number, int severity, const Target& target, const std::string& text);
  void Installed(std::uint32_t entry, std::uint8_t version);  // a pair has come up
  void Watch(Times t);                                         // what was asked for and comes to nothing

  IkeHost& host_;
  std::unique_ptr<Side> side1_, side2_;
  std::unique_ptr<IkeProtocol> v1_, v2_;
  std::shared_ptr<const VpnPolicy> policy_;
  bool speaks_ = true;
  TimePoint watched_;  // real: when it was last looked after what is pending
  std::map<std::uint32_t, Pending> pending_;  // by entry
};

}  // namespace sallyport
