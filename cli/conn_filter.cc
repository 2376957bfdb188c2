#include "cli/conn_filter.h"

#include <algorithm>
#include <charconv>

namespace sallyport {
namespace {

std::optional<std::uint16_t> Port(std::string_view word) {
  unsigned n = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
  if (error == std::errc() && end == word.data() + word.size()) {
    if (n > 65535) return {};
    return static_cast<std::uint16_t>(n);
  }
  if (const auto named = PortByName(word, PortFamily::kTcp)) return named;
  return PortByName(word, PortFamily::kUdp);
}

std::pair<std::string_view, std::string_view> Halves(std::string_view word) {
  const std::size_t dash = word.find('-');
  // A dash may also be part of a name (ftp-data).
  if (dash == std::string_view::npos || Port(word)) return {word, word};
  return {word.substr(0, dash), word.substr(dash + 1)};
}

// Those of engines that do not act here match nothing.
constexpr std::string_view kConnStates[] = {"conn_inbound", "ctiqbe", "data_in",    "data_out",       "finin",        "finout",
                                        "h225",         "h323",   "http_get",   "mgcp",           "nojava",       "rpc",
                                        "service_module", "sip",  "skinny",     "smtp_data",      "sqlnet_fixup_data",
                                        "tcp_embryonic", "up",    "vpn_orphan"};

std::vector<std::string> StatesOf(std::string_view words) {
  std::vector<std::string> states;
  while (!words.empty()) {
    const std::size_t comma = words.find(',');
    states.emplace_back(words.substr(0, comma));
    words.remove_prefix(comma == std::string_view::npos ? words.size() : comma + 1);
  }
  return states;
}
bool AreConnStates(std::string_view words) {
  const std::vector<std::string> states = StatesOf(words);
  return !states.empty() && std::all_of(states.begin(), states.end(), [](const std::string& s) {
    return std::find(std::begin(kConnStates), std::end(kConnStates), s) != std::end(kConnStates);
  });
}

}  // namespace

TokenPtr<ConnWords> ConnFilterWords() {
  using S = Tokens<ConnWords>;
  return S::AnyOrder({
      {S::Is(&ConnWords::all, true, "all", "Include connections to and from the device")},
      {S::Is(&ConnWords::count, true, "count", "Display the number of connections")},
      {S::Is(&ConnWords::detail, true, "detail", "Display more about each connection")},
      {S::Is(&ConnWords::longer, true, "long", "Display connections in long format")},
      {S::Kw("address", "Connections of an address"), S::Word(&ConnWords::address, "Address or range", "A.B.C.D[-A.B.C.D]"),
       S::Opt({S::Kw("netmask", "Mask of the address"), S::Arg(&ConnWords::netmask, "Mask")})},
      {S::Kw("address", "Address of the other end"), S::Word(&ConnWords::peer_address, "Address or range", "A.B.C.D[-A.B.C.D]"),
       S::Opt({S::Kw("netmask", "Mask of the address"), S::Arg(&ConnWords::peer_netmask, "Mask")})},
      {S::Kw("port", "Connections of a port"), S::Word(&ConnWords::port, "Port or range", "WORD")},
      {S::Kw("port", "Port of the other end"), S::Word(&ConnWords::peer_port, "Port or range", "WORD")},
      {S::Kw("protocol", "Connections of a protocol"), S::Word(&ConnWords::protocol, "tcp, udp or a number", "WORD")},
      {S::Is(&ConnWords::zone, true, "zone", "Connections of traffic zones"), S::Opt({S::Word(&ConnWords::in_zone, "Zone name", "WORD")})},
      {S::Kw("zone", "The other zone"), S::Word(&ConnWords::other_zone, "Zone name", "WORD")},
      {S::Kw("state", "Connections in a state"), S::WordIf(&ConnWords::state, AreConnStates, "up, tcp_embryonic, finin, ...", "WORD")},
      {S::Kw("user", "Connections of a user"), S::Word(&ConnWords::user, "Name of the user", "WORD")},
      {S::Kw("user-group", "Connections of a user group"), S::Word(&ConnWords::user_group, "Name of the group", "WORD")},
      {S::Is(&ConnWords::security_group, true, "security-group", "Connections of a security group"),
       S::Opt({S::Kw("name", "By name"), S::Word(&ConnWords::security_name, "Name of the group", "WORD")}),
       S::Opt({S::Kw("tag", "By tag"), S::Int(&ConnWords::security_tag, 1, 65533, "Tag of the group")})},
      {S::Is(&ConnWords::scansafe, true, "scansafe", "Connections that are redirected to Cloud Web Security")},
  });
}

Result<AddressRange> AddressRangeOf(std::string_view words, const std::optional<Mask>& netmask) {
  const auto [first, last] = Halves(words);
  const auto a = IpAddress::Parse(first);
  const auto b = IpAddress::Parse(last);
  if (!a || !b || *b < *a) return Error{"ERROR: % Invalid address " + std::string(words)};
  return netmask && a->IsV4() ? AddressRange::Of(Prefix::Of(*a, netmask->length())) : AddressRange{*a, *b};
}

Result<PortRange> PortRangeOf(std::string_view words) {
  const auto [first, last] = Halves(words);
  const auto a = Port(first);
  const auto b = Port(last);
  if (!a || !b || *b < *a) return Error{"ERROR: % Invalid port " + std::string(words)};
  return PortRange{*a, *b};
}

Result<ConnFilter> FilterOf(const ConnWords& words, const Policy& policy) {
  ConnFilter f;
  f.include_box = words.all;
  for (const bool peer : {false, true}) {
    const std::string& address = peer ? words.peer_address : words.address;
    if (!address.empty()) {
      const auto range = AddressRangeOf(address, peer ? words.peer_netmask : words.netmask);
      if (!range) return Error{range.error()};
      (peer ? f.peer_address : f.address) = *range;
    }
    const std::string& port = peer ? words.peer_port : words.port;
    if (!port.empty()) {
      const auto range = PortRangeOf(port);
      if (!range) return Error{range.error()};
      (peer ? f.peer_port : f.port) = *range;
    }
  }
  if (!words.protocol.empty()) {
    f.protocol = ProtocolByName(words.protocol);
    if (!f.protocol) return Error{"ERROR: % Invalid protocol " + words.protocol};
  }
  f.states = StatesOf(words.state);
  f.nobody = !words.user.empty() || !words.user_group.empty() || words.security_group || words.scansafe;
  if (!words.zone) return f;
  for (const std::string& name : {words.in_zone, words.other_zone}) {
    if (name.empty() && !f.zones.empty()) continue;
    std::vector<IfId> members;
    bool known = name.empty();
    for (const Zone& z : policy.zones) {
      if (!name.empty() && z.name != name) continue;
      known = true;
      members.insert(members.end(), z.members.begin(), z.members.end());
    }
    if (!known) return Error{"ERROR: Zone " + name + " does not exist"};
    f.zones.push_back(std::move(members));
  }
  return f;
}

}  // namespace sallyport
