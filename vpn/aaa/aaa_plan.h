// Servers for authentication, authorization and accounting as the configuration has them (`aaa-server`). Plain data, made by
// conf/compile_aaa.cc.
//
// Source: ASA command reference, `aaa-server`, `aaa-server host`, `reactivation-mode`, `max-failed-attempts`, `timeout`,
// `retry-interval`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"

namespace sallyport {

struct AaaServer {
  IpAddress address;
  std::string interface;  // nameif
  std::string key;
  bool key_known = true;  // false: the configuration has it as `*****`, or encrypted
  std::uint32_t timeout_s = 10;        // one attempt
  std::uint32_t retry_interval_s = 10; // a request is sent again
  std::uint16_t authentication_port = 1645, accounting_port = 1646;
  bool message_authenticator_required = false;
  bool operator==(const AaaServer&) const = default;
};

struct AaaServerGroup {
  std::string name;
  enum class Protocol : std::uint8_t { kRadius, kOther } protocol = Protocol::kRadius;
  std::string protocol_name = "radius";
  std::uint32_t max_failed = 3;  // attempts without an answer, after which a server counts as failed
  bool timed = false;            // reactivation-mode timed: a failed server is tried again after 30 s; else when all have failed
  std::uint32_t dead_minutes = 10;   // depletion: how long a group of failed servers is left alone
  bool simultaneous = false;         // accounting goes to every server
  std::vector<AaaServer> servers;    // in order of trial
  bool operator==(const AaaServerGroup&) const = default;
};

struct AaaPlan {
  std::vector<AaaServerGroup> groups;  // in the order in which they were made
  const AaaServerGroup* Find(const std::string& name) const {
    for (const AaaServerGroup& g : groups) {
      if (g.name == name) return &g;
    }
    return nullptr;
  }
  bool operator==(const AaaPlan&) const = default;
};

}  // namespace sallyport
