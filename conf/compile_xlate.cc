// `xlate per-session` and `xlate block-allocation`: how translations by port live and which ports they get.
#include <bit>

#include "conf/compile.h"
#include "conf/field_line.h"

namespace sallyport {
namespace {

// "any4", "host A", "A MASK", "P/len", under fields that begin with `side`.
AddressRange End(const FieldLine& f, const std::string& side) {
  const std::string_view any = f.Get(side + "any");
  if (any == "any4") return AddressRange::Of(Prefix::AnyV4());
  if (!any.empty()) return AddressRange::Of(Prefix::Any());
  if (const auto host = f.Address(side + "host", {})) return {*host, *host};
  if (const std::string_view p = f.Get(side + "prefix"); !p.empty()) {
    const std::size_t slash = p.find('/');
    const auto a = IpAddress::Parse(p.substr(0, slash));
    if (a && slash != std::string_view::npos) return AddressRange::Of(Prefix::Of(*a, std::atoi(std::string(p.substr(slash + 1)).c_str())));
  }
  const auto network = f.Address(side, {});
  const auto mask = IpAddress::Parse(f.Get(side + "mask"));
  if (network && mask) return AddressRange::Of(Prefix::Of(*network, std::popcount(mask->v4())));
  return AddressRange::Of(Prefix::Any());
}

// `neq` is two ranges, all others are one.
std::vector<PortRange> Ports(const FieldLine& f, const std::string& side, PortFamily family) {
  const auto port = [&](const char* field) { return PortByName(f.Get(side + field), family).value_or(0); };
  if (f.Has(side + "low")) return {{port("low"), port("high")}};
  const std::string_view op = f.Get(side + "op");
  if (op.empty()) return {PortRange{}};
  const std::uint16_t p = port("port");
  const PortRange below{0, static_cast<std::uint16_t>(p - 1)}, above{static_cast<std::uint16_t>(p + 1), 65535};
  if (op == "eq") return {{p, p}};
  if (op == "lt") return {below};
  if (op == "gt") return {above};
  return {below, above};
}

}  // namespace

void CompileXlate(const LineTree& tree, const Personality& personality, NatTable& table) {
  std::vector<AclElement> rules;
  for (const auto& l : tree.Of(Section::kXlatePerSession)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (l->text.starts_with("xlate block-allocation ")) {
      const auto value = [&](const char* word) { return l->text.find(word) != std::string::npos; };
      const auto n = std::atoi(std::string(f->Get(value("pba-interim") ? "seconds" : "n")).c_str());
      if (value("pba-interim")) table.interim_logging = Duration::Seconds(n);
      else if (value("maximum-per-host")) table.blocks_per_host = static_cast<std::uint8_t>(n);
      else if (n >= 32 && n <= 4096) table.block_size = static_cast<std::uint16_t>(n);
      continue;
    }
    const bool tcp = l->text.find(" tcp ") != std::string::npos;
    const PortFamily family = tcp ? PortFamily::kTcp : PortFamily::kUdp;
    for (const PortRange& sport : Ports(*f, "from", family)) {
      for (const PortRange& dport : Ports(*f, "to", family)) {
        AclElement e;
        e.permit = f->Get("action") == "permit";
        e.protocol = tcp ? 6 : 17;
        e.src = End(*f, "from");
        e.dst = End(*f, "to");
        e.sport = sport;
        e.dport = dport;
        rules.push_back(std::move(e));
      }
    }
  }
  if (personality.per_session_pat && !rules.empty()) {
    table.per_session_rules = std::make_shared<const AccessList>("xlate", 0, std::vector<AclLine>{}, std::move(rules));
  }
}

}  // namespace sallyport
