// What the console may ask of the VPN engine and do to it, besides reading its tables. Implemented by VpnService (vpn/service.h).
// Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vpn/crl_cache.h"
#include "vpn/ike/host.h"
#include "vpn/views.h"
#include "vpn/vpn_debug.h"

namespace sallyport {

// `show ip local pool NAME`.
struct AddressPoolView {
  std::string name;
  AddressRange range;
  IpAddress mask;
  std::uint64_t free = 0, held = 0, in_use = 0;
  std::vector<IpAddress> used;  // in order
};

class VpnControl : public VpnTables {
 public:
  // `clear crypto ...`: ends what is meant and tells the peers. How many IKE SAs (or pairs, with ipsec_only) went.
  virtual std::uint32_t Clear(const IkeClear& what) = 0;
  // `vpn-sessiondb logoff`: false when there is no session of that index. Which sessions are meant is SelectVpnSessions' business.
  virtual bool Logoff(std::uint32_t index) = 0;
  // The appliance goes down (`reboot`: to come again): peers are told.
  virtual void Shutdown(bool reboot) = 0;
  // Of one version (1, 2).
  virtual IkeStats Stats(std::uint8_t version) const = 0;
  // Nothing: the engine does not count them.
  virtual std::optional<IpsecStatsView> IpsecStats() { return std::nullopt; }
  virtual std::optional<IpsecOverTcpView> IpsecOverTcp() { return std::nullopt; }
  virtual CryptoStatsView CryptoStats() { return {}; }
  // `clear crypto ipsec sa counters`.
  virtual void ClearCounters() = 0;
  // `clear crypto ... stats`: what was counted so far is not shown any more. What is there now (tunnels, negotiations) still is.
  enum class Counters : std::uint8_t { kIkev1, kIkev2, kIpsec, kProtocolIkev1, kProtocolIkev2, kProtocolIpsec, kProtocolOther, kAccelerator };
  virtual void ClearStats(Counters) {}
  // `crypto ca crl request`: `done` comes at once or later.
  virtual void RequestCrl(const std::string& /*trustpoint*/, std::function<void(const Status&)> done) { done(Error{"nothing can be fetched"}); }
  virtual std::vector<CrlView> Crls() const { return {}; }
  virtual void ClearCrls(const std::string& /*trustpoint, "": all*/) {}
  // In the order of their names; of `show ip local pool`.
  virtual std::vector<AddressPoolView> Pools() const = 0;
  // `debug crypto ...`.
  virtual VpnDebug& debug() = 0;
};

}  // namespace sallyport
