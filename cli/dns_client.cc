#include "cli/dns_client.h"

#include <algorithm>
#include <set>

#include "inspect/dns_message.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kTypes[] = {kDnsA, kDnsAaaa};
constexpr std::uint16_t kCname = 5;
constexpr std::uint16_t kInternet = 1;
constexpr std::size_t kHeader = 12;
constexpr std::size_t kMaxAddresses = 64;          // of one name
constexpr std::size_t kMaxCached = 512;            // names that only the console has asked for
constexpr Duration kAgain = Duration::Seconds(60);  // after a failure
constexpr int kNameError = 3;                      // RCODE

// Empty: it is no name (a label of 0 or more than 63 characters, or too long).
std::vector<std::uint8_t> QuestionFor(const std::string& name, std::uint16_t type, std::uint16_t id) {
  std::vector<std::uint8_t> m(kHeader, 0);
  StoreBe16(&m[0], id);
  StoreBe16(&m[2], 0x0100);  // recursion desired
  StoreBe16(&m[4], 1);
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    if (dot == at || dot - at > 63) return {};
    m.push_back(static_cast<std::uint8_t>(dot - at));
    m.insert(m.end(), name.begin() + static_cast<std::ptrdiff_t>(at), name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  m.push_back(0);
  if (m.size() - kHeader > 255) return {};
  m.resize(m.size() + 4);
  StoreBe16(&m[m.size() - 4], type);
  StoreBe16(&m[m.size() - 2], kInternet);
  return m;
}

}  // namespace

bool DnsClient::SetPlan(const DnsPlan& plan, TimePoint now) {
  if (plan == plan_) return false;
  const bool others = plan.servers != plan_.servers || plan.interfaces != plan_.interfaces;
  plan_ = plan;
  for (auto& [name, host] : hosts_) {
    host.wanted = false;
    if (others && host.known.empty()) host.next = now;  // another server may know
  }
  for (const DnsPlan::Name& wanted : plan.names) {
    Host& host = hosts_[wanted.name];
    const bool more = (wanted.v4 && !host.family[0]) || (wanted.v6 && !host.family[1]);
    host.wanted = true;
    host.family[0] = wanted.v4;
    host.family[1] = wanted.v6;
    if (more) host.next = now;
  }
  return Changed();
}

void DnsClient::Close(Question& q) {
  if (q.open) transport_.Close(q.number);
  q.open = false;
}

bool DnsClient::SendOne(const std::string& name, int family, Question& q, TimePoint real, const Way& way) {
  for (; q.round <= plan_.retries; q.round++, q.server = 0) {
    for (; q.server < plan_.servers.size(); q.server++) {
      DnsPlan::Server server = plan_.servers[q.server];
      server.interface = way(server);
      if (server.interface.empty() || !plan_.interfaces.contains(server.interface)) continue;
      q.id = static_cast<std::uint16_t>(random_.U32());
      q.number = next_question_++;
      const auto message = QuestionFor(name, kTypes[family], q.id);
      if (message.empty()) return false;
      if (!transport_.Send(q.number, server, message)) continue;
      q.open = true;
      q.deadline = real + Duration::Seconds(std::int64_t{plan_.timeout_s} << q.round);
      return true;
    }
  }
  return false;
}

void DnsClient::Ask(const std::string& name, Host& host, TimePoint now, TimePoint real, const Way& way) {
  host.failed = host.timed_out = host.answered = false;
  host.asked = now;
  for (int f = 0; f < kFamilies; f++) {
    if (!host.family[f]) continue;
    Question& q = host.questions[f];
    Close(q);
    q = {};
    if (!SendOne(name, f, q, real, way)) host.failed = true;
  }
  if (!host.Busy()) Finish(name, host, now);
}

// An answer's addresses into what is known. False: it is no answer to this question. `next_server`: it is a refusal of this
// server's, which says nothing about the name.
bool DnsClient::Take(const std::string& name, Host& host, int family, Bytes message, TimePoint now, bool& next_server) {
  const Question& q = host.questions[family];
  DnsWalker walk(message);
  const auto header = walk.Header();
  if (!header || !header->Response() || header->id != q.id || header->Opcode() != 0 || header->counts[0] != 1) return false;
  DnsRecord r;
  if (!walk.Next(r) || r.section != DnsSection::kQuestion || r.type != kTypes[family] || walk.Name(r.name) != name) return false;
  const int rcode = header->flags & 15;
  if (rcode != 0 && rcode != kNameError) {
    next_server = true;
    return true;
  }
  if (rcode == kNameError) {
    host.failed = true;
    return true;
  }
  std::set<std::string> names{name};
  std::size_t found = 0;
  while (walk.Next(r) && r.section == DnsSection::kAnswer) {
    const auto owner = walk.Name(r.name);
    if (!owner || !names.contains(*owner) || r.dns_class != kInternet) continue;
    if (r.type == kCname) {
      if (const auto alias = walk.Name(r.data)) {
        names.insert(*alias);
        host.alias = *alias;
      }
      continue;
    }
    if (r.type != kTypes[family] || r.data_length != (family == 0 ? 4u : 16u) || found >= kMaxAddresses) continue;
    const std::uint8_t* data = message.data() + r.data;
    const IpAddress address = family == 0 ? IpAddress::V4(LoadBe32(data)) : IpAddress::V6(LoadBe64(data), LoadBe64(data + 8));
    const TimePoint expires = now + Duration::Seconds(r.ttl);
    found++;
    const auto before = std::find_if(host.known.begin(), host.known.end(), [&](const Known& k) { return k.address == address; });
    if (before != host.known.end()) {
      before->expires = expires;
      continue;
    }
    host.known.push_back({address, expires});
    if (host.wanted) logger_.Log(Msg::k746015, {name, address.ToString()});
  }
  host.answered = true;
  host.answered_at = now;
  if (found == 0) host.failed = true;
  return true;
}

// Both families have been asked.
void DnsClient::Finish(const std::string& name, Host& host, TimePoint now) {
  DropExpired(name, host, now);
  if (host.known.empty() && host.failed && host.wanted) {
    logger_.Log(Msg::k746016, {host.timed_out ? "timeout" : "unresolvable"});
  }
  host.next = now + (host.known.empty() || !host.answered ? kAgain : Duration::Seconds(std::int64_t{60} * plan_.poll_min));
  for (const Known& k : host.known) {
    if (k.expires > now) host.next = std::min(host.next, k.expires);
  }
  // A TTL of nothing would have us ask without end.
  host.next = std::max(host.next, now + Duration::Seconds(1));
  std::vector<IpAddress> addresses;
  for (const Known& k : host.known) addresses.push_back(k.address);
  std::stable_sort(addresses.begin(), addresses.end(), [](IpAddress a, IpAddress b) { return a.IsV4() && !b.IsV4(); });
  for (const Found& found : std::exchange(host.waiting, {})) found(addresses);
}

void DnsClient::DropExpired(const std::string& name, Host& host, TimePoint now) {
  const Duration grace = Duration::Seconds(std::int64_t{60} * plan_.expire_min);
  std::erase_if(host.known, [&](const Known& k) {
    const bool gone = k.expires + grace <= now;
    if (gone && host.wanted) logger_.Log(Msg::k746014, {name, k.address.ToString()});
    return gone;
  });
}

bool DnsClient::Tick(TimePoint now, TimePoint real, const Way& way) {
  std::size_t cached = 0;
  for (auto it = hosts_.begin(); it != hosts_.end();) {
    auto& [name, host] = *it;
    bool waited = false;
    for (int f = 0; f < kFamilies; f++) {
      Question& q = host.questions[f];
      if (!q.open || real < q.deadline) continue;
      Close(q);
      q.server++;
      waited = true;
      if (!SendOne(name, f, q, real, way)) host.failed = host.timed_out = true;
    }
    if (waited && !host.Busy()) Finish(name, host, now);
    if (!host.Busy()) {
      if (host.wanted && CanAsk() && now >= host.next) Ask(name, host, now, real, way);
      else DropExpired(name, host, now);
    }
    cached += !host.wanted;
    const bool keep = host.wanted || host.Busy() || (!host.known.empty() && cached <= kMaxCached);
    it = keep ? std::next(it) : hosts_.erase(it);
  }
  return Changed();
}

bool DnsClient::Received(std::uint32_t question, Bytes message, TimePoint now, TimePoint real, const Way& way) {
  for (auto& [name, host] : hosts_) {
    for (int f = 0; f < kFamilies; f++) {
      Question& q = host.questions[f];
      if (!q.open || q.number != question) continue;
      bool next_server = false;
      if (!Take(name, host, f, message, now, next_server)) return false;  // a forgery; the right one may still come
      Close(q);
      if (next_server) {
        q.server++;
        if (!SendOne(name, f, q, real, way)) host.failed = true;
      }
      if (!host.Busy()) Finish(name, host, now);
      return Changed();
    }
  }
  return false;
}

void DnsClient::Lookup(const std::string& typed, TimePoint now, TimePoint real, const Way& way, Found found) {
  std::string name = LowerCase(typed);
  if (name.find('.') == std::string::npos && !plan_.domain.empty()) name += "." + LowerCase(plan_.domain);
  Host& host = hosts_[name];
  if (!host.wanted) host.family[0] = host.family[1] = true;
  const bool fresh = !host.known.empty() &&
                     std::all_of(host.known.begin(), host.known.end(), [now](const Known& k) { return k.expires > now; });
  host.waiting.push_back(std::move(found));
  if (host.Busy()) return;
  if (fresh || !CanAsk()) Finish(name, host, now);
  else Ask(name, host, now, real, way);
}

bool DnsClient::Changed() {
  ResolvedNames names;
  for (const auto& [name, host] : hosts_) {
    if (!host.wanted || host.known.empty()) continue;
    auto& addresses = names[name];
    for (const Known& k : host.known) addresses.push_back(k.address);
    std::sort(addresses.begin(), addresses.end());
  }
  if (names == resolved_) return false;
  resolved_ = std::move(names);
  return true;
}

std::vector<DnsHostView> DnsClient::Hosts(TimePoint now) const {
  std::vector<DnsHostView> views;
  for (const auto& [name, host] : hosts_) {
    if (host.known.empty() && !host.wanted) continue;
    DnsHostView v;
    v.name = name;
    v.alias = host.alias;
    v.wanted = host.wanted;
    v.age = host.known.empty() ? Duration{} : now - host.answered_at;
    for (const Known& k : host.known) {
      v.expired = v.expired || k.expires <= now;
      v.addresses.push_back({k.address, std::max(k.expires - now, Duration{})});
    }
    views.push_back(std::move(v));
  }
  return views;
}

bool DnsClient::Clear(const std::string& name, TimePoint now, bool& changed) {
  const std::string key = LowerCase(name);
  if (!key.empty() && !hosts_.contains(key)) return false;
  for (auto& [known, host] : hosts_) {
    if (!host.wanted || (!key.empty() && known != key)) continue;
    for (const Known& k : host.known) logger_.Log(Msg::k746014, {known, k.address.ToString()});
    host.known.clear();
    host.alias.clear();
    host.next = now;
  }
  changed = Changed();
  return true;
}

void DnsClient::ClearCache() {
  std::erase_if(hosts_, [](const auto& entry) { return !entry.second.wanted && !entry.second.Busy(); });
}

}  // namespace sallyport
