// `show running-config`: order and spacing by release (the order is data here; the lines print themselves).
#include <openssl/evp.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "conf/configuration_impl.h"
#include "conf/lines.h"
#include "conf/shape.h"
#include "conf/vpn_defaults.h"
#include "firewall/threat_policy.h"

namespace sallyport {
namespace {

using S = Section;

// Up to 8.2, then 8.3 and later; OrderOf has what moved between releases. 9.18 prints access-group before access-list.
#define SALLYPORT_LATE_ORDER                                                                                                     \
  S::kUrlFilter, S::kHttp, S::kSnmp, S::kSla, S::kSysopt, S::kService, S::kCrypto, S::kTrack, S::kVpnAddrAssign, S::kTelnet, S::kSsh, \
      S::kConsole, S::kManagementAccess, S::kContext, S::kTerminal, S::kVpnSettings, S::kVpnLoadBalancing, S::kDhcpClient, S::kDhcpd,        \
      S::kPriorityQueue, S::kThreat, S::kNtp, S::kSsl, S::kWebvpn, S::kGroupPolicy, S::kDapLate, S::kUsername, S::kTunnelGroupMap, \
      S::kTunnelGroup, S::kClassMap, S::kPolicyMap, S::kServicePolicy, S::kSmtp, S::kPrivilege, S::kPrompt, S::kCallHome, S::kPassword
constexpr S kOld[] = {S::kHostname, S::kDomain, S::kEnable, S::kPasswd, S::kNames, S::kMacAddress, S::kInterface, S::kRegex, S::kTimeRange,
                      S::kBanner, S::kBoot, S::kFtpMode, S::kClock, S::kDnsLookup, S::kDnsGroup, S::kSameSecurity, S::kObjectGroup,
                      S::kAccessList, S::kSnmpMap, S::kTcpMap, S::kPager, S::kLogging, S::kFlowExport, S::kMtu, S::kLocalPool, S::kIpAudit,
                      S::kIpVerify, S::kFailover, S::kMonitor, S::kIcmp, S::kAsdm, S::kArp, S::kNatControl, S::kGlobal, S::kNat, S::kStatic,
                      S::kAccessGroup, S::kIpv6Icmp, S::kIpv6AccessList, S::kIpv6Route, S::kPrefixList, S::kRouteMap, S::kRouter,
                      S::kMulticast, S::kRoute, S::kTimeout, S::kDapLate, S::kLdapMap, S::kAaaServer, S::kAaa, SALLYPORT_LATE_ORDER};
constexpr S kNew[] = {S::kHostname, S::kDomain, S::kEnable, S::kLicense, S::kServiceModule, S::kXlatePerSession, S::kPasswd, S::kNames,
                      S::kMacAddress, S::kLocalPool, S::kZone, S::kInterface, S::kRegex, S::kTimeRange, S::kBanner, S::kBoot, S::kFtpMode,
                      S::kClock, S::kDnsLookup, S::kDnsGroup, S::kSameSecurity, S::kGroupSearch, S::kObject, S::kObjectGroup,
                      S::kAccessList, S::kIpv6AccessList, S::kSnmpMap, S::kTcpMap, S::kPager, S::kLogging, S::kFlowExport, S::kMtu,
                      S::kIpAudit, S::kIpVerify, S::kFailover, S::kMonitor, S::kIcmp, S::kAsdm, S::kArp, S::kTwiceNat, S::kObjectNat,
                      S::kAfterAutoNat, S::kAccessGroup, S::kIpv6Icmp, S::kPrefixList, S::kRouteMap, S::kRouter, S::kMulticast,
                      S::kIpv6Route, S::kRoute, S::kTimeout, S::kDapEarly, S::kLdapMap, S::kAaaServer, S::kUserIdentity, S::kAaa,
                      SALLYPORT_LATE_ORDER};
#undef SALLYPORT_LATE_ORDER

constexpr int kObjectNatRank = 100;  // grammar_nat.cc

std::vector<S> OrderOf(const Personality& p) {
  const int release = p.release;
  std::vector<S> order = p.object_nat ? std::vector<S>(std::begin(kNew), std::end(kNew)) : std::vector<S>(std::begin(kOld), std::end(kOld));
  if (p.object_nat && release < 903) {  // dynamic-access-policy-record stood before aaa-server
    std::erase(order, S::kDapLate);
    *std::find(order.begin(), order.end(), S::kDapEarly) = S::kDapLate;
  }
  // Local pools moved up with 9.0.
  if (p.object_nat && release < 900) {
    std::erase(order, S::kLocalPool);
    order.insert(std::find(order.begin(), order.end(), S::kIpAudit), S::kLocalPool);
  }
  // The login password stood behind the interfaces, up to 8.0(3).
  if (release < 800 || p.version.starts_with("8.0(2)") || p.version.starts_with("8.0(3)")) {
    std::erase(order, S::kPasswd);
    order.insert(std::find(order.begin(), order.end(), S::kInterface) + 1, S::kPasswd);
  }
  if (release >= 804) {  // behind the console's lines; it was before telnet's
    std::erase(order, S::kVpnAddrAssign);
    order.insert(std::find(order.begin(), order.end(), S::kVpnSettings), S::kVpnAddrAssign);
  }
  // What moved early stands twice.
  for (auto s = order.begin(); s != order.end(); ++s) order.erase(std::remove(s + 1, order.end(), *s), order.end());
  // A line of another era, accepted all the same, still has to come out.
  for (std::size_t i = 0; i < kSectionCount; i++) {
    if (std::find(order.begin(), order.end(), static_cast<S>(i)) == order.end()) order.push_back(static_cast<S>(i));
  }
  if (release >= 918) {
    std::erase(order, S::kAccessGroup);
    order.insert(std::find(order.begin(), order.end(), S::kAccessList), S::kAccessGroup);
  }
  return order;
}

// How parts are set apart where an ASA's own printing is not remembered (Line::lead).
struct Spacing {
  S section;
  const char* before;  // the part, also an empty one when `always`
  const char* after;   // each top-level line of it
  const char* behind;  // the part
  bool always = false;
};
constexpr Spacing kSpacing[] = {
    {S::kInterface, "!\n", "!\n", "", true},
    {S::kTimeRange, "!\n", "", "!\n"},
    {S::kSnmpMap, "!\n", "", "!\n"},
    {S::kTcpMap, "!\n", "", "!\n"},
    {S::kObjectNat, "!\n", "", ""},
    {S::kAfterAutoNat, "!\n", "", ""},
    {S::kRouteMap, "!\n", "!\n", ""},
    {S::kRouter, "", "!\n", ""},
    {S::kTrack, "!\n", "", ""},
    {S::kContext, "\n", "", "\n"},
    {S::kDhcpd, "", "", "!\n"},
    {S::kClassMap, "!\n", "", "", true},
    {S::kServicePolicy, "!\n", "", ""},
};
constexpr Spacing kPlain{S::kCount, "", "", ""};
const Spacing& SpacingOf(S s) {
  for (const Spacing& x : kSpacing) {
    if (x.section == s) return x;
  }
  return kPlain;
}

// What `show` prints of a line: keys masked, and from 9.18 on hashes too.
std::string Masked(const Line& l, const Personality& p) {
  std::string text = l.text;
  if (p.release >= 918 && (l.section == S::kEnable || l.section == S::kUsername || l.section == S::kPasswd)) {
    for (const char* form : {" pbkdf2", " encrypted"}) {
      const std::size_t tail = text.find(form);
      if (tail == std::string::npos) continue;
      const std::size_t head = text.rfind(' ', tail - 1);
      return text.substr(0, head + 1) + "*****" + text.substr(tail);
    }
  }
  if (const auto* f = l.As<FieldLine>()) {
    for (std::size_t i = 0; i < f->fields->secret.size(); i++) {
      if (!f->fields->secret[i] || f->At(i).empty()) continue;
      const std::size_t at = text.rfind(" " + std::string(f->At(i)));
      if (at != std::string::npos) text.replace(at + 1, f->At(i).size(), p.masked_secrets_five ? "*****" : "*");
    }
  }
  return text;
}

// Lines of `text` that hold secrets, by number, masked.
void MaskedLines(const Line& l, const Personality& p, std::map<std::uint32_t, std::string>& out) {
  if (std::string masked = Masked(l, p); l.place != 0 && masked != l.text) out[l.place] = std::move(masked);
  for (const auto& c : l.lines) MaskedLines(*c, p, out);
}

// A top-level line with what belongs to it, or the NAT of an object.
struct Item {
  S section;
  const Line* line;   // null: added for `all`
  std::string title;  // what a filter looks at: the line's text without `no`
  std::string text;
  std::uint32_t place = 0;  // where an ASA had it; 0: it goes behind the item before it
  std::string before, after;
};

// Where an ASA prints a `timeout` line: that of its first timer.
int PlaceOfTimer(std::string_view line);

class Printer {
 public:
  Printer(const LineTree& tree, const Personality& personality, bool mask) : tree_(tree), personality_(personality), mask_(mask) {}

  // `added`: lines that are not in the tree, each behind its section's.
  std::vector<Item> Items(const std::vector<std::pair<S, std::string>>& added = {}) const {
    std::vector<Item> items;
    std::string pending;  // spacing behind a part that has no item of its own
    bool modular = false;
    for (const S s : OrderOf(personality_)) {
      const Spacing& spacing = SpacingOf(s);
      const std::size_t first = items.size();
      if (s == S::kObjectNat) {
        for (const auto& o : tree_.Of(S::kObject)) {
          for (const auto& c : o->lines) {
            if (c->rank == kObjectNatRank) items.push_back({s, c.get(), "nat", o->text + "\n " + c->text + "\n", PlaceOf(*c), "", ""});
          }
        }
      } else {
        for (const Line* l : LinesOf(s)) {
          std::string text;
          Tree(*l, 0, text);
          items.push_back({s, l, l->text.empty() ? "access-list " + l->key : l->text, std::move(text), PlaceOf(*l), "", spacing.after});
        }
      }
      for (const auto& [section, line] : added) {
        if (section == s) items.push_back({s, nullptr, line, line + "\n", 0, "", ""});
      }
      if (s == S::kTimeout && !added.empty()) {  // timers that were set stand among the others
        std::stable_sort(items.begin() + static_cast<std::ptrdiff_t>(first), items.end(),
                         [](const Item& a, const Item& b) { return PlaceOfTimer(a.title) < PlaceOfTimer(b.title); });
      }
      const bool any = items.size() > first;
      if (s == S::kClassMap) modular = any;
      if (s == S::kPolicyMap && (any || modular)) {
        modular = true;
        (any ? items[first].before : pending) += "!\n!\n";
      } else if (any || spacing.always) {
        if (s != S::kServicePolicy || modular) {
          std::string before = spacing.before;
          if (s == S::kInterface && personality_.release >= 906) before = "\n!\n";
          if (any) items[first].before += before;
          else pending += before;
        }
      }
      if (any) {
        items[first].before = std::exchange(pending, {}) + items[first].before;
        pending = spacing.behind;
      }
    }
    return tree_.from_asa ? Placed(std::move(items)) : items;
  }
  std::string Body(const std::vector<std::pair<S, std::string>>& added = {}) const {
    std::string out = "ASA Version " + personality_.version + " \n" + (tree_.from_asa ? "" : "!\n");
    for (const Item& i : Items(added)) out += i.before + i.text + i.after;
    return out + tree_.tail;
  }

 private:
  std::uint32_t PlaceOf(const Line& l) const { return tree_.from_asa ? l.place : 0; }

  // In the order of an ASA's own printing; what it did not have stands behind what it would stand behind otherwise.
  static std::vector<Item> Placed(std::vector<Item> items) {
    std::vector<std::pair<std::uint64_t, std::size_t>> order;  // place, index
    std::uint64_t place = 0;
    for (std::size_t i = 0; i < items.size(); i++) {
      if (items[i].place != 0) place = items[i].place;
      order.emplace_back(place, i);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    // A list or group that was begun before what its later elements name stands behind that: the text must load again.
    std::map<std::string_view, std::size_t> named;
    for (std::size_t i = 0; i < items.size(); i++) {
      const S s = items[i].section;
      if (items[i].line != nullptr && (s == S::kObject || s == S::kObjectGroup || s == S::kTimeRange)) named.emplace(items[i].line->key, i);
    }
    std::vector<Item> out;
    std::vector<bool> done(items.size());
    const auto emit = [&](const auto& self, std::size_t i) -> void {
      if (done[i]) return;
      done[i] = true;
      if (items[i].section == S::kAccessList || items[i].section == S::kObjectGroup) {
        for (const std::string& name : Names(items[i].text)) {
          if (const auto it = named.find(name); it != named.end()) self(self, it->second);
        }
      }
      Item& item = items[i];
      if (item.place != 0) {
        item.before = item.line->lead;
        item.after.clear();
      } else {
        item.before.clear();
        if (item.section != S::kInterface) item.after.clear();
      }
      out.push_back(std::move(item));
    };
    for (const auto& [at, i] : order) emit(emit, i);
    return out;
  }
  // The objects, groups and time ranges that a text names, each as its own line begins.
  static std::set<std::string> Names(std::string_view text) {
    std::set<std::string> out;
    const std::string_view group = "object-group ", object = "object ", members = "group-object ", range = "time-range ";
    for (std::size_t at = text.find(' '); at != std::string_view::npos; at = text.find(' ', at + 1)) {
      const std::string_view rest = text.substr(at + 1);
      const auto word = [&](std::string_view lead) { return rest.substr(lead.size(), rest.find_first_of(" \n", lead.size()) - lead.size()); };
      if (rest.starts_with(group)) out.insert(std::string(group).append(word(group)));
      else if (rest.starts_with(members)) out.insert(std::string(group).append(word(members)));
      else if (rest.starts_with(range)) out.insert(std::string(range).append(word(range)));
      else if (rest.starts_with(object)) {
        out.insert(std::string("object network ").append(word(object)));
        out.insert(std::string("object service ").append(word(object)));
      }
    }
    return out;
  }

  void Tree(const Line& l, int depth, std::string& out) const {
    if (l.text.empty()) {  // the lines of one access list
      for (const auto& c : l.lines) out += "access-list " + l.key + " " + c->text + "\n";
      return;
    }
    out.append(l.indent > 0 ? l.indent : static_cast<std::size_t>(depth), ' ');
    out += mask_ ? Masked(l, personality_) : l.text;
    out += '\n';
    for (const Line* c : Sorted(l.lines, true)) {
      if (c->rank == kObjectNatRank) continue;
      if (depth > 0 || l.submode.starts_with("config-router")) out += tree_.from_asa ? c->lead : "";
      if (l.submode == "config-ctx" || l.submode == "config-class") out += ' ';
      if (l.submode == "config-pubkey") out.append(c->text == "quit" ? 0 : 2, ' ');
      const bool wide = l.submode == "config-tcp-map" || l.submode == "config-priority-queue";
      Tree(*c, l.submode == "config-pubkey" || wide ? 2 : c->text == "exit-address-family" ? depth : depth + 1, out);
    }
  }
  std::vector<const Line*> LinesOf(S s) const {
    // Access lists, policy maps and interfaces stand as they were made.
    std::vector<const Line*> lines = Sorted(tree_.Of(s), s != S::kAccessList && s != S::kPolicyMap && s != S::kInterface);
    if (s == S::kObjectGroup) lines = MembersFirst(lines);
    if (s == S::kUsername && !tree_.from_asa) {  // a user's attributes behind the user
      std::map<std::string, std::size_t, std::less<>> place;
      const auto name_of = [](const Line* l) {
        const std::string_view rest = std::string_view(l->text).substr(std::min<std::size_t>(l->text.size(), 9));
        return std::string(rest.substr(0, rest.find(' ')));
      };
      for (const Line* l : lines) place.try_emplace(name_of(l), place.size());
      std::stable_sort(lines.begin(), lines.end(), [&](const Line* a, const Line* b) { return place[name_of(a)] < place[name_of(b)]; });
    }
    if (s == S::kMtu) {  // in the order of their interfaces
      std::map<std::string, int> place;
      for (const auto& i : tree_.Of(S::kInterface)) {
        if (const auto* n = i->First<NameifLine>()) place.emplace(n->name, static_cast<int>(place.size()));
      }
      const auto of = [&](const Line* l) {
        const auto* m = l->As<MtuLine>();
        const auto it = m == nullptr ? place.end() : place.find(m->interface);
        return it == place.end() ? INT32_MAX : it->second;
      };
      std::stable_sort(lines.begin(), lines.end(), [&](const Line* a, const Line* b) { return of(a) < of(b); });
    }
    return lines;
  }
  // Groups in the order in which they were made, but one that is a member before the one it is in: the text must load again.
  static std::vector<const Line*> MembersFirst(const std::vector<const Line*>& groups) {
    std::map<std::string, const Line*> by_name;
    for (const Line* g : groups) {
      if (const auto* l = g->As<GroupLine>()) by_name[l->name] = g;
    }
    std::vector<const Line*> out;
    std::set<const Line*> done;
    const auto emit = [&](const auto& self, const Line* g) -> void {
      if (!done.insert(g).second) return;
      for (const auto* m : g->All<GroupMember>()) {
        if (const auto it = by_name.find(m->name); it != by_name.end()) self(self, it->second);
      }
      out.push_back(g);
    };
    for (const Line* g : groups) emit(emit, g);
    return out;
  }
  static void SortByRank(std::vector<const Line*>& lines) {
    // "@NAME@REST": lines of one name stand together, what an ASA has from the beginning before all others.
    constexpr std::string_view kBuiltIn[] = {"DfltGrpPolicy", "DefaultL2LGroup", "DefaultRAGroup", "DefaultWEBVPNGroup"};
    std::map<std::pair<int, std::string_view>, std::size_t> order;
    const auto name_of = [](const Line* l) {
      const std::string_view s(l->sort);
      return s.starts_with('@') ? s.substr(1, s.find('@', 1) - 1) : std::string_view();
    };
    for (const Line* l : lines) {
      const std::string_view name = name_of(l);
      if (name.empty()) continue;
      const auto* built_in = std::find(std::begin(kBuiltIn), std::end(kBuiltIn), name);
      const auto place = built_in != std::end(kBuiltIn) ? static_cast<std::size_t>(built_in - kBuiltIn) : std::size(kBuiltIn) + order.size();
      order.try_emplace({l->rank, name}, place);
    }
    const auto key = [&](const Line* l) {
      const std::string_view s(l->sort), name = name_of(l);
      return name.empty() ? std::tuple(l->rank, std::size_t{0}, s) : std::tuple(l->rank, order.at({l->rank, name}), s.substr(name.size() + 2));
    };
    std::stable_sort(lines.begin(), lines.end(), [&](const Line* a, const Line* b) { return key(a) < key(b); });
  }
  // `by_rank`: in ASA's order. Lines that an ASA had keep its order, and the others stand where that order puts them.
  std::vector<const Line*> Sorted(const std::vector<std::shared_ptr<Line>>& from, bool by_rank) const {
    std::vector<const Line*> lines;
    for (const auto& c : from) lines.push_back(c.get());
    if (by_rank) SortByRank(lines);
    if (!tree_.from_asa) return lines;
    std::vector<std::pair<std::uint64_t, const Line*>> order;
    std::uint64_t place = 0;
    for (const Line* l : lines) {
      if (l->place != 0) place = l->place;
      order.emplace_back(place, l);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < lines.size(); i++) lines[i] = order[i].second;
    return lines;
  }
  const LineTree& tree_;
  const Personality& personality_;
  bool mask_;
};

std::string Md5OfBody(const std::string& body) {
  std::string text;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = body.find('\n', at);
    const std::string_view line(body.data() + at, end - at);
    if (line != "!") text += line;
    at = end + 1;
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &n, EVP_md5(), nullptr) != 1) return std::string(32, '0');
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < n; i++) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

// Values that are not in the configuration because they are the default; `show running-config all` adds them.
struct DefaultLine {
  S section;
  const char* begins;  // a line that begins so stands for it
  const char* text;
  const char* unless = nullptr;  // but not one that begins so
  int since = 0, until = 9999;   // releases that print it
};
constexpr DefaultLine kDefaults[] = {
    {S::kSysopt, "sysopt traffic detailed-statistics", "no sysopt traffic detailed-statistics", nullptr, 900},
    {S::kSysopt, "sysopt connection timewait", "no sysopt connection timewait"},
    {S::kSysopt, "sysopt connection tcpmss", "sysopt connection tcpmss 1380", "sysopt connection tcpmss minimum"},
    {S::kSysopt, "sysopt connection tcpmss minimum", "sysopt connection tcpmss minimum 0"},
    {S::kSysopt, "sysopt connection permit-vpn", "sysopt connection permit-vpn"},
    {S::kSysopt, "sysopt connection reclassify-vpn", "sysopt connection reclassify-vpn"},
    {S::kSysopt, "sysopt connection preserve-vpn-flows", "no sysopt connection preserve-vpn-flows"},
    {S::kSysopt, "sysopt nodnsalias inbound", "no sysopt nodnsalias inbound", nullptr, 0, 802},
    {S::kSysopt, "sysopt nodnsalias outbound", "no sysopt nodnsalias outbound", nullptr, 0, 802},
    {S::kSysopt, "sysopt radius ignore-secret", "no sysopt radius ignore-secret"},
    {S::kPager, "pager", "pager lines 24"},
    {S::kTelnet, "telnet timeout", "telnet timeout 5"},
    {S::kSsh, "ssh timeout", "ssh timeout 5"},
    {S::kConsole, "console timeout", "console timeout 0"},
    {S::kLogging, "logging buffer-size", "logging buffer-size 4096"},
    {S::kLogging, "logging asdm-buffer-size", "logging asdm-buffer-size 100"},
    {S::kLogging, "logging facility", "logging facility 20"},
    {S::kLogging, "logging queue", "logging queue 512"},
    {S::kTerminal, "terminal width", "terminal width 80"},
};
// Timers that no line names, in the lines that an ASA prints them in; `since` is major * 100 + minor.
struct DefaultTimer {
  int line;
  int since;
  const char* name;
  const char* text;
};
constexpr DefaultTimer kTimers[] = {
    {0, 0, "xlate", "xlate 3:00:00"},
    {1, 804, "pat-xlate", "pat-xlate 0:00:30"},
    {2, 0, "conn", "conn 1:00:00"},
    {2, 0, "half-closed", "half-closed 0:10:00"},
    {2, 0, "udp", "udp 0:02:00"},
    {2, 905, "sctp", "sctp 0:02:00"},
    {2, 0, "icmp", "icmp 0:00:02"},
    {3, 0, "sunrpc", "sunrpc 0:10:00"},
    {3, 0, "h323", "h323 0:05:00"},
    {3, 0, "h225", "h225 1:00:00"},
    {3, 0, "mgcp", "mgcp 0:05:00"},
    {3, 0, "mgcp-pat", "mgcp-pat 0:05:00"},
    {4, 0, "sip", "sip 0:30:00"},
    {4, 0, "sip_media", "sip_media 0:02:00"},
    {4, 0, "sip-invite", "sip-invite 0:03:00"},
    {4, 0, "sip-disconnect", "sip-disconnect 0:02:00"},
    {5, 800, "sip-provisional-media", "sip-provisional-media 0:02:00"},
    {5, 0, "uauth", "uauth 0:05:00 absolute"},
    {6, 802, "tcp-proxy-reassembly", "tcp-proxy-reassembly 0:01:00"},
    {7, 804, "floating-conn", "floating-conn 0:00:00"},
    {8, 904, "conn-holddown", "conn-holddown 0:00:15"},
    {9, 907, "igp", "igp stale-route 0:01:10"},
};

int PlaceOfTimer(std::string_view line) {
  const auto word = [&] {
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size()), end = std::min(line.find(' ', begin), line.size());
    const std::string_view w = line.substr(begin, end - begin);
    line.remove_prefix(end);
    return w;
  };
  word();  // "timeout"
  const std::string_view name = word();
  for (const DefaultTimer& t : kTimers) {
    if (name == t.name || (name == "icmp-error" && std::string_view(t.name) == "icmp")) return t.line;
  }
  return INT32_MAX;
}

// Everything that `show running-config all` adds.
std::vector<std::pair<S, std::string>> MissingLines(const LineTree& tree, int release) {
  std::vector<std::pair<S, std::string>> missing;
  for (const DefaultLine& d : kDefaults) {
    bool there = release < d.since || release > d.until;
    for (const auto& l : tree.Of(d.section)) {
      const std::string_view t(l->text);
      if (d.unless != nullptr && t.starts_with(d.unless)) continue;
      there = there || t.starts_with(d.begins) || t == "no " + std::string(d.begins);
    }
    if (!there) missing.emplace_back(d.section, d.text);
  }
  for (const auto& i : tree.Of(S::kInterface)) {
    const auto* name = i->First<NameifLine>();
    if (name == nullptr || tree.Find(S::kSysopt, "sysopt noproxyarp " + name->name) != nullptr) continue;
    missing.emplace_back(S::kSysopt, "no sysopt noproxyarp " + name->name);
  }
  for (const ThreatEventInfo& e : kThreatEventInfo) {
    for (const RateLimit& r : e.rates) {
      const std::string key = "threat-detection rate " + std::string(e.keyword) + " rate-interval " + std::to_string(r.interval_s) + " ";
      bool there = release < 800;
      for (const auto& l : tree.Of(S::kThreat)) there = there || l->text.starts_with(key);
      if (!there) missing.emplace_back(S::kThreat, key + "average-rate " + std::to_string(r.average) + " burst-rate " + std::to_string(r.burst));
    }
  }
  for (const DeclaredShape& d : DeclaredShapes()) {
    const Shape& shape = *d.shape;
    if (d.mode != "config" || *shape.options.silent == '\0' || *shape.options.silent == '*' || release < shape.options.since || release > shape.options.until) continue;
    const std::string_view silent = shape.options.silent;
    const std::string_view key = shape.options.keep_no ? silent : silent.substr(0, silent.rfind(' '));
    bool there = std::any_of(missing.begin(), missing.end(), [&](const auto& m) { return m.second == silent; });
    for (const auto& l : tree.Of(shape.section)) {
      const std::string_view t = l->text.starts_with("no ") ? std::string_view(l->text).substr(3) : std::string_view(l->text);
      there = there || t.starts_with(key);
    }
    if (!there) missing.emplace_back(shape.section, std::string(silent));
  }
  const auto named = [&](std::string_view name) {
    for (const auto* l : tree.All<TimeoutLine>(S::kTimeout)) {
      for (const TimeoutEntry& e : l->entries) {
        if (e.name == name) return true;
      }
    }
    return false;
  };
  int line = -1;
  for (const DefaultTimer& t : kTimers) {
    if (release < t.since || named(t.name)) continue;
    if (t.line != line) missing.emplace_back(S::kTimeout, "timeout");
    line = t.line;
    missing.back().second += std::string(" ") + t.text;
  }
  return missing;
}

}  // namespace

std::string Configuration::Print(const PrintOptions& options) const {
  const Personality& p = impl_->personality;
  const std::unique_ptr<const Configuration> full = options.all ? WithVpnDefaults() : nullptr;
  const Printer printer(full ? full->impl_->tree : impl_->tree, p, !options.secrets);
  std::vector<std::pair<S, std::string>> missing;
  if (options.all) missing = MissingLines(impl_->tree, p.release);
  if (!options.section.empty()) {
    std::string out;
    const auto wanted = [&](std::string_view text) {
      for (std::string_view t : {text, text.starts_with("no ") ? text.substr(3) : text}) {
        if (t.starts_with(options.section) && (t.size() == options.section.size() || t[options.section.size()] == ' ')) return true;
      }
      return false;
    };
    bool nat = false;
    for (const Item& i : printer.Items(missing)) {
      if (!wanted(i.title)) continue;
      if (i.section == S::kObjectNat && !std::exchange(nat, true)) out += "!\n";
      out += i.text;
      if (i.section == S::kInterface) out += "!\n";
    }
    return out;
  }
  std::string out;
  if (p.header_hardware) {
    out = ": Saved\n\n: \n";
    if (!options.serial.empty()) out += ": Serial Number: " + options.serial + "\n";
    if (!options.hardware.empty()) out += ": Hardware:   " + options.hardware + "\n";
    out += options.saved_line.empty() ? ":\n" : options.saved_line + "\n!\n";
  } else {
    out = ": Saved\n" + (options.saved_line.empty() ? ":" : options.saved_line) + "\n";
  }
  out += printer.Body(missing);
  out += "Cryptochecksum:" + Checksum() + "\n: end\n";
  return out;
}

// A copy that says the defaults of crypto maps, group policies, tunnel groups and TCP maps too: each goes where its kind belongs, and lines
// that an ASA prints with `no` are kept, so the copy is read as an ASA's own.
std::unique_ptr<Configuration> Configuration::WithVpnDefaults() const {
  auto full = std::make_unique<Configuration>(impl_->personality);
  LoadOptions options;
  options.personality = impl_->personality;
  full->Load(": Saved\n" + Body(true) + ": end\n", options);
  full->impl_->loading = true;
  ConfigMode mode;
  for (const std::string& line : VpnDefaults(full->impl_->tree, impl_->personality.release)) full->Apply(mode, line);
  full->impl_->loading = false;
  return full;
}

std::string Configuration::Body(bool secrets) const { return Printer(impl_->tree, impl_->personality, !secrets).Body(); }

std::vector<LineReport> Configuration::MissingSecrets() const {
  std::vector<LineReport> out;
  const auto look = [&](const auto& self, const Line& l) -> void {
    if (l.secret == KeyState::kMasked) {
      out.push_back({static_cast<int>(l.place), l.text, l.text + "\nWARNING: the key is not known; it is masked here\n", false});
    }
    for (const auto& c : l.lines) self(self, *c);
  };
  for (std::size_t s = 0; s < kSectionCount; s++) {
    for (const auto& l : impl_->tree.Of(static_cast<Section>(s))) look(look, *l);
  }
  std::stable_sort(out.begin(), out.end(), [](const LineReport& a, const LineReport& b) { return a.number < b.number; });
  return out;
}

std::string Configuration::WithoutSecrets(std::string_view text) {
  Configuration scratch;
  LoadOptions options;
  options.empty_first = true;
  (void)scratch.Load(text, options);
  std::map<std::uint32_t, std::string> masked;
  for (std::size_t s = 0; s < kSectionCount; s++) {
    for (const auto& l : scratch.tree().Of(static_cast<Section>(s))) MaskedLines(*l, scratch.personality(), masked);
  }
  std::string out;
  std::uint32_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (const auto it = masked.find(++number); it != masked.end()) {
      out += std::string(std::min(line.find_first_not_of(" \t"), line.size()), ' ') + it->second;
    } else {
      out += line;
    }
    if (end < text.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

std::string Configuration::Checksum() const {
  return Md5OfBody(Printer(impl_->tree, impl_->personality, true).Body());  // as it is displayed
}

}  // namespace sallyport
