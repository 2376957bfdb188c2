#include "cli/show_access_list.h"

#include <gtest/gtest.h>

#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport {
namespace {

AclElement Element(std::uint32_t line, std::uint32_t hash, std::uint32_t parent, const char* text, std::uint64_t hits) {
  AclElement e;
  e.permit = true;
  e.line = line;
  e.hash = hash;
  e.parent_hash = parent;
  e.text = text;
  e.hits = std::make_shared<HitCounter>();
  e.hits->hits = hits;
  e.hits->last_hit_ns = Duration::Seconds(60).ns;
  return e;
}

std::shared_ptr<const AccessList> List() {
  std::vector<AclLine> lines = {
      {1, true, false, "remark the web server", 0, 0, 0},
      {2, false, false, "extended permit icmp any any", 0x390a154c, 0, 1},
      {3, false, true, "extended permit tcp object-group CLIENTS any eq www", 0xd76472ac, 1, 2},
      {4, false, false, "extended deny udp any host 10.1.1.9 neq domain inactive", 0xfe42d16f, 3, 2},
  };
  std::vector<AclElement> elements;
  elements.push_back(Element(1, 0x390a154c, 0, "extended permit icmp any any", 0));
  elements.push_back(Element(2, 0x04c482ac, 0xd76472ac, "extended permit tcp host 10.1.1.4 any eq www", 24649));
  elements.push_back(Element(2, 0x0397cac0, 0xd76472ac, "extended permit tcp host 10.1.1.5 any eq www", 2));
  elements.push_back(Element(3, 0xfe42d16f, 0, "extended deny udp any host 10.1.1.9 neq domain inactive", 0));
  elements.back().inactive = true;
  elements.push_back(elements.back());  // the second range of `neq`: same counter, same hash
  return std::make_shared<AccessList>("outside", 0x1a47dec4, std::move(lines), std::move(elements));
}

TEST(ShowAccessList, AllWithTheLogCacheFirst) {
  Policy p = ThreeZones(Nine());
  p.access_lists["outside"] = List();
  p.access_lists["empty"] =
      std::make_shared<AccessList>("empty", 0x2c20a0c, std::vector<AclLine>{}, std::vector<AclElement>{});
  p.access_list_order = {"outside", "empty"};  // not by name
  ExpectGolden("access_list", ShowAccessLists(p, {3, 1, 4096, 300}, ManualClock()));
}

TEST(ShowAccessList, BriefListsWhatWasHit) {
  ManualClock clock(1'635'293'235'000'000'000);
  ExpectGolden("access_list_brief", ShowAccessListBrief(ViewOf(*List(), clock)));
}

TEST(ShowAccessList, Missing) { EXPECT_EQ(NoSuchAccessList("x"), "ERROR: access-list <x> does not exist\n"); }

}  // namespace
}  // namespace sallyport
