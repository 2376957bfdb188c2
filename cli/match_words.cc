#include "cli/match_words.h"

namespace sallyport {
namespace {

PortFamily FamilyOf(std::uint8_t protocol) {
  return protocol == 6 ? PortFamily::kTcp : protocol == 17 ? PortFamily::kUdp : PortFamily::kBoth;
}
bool HasPorts(std::uint8_t protocol) { return protocol == 6 || protocol == 17 || protocol == 132; }

// False: not an address that stands for itself.
bool RangeOf(const AddressSpec& spec, AddressRange& range, bool& any) {
  using Kind = AddressSpec::Kind;
  any = spec.kind == Kind::kAny;
  switch (spec.kind) {
    case Kind::kAny: return true;
    case Kind::kAny4: range = AddressRange::Of(Prefix::Of(IpAddress::V4(0), 0)); return true;
    case Kind::kAny6: range = AddressRange::Of(Prefix::Of(IpAddress::V6(0, 0), 0)); return true;
    case Kind::kHost: range = {spec.address.address, spec.address.address}; return true;
    case Kind::kSubnet: range = AddressRange::Of(Prefix::Of(spec.address.address, spec.mask.length())); return true;
    case Kind::kPrefix6: range = AddressRange::Of(Prefix::Of(spec.address.address, spec.prefix6)); return true;
    default: return false;
  }
}

// A host is written so whatever it was typed as.
std::string Text(const AddressSpec& spec) {
  if (spec.kind == AddressSpec::Kind::kSubnet && spec.mask.length() == 32) return "host " + spec.address.ToString();
  std::string text;
  LineWriter line(text);
  Codec<AddressSpec>::Print(spec, line);
  return text;
}

}  // namespace

Match Codec<MatchWords>::Read(Cursor& in, MatchWords& out, std::string_view) {
  static const Literal kMatch{"match", "Capture packets based on match criteria"};
  MatchWords w;
  if (!in.AtEnd()) (void)in.Keyword(kMatch);
  if (const Match m = Codec<ProtocolSpec>::Read(in, w.protocol, "Protocol number"); m != Match::kOk) return m;
  const std::uint8_t protocol = w.protocol.number;
  const auto end = [&](AddressSpec& a, PortSpec& p) {
    if (const Match m = Codec<AddressSpec>::Read(in, a, "Address"); m != Match::kOk) return m;
    return HasPorts(protocol) ? ReadPortSpec(in, p, FamilyOf(protocol), false) : Match::kOk;
  };
  if (const Match m = end(w.first, w.first_port); m != Match::kOk) return m;
  if (const Match m = end(w.second, w.second_port); m != Match::kOk) return m;
  out = std::move(w);
  return Match::kOk;
}

void Codec<MatchWords>::Print(const MatchWords& v, LineWriter& line) {
  const PortFamily family = FamilyOf(v.protocol.number);
  line.Put(ProtocolName(v.protocol.number));
  line.Put(Text(v.first));
  PrintPortSpec(v.first_port, family, line);
  line.Put(Text(v.second));
  PrintPortSpec(v.second_port, family, line);
}

Result<std::vector<CaptureMatch>> MatchesOf(const MatchWords& w) {
  CaptureMatch m;
  m.protocol = w.protocol.number;
  if (w.protocol.kind != ProtocolSpec::Kind::kNumber || !RangeOf(w.first, m.first, m.any_first) ||
      !RangeOf(w.second, m.second, m.any_second)) {
    return Error{"ERROR: match takes addresses, not objects"};
  }
  LineWriter line(m.text);
  Codec<MatchWords>::Print(w, line);
  const auto ranges = [](const PortSpec& p) {
    return p.op == PortSpec::Op::kNone ? std::vector<PortRange>{PortRange{}} : p.Ranges();
  };
  std::vector<CaptureMatch> all;
  for (const PortRange& a : ranges(w.first_port)) {
    for (const PortRange& b : ranges(w.second_port)) {
      m.first_port = a;
      m.second_port = b;
      all.push_back(m);
      m.text.clear();  // `neq` is two ranges and one line
    }
  }
  return all;
}

}  // namespace sallyport
