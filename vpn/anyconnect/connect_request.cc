#include "vpn/anyconnect/connect_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "firewall/base/printable.h"

namespace sallyport {
namespace {

// --- what a client asks for

std::optional<std::uint32_t> ConnectNumber(std::string_view text) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return n;
}

std::string_view ConnectTrim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// Names between separators; more or longer ones than anybody sends are left out.
std::vector<std::string> NamesIn(std::string_view text, char separator) {
  constexpr std::size_t kMost = 64, kLongest = 64;
  std::vector<std::string> out;
  while (!text.empty() && out.size() < kMost) {
    const std::string_view one = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::string_view name = ConnectTrim(one);
    if (!name.empty() && name.size() <= kLongest) out.emplace_back(name);
  }
  return out;
}

// What goes into views and messages: printable, and of a bounded length.
std::string ConnectText(std::string_view text, std::size_t most = 128) { return PrintableText(text, most); }

Secret MasterSecretOf(std::string_view hex) {
  constexpr std::size_t kSize = 48;
  Secret out(kSize);
  if (hex.size() != 2 * kSize) return {};
  for (std::size_t i = 0; i < kSize; ++i) {
    const auto [end, error] = std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, out.bytes()[i], 16);
    if (error != std::errc() || end != hex.data() + 2 * i + 2) return {};
  }
  return out;
}

bool IsTrue(std::string_view text) { return text == "true" || text == "TRUE" || text == "1"; }

}  // namespace

Result<ConnectRequest> ReadConnect(const HttpRequest& request) {
  ConnectRequest r;
  r.token = std::string(request.Cookie("webvpn"));
  r.user_agent = ConnectText(request.user_agent());
  r.hostname = ConnectText(request.Field("X-CSTP-Hostname"), 64);
  const auto number = [&](const char* name, std::uint32_t most, std::uint32_t& to) {
    const std::string_view text = ConnectTrim(request.Field(name));
    if (text.empty()) return true;
    const auto n = ConnectNumber(text);
    if (!n || *n > most) return false;
    to = *n;
    return true;
  };
  std::uint32_t version = 1;
  if (!number("X-CSTP-Version", 255, version) || version != 1) return Error{"X-CSTP-Version is not 1"};
  if (!number("X-CSTP-Base-MTU", 65535, r.base_mtu)) return Error{"X-CSTP-Base-MTU is no size of a packet"};
  if (!number("X-CSTP-MTU", 65535, r.mtu)) return Error{"X-CSTP-MTU is no size of a packet"};
  const auto kinds = NamesIn(request.Field("X-CSTP-Address-Type"), ',');
  if (!kinds.empty()) {
    r.wants_ipv4 = std::find(kinds.begin(), kinds.end(), "IPv4") != kinds.end();
    r.wants_ipv6 = std::find(kinds.begin(), kinds.end(), "IPv6") != kinds.end();
  }
  r.full_ipv6 = IsTrue(request.Field("X-CSTP-Full-IPv6-Capability"));
  for (const auto& [name, value] : request.fields) {
    if (name != "X-CSTP-Address") continue;
    const auto a = IpAddress::Parse(ConnectTrim(value));
    if (!a) return Error{"X-CSTP-Address is no address"};
    (a->IsV4() ? r.old_address : r.old_address6) = *a;
  }
  r.tls_compressions = NamesIn(request.Field("X-CSTP-Accept-Encoding"), ',');
  r.dtls_compressions = NamesIn(request.Field("X-DTLS-Accept-Encoding"), ',');
  r.dtls_master_secret = MasterSecretOf(ConnectTrim(request.Field("X-DTLS-Master-Secret")));
  r.dtls_suites = NamesIn(request.Field("X-DTLS-CipherSuite"), ':');
  r.dtls12_suites = NamesIn(request.Field("X-DTLS12-CipherSuite"), ':');
  r.device_type = ConnectText(request.Field("X-AnyConnect-Identifier-DeviceType"), 64);
  r.platform = ConnectText(request.Field("X-AnyConnect-Identifier-Platform"), 64);
  r.platform_version = ConnectText(request.Field("X-AnyConnect-Identifier-PlatformVersion"), 64);
  r.unique_id = ConnectText(request.Field("X-AnyConnect-Identifier-Device-UniqueID"), 64);
  r.mobile = request.Field("X-CSTP-License") == "mobile" || !r.device_type.empty();
  return r;
}

// --- what it is told

namespace {

// One header after another. Values may hold what a configuration says: nothing of them ends a line.
struct ConnectLines {
  std::string out;
  void Put(std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (const char c : value) out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c);
    out += "\r\n";
  }
};

std::string OrNone(std::uint32_t n) { return n == 0 ? "none" : std::to_string(n); }
const char* TrueFalse(bool b) { return b ? "true" : "false"; }
std::string NetMask(const Prefix& p) { return p.address.ToString() + "/" + MaskOf(p.FamilyLength()).ToString(); }
std::string NetLength(const Prefix& p) { return fmt::format("{}/{}", p.address.ToString(), p.FamilyLength()); }

void Address6Line(const ConnectAnswer& a, ConnectLines& to) {
  if (a.address6.IsNone()) return;
  const std::string both = fmt::format("{}/{}", a.address6.ToString(), a.prefix6);
  if (a.full_ipv6) {
    to.Put("X-CSTP-Address", a.address6.ToString());
    to.Put("X-CSTP-Netmask", both);
  } else {
    to.Put("X-CSTP-Address-IP6", both);
  }
}

void DnsLines(const ConnectAnswer& a, ConnectLines& to) {
  for (const IpAddress& d : a.dns) to.Put(d.IsV4() || a.full_ipv6 ? "X-CSTP-DNS" : "X-CSTP-DNS-IP6", d.ToString());
  for (const IpAddress& w : a.wins) to.Put("X-CSTP-NBNS", w.ToString());
}

void SplitLines(const ConnectAnswer& a, ConnectLines& to) {
  using Split = ConnectAnswer::Split;
  if (a.split != Split::kAll && !a.address.IsNone()) {
    for (const Prefix& p : a.networks) {
      if (p.IsV4()) to.Put(a.split == Split::kInclude ? "X-CSTP-Split-Include" : "X-CSTP-Split-Exclude", NetMask(p));
    }
  }
  if (a.split6 != Split::kAll && !a.address6.IsNone()) {
    for (const Prefix& p : a.networks6) {
      if (!p.IsV4())
        to.Put(a.split6 == Split::kInclude ? "X-CSTP-Split-Include-IP6" : "X-CSTP-Split-Exclude-IP6", NetLength(p));
    }
  }
  for (const std::string& d : a.split_dns) to.Put("X-CSTP-Split-DNS", d);
}

void ProxyLines(const ConnectAnswer& a, ConnectLines& to) {
  const ConnectAnswer::Proxy& p = a.proxy;
  if (p.method == "use-pac-url" && !p.pac_url.empty()) to.Put("X-CSTP-MSIE-Proxy-PAC-URL", p.pac_url);
  if (p.method == "use-server" && !p.server.empty()) {
    to.Put("X-CSTP-MSIE-Proxy-Server", p.server);
    if (!p.exceptions.empty()) to.Put("X-CSTP-MSIE-Proxy-Exceptions", p.exceptions);
    to.Put("X-CSTP-MSIE-Proxy-Local-Bypass", TrueFalse(p.local_bypass));
  }
}

void DtlsLines(const ConnectAnswer& a, ConnectLines& to) {
  const ConnectAnswer::Dtls& d = a.dtls;
  if (d.suite.empty()) return;
  std::string id;
  for (const std::uint8_t b : d.id) id += fmt::format("{:02X}", b);
  to.Put(d.psk ? "X-DTLS-App-ID" : "X-DTLS-Session-ID", id);
  to.Put("X-DTLS-Port", std::to_string(d.port));
  to.Put("X-DTLS-Keepalive", OrNone(d.keepalive_s));
  to.Put("X-DTLS-DPD", OrNone(d.dpd_s));
}

void MtuLines(const ConnectAnswer& a, ConnectLines& to) {
  to.Put("X-CSTP-MTU", std::to_string(a.tls_mtu));
  const ConnectAnswer::Dtls& d = a.dtls;
  if (d.suite.empty()) return;
  to.Put("X-DTLS-MTU", std::to_string(a.dtls_mtu));
  to.Put(d.dtls12_line ? "X-DTLS12-CipherSuite" : "X-DTLS-CipherSuite", d.suite);
}

// The lines in the order in which an ASA has them. Each entry either names a line and says its value ("": it is not sent),
// or writes several.
struct ConnectLine {
  const char* name;
  std::string (*value)(const ConnectAnswer&);
  void (*lines)(const ConnectAnswer&, ConnectLines&);
};
constexpr const char kCstpProtocol[] = "Copyright (c) 2004 Cisco Systems, Inc.";  // a constant of the protocol

constexpr ConnectLine kConnectAnswer[] = {
    {"X-CSTP-Version", [](const ConnectAnswer&) -> std::string { return "1"; }, nullptr},
    {"X-CSTP-Protocol", [](const ConnectAnswer&) -> std::string { return kCstpProtocol; }, nullptr},
    {"X-CSTP-Address", [](const ConnectAnswer& a) { return a.address.IsNone() ? std::string() : a.address.ToString(); },
     nullptr},
    {"X-CSTP-Netmask", [](const ConnectAnswer& a) { return a.address.IsNone() ? std::string() : a.netmask.ToString(); },
     nullptr},
    {nullptr, nullptr, Address6Line},
    {"X-CSTP-Hostname", [](const ConnectAnswer& a) { return a.hostname; }, nullptr},
    {"X-CSTP-Lease-Duration", [](const ConnectAnswer& a) { return std::to_string(a.lease_s); }, nullptr},
    {"X-CSTP-Session-Timeout", [](const ConnectAnswer& a) { return OrNone(a.session_s); }, nullptr},
    {"X-CSTP-Session-Timeout-Alert-Interval", [](const ConnectAnswer& a) { return std::to_string(a.session_alert_s); },
     nullptr},
    {"X-CSTP-Session-Timeout-Remaining",
     [](const ConnectAnswer& a) { return a.session_s == 0 ? std::string("none") : std::to_string(a.session_left_s); },
     nullptr},
    {"X-CSTP-Idle-Timeout", [](const ConnectAnswer& a) { return OrNone(a.idle_s); }, nullptr},
    {nullptr, nullptr, DnsLines},
    {"X-CSTP-Disconnected-Timeout", [](const ConnectAnswer& a) { return OrNone(a.idle_s); }, nullptr},
    {"X-CSTP-Default-Domain", [](const ConnectAnswer& a) { return a.default_domain; }, nullptr},
    {nullptr, nullptr, SplitLines},
    {"X-CSTP-Keep", [](const ConnectAnswer& a) -> std::string { return TrueFalse(a.keep); }, nullptr},
    {"X-CSTP-Tunnel-All-DNS", [](const ConnectAnswer& a) -> std::string { return TrueFalse(a.tunnel_all_dns); }, nullptr},
    {"X-CSTP-Rekey-Time", [](const ConnectAnswer& a) { return a.rekey_s == 0 ? std::string() : std::to_string(a.rekey_s); },
     nullptr},
    {"X-CSTP-Rekey-Method",
     [](const ConnectAnswer& a) -> std::string {
       if (a.rekey_s == 0 || a.rekey == ConnectAnswer::Rekey::kNone) return {};
       return a.rekey == ConnectAnswer::Rekey::kSsl ? "ssl" : "new-tunnel";
     },
     nullptr},
    {"X-CSTP-DPD", [](const ConnectAnswer& a) { return OrNone(a.dpd_s); }, nullptr},
    {"X-CSTP-Keepalive", [](const ConnectAnswer& a) { return OrNone(a.keepalive_s); }, nullptr},
    {"X-CSTP-Banner", [](const ConnectAnswer& a) { return UrlEncode(a.banner); }, nullptr},
    {nullptr, nullptr, ProxyLines},
    {"X-CSTP-MSIE-Proxy-Lockdown", [](const ConnectAnswer& a) -> std::string { return TrueFalse(a.proxy_lockdown); },
     nullptr},
    {"X-CSTP-Smartcard-Removal-Disconnect",
     [](const ConnectAnswer& a) -> std::string { return TrueFalse(a.smartcard_disconnect); }, nullptr},
    {nullptr, nullptr, DtlsLines},
    {nullptr, nullptr, MtuLines},
    {"X-CSTP-Content-Encoding", [](const ConnectAnswer& a) { return a.tls_compression; }, nullptr},
    {"X-DTLS-Content-Encoding",
     [](const ConnectAnswer& a) { return a.dtls.suite.empty() ? std::string() : a.dtls.compression; }, nullptr},
    {"X-CSTP-Routing-Filtering-Ignore",
     [](const ConnectAnswer& a) -> std::string { return TrueFalse(a.routing_filtering_ignore); }, nullptr},
    {"X-CSTP-Quarantine", [](const ConnectAnswer& a) -> std::string { return TrueFalse(a.quarantine); }, nullptr},
    {"X-CSTP-Disable-Always-On-VPN", [](const ConnectAnswer& a) -> std::string { return TrueFalse(a.disable_always_on); },
     nullptr},
    {"X-CSTP-Client-Bypass-Protocol", [](const ConnectAnswer& a) -> std::string { return TrueFalse(a.client_bypass); },
     nullptr},
    {"X-CSTP-TCP-Keepalive", [](const ConnectAnswer& a) -> std::string { return TrueFalse(a.tcp_keepalive); }, nullptr},
    {"X-CSTP-Post-Auth-XML", [](const ConnectAnswer& a) { return a.post_auth_xml; }, nullptr},
};

}  // namespace

std::string WriteConnectAnswer(const ConnectAnswer& answer) {
  ConnectLines to;
  to.out = "HTTP/1.1 200 OK\r\n";
  for (const ConnectLine& line : kConnectAnswer) {
    if (line.lines != nullptr) {
      line.lines(answer, to);
    } else if (const std::string value = line.value(answer); !value.empty()) {
      to.Put(line.name, value);
    }
  }
  to.out += "\r\n";
  return std::move(to.out);
}

std::string WriteConnectRefusal(const ConnectRefusal& refusal) {
  ConnectLines to;
  const char* words = refusal.status == 400   ? "Bad Request"
                      : refusal.status == 401 ? "Unauthorized"
                      : refusal.status == 404 ? "Not Found"
                                              : "Service Unavailable";
  to.out = fmt::format("HTTP/1.1 {} {}\r\n", refusal.status, words);
  if (!refusal.reason.empty()) to.Put("X-Reason", refusal.reason);
  to.out += "Content-Length: 0\r\nConnection: close\r\n\r\n";
  return std::move(to.out);
}

}  // namespace sallyport
