// `show running-config`: order and spacing by release (the order is data here; the lines print themselves).
#include <openssl/evp.h>

#include <algorithm>
#include <map>
#include <set>

#include "conf/configuration_impl.h"
#include "conf/lines.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

using S = Section;

// Up to 8.2, 8.3 and later; 9.18 prints access-group before access-list.
constexpr S kOld[] = {S::kHostname, S::kDomain, S::kEnable, S::kPasswd, S::kNames, S::kMacAddress, S::kInterface, S::kBanner, S::kBoot, S::kFtpMode, S::kClock,
                      S::kDnsLookup, S::kDnsGroup, S::kSameSecurity, S::kObjectGroup, S::kAccessList, S::kPager, S::kLogging, S::kMtu, S::kLocalPool, S::kIpVerify,
                      S::kFailover, S::kMonitor, S::kIcmp, S::kAsdm, S::kArp, S::kNatControl, S::kGlobal, S::kNat, S::kStatic, S::kAccessGroup,
                      S::kRoute, S::kTimeout, S::kDapLate, S::kAaaServer, S::kAaa, S::kHttp, S::kSnmp, S::kSysopt, S::kService, S::kCrypto, S::kTelnet,
                      S::kSsh, S::kConsole, S::kManagementAccess, S::kTerminal, S::kDhcpd, S::kThreat, S::kNtp, S::kSsl, S::kWebvpn, S::kUsername,
                      S::kClassMap, S::kPolicyMap, S::kServicePolicy, S::kPrompt, S::kCallHome, S::kPassword};
constexpr S kNew[] = {S::kHostname, S::kDomain, S::kEnable, S::kServiceModule, S::kXlatePerSession, S::kPasswd, S::kNames, S::kMacAddress, S::kLocalPool,
                      S::kInterface, S::kBanner, S::kBoot, S::kFtpMode, S::kClock, S::kDnsLookup, S::kDnsGroup, S::kSameSecurity, S::kGroupSearch, S::kObject,
                      S::kObjectGroup, S::kAccessList, S::kPager, S::kLogging, S::kMtu, S::kIpVerify, S::kFailover, S::kMonitor, S::kIcmp, S::kAsdm,
                      S::kArp, S::kTwiceNat, S::kObjectNat, S::kAfterAutoNat, S::kAccessGroup, S::kRoute, S::kTimeout, S::kDapEarly,
                      S::kAaaServer, S::kUserIdentity, S::kAaa, S::kHttp, S::kSnmp, S::kSysopt, S::kService, S::kCrypto, S::kTelnet, S::kSsh,
                      S::kConsole, S::kManagementAccess, S::kTerminal, S::kDhcpd, S::kThreat, S::kNtp, S::kSsl, S::kWebvpn, S::kDapLate, S::kUsername,
                      S::kClassMap, S::kPolicyMap, S::kServicePolicy, S::kPrompt, S::kCallHome, S::kPassword};

constexpr int kObjectNatRank = 100;  // grammar_nat.cc

std::vector<S> OrderOf(const Personality& p) {
  const int release = ReleaseOf(p);
  std::vector<S> order = p.object_nat ? std::vector<S>(std::begin(kNew), std::end(kNew)) : std::vector<S>(std::begin(kOld), std::end(kOld));
  if (p.object_nat && release < 908) {  // dynamic-access-policy-record stood before aaa-server
    std::erase(order, S::kDapLate);
    *std::find(order.begin(), order.end(), S::kDapEarly) = S::kDapLate;
  }
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

// A hash is no secret up to 9.17; later `show` masks it.
std::string Masked(const Line& l, bool mask) {
  if (mask && (l.section == S::kEnable || l.section == S::kUsername || l.section == S::kPasswd)) {
    for (const char* form : {" pbkdf2", " encrypted"}) {
      const std::size_t tail = l.text.find(form);
      if (tail == std::string::npos) continue;
      const std::size_t head = l.text.rfind(' ', tail - 1);
      return l.text.substr(0, head + 1) + "*****" + l.text.substr(tail);
    }
  }
  return l.text;
}

class Printer {
 public:
  Printer(const LineTree& tree, const Personality& personality, bool mask) : tree_(tree), personality_(personality), mask_(mask) {}

  void Tree(const Line& l, int depth, std::string& out) const {
    if (l.text.empty()) {  // the lines of one access list
      for (const auto& c : l.lines) out += "access-list " + l.key + " " + c->text + "\n";
      return;
    }
    out.append(static_cast<std::size_t>(depth), ' ');
    out += Masked(l, mask_);
    out += '\n';
    for (const Line* c : Sorted(l)) {
      if (c->rank == kObjectNatRank) continue;
      if (l.submode == "config-pubkey") out.append(c->text == "quit" ? 0 : 2, ' ');
      Tree(*c, l.submode == "config-pubkey" ? 2 : depth + 1, out);
    }
  }
  void ObjectNat(std::string& out) const {
    for (const auto& o : tree_.Of(S::kObject)) {
      for (const auto& c : o->lines) {
        if (c->rank == kObjectNatRank) out += o->text + "\n " + c->text + "\n";
      }
    }
  }
  std::string SectionText(S s) const {
    std::string out;
    if (s == S::kObjectNat) {
      ObjectNat(out);
      return out;
    }
    std::vector<const Line*> lines;
    for (const auto& l : tree_.Of(s)) lines.push_back(l.get());
    if (s != S::kAccessList && s != S::kPolicyMap && s != S::kInterface) {
      std::stable_sort(lines.begin(), lines.end(), [](const Line* a, const Line* b) { return a->rank < b->rank; });
    }
    if (s == S::kObjectGroup) lines = MembersFirst(lines);
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
    for (const Line* l : lines) {
      Tree(*l, 0, out);
      if (s == S::kInterface) out += "!\n";
    }
    return out;
  }
  // `added`: lines that are not in the tree, each behind its section's.
  std::string Body(const std::vector<std::pair<S, std::string>>& added = {}) const {
    std::string out = "ASA Version " + personality_.version + " \n!\n";
    const int release = ReleaseOf(personality_);
    bool modular = false;
    for (const S s : OrderOf(personality_)) {
      const std::string text = SectionText(s);
      switch (s) {
        case S::kInterface: out += release >= 906 ? "\n!\n" : "!\n"; break;
        case S::kObjectNat:
        case S::kAfterAutoNat:
          if (!text.empty()) out += "!\n";
          break;
        case S::kClassMap: out += "!\n"; break;
        case S::kPolicyMap:
          modular = !text.empty() || !tree_.Of(S::kClassMap).empty();
          if (modular) out += "!\n!\n";
          break;
        case S::kServicePolicy:
          if (modular) out += "!\n";
          break;
        default: break;
      }
      out += text;
      for (const auto& [section, line] : added) {
        if (section == s) out += line + "\n";
      }
      if (s == S::kDhcpd && !text.empty()) out += "!\n";
    }
    return out;
  }

 private:
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
  static std::vector<const Line*> Sorted(const Line& l) {
    std::vector<const Line*> lines;
    for (const auto& c : l.lines) lines.push_back(c.get());
    std::stable_sort(lines.begin(), lines.end(), [](const Line* a, const Line* b) { return a->rank < b->rank; });
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
};
constexpr DefaultLine kDefaults[] = {
    {S::kSysopt, "sysopt connection timewait", "no sysopt connection timewait"},
    {S::kSysopt, "sysopt connection tcpmss", "sysopt connection tcpmss 1380", "sysopt connection tcpmss minimum"},
    {S::kSysopt, "sysopt connection tcpmss minimum", "sysopt connection tcpmss minimum 0"},
    {S::kSysopt, "sysopt connection permit-vpn", "sysopt connection permit-vpn"},
    {S::kSysopt, "sysopt connection reclassify-vpn", "sysopt connection reclassify-vpn"},
    {S::kSysopt, "sysopt connection preserve-vpn-flows", "no sysopt connection preserve-vpn-flows"},
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

// Everything that `show running-config all` adds.
std::vector<std::pair<S, std::string>> MissingLines(const LineTree& tree, int release) {
  std::vector<std::pair<S, std::string>> missing;
  for (const DefaultLine& d : kDefaults) {
    bool there = false;
    for (const auto& l : tree.Of(d.section)) {
      const std::string_view t(l->text);
      if (d.unless != nullptr && t.starts_with(d.unless)) continue;
      there = there || t.starts_with(d.begins) || t == "no " + std::string(d.begins);
    }
    if (!there) missing.emplace_back(d.section, d.text);
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
  const bool mask = !options.secrets && ReleaseOf(impl_->personality) >= 918;
  const Printer printer(impl_->tree, impl_->personality, mask);
  std::vector<std::pair<S, std::string>> missing;
  if (options.all) missing = MissingLines(impl_->tree, ReleaseOf(impl_->personality));
  if (!options.section.empty()) {
    std::string out;
    const auto wanted = [&](std::string_view text) {
      for (std::string_view t : {text, text.starts_with("no ") ? text.substr(3) : text}) {
        if (t.starts_with(options.section) && (t.size() == options.section.size() || t[options.section.size()] == ' ')) return true;
      }
      return false;
    };
    for (const S s : OrderOf(impl_->personality)) {
      if (s == S::kObjectNat) {
        if (wanted("nat") && options.section == "nat") {
          std::string block;
          printer.ObjectNat(block);
          if (!block.empty()) out += "!\n" + block;
        }
        continue;
      }
      for (const auto& l : impl_->tree.Of(s)) {
        if (l->text.empty() ? wanted("access-list " + l->key) : wanted(l->text)) {
          printer.Tree(*l, 0, out);
          if (s == S::kInterface) out += "!\n";
        }
      }
      for (const auto& [section, line] : missing) {
        if (section == s && wanted(line)) out += line + "\n";
      }
    }
    return out;
  }
  std::string out;
  if (impl_->personality.header_hardware) {
    out = ": Saved\n\n: \n";
    if (!options.serial.empty()) out += ": Serial Number: " + options.serial + "\n";
    if (!options.hardware.empty()) out += ": Hardware:   " + options.hardware + "\n";
    out += options.saved_line.empty() ? ":\n" : options.saved_line + "\n!\n";
  } else {
    out = ": Saved\n" + (options.saved_line.empty() ? ":" : options.saved_line) + "\n";
  }
  out += printer.Body(missing);
  out += "Cryptochecksum:" + Md5OfBody(printer.Body()) + "\n: end\n";
  return out;
}

std::string Configuration::Checksum() const {
  return Md5OfBody(Printer(impl_->tree, impl_->personality, ReleaseOf(impl_->personality) >= 918).Body());
}

}  // namespace sallyport
