// Two whole appliances whose keys are renewed again and again, hours long in virtual time, by either version of IKE: nothing is lost,
// and nothing grows. SALLYPORT_SOAK_HOURS: how long (3).
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

#include "tests/vpn/whole_appliance.h"

// Of the address sanitizer, which has an allocator of its own; not there without it.
extern "C" __attribute__((weak)) std::size_t __sanitizer_get_current_allocated_bytes();

namespace sallyport::rekey_soak_test {
namespace {

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

std::size_t Heap() {
  return __sanitizer_get_current_allocated_bytes != nullptr ? __sanitizer_get_current_allocated_bytes() : mallinfo2().uordblks;
}

std::string Site(int mine, int other, int version) {
  const std::string me = std::to_string(mine), you = std::to_string(other), v = std::to_string(version);
  return "ASA Version 9.16(4)\n"
         "hostname asa" + me + "\n"
         "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2." + me + " 255.255.255.0\n"
         "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10." + me + ".0.1 255.255.0.0\n"
         "access-list site extended permit ip 10." + me + ".0.0 255.255.0.0 10." + you + ".0.0 255.255.0.0\n"
         "route outside 10." + you + ".0.0 255.255.0.0 192.0.2." + you + " 1\n"
         "logging buffered informational\n"
         "crypto ipsec ikev1 transform-set t esp-aes esp-sha-hmac\n"
         "crypto ipsec ikev2 ipsec-proposal p\n protocol esp encryption aes-gcm\n protocol esp integrity null\n"
         "crypto ipsec security-association lifetime seconds 120\n"
         "crypto map map 10 match address site\n"
         "crypto map map 10 set peer 192.0.2." + you + "\n"
         "crypto map map 10 set pfs group" + (version == 1 ? "2" : "19") + "\n"
         "crypto map map 10 set " + (version == 1 ? "ikev1 transform-set t" : "ikev2 ipsec-proposal p") + "\n"
         "crypto map map interface outside\n"
         "crypto ikev1 policy 1\n authentication pre-share\n encryption aes\n hash sha\n group 2\n lifetime 300\n"
         "crypto ikev2 policy 1\n encryption aes-256\n integrity sha256\n group 19\n prf sha256\n lifetime seconds 300\n"
         "crypto ikev" + v + " enable outside\n"
         "tunnel-group 192.0.2." + you + " type ipsec-l2l\n"
         "tunnel-group 192.0.2." + you + " ipsec-attributes\n ikev1 pre-shared-key between-us\n"
         " ikev2 remote-authentication pre-shared-key between-us\n ikev2 local-authentication pre-shared-key between-us\n";
}

class RekeySoak : public testing::TestWithParam<int> {
 protected:
  RekeySoak()
      : a(std::make_unique<WholeAppliance>(mesh, "a", Site(1, 2, GetParam()), 1)),
        b(std::make_unique<WholeAppliance>(mesh, "b", Site(2, 1, GetParam()), 2)) {
    mesh.Connect({a.get(), "outside"}, {b.get(), "outside"});
  }
  // An echo from behind one end to behind the other, and its answer.
  bool Ping() {
    MadePacket request{Ip("10.1.0.10"), Ip("10.2.0.10"), 1, 8, 77, ++sequence_, 0, 0, {'p', 'i', 'n', 'g'}};
    auto &far = mesh.Host(*b, "inside"), &near = mesh.Host(*a, "inside");
    far.clear();
    near.clear();
    a->Feed("inside", request.Bytes());
    mesh.Settle();
    if (far.empty()) return false;
    MadePacket answer{Ip("10.2.0.10"), Ip("10.1.0.10"), 1, 0, 77, sequence_, 0, 0, {'p', 'i', 'n', 'g'}};
    b->Feed("inside", answer.Bytes());
    mesh.Settle();
    return near.size() == 1;
  }
  std::size_t Children(const WholeAppliance& box) const {
    std::size_t n = 0;
    for (const auto& f : box.service->IpsecFlows()) n += f.inbound.size();
    return n;
  }
  Mesh mesh;
  std::unique_ptr<WholeAppliance> a, b;
  std::uint16_t sequence_ = 0;
};

TEST_P(RekeySoak, NothingIsLostAndNothingGrows) {
  const char* const wish = std::getenv("SALLYPORT_SOAK_HOURS");
  const int hours = std::clamp(wish != nullptr ? std::atoi(wish) : 3, 1, 10'000);
  Ping();
  mesh.Run(Duration::Seconds(2));
  ASSERT_TRUE(Ping());
  std::vector<std::size_t> heap;
  for (int hour = 0; hour < hours && !HasFailure(); ++hour) {
    SCOPED_TRACE(hour);
    std::size_t pairs = 0, ike = 0;
    std::optional<std::set<std::uint32_t>> spis(std::in_place), sas(std::in_place);
    for (int at = 0; at < 3600; at += 3) {
      mesh.Run(Duration::Seconds(3), Duration::Seconds(1));
      ASSERT_TRUE(Ping()) << "second " << at;
      if (at % 30 != 0) continue;
      for (const auto* box : {a.get(), b.get()}) {
        pairs = std::max(pairs, Children(*box));
        ike = std::max(ike, box->service->IkeSas().size());
      }
      for (const auto& f : a->service->IpsecFlows()) {
        for (const auto& e : f.inbound) spis->insert(e.spi);
      }
      for (const auto& v : a->service->IkeSas()) sas->insert(v.number);
    }
    EXPECT_LE(pairs, 4u);  // the old and the new, and those of a collision
    EXPECT_LE(ike, 4u);
    EXPECT_GE(spis->size(), 25u);
    // A new phase 1 takes the place and the number of the old one.
    const std::size_t renewed = GetParam() == 2 ? sas->size() : a->Logged("713119").size();
    EXPECT_GE(renewed, 9u);
    spis.reset();
    sas.reset();
    for (auto* box : {a.get(), b.get()}) {
      EXPECT_TRUE(box->Logged("113019").empty());
      std::vector<std::string>().swap(box->key_log);
      box->logger.ClearBuffer();
    }
    heap.push_back(Heap());
    if (std::getenv("SALLYPORT_SOAK_HOURS") != nullptr) std::printf("hour %d: %zu bytes, %zu IKE associations\n", hour, heap.back(), renewed);
  }
  for (const auto* box : {a.get(), b.get()}) {
    EXPECT_EQ(box->service->Sessions().size(), 1u);
    EXPECT_LE(box->service->Contexts().size(), 8u);
    EXPECT_EQ(box->Dropped(FrameDrop::kNpSpInvalidSpi), 0u);
    EXPECT_EQ(box->Dropped(FrameDrop::kCtmError), 0u);
  }
  EXPECT_EQ(mesh.crossed[1], 0u) << "nothing crosses in the clear";
  if (heap.size() > 2) {
    EXPECT_LT(heap.back(), heap[1] + 32 * 1024) << heap[1] << " bytes after two hours";
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, RekeySoak, testing::Values(1, 2), [](const auto& i) { return "Ikev" + std::to_string(i.param); });

}  // namespace
}  // namespace sallyport::rekey_soak_test
