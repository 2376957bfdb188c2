// The portal: profiles and packages of clients, and host scan.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "vpn/anyconnect/portal.h"
#include "vpn/crypto/digests.h"

namespace sallyport {
namespace {

constexpr std::size_t kLargestProfile = 256 * 1024, kFirstPart = 64 * 1024;
constexpr char kProfileBase[] = "/CACHE/stc/profiles/";
constexpr char kXmlType[] = "text/xml; charset=utf-8";

std::string_view BaseName(std::string_view file) {
  const std::size_t slash = file.rfind('/');
  return slash == file.npos ? file : file.substr(slash + 1);
}

std::string Sha1Of(Bytes bytes) {
  std::string out;
  for (const std::uint8_t b : Hash(VpnHash::kSha1, {bytes})) out += fmt::format("{:02X}", b);
  return out;
}

bool SameText(std::string_view a, std::string_view b) {
  const auto bytes = [](std::string_view s) { return Bytes(reinterpret_cast<const std::uint8_t*>(s.data()), s.size()); };
  return a.size() == b.size() && SameBytes(bytes(a), bytes(b));
}

}  // namespace

std::string_view SystemOfPackage(std::string_view file) {
  const auto has = [&](std::string_view part) { return file.find(part) != file.npos; };
  if (has("-win")) return "win";
  if (has("-mac")) return "mac";
  if (has("-linux64") || has("-linux-64")) return "linux-64";
  if (has("-linux")) return "linux";
  return {};
}

bool PackageFits(std::string_view file, std::string_view device) {
  const std::string_view system = SystemOfPackage(file);
  if (system.empty() || device.empty()) return true;
  if (system == "mac") return device.starts_with("mac");
  if (system == "win") return device.starts_with("win");
  return device == system;
}

std::string Portal::ProfileUri(const std::string& file) { return kProfileBase + UrlEncode(BaseName(file)); }

// --- what a client is told of profiles and packages

void Portal::HashProfiles(std::vector<std::string> names, Hashes then) {
  struct Round {
    std::vector<std::string> names;
    std::vector<Completed::Profile> found;
    Hashes then;
  };
  const auto round = std::make_shared<Round>(Round{std::move(names), {}, std::move(then)});
  std::reverse(round->names.begin(), round->names.end());
  // One after the other; those that cannot be had are left out.
  const auto next = [this, alive = alive_, round](const auto& self) -> void {
    if (!*alive) return;
    while (!round->names.empty() && (!policy_->ssl.profiles.contains(round->names.back())))
      round->names.pop_back();
    if (round->names.empty()) {
      round->then(std::move(round->found));
      return;
    }
    const std::string name = std::move(round->names.back());
    round->names.pop_back();
    const std::string file = policy_->ssl.profiles.at(name);
    host_.ReadFile(file, 0, kLargestProfile,
                   [this, alive, round, name, file, self](const Result<PortalHost::FilePart>& part) {
                     if (!*alive) return;
                     profile_hashes_.erase(name);
                     if (part && part->size == part->bytes.size()) {
                       const std::string hash = Sha1Of(part->bytes);
                       profile_hashes_[name] = hash;
                       round->found.push_back({ProfileUri(file), hash});
                     }
                     self(self);
                   });
  };
  next(next);
}

std::vector<Completed::Profile> Portal::KnownProfiles(const std::vector<std::string>& names) const {
  std::vector<Completed::Profile> out;
  for (const std::string& name : names) {
    const auto hash = profile_hashes_.find(name);
    const auto file = policy_->ssl.profiles.find(name);
    if (hash != profile_hashes_.end() && file != policy_->ssl.profiles.end())
      out.push_back({ProfileUri(file->second), hash->second});
  }
  return out;
}

Completed Portal::CompletedOf(const PortalPeer& from, std::string token, std::uint32_t index, const std::string& banner,
                              std::vector<Completed::Profile> profiles, const std::string& device) const {
  Completed c;
  c.session_id = std::to_string(index);
  c.token = std::move(token);
  c.banner = banner;
  c.server_hash = host_.ServerCertificateHash(from.at);
  c.profiles = std::move(profiles);
  for (const SslPolicy::Image& i : policy_->ssl.images) {
    if (i.version.empty() || !PackageFits(i.file, device)) continue;
    c.packages.push_back({i.version, fmt::format("/CACHE/stc/{}/binaries/{}", i.order, UrlEncode(i.file)),
                          "AnyConnect Secure Mobility Client"});
  }
  return c;
}

// --- files

// The whole of it, where that is the first part; else it is sent part by part.
void Portal::SendFirst(const TurnPtr& t, HttpAnswer a, PortalHost::FilePart part, const std::string& name,
                       std::uint32_t session) {
  ++counters_.files;
  if (t->kind == Turn::Kind::kBrowser) {
    a.fields.emplace_back("Content-Disposition",
                          fmt::format("attachment; filename*=UTF-8''{}", UrlEncode(BaseName(name))));
  }
  if (part.bytes.size() == part.size) {
    a.body.assign(reinterpret_cast<const char*>(part.bytes.data()), part.bytes.size());
    a.file.clear();
  } else {
    a.file_size = part.size;
  }
  Answer(t, std::move(a), session);
}

void Portal::SendFile(const TurnPtr& t, const std::string& file, const std::string& type, std::uint32_t session) {
  host_.ReadFile(file, 0, kFirstPart, [this, alive = alive_, t, file, type, session](Result<PortalHost::FilePart> part) {
    if (!*alive) return;
    if (!part) return NotFound(t);
    HttpAnswer a;
    a.type = type;
    a.file = file;
    SendFirst(t, std::move(a), std::move(*part), file, session);
  });
}

void Portal::SendMember(const TurnPtr& t, const SslPolicy::Image& image, const std::string& member) {
  host_.ReadMember(image.file, member, 0, kFirstPart, [this, alive = alive_, t, image, member](Result<PortalHost::FilePart> part) {
    if (!*alive) return;
    if (!part) return OwnManifest(t, image, member);
    HttpAnswer a;
    a.type = member.ends_with(".xml")   ? kXmlType
             : member.ends_with(".txt") ? "text/plain; charset=utf-8"
                                        : "application/octet-stream";
    a.file = image.file;
    a.member = member;
    SendFirst(t, std::move(a), std::move(*part), member, 0);
  });
}

// A session's own profiles only; the path's name is looked up, and the file opened by the configuration's.
void Portal::GetProfile(const TurnPtr& t) {
  const std::string_view wanted = std::string_view(t->path).substr(sizeof kProfileBase - 1);
  const auto s = SessionOf(t);
  if (!s) return NotFound(t);
  for (const std::string& name : s->profiles) {
    const auto file = policy_->ssl.profiles.find(name);
    if (file != policy_->ssl.profiles.end() && BaseName(file->second) == wanted)
      return SendFile(t, file->second, kXmlType, s->index);
  }
  NotFound(t);
}

// /CACHE/stc/N/binaries/FILE; else a member of the package: /CACHE/stc/N/VPNManifest.xml, /CACHE/stc/N/binaries/setup.exe. N is the
// image's number.
void Portal::GetPackage(const TurnPtr& t) {
  std::string_view rest = std::string_view(t->path).substr(sizeof "/CACHE/stc/" - 1);
  int order = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), order);
  if (error != std::errc() || end == rest.data() + rest.size() || *end != '/') return NotFound(t);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
  const auto& images = policy_->ssl.images;
  const auto of_order = [&](const SslPolicy::Image& i) { return i.order == order; };
  const auto whole = std::find_if(images.begin(), images.end(),
                                  [&](const SslPolicy::Image& i) { return of_order(i) && rest == "binaries/" + i.file; });
  if (whole != images.end()) return SendFile(t, whole->file, "application/octet-stream", 0);
  const auto image = std::find_if(images.begin(), images.end(), of_order);
  if (image == images.end() || rest.empty()) return NotFound(t);
  SendMember(t, *image, std::string(rest));
}

// What a package that is no archive, or has no such member, does not say itself.
void Portal::OwnManifest(const TurnPtr& t, const SslPolicy::Image& i, std::string_view name) {
  if (i.version.empty()) return NotFound(t);
  HttpAnswer a;
  if (name == "binaries/update.txt") {
    std::string version = i.version;  // "3.1.01065" is written with commas there
    std::replace(version.begin(), version.end(), '.', ',');
    a.type = "text/plain; charset=utf-8";
    a.body = version + "\n";
    return Answer(t, std::move(a));
  }
  if (name == "VPNManifest.xml") {
    a.type = kXmlType;
    a.body = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<vpn rev=\"1.0\">\n"
        "<file version=\"{}\" id=\"VPNCore\" is_core=\"yes\" type=\"exe\" action=\"install\">\n<uri>binaries/{}</uri>\n"
        "<display-name>AnyConnect Secure Mobility Client</display-name>\n</file>\n</vpn>\n",
        EscapeMarkup(i.version), EscapeMarkup(UrlEncode(i.file)));
    return Answer(t, std::move(a));
  }
  NotFound(t);
}

// --- host scan: what a client says of itself is accepted and believed in nothing. Only a login that waits for it has any of
// this.

Login* Portal::OfScan(std::string_view token, IpAddress from) {
  Login* found = nullptr;
  for (auto& [handle, l] : logins_) {
    if (l.address == from && !l.scan_token.empty() && SameText(l.scan_token, token)) found = &l;
  }
  return found;
}

void Portal::ScanToken(const TurnPtr& t) {
  std::string ticket;
  for (const auto& [name, value] : ReadUrlEncoded(QueryOf(t->request.target))) {
    if (name == "ticket") ticket = value;
  }
  for (auto& [handle, l] : logins_) {
    if (l.address != t->from.peer.address || l.scan_ticket.empty() || l.scanned || !SameText(l.scan_ticket, ticket))
      continue;
    HttpAnswer a;
    a.type = kXmlType;
    a.body =
        fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hostscan>\n<token>{}</token>\n</hostscan>\n", l.scan_token);
    return Answer(t, std::move(a));
  }
  NotFound(t);
}

void Portal::ScanResult(const TurnPtr& t) {
  Login* l = OfScan(t->request.Cookie("sdesktop"), t->from.peer.address);
  if (l == nullptr || l->step != LoginStep::kForm || t->request.body.empty()) return NotFound(t);
  l->scanned = true;
  HttpAnswer a;
  a.type = kXmlType;
  a.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hostscan><status>TOKEN_SUCCESS</status></hostscan>\n";
  Answer(t, std::move(a));
}

void Portal::ScanWait(const TurnPtr& t) {
  const Login* l = OfScan(t->request.Cookie("sdesktop"), t->from.peer.address);
  if (l == nullptr) return NotFound(t);
  HttpAnswer a;
  if (l->scanned) {
    a.type = kXmlType;
    a.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hostscan><status>TOKEN_SUCCESS</status></hostscan>\n";
  } else {
    a.type = "text/html; charset=utf-8";
    a.body =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta http-equiv=\"refresh\" content=\"2\"><title>Please "
        "wait</title></head>"
        "<body><p>Please wait: the posture of this computer is being assessed.</p></body></html>\n";
  }
  Answer(t, std::move(a));
}

void Portal::ScanData(const TurnPtr& t) {
  if (OfScan(t->request.Cookie("sdesktop"), t->from.peer.address) == nullptr && !policy_->ssl.hostscan) return NotFound(t);
  HttpAnswer a;
  a.type = kXmlType;
  a.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data><hostscan></hostscan></data>\n";  // nothing is asked about
  Answer(t, std::move(a));
}

}  // namespace sallyport
