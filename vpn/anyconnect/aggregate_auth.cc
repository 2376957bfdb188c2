#include "vpn/anyconnect/aggregate_auth.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

#include "firewall/base/printable.h"
#include "vpn/crypto/secret.h"

namespace sallyport {
namespace {

// --- bounds, before anything is built

// Follows the tags of a document: what a parser would hold of it. "": within the limits.
std::string ExceedsLimits(std::string_view text, const XmlLimits& limits) {
  std::size_t depth = 0, nodes = 0, at = 0;
  while (at < text.size()) {
    const std::size_t open = std::min(text.find('<', at), text.size());
    if (open - at > limits.text) return "a text is too long";
    if (open == text.size()) break;
    const std::string_view rest = text.substr(open);
    std::string_view until = ">";
    if (rest.starts_with("<!--")) {
      until = "-->";
    } else if (rest.starts_with("<![CDATA[")) {
      until = "]]>";
    } else if (rest.starts_with("<!")) {
      return "it has a document type";
    } else if (rest.starts_with("<?")) {
      until = "?>";
    }
    if (++nodes > 2 * limits.nodes) return "it has too many elements";
    std::size_t end = text.npos;
    if (until != ">") {
      end = rest.find(until, 2);
    } else {
      // A '>' within quotes ends no tag.
      char quote = 0;
      for (std::size_t i = 1; i < rest.size() && end == text.npos; ++i) {
        if (quote != 0) {
          if (rest[i] == quote) quote = 0;
        } else if (rest[i] == '"' || rest[i] == '\'') {
          quote = rest[i];
        } else if (rest[i] == '>') {
          end = i;
        } else if (rest[i] == '<') {
          return "a tag is within a tag";
        }
      }
    }
    if (end == text.npos) return "a tag has no end";
    if (end > limits.text) return "a tag is too long";
    if (until == ">") {
      if (rest.size() > 1 && rest[1] == '/') {
        if (depth == 0) return "it ends what has not begun";
        --depth;
      } else if (rest[end - 1] != '/') {
        if (++depth > limits.depth) return "it is too deep";
      }
    }
    at = open + end + until.size();
  }
  return depth == 0 ? "" : "an element has no end";
}

void WipeAuthText(std::string& text) {
  Cleanse(MutableBytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
  text.clear();
}

}  // namespace

std::string_view AuthDocument::Field(std::string_view name) const {
  for (const auto& [n, value] : fields) {
    if (n == name) return value;
  }
  return {};
}

bool AuthDocument::Has(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return f.first == name; });
}

void AuthDocument::Wipe() {
  for (auto& f : fields) WipeAuthText(f.second);
  WipeAuthText(session_token);
}

Result<AuthDocument> ReadAuth(std::string_view text, const XmlLimits& limits) {
  if (const std::string why = ExceedsLimits(text, limits); !why.empty()) return Error{why};
  // Parsed where it lies, so that no copy of a password stays behind.
  std::string copy(text);
  struct Wiper {
    std::string& text;
    ~Wiper() { WipeAuthText(text); }
  } wiper{copy};
  pugi::xml_document doc;
  const auto parsed = doc.load_buffer_inplace(
      copy.data(), copy.size(), pugi::parse_escapes | pugi::parse_ws_pcdata | pugi::parse_cdata, pugi::encoding_utf8);
  if (!parsed) return Error{parsed.description()};
  const pugi::xml_node root = doc.child("config-auth");
  if (!root) return Error{"it is no config-auth"};
  AuthDocument d;
  const std::string_view type = root.attribute("type").value();
  d.type = type == "init"         ? AuthDocument::Type::kInit
           : type == "auth-reply" ? AuthDocument::Type::kReply
           : type == "logout"     ? AuthDocument::Type::kLogout
                                  : AuthDocument::Type::kOther;
  const auto plain = [](const char* value, std::size_t most) {
    const std::string_view v(value);
    return v.size() <= most && IsPrintableText(v) ? std::string(v) : std::string();
  };
  const pugi::xml_node device = root.child("device-id");
  d.version = plain(root.child("version").text().get(), 64);
  d.device_id = plain(device.text().get(), 64);
  d.platform_version = plain(device.attribute("platform-version").value(), 64);
  d.device_type = plain(device.attribute("device-type").value(), 64);
  d.unique_id = plain(device.attribute("unique-id").value(), 128);
  d.group_access = plain(root.child("group-access").text().get(), 1024);
  d.group_select = plain(root.child("group-select").text().get(), 256);
  d.cert_fail = static_cast<bool>(root.child("client-cert-fail"));
  d.handle = plain(root.child("opaque").child("aggauth-handle").text().get(), 32);
  d.host_scan_token = plain(root.child("host-scan-token").text().get(), 128);
  d.session_token = plain(root.child("session-token").text().get(), 256);
  for (const pugi::xml_node& field : root.child("auth").children()) {
    if (field.type() != pugi::node_element || d.fields.size() >= 32) continue;
    d.fields.emplace_back(field.name(), field.text().get());
  }
  return d;
}

// --- answers

std::string EscapeMarkup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out.push_back(c);
    }
  }
  return out;
}

namespace {

constexpr char kXmlHead[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

// `<name>text</name>` and a line feed; nothing for an empty text.
void PutElement(std::string& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out += fmt::format("<{}>{}</{}>\n", name, EscapeMarkup(text), name);
}

void PutFormElement(std::string& out, const LoginForm& f) {
  if (f.inputs.empty() && f.groups.empty()) return;
  out += fmt::format("<form method=\"post\" action=\"{}\">\n", EscapeMarkup(f.action));
  for (const LoginForm::Input& i : f.inputs) {
    out += fmt::format("<input type=\"{}\" name=\"{}\"", EscapeMarkup(i.type), EscapeMarkup(i.name));
    if (!i.label.empty()) out += fmt::format(" label=\"{}\"", EscapeMarkup(i.label));
    if (!i.value.empty()) out += fmt::format(" value=\"{}\"", EscapeMarkup(i.value));
    out += "></input>\n";
  }
  if (!f.groups.empty()) {
    out += "<select name=\"group_list\" label=\"GROUP:\">\n";
    for (const std::string& g : f.groups) {
      out += fmt::format("<option{}>{}</option>\n", g == f.selected ? " selected=\"true\"" : "", EscapeMarkup(g));
    }
    out += "</select>\n";
  }
  out += "</form>\n";
}

void PutAuth(std::string& out, const LoginForm& f) {
  out += fmt::format("<auth id=\"{}\">\n", EscapeMarkup(f.id));
  PutElement(out, "message", f.message);
  PutElement(out, "banner", f.banner);
  if (!f.error.empty()) {
    out += fmt::format("<error id=\"{}\" param1=\"\" param2=\"\">{}</error>\n", EscapeMarkup(f.error_id),
                       EscapeMarkup(f.error));
  }
  PutFormElement(out, f);
  out += "</auth>\n";
}

}  // namespace

std::string WriteForm(const LoginForm& f) {
  std::string out = kXmlHead;
  if (f.legacy) {
    PutAuth(out, f);
    return out;
  }
  out += "<config-auth client=\"vpn\" type=\"auth-request\" aggregate-auth-version=\"2\">\n<opaque is-for=\"sg\">\n";
  PutElement(out, "tunnel-group", f.tunnel_group);
  PutElement(out, "aggauth-handle", f.handle);
  PutElement(out, "group-alias", f.group_alias);
  PutElement(out, "config-hash", f.config_hash);
  out += "</opaque>\n";
  if (f.certificate_request) {
    out += "<client-cert-request></client-cert-request>\n</config-auth>\n";
    return out;
  }
  if (f.certificate_authenticated) out += "<cert-authenticated></cert-authenticated>\n";
  PutAuth(out, f);
  if (f.host_scan) {
    out += "<host-scan>\n";
    PutElement(out, "host-scan-ticket", f.host_scan->ticket);
    PutElement(out, "host-scan-token", f.host_scan->token);
    PutElement(out, "host-scan-base-uri", f.host_scan->base_uri);
    PutElement(out, "host-scan-wait-uri", f.host_scan->wait_uri);
    out += "</host-scan>\n";
  }
  out += "</config-auth>\n";
  return out;
}

std::string WriteCompleted(const Completed& c, bool one_line) {
  std::string out = kXmlHead;
  out += "<config-auth client=\"vpn\" type=\"complete\" aggregate-auth-version=\"2\">\n";
  PutElement(out, "session-id", c.session_id);
  PutElement(out, "session-token", c.token);
  out += "<auth id=\"success\">\n";
  PutElement(out, "banner", c.banner);
  out += "<message id=\"0\" param1=\"\" param2=\"\"></message>\n</auth>\n";
  out += "<capabilities>\n<crypto-supported>ssl-dhe</crypto-supported>\n</capabilities>\n";
  out += "<config client=\"vpn\" type=\"private\">\n<vpn-base-config>\n";
  PutElement(out, "server-cert-hash", c.server_hash);
  out += "</vpn-base-config>\n<opaque is-for=\"vpn-client\"></opaque>\n";
  if (!c.profiles.empty()) {
    out += "<vpn-profile-manifest>\n<vpn rev=\"1.0\">\n";
    for (const Completed::Profile& p : c.profiles) {
      out += "<file type=\"profile\" service-type=\"user\">\n";
      PutElement(out, "uri", p.uri);
      out += fmt::format("<hash type=\"sha1\">{}</hash>\n</file>\n", EscapeMarkup(p.sha1));
    }
    out += "</vpn>\n</vpn-profile-manifest>\n";
  }
  if (!c.packages.empty()) {
    out += "<vpn-core-manifest>\n<vpn rev=\"1.0\">\n";
    for (const Completed::Package& p : c.packages) {
      out += fmt::format("<file version=\"{}\" id=\"VPNCore\" is_core=\"yes\" type=\"exe\" action=\"install\">\n",
                         EscapeMarkup(p.version));
      PutElement(out, "uri", p.uri);
      PutElement(out, "display-name", p.name);
      out += "</file>\n";
    }
    out += "</vpn>\n</vpn-core-manifest>\n";
  }
  out += "</config>\n</config-auth>\n";
  // A banner may have several lines; a header has one.
  if (one_line) {
    std::string line;
    for (const char ch : out) {
      if (ch != '\n') {
        line.push_back(ch);
      } else if (!line.ends_with('>')) {
        line.push_back(' ');
      }
    }
    return line;
  }
  return out;
}

}  // namespace sallyport
