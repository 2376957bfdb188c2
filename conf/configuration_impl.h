// What Configuration keeps. For configuration.cc, print.cc, settings.cc and compile.cc only.
#pragma once

#include "conf/configuration.h"
#include "conf/declare.h"
#include "vpn/policy.h"

namespace sallyport {

// The lines that an appliance of a release has from the beginning (factory.cc).
std::string FactoryConfiguration(const Personality& personality);

struct Configuration::Impl {
  LineTree tree;
  Personality personality;
  NameTable names;
  bool loading = false;
  bool keys_only = false;  // LoadOptions::secrets
  std::vector<std::string> hardware;  // SetHardware
  std::map<std::string, int> links;
  // Interface ids are given out when an interface is first compiled, and never again (types.h).
  mutable std::map<std::string, IfId> interface_ids;
  mutable std::uint8_t next_interface = 1;
  // NatRule ids by what identifies the rule.
  mutable std::map<std::string, std::uint32_t> nat_ids;
  mutable std::uint32_t next_nat = 1;
  std::set<int> tracks_up;  // TracksUp
  std::vector<Route> vpn_routes;  // VpnRoutes
  std::optional<VpnClientAddress> vpn_client;  // VpnClientHas
  bool cluster_master = false;                 // ClusterMaster
  ResolvedNames resolved;   // NamesResolved
  std::set<std::string> lines_down;  // LinesDown
  // ServiceClass ids by policy, class and interface.
  mutable std::map<std::string, std::uint32_t> class_ids;
  mutable std::uint32_t next_class = 1;
  // CryptoMapEntry and VirtualTunnel ids by map, sequence and interface.
  mutable std::map<std::string, std::uint32_t> vpn_ids;
  mutable std::uint32_t next_vpn = 1;

  ParseOptions Options(int privilege) const;  // settings.cc
};

}  // namespace sallyport
