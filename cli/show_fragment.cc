#include "cli/show_fragment.h"

#include "cli/show_text.h"

namespace sallyport {

std::string ShowFragment(const std::vector<FragmentView>& interfaces, const Personality& personality) {
  std::string out;
  for (const FragmentView& v : interfaces) {
    const FragmentLimits& l = v.limits;
    const FragmentCounters& c = v.counters;
    Append(out, "Interface: {}\n", v.interface);
    if (!personality.object_nat) {
      Append(out, "    Size: {}, Chain: {}, Timeout: {}, Reassembly: virtual\n    Queue: {}, Assembled: {}, Fail: {}, Overflow: {}\n",
             l.size, l.chain, l.timeout.seconds(), c.queue, c.assembled, c.Fail(), c.Overflow());
      continue;
    }
    Append(out, "Configuration: Size: {}, Chain: {}, Timeout: {}, Reassembly: virtual\nRun-time stats: Queue: {}, Full assembly: {}\n",
           l.size, l.chain, l.timeout.seconds(), c.queue, c.assembled);
    Append(out, "Drops: Size overflow: {}, Timeout: {},\n Chain overflow: {}, Fragment queue threshold exceeded: {},\n", c.size_overflow,
           c.timeout, c.chain_overflow, c.threshold);
    Append(out, " Small fragments: {}, Invalid IP len: {},\n Reassembly overlap: {}, Fraghead alloc failed: 0,\n", c.small,
           c.invalid_length, c.overlap);
    out += " SGT mismatch: 0, Block alloc failed: 0,\n Invalid IPV6 header: 0\n";
  }
  return out;
}

std::string ShowIpVerify(const std::vector<ReversePathView>& interfaces) {
  std::string out;
  for (const ReversePathView& v : interfaces) Append(out, "interface {}: {} unicast rpf drops\n", v.interface, v.drops);
  return out;
}

}  // namespace sallyport
