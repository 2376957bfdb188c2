#include "labs/clients/ac_auth.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <pugixml.hpp>
#include <sstream>

namespace sallyport {
namespace {

constexpr std::size_t kAcLargestHead = 65536, kAcLargestBody = 1 << 20;

bool SameWord(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}
std::string_view AcTrim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\r' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}
template <typename N>
bool AcNumber(std::string_view s, N& out, int base = 10) {
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out, base);
  return error == std::errc() && end == s.data() + s.size();
}
std::uint32_t SecondsOf(const std::string& s) {
  std::uint32_t v = 0;
  return AcNumber(s, v) ? v : 0;  // "none"
}

std::string Written(const pugi::xml_node& node) {
  std::ostringstream out;
  node.print(out, "", pugi::format_raw);
  return out.str();
}

void FillAuth(const pugi::xml_node& auth, AcDocument& d) {
  d.auth_id = auth.attribute("id").value();
  d.message = auth.child_value("message");
  d.banner = auth.child_value("banner");
  d.error = auth.child_value("error");
  const pugi::xml_node form = auth.child("form");
  d.action = form.attribute("action").value();
  for (const pugi::xml_node& n : form.children("input")) {
    d.inputs.push_back({n.attribute("type").value(), n.attribute("name").value(), n.attribute("label").value(), n.attribute("value").value()});
  }
  for (const pugi::xml_node& option : form.child("select").children("option")) {
    d.groups.emplace_back(option.child_value());
    if (std::strcmp(option.attribute("selected").value(), "true") == 0) d.selected_group = d.groups.back();
  }
}

pugi::xml_node StartDocument(pugi::xml_document& doc, const char* type, const AcWho& who) {
  pugi::xml_node declaration = doc.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node root = doc.append_child("config-auth");
  root.append_attribute("client") = "vpn";
  root.append_attribute("type") = type;
  root.append_attribute("aggregate-auth-version") = "2";
  pugi::xml_node version = root.append_child("version");
  version.append_attribute("who") = "vpn";
  version.text() = who.version.c_str();
  root.append_child("device-id").text() = who.device.c_str();
  return root;
}
std::string TextOfDocument(const pugi::xml_document& doc) {
  std::ostringstream out;
  doc.save(out, "", pugi::format_raw);
  return out.str();
}

std::optional<IpAddress> AddressOf(std::string_view s) { return IpAddress::Parse(s); }

// "10.1.0.0/255.255.0.0", "10.1.0.0/16", "2001:db8::/32"
std::optional<Prefix> NetworkOf(std::string_view s) {
  const std::size_t slash = s.find('/');
  const auto address = AddressOf(s.substr(0, slash));
  if (!address || slash == std::string_view::npos) return {};
  const std::string_view mask = s.substr(slash + 1);
  int length = 0;
  if (const auto dotted = AddressOf(mask); dotted && dotted->IsV4()) {
    std::uint32_t bits = dotted->v4();
    for (; (bits & 0x80000000) != 0; bits <<= 1) ++length;
    if (bits != 0) return {};
  } else if (!AcNumber(mask, length) || length < 0 || length > (address->IsV4() ? 32 : 128)) {
    return {};
  }
  return Prefix::Of(*address, length);
}

}  // namespace

std::string AcHttpAnswer::Field(std::string_view name) const {
  for (const auto& [n, v] : fields) {
    if (SameWord(n, name)) return v;
  }
  return {};
}

Result<std::optional<AcHttpAnswer>> ReadAcAnswer(std::string_view text, bool no_body, std::size_t& used) {
  used = 0;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (text.size() > kAcLargestHead) return Error{"an answer without end"};
    return std::optional<AcHttpAnswer>();
  }
  AcHttpAnswer a;
  std::string_view head = text.substr(0, end + 2);
  bool first = true;
  while (!head.empty()) {
    const std::size_t stop = head.find("\r\n");
    const std::string_view line = head.substr(0, stop);
    head.remove_prefix(stop + 2);
    if (first) {
      first = false;
      if (!line.starts_with("HTTP/1.") || line.size() < 12 || !AcNumber(line.substr(9, 3), a.status)) return Error{"no HTTP answer"};
      a.reason = std::string(AcTrim(line.substr(12)));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Error{"a header line without a colon"};
    a.fields.emplace_back(std::string(line.substr(0, colon)), std::string(AcTrim(line.substr(colon + 1))));
  }
  a.closes = SameWord(a.Field("Connection"), "close");
  std::size_t body = 0;
  const std::string length = a.Field("Content-Length");
  if (!no_body || a.status != 200) {
    if (!length.empty() && (!AcNumber(length, body) || body > kAcLargestBody)) return Error{"a body of that length is not read"};
    if (SameWord(a.Field("Transfer-Encoding"), "chunked")) return Error{"a chunked body is not read"};
  }
  if (text.size() - (end + 4) < body) return std::optional<AcHttpAnswer>();
  a.body = std::string(text.substr(end + 4, body));
  used = end + 4 + body;
  return std::optional<AcHttpAnswer>(std::move(a));
}

Result<AcDocument> ReadAcDocument(std::string_view xml) {
  pugi::xml_document doc;
  if (!doc.load_buffer(xml.data(), xml.size())) return Error{"the head-end's answer is no XML"};
  const pugi::xml_node root = doc.child("config-auth");
  if (!root) return Error{"the head-end's answer is no config-auth"};
  AcDocument d;
  const std::string type = root.attribute("type").value();
  d.type = type == "auth-request" ? AcDocument::Type::kRequest : type == "complete" ? AcDocument::Type::kComplete : AcDocument::Type::kOther;
  if (const pugi::xml_node opaque = root.child("opaque")) d.opaque = Written(opaque);
  if (const pugi::xml_node auth = root.child("auth")) FillAuth(auth, d);
  d.wants_certificate = static_cast<bool>(root.child("client-cert-request"));
  d.token = root.child_value("session-token");
  const pugi::xml_node config = root.child("config");
  d.profile_uri = config.child("vpn-profile-manifest").child("vpn").child("file").child_value("uri");
  d.package_version = config.child("vpn-core-manifest").child("vpn").child("file").attribute("version").value();
  return d;
}

std::string WriteAcInit(const AcWho& who, std::string_view group_select, bool no_certificate) {
  pugi::xml_document doc;
  pugi::xml_node root = StartDocument(doc, "init", who);
  root.append_child("group-access").text() = who.group_access.c_str();
  if (!group_select.empty()) root.append_child("group-select").text() = std::string(group_select).c_str();
  if (no_certificate) root.append_child("client-cert-fail");
  return TextOfDocument(doc);
}

std::string WriteAcReply(const AcWho& who, std::string_view opaque, const std::vector<std::pair<std::string, std::string>>& fields,
                         std::string_view group_select) {
  pugi::xml_document doc;
  pugi::xml_node root = StartDocument(doc, "auth-reply", who);
  root.append_child("session-token");
  root.append_child("session-id");
  if (!opaque.empty()) {
    pugi::xml_document given;
    if (given.load_buffer(opaque.data(), opaque.size())) root.append_copy(given.first_child());
  }
  pugi::xml_node auth = root.append_child("auth");
  for (const auto& [name, value] : fields) auth.append_child(name.c_str()).text() = value.c_str();
  if (!group_select.empty()) root.append_child("group-select").text() = std::string(group_select).c_str();
  return TextOfDocument(doc);
}

std::string ReconnectBehaviorOf(std::string_view profile_xml) {
  pugi::xml_document doc;
  if (!doc.load_buffer(profile_xml.data(), profile_xml.size())) return {};
  const pugi::xml_node reconnect = doc.first_child().child("ClientInitialization").child("AutoReconnect");
  return std::string(AcTrim(reconnect.child_value("AutoReconnectBehavior")));
}

bool OlderAcVersion(std::string_view a, std::string_view b) {
  const auto next = [](std::string_view& s) {
    const std::size_t dot = std::min(s.find('.'), s.size());
    std::uint32_t v = 0;
    if (!AcNumber(s.substr(0, dot), v)) v = 0;
    s.remove_prefix(std::min(dot + 1, s.size()));
    return v;
  };
  while (!a.empty() || !b.empty()) {
    const std::uint32_t x = next(a), y = next(b);
    if (x != y) return x < y;
  }
  return false;
}

Result<AcTunnel> ReadAcTunnel(const AcHttpAnswer& answer) {
  AcTunnel t;
  for (const auto& field : answer.fields) {
    const std::string &name = field.first, &value = field.second;
    const auto is = [&](std::string_view n) { return SameWord(name, n); };
    if (is("X-CSTP-Address")) {
      if (const auto a = AddressOf(value.substr(0, value.find('/')))) (a->IsV4() ? t.address : t.address6) = *a;
    } else if (is("X-CSTP-Address-IP6")) {
      if (const auto a = AddressOf(value.substr(0, value.find('/')))) t.address6 = *a;
    } else if (is("X-CSTP-Netmask")) {
      if (const auto a = AddressOf(value); a && a->IsV4()) t.netmask = *a;
    } else if (is("X-CSTP-MTU")) {
      (void)AcNumber(value, t.tls_mtu);
    } else if (is("X-DTLS-MTU")) {
      (void)AcNumber(value, t.dtls_mtu);
    } else if (is("X-CSTP-DPD")) {
      t.tls_dpd_s = SecondsOf(value);
    } else if (is("X-DTLS-DPD")) {
      t.dtls_dpd_s = SecondsOf(value);
    } else if (is("X-CSTP-Keepalive")) {
      t.tls_keepalive_s = SecondsOf(value);
    } else if (is("X-DTLS-Keepalive")) {
      t.dtls_keepalive_s = SecondsOf(value);
    } else if (is("X-CSTP-Rekey-Time")) {
      t.rekey_s = SecondsOf(value);
    } else if (is("X-CSTP-Rekey-Method")) {
      t.rekey_method = value;
    } else if (is("X-CSTP-Idle-Timeout")) {
      t.idle_s = SecondsOf(value);
    } else if (is("X-CSTP-Session-Timeout")) {
      t.session_s = SecondsOf(value);
    } else if (is("X-CSTP-Disconnected-Timeout")) {
      t.disconnected_s = SecondsOf(value);
    } else if (is("X-CSTP-Banner")) {
      t.banner = value;
    } else if (is("X-CSTP-Content-Encoding")) {
      t.tls_compression = value;
    } else if (is("X-DTLS-Content-Encoding")) {
      t.dtls_compression = value;
    } else if (is("X-CSTP-Split-Include") || is("X-CSTP-Split-Include-IP6") || is("X-CSTP-Split-Exclude") || is("X-CSTP-Split-Exclude-IP6")) {
      if (const auto n = NetworkOf(value)) (name.find("nclude") != std::string::npos ? t.include : t.exclude).push_back(*n);
    } else if (is("X-CSTP-DNS")) {
      if (const auto a = AddressOf(value)) t.dns.push_back(*a);
    } else if (is("X-DTLS-Port")) {
      (void)AcNumber(value, t.dtls_port);
    } else if (is("X-DTLS12-CipherSuite")) {
      t.dtls_suite = value;
      t.dtls12 = true;
    } else if (is("X-DTLS-CipherSuite")) {
      if (!t.dtls12) t.dtls_suite = value;
    } else if (is("X-DTLS-Session-ID") || is("X-DTLS-App-ID")) {
      std::string id;
      for (std::size_t k = 0; k + 1 < value.size(); k += 2) {
        std::uint8_t octet = 0;
        if (!AcNumber(std::string_view(value).substr(k, 2), octet, 16)) return Error{name + " is not hexadecimal"};
        id += static_cast<char>(octet);
      }
      if (id.size() == 32) t.dtls_id = id;
    }
  }
  if (t.address.IsNone() && t.address6.IsNone()) return Error{"the head-end gave no address"};
  if (t.tls_mtu == 0 && t.dtls_mtu == 0) return Error{"the head-end gave no MTU"};
  if (t.dtls_id.empty()) t.dtls_suite.clear();
  return t;
}

}  // namespace sallyport
