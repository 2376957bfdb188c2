// Personalities and a small policy that the tests of the show commands share: inside (100), dmz (50), outside (0).
#pragma once

#include "firewall/personality.h"
#include "firewall/policy.h"

namespace sallyport {

inline IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

inline Personality Nine() { return {}; }

inline Personality Eight() {
  Personality p;
  p.version = "8.2(1)";
  p.real_address_access_lists = p.object_nat = p.per_session_pat = p.log_access_list_hashes = false;
  p.log_icmp_type_code = p.log_teardown_initiator = p.wide_show_conn = p.any4_keyword = p.pbkdf2_passwords = false;
  p.masked_secrets_five = p.trace_resolve_egress = p.trace_elapsed_time = p.trace_drop_location = false;
  p.hide_username = p.header_hardware = p.local_routes = p.conn_detail_initiator = p.xlate_net_to_net = false;
  p.dir_totals = p.wide_show_module = p.logging_tcp_stats = false;
  p.logging_deny_conn_line = true;
  return p;
}

inline Interface MakeInterface(int id, const char* nameif, int level, const char* address, int length) {
  Interface i;
  i.id = static_cast<IfId>(id);
  i.hardware = "GigabitEthernet0/" + std::to_string(id - 1);
  i.nameif = nameif;
  i.name = InternName(nameif);
  i.security_level = level;
  i.address = Ip(address);
  i.prefix_length = length;
  return i;
}

inline constexpr IfId kOutside{1}, kInside{2}, kDmz{3};

inline Policy ThreeZones(Personality personality) {
  Policy p;
  p.personality = std::move(personality);
  p.interfaces.resize(1);
  p.interfaces.push_back(MakeInterface(1, "outside", 0, "203.0.113.1", 30));
  p.interfaces.push_back(MakeInterface(2, "inside", 100, "10.1.1.1", 24));
  p.interfaces.push_back(MakeInterface(3, "dmz", 50, "10.2.2.1", 24));
  return p;
}

}  // namespace sallyport
