// `threat-detection ...` as the engine's struct.
#include <algorithm>

#include "conf/compile.h"
#include "conf/field_line.h"

namespace sallyport {
namespace {

int PrefixLength(std::string_view mask) {
  const auto m = IpAddress::Parse(std::string(mask));
  int length = 0;
  while (m && m->IsV4() && length < 32 && (m->v4() >> (31 - length) & 1) != 0) length++;
  return length;
}

// A rate of an event; a further interval is a further rate, three at most.
void AddRate(const FieldLine& f, ThreatPolicy& p) {
  for (std::size_t e = 0; e < kThreatEvents; e++) {
    if (kThreatEventInfo[e].keyword != f.Get("event")) continue;
    RateLimit limit;
    limit.interval_s = static_cast<std::uint32_t>(f.Int("interval").value_or(600));
    limit.average = static_cast<std::uint32_t>(f.Int("average").value_or(0));
    limit.burst = static_cast<std::uint32_t>(f.Int("burst").value_or(0));
    auto& rates = p.rates[e];
    std::erase_if(rates, [&](const RateLimit& r) { return r.interval_s == limit.interval_s; });
    if (rates.size() == ThreatPolicy::kRates) rates.pop_back();
    rates.insert(std::upper_bound(rates.begin(), rates.end(), limit, [](const RateLimit& a, const RateLimit& b) { return a.interval_s < b.interval_s; }), limit);
  }
}

}  // namespace

ThreatPolicy CompileThreats(const LineTree& tree, const Resolver& resolver, int release) {
  ThreatPolicy p;
  // How many rates are kept where the line does not say: all three before 8.3, one from then on.
  const int rates = release >= 803 ? 1 : 3;
  for (const auto& l : tree.Of(Section::kThreat)) {
    const std::string_view text = l->text;
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !text.starts_with("threat-detection ")) continue;  // `no ...`: a default that is switched off
    const auto is = [&](std::string_view words) { return text.substr(17).starts_with(words); };
    const int kept = static_cast<int>(f->Int("rates").value_or(rates));
    if (is("basic-threat")) {
      p.basic = true;
    } else if (is("rate ")) {
      AddRate(*f, p);
    } else if (is("scanning-threat shun except")) {
      p.scanning = p.shun = true;
      if (const auto group = f->Get("group"); !group.empty()) {
        for (const AddressRange& r : resolver.Network(std::string(group))) p.shun_except.push_back(r);
      } else if (const auto a = IpAddress::Parse(std::string(f->Get("net")))) {
        p.shun_except.push_back(AddressRange::Of(Prefix::Of(*a, PrefixLength(f->Get("mask")))));
      }
    } else if (is("scanning-threat shun duration")) {
      p.scanning = p.shun = true;  // where both are on an ASA prints this line alone
      p.shun_duration_s = static_cast<std::uint32_t>(f->Int("seconds").value_or(3600));
    } else if (is("scanning-threat")) {
      p.scanning = true;
      p.shun = p.shun || f->Has("shun");
    } else if (is("statistics host")) {
      p.host_rates = kept;
    } else if (is("statistics port")) {
      p.port_rates = kept;
    } else if (is("statistics protocol")) {
      p.protocol_rates = kept;
    } else if (is("statistics access-list")) {
      p.access_list = true;
    } else if (text == "threat-detection statistics") {
      p.host_rates = p.port_rates = p.protocol_rates = rates;
      p.access_list = true;
    }
  }
  return p;
}

}  // namespace sallyport
