#include "cli/show_dns.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string Ttl(Duration d) {
  const std::int64_t s = d.ns / 1'000'000'000;
  return fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

}  // namespace

std::string ShowDns(const std::vector<DnsHostView>& hosts, const std::string& name) {
  std::string out;
  for (const DnsHostView& h : hosts) {
    if (!h.wanted || (!name.empty() && h.name != name)) continue;
    Append(out, "Name: {}\n", h.name);
    if (h.addresses.empty()) out += "  No addresses resolved\n";
    // Room for the longest IPv6 address.
    for (const auto& a : h.addresses) Append(out, "  Address: {:<45} TTL {}\n", a.address.ToString(), Ttl(a.ttl));
    out += "\n";
  }
  return out;
}

std::string ShowDnsHosts(const std::vector<DnsHostView>& hosts) {
  std::string out = "\nHost                     Flags      Age Type   Address(es)\n";
  for (const DnsHostView& h : hosts) {
    if (h.addresses.empty()) continue;
    Append(out, "{:<24} (temp, {}) {:<4} {:<5} ", h.name, h.expired ? "EX" : "OK", h.age.ns / 3'600'000'000'000, "IP");
    for (std::size_t i = 0; i < h.addresses.size(); i++) {
      if (i != 0) out += i % 2 == 0 ? "\n\t\t\t\t\t       " : "  ";
      out += h.addresses[i].address.ToString();
    }
    out += "\n";
    if (!h.alias.empty()) Append(out, "  {}\n", h.alias.substr(0, 25));
  }
  return out;
}

}  // namespace sallyport
