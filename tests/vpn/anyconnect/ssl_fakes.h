// What sessions of AnyConnect stand on in tests: the database alone, whose messages are kept, and a service between fakes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "vpn/anyconnect/service.h"

namespace sallyport {

inline IpAddress SslIp(const char* text) { return *IpAddress::Parse(text); }

// The database of sessions, with a clock that the test moves.
class SslSessionsTest : public testing::Test {
 protected:
  SslSession& Login(const char* user, bool browser = false) {
    SslLogin l;
    l.user = user;
    l.tunnel_group = l.group_policy = "staff";
    l.rules = rules;
    l.browser = browser;
    l.local = {SslIp("203.0.113.1"), 443};
    l.peer = {SslIp("192.0.2.9"), 1269};
    l.version = "3.1.01065";
    l.agent = "AnyConnect Windows 3.1.01065";
    SslSession& s = sessions.Login(l, now, kWall + now.ns, token);
    s.assigned = SslIp("10.9.0.1");
    if (s.state == SslState::kParent && !has_address) s.assigned = {};
    s.pool = "pool";
    return s;
  }
  // CONNECT and the like from where it has come from before, or from `peer`.
  std::uint32_t Happen(SslSession& s, SslHappening h, const std::string& text = {}, const char* peer = "192.0.2.9") {
    SslDetail d;
    d.tunnel.local = {SslIp("203.0.113.1"), 443};
    d.tunnel.peer = {SslIp(peer), 1272};
    d.tunnel.client_version = "Cisco AnyConnect VPN Agent for Windows 3.1.01065";
    d.text = text;
    d.reason = "Administrator Reset";
    if (h == SslHappening::kConnect && s.assigned.IsNone()) s.assigned = SslIp("10.9.0.1");
    return sessions.Advance(s, h, d, now);
  }
  std::vector<int> Ids() const {
    std::vector<int> all;
    for (const auto& m : said) all.push_back(m.id);
    return all;
  }
  const SslSessions::Said* Message(int id) const {
    for (const auto& m : said) {
      if (m.id == id) return &m;
    }
    return nullptr;
  }

  static constexpr std::int64_t kWall = 1'356'000'000'000'000'000;
  bool has_address = false;
  VpnGroupPolicy rules;
  TimePoint now;
  SeededEntropy entropy{3};
  SessionCounts counts;
  std::vector<SslSessions::Said> said;
  SessionToken token;
  SslSessions sessions{{[this](const SslSessions::Said& m) { said.push_back(m); }, counts, entropy}};
};

}  // namespace sallyport
