// IKE version 2 (RFC 7296): negotiates, keeps and ends IKE SAs and their children. Control thread.
//
// What it does is in v2_engine.h and the files beside it, one for each exchange; this is the door.
#pragma once

#include <memory>

#include "vpn/ike/host.h"

namespace sallyport {

class V2Engine;

class Ikev2Core final : public IkeProtocol {
 public:
  explicit Ikev2Core(IkeHost& host);
  ~Ikev2Core() override;

  void UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) override;
  void Receive(const IkeDatagram& d, Times t) override;
  void Need(std::uint32_t entry, const TunnelFlow& flow, Times t) override;
  void Event(const TunnelEvent& e, Times t) override;
  std::uint32_t Clear(const IkeClear& what, Times t) override;
  void AdvanceTo(Times t) override;
  Times NextDeadline() const override;
  std::vector<IkeSaView> Views(Times t) const override;
  IkeStats Stats() const override;

 private:
  std::unique_ptr<V2Engine> engine_;
};

}  // namespace sallyport
