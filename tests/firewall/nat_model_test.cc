// Translation of random flows by random rules of both eras against a model that knows nothing of indexes, hashes or bitmaps: a
// list of rules asked in order, and a list of the translations that there are.
#include <gtest/gtest.h>

#include <list>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/nat.h"
#include "tests/firewall/nat_fixture.h"

namespace sallyport {
namespace {

using namespace nat_test;
using Kind = NatRule::Kind;

constexpr IfId kInterfaces[] = {kInside, kOutside, kDmz};

// One block of addresses on each side; a destination, and a port of the source, if it has them.
struct ModelRule {
  Kind kind{};
  IfId real_if{}, mapped_if{};
  std::uint32_t real = 0, mapped = 0, size = 1;       // the same number on both sides, or a pool of `mapped_size`
  std::uint32_t mapped_size = 1;
  bool has_dst = false;
  std::uint32_t mapped_dst = 0, real_dst = 0, dst_size = 1;
  std::uint16_t real_port = 0, mapped_port = 0;       // 0: none
  bool policy = false;                                // 8.2: by access list, to real_dst
  bool round_robin = false, extended = false;
  std::uint32_t id = 0;
};

struct ModelXlate {
  std::uint32_t rule = 0;
  bool pat = false;
  std::uint8_t protocol = 0;
  IfId real_if{}, mapped_if{};
  Endpoint real, mapped;
  IpAddress peer;  // extended
};

bool In(std::uint32_t base, std::uint32_t size, IpAddress a) { return a.IsV4() && a.v4() >= base && a.v4() - base < size; }
IpAddress Moved(std::uint32_t from, std::uint32_t to, IpAddress a) { return IpAddress::V4(to + (a.v4() - from)); }

class Model {
 public:
  std::vector<ModelRule> rules;
  std::list<ModelXlate> xlates;

  struct Answer {
    std::uint32_t rule = 0;  // 0: none
    Endpoint endpoint;
  };

  // What the destination of a flow really is.
  Answer Untranslate(const FlowKey& k) const {
    for (const ModelXlate& x : xlates) {
      if (x.mapped_if != k.ingress || x.mapped.address != k.dst) continue;
      if (x.pat && (x.protocol != k.protocol || x.mapped.port != k.dport)) continue;
      if (!x.peer.IsNone() && x.peer != k.src) continue;
      const ModelRule& r = rules[x.rule - 1];
      if ((r.has_dst || r.policy) && !In(r.real_dst, r.dst_size, k.src)) continue;
      return {x.rule, {x.real.address, x.pat ? x.real.port : k.dport}};
    }
    for (const ModelRule& r : rules) {
      if (r.real_port != 0 && k.protocol != kTcp) continue;
      // As the answer to the host that the rule is about.
      const bool peer = !(r.has_dst || r.policy) || In(r.real_dst, r.dst_size, k.src);
      if (r.kind == Kind::kStatic && r.mapped_if == k.ingress && peer && In(r.mapped, r.size, k.dst) &&
          (r.mapped_port == 0 || r.mapped_port == k.dport)) {
        return {r.id, {Moved(r.mapped, r.real, k.dst), r.mapped_port == 0 ? k.dport : r.real_port}};
      }
      // From that host, to the destination as it knows it.
      if (r.has_dst && r.real_if == k.ingress && In(r.real, r.size, k.src) && (r.real_port == 0 || r.real_port == k.sport) &&
          In(r.mapped_dst, r.dst_size, k.dst)) {
        return {r.id, {Moved(r.mapped_dst, r.real_dst, k.dst), k.dport}};
      }
    }
    return {0, {k.dst, k.dport}};
  }

  // The rule that translates the source, and what it becomes: a static one tells, a dynamic one has to ask what there is.
  struct Source {
    const ModelRule* rule = nullptr;
    bool by_destination = false;
    Endpoint endpoint;
  };
  Source Translate(const FlowKey& k, IfId egress, const Endpoint& real_dst) const {
    for (const ModelRule& r : rules) {
      if (r.real_port != 0 && k.protocol != kTcp) continue;
      if (r.real_if == k.ingress && r.mapped_if == egress && In(r.real, r.size, k.src) && (r.real_port == 0 || r.real_port == k.sport)) {
        bool peer = true;
        if (r.has_dst) {
          peer = In(r.mapped_dst, r.dst_size, k.dst) && Moved(r.mapped_dst, r.real_dst, k.dst) == real_dst.address && k.dport == real_dst.port;
        }
        if (r.policy) peer = In(r.real_dst, r.dst_size, k.dst);
        if (peer) {
          Source s{&r, false, {k.src, k.sport}};
          if (r.kind == Kind::kStatic) s.endpoint = {Moved(r.real, r.mapped, k.src), r.real_port == 0 ? k.sport : r.mapped_port};
          return s;
        }
      }
      // A peer that the rule knows, on its way to such a host.
      if (r.has_dst && r.mapped_if == k.ingress && r.real_if == egress && In(r.real_dst, r.dst_size, k.src) && In(r.real, r.size, real_dst.address) &&
          (r.real_port == 0 || r.real_port == real_dst.port)) {
        bool host = false;
        if (r.kind == Kind::kStatic) {
          host = In(r.mapped, r.size, k.dst) && Moved(r.mapped, r.real, k.dst) == real_dst.address &&
                 (r.real_port == 0 ? k.dport == real_dst.port : k.dport == r.mapped_port);
        } else {
          for (const ModelXlate& x : xlates) {
            if (x.rule != r.id || x.mapped_if != k.ingress || x.mapped.address != k.dst || x.real.address != real_dst.address) continue;
            if (x.pat && (x.protocol != k.protocol || x.mapped.port != k.dport || (!x.peer.IsNone() && x.peer != k.src))) continue;
            host = true;
          }
        }
        if (host) return {&r, true, {Moved(r.real_dst, r.mapped_dst, k.src), k.sport}};
      }
    }
    return {nullptr, false, {k.src, k.sport}};
  }

  const ModelXlate* Find(const ModelRule& r, const FlowKey& k, IfId egress, const Endpoint& real_dst) const {
    for (const ModelXlate& x : xlates) {
      if (x.rule != r.id || x.real_if != k.ingress || x.mapped_if != egress || x.real.address != k.src) continue;
      if (x.pat && (x.protocol != k.protocol || x.real.port != k.sport || (!x.peer.IsNone() && x.peer != real_dst.address))) continue;
      return &x;
    }
    return nullptr;
  }
  // May a new translation have this mapped end?
  bool Free(IfId mapped_if, bool pat, std::uint8_t protocol, const Endpoint& mapped, IpAddress peer) const {
    for (const ModelXlate& x : xlates) {
      if (x.mapped_if != mapped_if || x.mapped.address != mapped.address) continue;
      if (!x.pat || !pat) return false;
      if (x.protocol == protocol && x.mapped.port == mapped.port && x.peer == peer) return false;
    }
    return true;
  }
  // Ports of static translations are theirs.
  bool Reserved(IfId mapped_if, const Endpoint& mapped, std::uint8_t protocol) const {
    for (const ModelRule& r : rules) {
      if (r.kind == Kind::kStatic && r.mapped_port != 0 && r.mapped_if == mapped_if && protocol == kTcp && In(r.mapped, r.size, mapped.address) &&
          r.mapped_port == mapped.port) {
        return true;
      }
    }
    return false;
  }
};

// Each interface has hosts of its own network, 10.I.0.0, and mapped addresses 203.I.0.0.
std::uint32_t Net(IfId i) { return 0x0a000000u | static_cast<std::uint32_t>(i) << 16; }
std::uint32_t Public(IfId i) { return 0xcb000000u | static_cast<std::uint32_t>(i) << 16; }

// `spread`: over how many addresses of each interface.
std::vector<ModelRule> RandomRules(Random& random, bool old_era, std::uint32_t n, std::uint32_t spread) {
  std::vector<ModelRule> rules;
  for (std::uint32_t id = 1; id <= n; id++) {
    ModelRule r;
    r.id = id;
    r.kind = static_cast<Kind>(random.Below(3));
    r.real_if = kInterfaces[random.Below(3)];
    do r.mapped_if = kInterfaces[random.Below(3)];
    while (r.mapped_if == r.real_if);
    r.size = random.Below(3) == 0 ? 1 : 1 + random.Below(12);
    r.real = Net(r.real_if) + random.Below(spread);
    r.mapped = Public(r.mapped_if) + random.Below(spread + 4);
    r.mapped_size = r.kind == Kind::kStatic ? r.size : 1 + random.Below(4);
    if (random.Below(3) == 0) {
      r.policy = old_era;
      r.has_dst = !old_era;
      r.dst_size = 1 + random.Below(6);
      r.real_dst = Net(r.mapped_if) + random.Below(spread);
      r.mapped_dst = random.Below(2) ? r.real_dst : Public(r.real_if) + random.Below(spread);
    }
    if (r.kind == Kind::kStatic && random.Below(4) == 0) {
      r.real_port = static_cast<std::uint16_t>(1024 + random.Below(4));
      r.mapped_port = static_cast<std::uint16_t>(1024 + random.Below(4));
    }
    if (r.kind == Kind::kDynamicPat) {
      r.round_robin = random.Below(3) == 0;
      r.extended = random.Below(4) == 0;
    }
    rules.push_back(r);
  }
  return rules;
}

NatRule Compiled(const ModelRule& m) {
  const auto range = [](std::uint32_t base, std::uint32_t size) {
    return std::vector<AddressRange>{{IpAddress::V4(base), IpAddress::V4(base + size - 1)}};
  };
  NatRule r = Rule(m.kind, range(m.real, m.size), range(m.mapped, m.mapped_size));
  r.id = m.id;
  r.real_if = m.real_if;
  r.mapped_if = m.mapped_if;
  if (m.has_dst) {
    r.mapped_dst = range(m.mapped_dst, m.dst_size);
    r.real_dst = range(m.real_dst, m.dst_size);
  }
  if (m.policy) r.access_list = Permit(range(m.real, m.size)[0], range(m.real_dst, m.dst_size)[0]);
  if (m.real_port != 0) {
    r.service_protocol = kTcp;
    r.real_sport = Port(m.real_port);
    r.mapped_sport = Port(m.mapped_port);
  }
  r.pool.round_robin = m.round_robin;
  r.pool.extended = m.extended;
  return r;
}

struct Seen {
  int untranslated = 0, fixed = 0, reused = 0, made = 0, used_up = 0, answered = 0;
};

void Live(std::uint64_t seed, bool old_era, Seen& seen, std::uint32_t rules = 0, std::uint32_t spread = 20, int steps = 250) {
  Random random(seed);
  Model model;
  model.rules = RandomRules(random, old_era, rules != 0 ? rules : 1 + random.Below(12), spread);
  const std::uint32_t hosts = spread + 10;
  std::vector<NatRule> compiled;
  for (const ModelRule& m : model.rules) compiled.push_back(Compiled(m));
  NatTable table(std::move(compiled));
  table.translations_first = old_era;
  XlateTable xlates(seed);
  for (int step = 0; step < steps; step++) {
    FlowKey k;
    k.ingress = kInterfaces[random.Below(3)];
    IfId other;
    do other = kInterfaces[random.Below(3)];
    while (other == k.ingress);
    k.protocol = random.Below(3) == 0 ? kUdp : kTcp;
    k.src = IpAddress::V4(Net(k.ingress) + random.Below(hosts));
    k.dst = IpAddress::V4((random.Below(2) ? Public(k.ingress) : Net(other)) + random.Below(hosts));
    k.sport = static_cast<std::uint16_t>(1024 + random.Below(5));
    k.dport = static_cast<std::uint16_t>(1024 + random.Below(5));
    if (random.Below(4) == 0 && !model.xlates.empty()) {  // to somebody who has a translation
      auto x = model.xlates.begin();
      std::advance(x, random.Below(static_cast<std::uint32_t>(model.xlates.size())));
      k.ingress = x->mapped_if;
      k.dst = x->mapped.address;
      if (x->pat) k.dport = x->mapped.port;
      if (x->pat) k.protocol = x->protocol;
      k.src = IpAddress::V4(Net(k.ingress) + random.Below(hosts));
    }
    const NatResult un = Untranslate(table, xlates, k);
    const Model::Answer want_un = model.Untranslate(k);
    ASSERT_EQ(un.rule != nullptr ? un.rule->id : 0, want_un.rule) << "seed " << seed << " step " << step;
    ASSERT_EQ(un.endpoint, want_un.endpoint) << "seed " << seed << " step " << step;
    seen.untranslated += un.rule != nullptr;

    const IfId egress = un.egress != IfId::kAny ? un.egress : other;
    if (egress == k.ingress) continue;
    const Model::Source want = model.Translate(k, egress, un.endpoint);
    const bool dynamic = want.rule != nullptr && !want.by_destination && want.rule->kind != Kind::kStatic;
    const ModelXlate* there = dynamic ? model.Find(*want.rule, k, egress, un.endpoint) : nullptr;
    const NatResult dry = Translate(table, xlates, k, egress, un.endpoint, {}, {}, false);
    const NatResult got = Translate(table, xlates, k, egress, un.endpoint, {}, {}, true);
    ASSERT_EQ(got.rule != nullptr ? got.rule->id : 0, want.rule != nullptr ? want.rule->id : 0) << "seed " << seed << " step " << step;
    ASSERT_EQ(dry.failed, got.failed);
    ASSERT_EQ(dry.endpoint, got.endpoint) << "seed " << seed << " step " << step;  // what packet-tracer says is what happens
    if (!dynamic) {
      ASSERT_EQ(got.endpoint, want.endpoint) << "seed " << seed << " step " << step;
      seen.fixed += want.rule != nullptr;
      continue;
    }
    if (there != nullptr) {
      ASSERT_EQ(got.endpoint, (Endpoint{there->mapped.address, there->pat ? there->mapped.port : k.sport})) << "seed " << seed << " step " << step;
      seen.reused++;
      continue;
    }
    const ModelRule& r = *want.rule;
    const bool pat = r.kind == Kind::kDynamicPat;
    const IpAddress peer = r.extended ? un.endpoint.address : IpAddress{};
    if (got.failed) {
      // Only a pool of whole addresses can be used up here: every one of it has a host, or is shared.
      ASSERT_FALSE(got.xlate != kNoXlate);
      for (std::uint32_t i = 0; i < r.mapped_size; i++) {
        const Endpoint e{IpAddress::V4(r.mapped + i), 0};
        if (!pat) {
          ASSERT_FALSE(model.Free(egress, false, 0, e, {})) << "seed " << seed << " step " << step;
        } else {  // ... or is a whole address of somebody
          bool whole = false;  // ... or shared in the other way, for one destination or for all
          for (const ModelXlate& x : model.xlates) {
            const bool here = x.mapped_if == egress && x.mapped.address == e.address;
            whole = whole || (here && (!x.pat || (x.protocol == k.protocol && x.peer.IsNone() == r.extended)));
          }
          ASSERT_TRUE(whole) << "seed " << seed << " step " << step;
        }
      }
      seen.used_up++;
      continue;
    }
    ASSERT_TRUE(In(r.mapped, r.mapped_size, got.endpoint.address)) << "seed " << seed << " step " << step;
    const Endpoint mapped = pat ? got.endpoint : Endpoint{got.endpoint.address, 0};
    ASSERT_TRUE(model.Free(egress, pat, k.protocol, mapped, peer)) << "seed " << seed << " step " << step;
    if (pat) {
      ASSERT_FALSE(model.Reserved(egress, mapped, k.protocol));
      // The port stays where it can.
      const Endpoint kept{got.endpoint.address, k.sport};
      if (got.endpoint.port != k.sport) {
        ASSERT_TRUE(!model.Free(egress, true, k.protocol, kept, peer) || model.Reserved(egress, kept, k.protocol)) << "seed " << seed << " step " << step;
      }
    } else {
      ASSERT_EQ(got.endpoint.port, k.sport);
    }
    ModelXlate x{r.id, pat, pat ? k.protocol : std::uint8_t{0}, k.ingress, egress, pat ? Endpoint{k.src, k.sport} : Endpoint{k.src, 0}, mapped, peer};
    model.xlates.push_front(x);
    seen.made++;
    // The answer finds back.
    const FlowKey back{un.endpoint.address, got.endpoint.address, un.endpoint.port, got.endpoint.port, k.protocol, egress};
    const NatResult answer = Untranslate(table, xlates, back);
    ASSERT_EQ(answer.endpoint, (Endpoint{k.src, k.sport})) << "seed " << seed << " step " << step;
    seen.answered++;
    if (random.Below(5) == 0) {
      xlates.Remove(got.xlate);
      model.xlates.pop_front();
    }
  }
}

TEST(NatModel, BothErasAgreeWithTheListOfRules) {
  for (const bool old_era : {false, true}) {
    Seen seen;
    for (std::uint64_t seed = 1; seed <= 200; seed++) {
      Live(seed * 2 + old_era, old_era, seen);
      if (HasFatalFailure()) return;
    }
    EXPECT_GT(seen.untranslated, 2000);
    EXPECT_GT(seen.fixed, 1000);
    EXPECT_GT(seen.reused, 200);
    EXPECT_GT(seen.made, 1000);
    EXPECT_GT(seen.used_up, 50);
    EXPECT_EQ(seen.answered, seen.made);
  }
}

// As many rules as an issue asks for, most of which no flow ever meets.
TEST(NatModel, TenThousandRulesAgreeToo) {
  for (const bool old_era : {false, true}) {
    Seen seen;
    Live(90001 + old_era, old_era, seen, 10000, 20000, 2500);
    if (HasFatalFailure()) return;
    EXPECT_GT(seen.untranslated, 200);
    EXPECT_GT(seen.fixed, 100);
    EXPECT_GT(seen.made, 200);
    EXPECT_EQ(seen.answered, seen.made);
  }
}

}  // namespace
}  // namespace sallyport
