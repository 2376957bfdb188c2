// Tells servers of sessions that begin and end (`accounting-server-group`), and, where the group wants it, of what
// they are at meanwhile (`interim-accounting-update`). Control thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "vpn/aaa/aaa_client.h"
#include "vpn/crypto/entropy.h"
#include "vpn/views.h"

namespace sallyport {

class Accounting {
 public:
  Accounting(AaaClient* aaa, Entropy& entropy) : aaa_(aaa), entropy_(entropy) {}
  // `a` without its session; nothing is told of a session whose group is "".
  void Start(std::uint32_t index, AaaAccount a, TimePoint now = {});
  // A tunnel has been added to a session that had none: the server hears of its address.
  void TunnelAdded(std::uint32_t index, IpAddress framed, Duration duration, const VpnTraffic& traffic, TimePoint now);
  // Sessions of which word is due (`periodic`).
  std::vector<std::uint32_t> Due(TimePoint now) const;
  void Interim(std::uint32_t index, Duration duration, const VpnTraffic& traffic, TimePoint now);
  // `reason`: of 113019. Nothing is told of a session that was not started.
  void Stop(std::uint32_t index, Duration duration, const VpnTraffic& traffic, const std::string& reason);

 private:
  AaaClient* aaa_;  // null: nobody is told
  Entropy& entropy_;
  struct Told {
    AaaAccount account;
    TimePoint last;  // when
  };
  std::map<std::uint32_t, Told> told_;  // sessions that were told to a server, by index
};

}  // namespace sallyport
