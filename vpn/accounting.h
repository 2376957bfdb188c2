// Tells servers of sessions that begin and end (`accounting-server-group`). Control thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "vpn/aaa/aaa_client.h"
#include "vpn/crypto/entropy.h"
#include "vpn/views.h"

namespace sallyport {

class Accounting {
 public:
  Accounting(AaaClient* aaa, Entropy& entropy) : aaa_(aaa), entropy_(entropy) {}
  // `a` without its session; nothing is told of a session whose group is "".
  void Start(std::uint32_t index, AaaAccount a);
  // `reason`: of 113019. Nothing is told of a session that was not started.
  void Stop(std::uint32_t index, Duration duration, const VpnTraffic& traffic, const std::string& reason);

 private:
  AaaClient* aaa_;  // null: nobody is told
  Entropy& entropy_;
  std::map<std::uint32_t, AaaAccount> accounts_;  // sessions that were told to a server, by index
};

}  // namespace sallyport
