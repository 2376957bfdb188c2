// The client and directories (LDAP), which are asked on a thread that may wait; and access lists that a RADIUS server keeps apart from
// the user who gets them (downloadable access lists).
//
// Source: ASA configuration guide, "Configuring RADIUS Authorization": a user's answer names a list (ACS:CiscoSecure-Defined-ACL), which
// is asked for as if it were a user; a long one comes in several answers, all but the last of them challenges.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/aaa/aaa_client.h"
#include "vpn/aaa/ldap_client.h"

namespace sallyport {
namespace {

constexpr int kMostRounds = 64;
constexpr std::size_t kMostElements = 4096;

Bytes TextBytesOf(const std::string& s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }

void AddPair(RadiusWriter& out, const std::string& pair) { out.Vendor(radius::kCisco, radius::kCiscoAvPair, TextBytesOf(pair)); }

}  // namespace

// --- directories

void AaaClient::AskDirectory(std::uint32_t number, Request& r) {
  auto q = std::make_shared<LdapQuestion>();
  q->server = r.server.ldap;
  q->server.timeout_s = std::min(r.server.timeout_s, q->server.timeout_s);
  const auto map = plan_.ldap_maps.find(r.server.ldap.attribute_map);
  if (map != plan_.ldap_maps.end()) q->map = map->second;
  q->user = r.q.user;
  q->password = r.q.password;
  q->new_password = r.q.new_password;
  q->authorize_only = r.q.authorize_only;
  const std::uint32_t attempt = ++r.attempt;
  auto answer = std::make_shared<LdapAnswer>();
  Say(fmt::format("LDAP: asking {}/{} about {}", r.server.address.ToString(), r.server.ldap.port, r.q.user));
  ports_.compute([q, answer] { *answer = AskLdap(*q); },
                 [this, alive = alive_, number, attempt, q, answer] {
                   for (std::string* secret : {&q->password, &q->new_password}) {
                     Cleanse(MutableBytes(reinterpret_cast<std::uint8_t*>(secret->data()), secret->size()));
                   }
                   if (!*alive) return;
                   AaaAnswer a;
                   using Kind = AaaAnswer::Kind;
                   switch (answer->kind) {
                     case LdapAnswer::Kind::kAccept:
                       a.kind = Kind::kAccept;
                       break;
                     case LdapAnswer::Kind::kReject:
                       a.kind = Kind::kReject;
                       break;
                     case LdapAnswer::Kind::kExpired:
                       a.kind = Kind::kExpired;
                       break;
                     case LdapAnswer::Kind::kNoAnswer:
                       break;
                   }
                   a.attributes = std::move(answer->attributes);
                   OnDirectory(number, attempt, std::move(a), answer->kind == LdapAnswer::Kind::kNoAnswer, answer->message);
                 });
}

void AaaClient::OnDirectory(std::uint32_t number, std::uint32_t attempt, AaaAnswer a, bool silent, const std::string& message) {
  const auto it = requests_.find(number);
  if (it == requests_.end() || it->second.attempt != attempt) return;
  Request& r = it->second;
  if (!message.empty()) Say("LDAP: " + message);
  if (silent) {
    Silent(number);
    return;
  }
  if (states_.contains({r.q.group, r.server.address})) {
    ServerState& s = StateOf(r.q.group, r.server.address);
    s.silent = 0;
    s.last_wall = ports_.clock.WallNanos(ports_.now());
    ++s.round_trips;
    s.round_trip_ns += static_cast<std::uint64_t>((ports_.real() - r.sent).ns);
    ++(a.kind == AaaAnswer::Kind::kAccept ? s.counters.accepts : s.counters.rejects);
    Activate(r.q.group, r.server.address);
  }
  a.server = r.server.address;
  Finish(number, a);
}

// --- access lists

bool AaaClient::Download(std::uint32_t number, Request& r) {
  if (++r.download_rounds > kMostRounds || r.held->attributes.acl.size() > kMostElements) return false;
  const Bytes secret = TextBytesOf(r.server.key);
  ports_.entropy.Fill(r.authenticator);
  RadiusWriter out(radius::kAccessRequest, next_id_++, r.authenticator);
  out.Text(radius::kUserName, r.held->attributes.acl_name.substr(0, radius::kMostValue));
  const IpAddress own = ports_.address_of ? ports_.address_of(r.server.interface) : IpAddress();
  if (own.IsV4() && !own.IsNone()) out.Address(radius::kNasIpAddress, own);
  AddPair(out, "aaa:service=ip_admission");
  AddPair(out, "aaa:event=acl-download");
  if (!r.download_state.empty()) out.Add(radius::kState, r.download_state);
  r.message = out.FinishSigned(secret);
  if (r.message.empty()) return false;
  Dump("authentication request", r.message);
  r.sent = ports_.real();
  r.until = r.sent + Duration::Seconds(r.server.timeout_s);
  Transmit(number, r);
  return true;
}

void AaaClient::OnDownload(std::uint32_t number, Request& r, const RadiusMessage& m) {
  AaaAnswer& a = *r.held;
  AaaAttributes more;
  if (m.code != radius::kAccessReject) ReadAclPairs(m, more);
  std::move(more.acl.begin(), more.acl.end(), std::back_inserter(a.attributes.acl));
  std::move(more.acl6.begin(), more.acl6.end(), std::back_inserter(a.attributes.acl6));
  bool good = m.code == radius::kAccessAccept;
  if (m.code == radius::kAccessChallenge) {
    r.download_state.clear();
    if (const RadiusAttribute* state = m.Find(radius::kState)) r.download_state.assign(state->value.begin(), state->value.end());
    if (Download(number, r)) return;
  }
  if (good && a.attributes.acl.empty() && a.attributes.acl6.empty()) {
    ports_.logger.Say(109018, 3, fmt::format("Downloaded ACL {} is empty", a.attributes.acl_name));
    good = false;
  } else if (!good) {
    ports_.logger.Say(109016, 3, fmt::format("Can't find authorization ACL {} for user '{}'", a.attributes.acl_name, r.q.user));
  }
  // Without its list the user may do more than he should: he may not in.
  if (!good) a.kind = AaaAnswer::Kind::kReject;
  const AaaAnswer answer = a;
  Finish(number, answer);
}

}  // namespace sallyport
