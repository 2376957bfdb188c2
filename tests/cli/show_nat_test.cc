#include "cli/show_nat.h"

#include <gtest/gtest.h>

#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_nat_test {
namespace {

AddressRange Net(const char* address, int length) { return AddressRange::Of(Prefix::Of(Ip(address), length)); }
AddressRange Host(const char* address) { return {Ip(address), Ip(address)}; }

NatRule Rule(NatRule::Kind kind, int section, int order, const char* show, std::uint64_t there, std::uint64_t back) {
  NatRule r;
  r.id = static_cast<std::uint32_t>(section * 100 + order);
  r.kind = kind;
  r.section = static_cast<std::uint8_t>(section);
  r.order = static_cast<std::uint32_t>(order);
  r.real_if = kInside;
  r.mapped_if = kOutside;
  r.show = show;
  r.hits = std::make_shared<NatHits>();
  r.hits->translate = there;
  r.hits->untranslate = back;
  return r;
}

Policy WithNat() {
  Policy p = ThreeZones(Nine());
  std::vector<NatRule> rules;
  using Kind = NatRule::Kind;
  rules.push_back(Rule(Kind::kStatic, 1, 1,
                       "(inside) to (outside) source static LAN LAN   destination static FAR FAR no-proxy-arp", 505, 750));
  rules.back().real_src = {Net("10.1.1.0", 24)};
  rules.back().mapped_src = {Net("10.1.1.0", 24)};
  rules.back().identity = true;
  rules.back().mapped_dst = {Net("10.9.0.0", 16)};
  rules.back().real_dst = {Net("10.9.0.0", 16)};
  rules.push_back(
      Rule(Kind::kStatic, 2, 1, "(dmz) to (outside) source static WEB 203.0.113.2   service tcp www 8080", 0, 12));
  rules.back().real_if = kDmz;
  rules.back().real_src = {Host("10.2.2.80")};
  rules.back().mapped_src = {Host("203.0.113.2")};
  rules.back().service_protocol = 6;
  rules.back().real_sport = {80, 80};
  rules.back().mapped_sport = {8080, 8080};
  rules.push_back(Rule(Kind::kDynamicPat, 2, 2, "(inside) to (outside) source dynamic LAN interface ", 3, 0));
  rules.back().real_src = {Net("10.1.1.0", 24)};
  rules.back().mapped_is_interface = true;
  rules.push_back(Rule(Kind::kDynamic, 3, 1, "(inside) to (outside) source dynamic any POOL ", 0, 0));
  rules.back().mapped_src = {{Ip("203.0.113.40"), Ip("203.0.113.48")}};
  p.nat = NatTable(std::move(rules));
  return p;
}

// A service of twice NAT is said as the objects say it: with the ports of both sides.
TEST(ShowNat, DetailTellsServicesOfBothSides) {
  Policy p = ThreeZones(Nine());
  std::vector<NatRule> rules;
  rules.push_back(Rule(NatRule::Kind::kStatic, 1, 1, "(inside) to (outside) source static A B   service S1 S2", 0, 0));
  rules.back().real_src = {Host("10.1.1.1")};
  rules.back().mapped_src = {Host("203.0.113.9")};
  rules.back().service_protocol = 6;
  rules.back().real_sport = {10, 10};
  rules.back().mapped_dport = {20, 20};
  rules.back().mapped_sport = {100, 100};
  rules.back().real_dport = {200, 205};
  rules.push_back(Rule(NatRule::Kind::kStatic, 1, 2, "(inside) to (outside) source static A A   service S3 S4", 0, 0));
  rules.back().real_src = {Host("10.1.1.1")};
  rules.back().service_protocol = 17;
  rules.back().mapped_dport = {53, 53};
  rules.back().real_dport = {5353, 5353};
  p.nat = NatTable(std::move(rules));
  const std::string text = ShowNat(p, true, {});
  EXPECT_NE(text.find("    Service - Origin: tcp source eq 10 destination eq ftp-data, "
                      "Translated: tcp source eq 100 destination range 200 205\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    Service - Origin: udp destination eq domain, Translated: udp destination eq 5353\n"), std::string::npos) << text;
}

XlatePage Page() {
  XlatePage page;
  page.now = TimePoint{} + Duration::Seconds(1'000'000);
  page.in_use = 3;
  page.most_used = 5;
  XlateView v;
  v.real_name = "inside";
  v.mapped_name = "outside";
  v.xlate.pat = true;
  v.xlate.protocol = 6;
  v.xlate.real = {Ip("10.1.1.15"), 40000};
  v.xlate.mapped = {Ip("203.0.113.1"), 1024};
  v.xlate.last_used = page.now - Duration::Seconds(5);
  page.xlates.push_back(v);
  v.xlate.protocol = 1;
  v.xlate.real.port = v.xlate.mapped.port = 512;
  page.xlates.push_back(v);
  v.xlate.pat = false;
  v.xlate.mapped = {Ip("203.0.113.40"), 0};
  v.xlate.last_used = page.now - Duration::Seconds(277 * 3600 + 5 * 60 + 26);
  page.xlates.push_back(v);
  return page;
}

TEST(ShowNat, BySection) { ExpectGolden("nat_9x", ShowNat(WithNat(), false)); }
TEST(ShowNat, Detail) { ExpectGolden("nat_detail_9x", ShowNat(WithNat(), true)); }
TEST(ShowNat, NoRulesNoText) { EXPECT_EQ(ShowNat(ThreeZones(Nine()), true), ""); }

TEST(ShowNat, OldEra) {
  Policy p = ThreeZones(Eight());
  p.nat = NatTable({Rule(NatRule::Kind::kDynamicPat, 2, 1,
                         "match ip inside 10.1.1.0 255.255.255.0 outside any\n"
                         "    dynamic translation to pool 1 (203.0.113.1 [Interface PAT])",
                         4, 1)});
  ExpectGolden("nat_82", ShowNat(p, false));
}

TEST(ShowXlate, BothEras) {
  const Policy p = WithNat();
  ExpectGolden("xlate_9x", ShowXlateHeader(7, 9, Nine()) + ShowXlateStatics(p, Duration::Seconds(97)));
  ExpectGolden("xlate_dynamic_9x", ShowXlate(Page(), p.timeouts, Nine()));
  Personality eight_four = Eight();
  eight_four.object_nat = true;
  ExpectGolden("xlate_dynamic_84", ShowXlate(Page(), p.timeouts, eight_four));
  ExpectGolden("xlate_82", ShowXlate(Page(), p.timeouts, Eight()));
}

}  // namespace
}  // namespace sallyport::show_nat_test
