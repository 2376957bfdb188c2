// Short words for translation rules and flows in tests.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "firewall/nat.h"

namespace sallyport::nat_test {

inline constexpr IfId kInside{1};
inline constexpr IfId kOutside{2};
inline constexpr IfId kDmz{3};
inline constexpr std::uint8_t kTcp = 6, kUdp = 17, kIcmp = 1, kGre = 47;

inline IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }
inline AddressRange Host(const char* text) { return {Ip(text), Ip(text)}; }
inline AddressRange Range(const char* first, const char* last) { return {Ip(first), Ip(last)}; }
inline AddressRange Net(const char* text, int length) { return AddressRange::Of(Prefix::Of(Ip(text), length)); }
inline Endpoint At(const char* address, std::uint16_t port = 0) { return {Ip(address), port}; }
inline PortRange Port(std::uint16_t p) { return {p, p}; }

inline FlowKey Flow(IfId ingress, std::uint8_t protocol, const char* src, std::uint16_t sport, const char* dst,
                    std::uint16_t dport) {
  return {Ip(src), Ip(dst), sport, dport, protocol, ingress};
}

// (inside) to (outside); the id is given by the table.
inline NatRule Rule(NatRule::Kind kind, std::vector<AddressRange> real, std::vector<AddressRange> mapped) {
  NatRule r;
  r.kind = kind;
  r.real_if = kInside;
  r.mapped_if = kOutside;
  r.real_src = std::move(real);
  r.mapped_src = std::move(mapped);
  r.hits = std::make_shared<NatHits>();
  return r;
}
inline NatRule Static(AddressRange real, AddressRange mapped) { return Rule(NatRule::Kind::kStatic, {real}, {mapped}); }
inline NatRule InterfacePat(AddressRange real, const char* address) {
  NatRule r = Rule(NatRule::Kind::kDynamicPat, {real}, {});
  r.mapped_is_interface = true;
  if (address != nullptr) r.interface_address = Ip(address);
  return r;
}

inline NatTable Table(std::vector<NatRule> rules) {
  for (std::uint32_t i = 0; i < rules.size(); i++) {
    if (rules[i].id == 0) rules[i].id = i + 1;
  }
  return NatTable(std::move(rules));
}

// A policy list that permits `src` -> `dst`, any protocol.
inline std::shared_ptr<const AccessList> Permit(AddressRange src, AddressRange dst) {
  AclElement e;
  e.permit = true;
  e.src = src;
  e.dst = dst;
  return std::make_shared<const AccessList>("policy", 0, std::vector<AclLine>{}, std::vector<AclElement>{e});
}

}  // namespace sallyport::nat_test
