// The configuration as a tree of lines, each holding the plain struct that its command was parsed into. A line knows its
// printed text, its section (where `show running-config` puts it), its key (what makes a second line replace the first) and
// its sub-mode lines. What is modelled is read from the structs when the policy is compiled; what is accepted without effect
// is kept and printed all the same.
//
// Owned by Configuration, control thread only. No meaning lives here.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sallyport {

// Parts of `show running-config`, each with the feature that a report counts it under. The order of printing is data in print.cc,
// by release.
#define SALLYPORT_SECTIONS(X) \
  X(Hostname, "system") X(Domain, "system") X(Enable, "passwords") X(License, "licence") X(ServiceModule, "modules") \
  X(XlatePerSession, "NAT") X(Passwd, "passwords") X(Names, "names") X(MacAddress, "interfaces")                     \
  X(LocalPool, "address pools") X(Zone, "zones") X(Context, "contexts") X(Cluster, "cluster")                        \
  X(Interface, "interfaces") X(Regex, "modular policy") X(Banner, "banners") X(Boot, "system") X(FtpMode, "system")  \
  X(Clock, "clock") X(DnsLookup, "DNS") X(DnsGroup, "DNS") X(SameSecurity, "interfaces")                             \
  X(GroupSearch, "access lists") X(Object, "objects") X(ObjectGroup, "objects") X(TimeRange, "time ranges")          \
  X(AccessList, "access lists") X(Ipv6AccessList, "access lists") X(SnmpMap, "SNMP") X(TcpMap, "modular policy")     \
  X(Pager, "console") X(Logging, "logging") X(FlowExport, "NetFlow") X(Mtu, "interfaces") X(IpAudit, "IP audit")     \
  X(IpVerify, "interfaces") X(Failover, "failover") X(Monitor, "failover") X(Icmp, "ICMP") X(Asdm, "ASDM")           \
  X(Arp, "ARP") X(NatControl, "NAT") X(Global, "NAT") X(Nat, "NAT") X(Static, "NAT") X(TwiceNat, "NAT")              \
  X(ObjectNat, "NAT") X(AfterAutoNat, "NAT") X(AccessGroup, "access lists") X(Ipv6Icmp, "ICMP")                      \
  X(Ipv6Route, "routes") X(PrefixList, "routing protocols") X(RouteMap, "routing protocols")                         \
  X(Router, "routing protocols") X(Multicast, "multicast") X(Route, "routes") X(Timeout, "timeouts")                 \
  X(DapEarly, "dynamic access policy") X(LdapMap, "AAA") X(AaaServer, "AAA") X(UserIdentity, "identity firewall")    \
  X(Aaa, "AAA") X(UrlFilter, "URL filtering") X(Http, "management access") X(Snmp, "SNMP") X(Sla, "SLA monitor")     \
  X(Sysopt, "sysopt") X(Service, "service") X(Crypto, "crypto") X(Track, "SLA monitor") X(VpnAddrAssign, "VPN")      \
  X(Telnet, "management access") X(Ssh, "management access") X(Console, "management access")                         \
  X(ManagementAccess, "management access") X(Terminal, "console") X(VpnSettings, "VPN")                              \
  X(VpnLoadBalancing, "VPN load balancing") X(DhcpClient, "DHCP") X(Dhcpd, "DHCP") X(PriorityQueue, "QoS")           \
  X(Threat, "threat detection") X(Ntp, "NTP") X(Ssl, "SSL") X(Webvpn, "webvpn") X(GroupPolicy, "group policies")     \
  X(DapLate, "dynamic access policy") X(Username, "users") X(TunnelGroupMap, "tunnel groups")                        \
  X(TunnelGroup, "tunnel groups") X(ClassMap, "modular policy") X(PolicyMap, "modular policy")                       \
  X(ServicePolicy, "modular policy") X(Smtp, "logging") X(Privilege, "privilege levels") X(Prompt, "console")        \
  X(CallHome, "call home") X(Password, "passwords")                                                                 
enum class Section : std::uint8_t {
#define X(name, feature) k##name,
  SALLYPORT_SECTIONS(X)
#undef X
  kCount
};
inline constexpr std::size_t kSectionCount = static_cast<std::size_t>(Section::kCount);

std::string_view FeatureOf(Section s);

// What a line does here. Dormant: read into typed fields and checked like a modelled one, for an engine that is not built yet.
enum class Effect : std::uint8_t { kModelled, kDormant, kAccepted };

// Does a line carry a key or a password, and do we know it? Masked: it came as `*****`.
enum class KeyState : std::uint8_t { kNone, kMasked, kKnown };
// "*", "*****": what `show` prints for a secret.
bool IsMask(std::string_view word);

struct Line : std::enable_shared_from_this<Line> {
  Section section{};
  int rank = 0;  // order among the lines of a section or sub-mode
  std::string sort;  // order among those of one rank; "" : as they were made
  Effect effect = Effect::kModelled;
  KeyState secret = KeyState::kNone;
  std::string kind;     // the declaration that made it: "access-list", "nameif"
  std::string key;      // unique within its parent; LineTree::Rekey changes it
  std::string text;     // as printed, without indentation; "" : a hidden group (the lines of one access list)
  std::string submode;  // "config-if": it has lines of its own
  std::vector<std::shared_ptr<Line>> lines;

  // Where the line stood in a configuration that an ASA printed (LineTree::Stamp); 0: it was made otherwise.
  std::uint32_t place = 0;
  std::uint8_t indent = 0;  // the blanks before it, if they are not its depth; 0: as deep as it is
  std::string lead;         // the empty lines and `!` lines that were before it there
  bool by_default = false;  // made with its parent; nobody has said it

  template <typename T>
  void Set(T v) {
    // One control block type for all: its template is worth more compile time than the second allocation costs.
    value_ = std::shared_ptr<const void>(static_cast<const void*>(new T(std::move(v))), &Free<T>);
    type_ = typeid(T);
  }
  // The struct, or null when it is another's.
  template <typename T>
  const T* As() const {
    return type_ == typeid(T) ? static_cast<const T*>(value_.get()) : nullptr;
  }
  Line* Find(std::string_view line_key) const;
  // The first line of `type` T below.
  template <typename T>
  const T* First() const {
    for (const auto& l : lines) {
      if (const T* t = l->As<T>()) return t;
    }
    return nullptr;
  }
  template <typename T>
  std::vector<const T*> All() const {
    std::vector<const T*> out;
    for (const auto& l : lines) {
      if (const T* t = l->As<T>()) out.push_back(t);
    }
    return out;
  }

 private:
  template <typename T>
  static void Free(const void* value) { delete static_cast<const T*>(value); }
  std::shared_ptr<const void> value_;
  std::type_index type_ = typeid(void);
};

class LineTree {
 public:
  // Top-level lines of a section in the order in which they were made.
  const std::vector<std::shared_ptr<Line>>& Of(Section s) const { return sections_[static_cast<std::size_t>(s)]; }
  template <typename T>
  std::vector<const T*> All(Section s) const {
    std::vector<const T*> out;
    for (const auto& l : Of(s)) {
      if (const T* t = l->As<T>()) out.push_back(t);
    }
    return out;
  }
  template <typename T>
  const T* First(Section s) const {
    for (const auto& l : Of(s)) {
      if (const T* t = l->As<T>()) return t;
    }
    return nullptr;
  }
  Line* Find(Section s, std::string_view key) const { return Find(nullptr, s, key); }
  Line* Find(const Line* parent, Section s, std::string_view key) const;  // by index, however long the list
  // The line with this key, made (at the end, or before `before`) when there is none. `parent` null: top level.
  Line& Upsert(Line* parent, Section s, const std::string& key, std::size_t position = SIZE_MAX);
  bool Remove(Line* parent, Section s, std::string_view key);
  // Removes what `gone` says; returns how many.
  template <typename F>
  std::size_t RemoveIf(Line* parent, Section s, F&& gone) {
    std::vector<std::string> keys;
    for (const auto& l : parent != nullptr ? parent->lines : Of(s)) {
      if (l->section == s && gone(*l)) keys.push_back(l->key);
    }
    for (const std::string& k : keys) Remove(parent, s, k);
    return keys.size();
  }
  // The line is found by `key` from now on; false: another one has that key.
  bool Rekey(Line* parent, Line& line, const std::string& key);
  void Clear();

  // While a configuration that an ASA printed is read: lines that are made from now on stand at `place`, the first one behind
  // `lead`. Place 0 ends it.
  struct Stamp {
    std::uint32_t place = 0;
    std::string lead;
    const Line* parent = nullptr;  // whose lines it says; null: a top-level line
    Line* first = nullptr;         // the first line that was made since
    Line* second = nullptr;        // the next beside it
  };
  void Begin(std::uint32_t place, std::string lead) { stamp_ = {place, std::move(lead), nullptr, nullptr, nullptr}; }
  // The spacing that no line has taken.
  std::string TakeLead() { return std::exchange(stamp_.lead, {}); }
  void BelongsTo(const Line* parent) { stamp_.parent = parent; }
  const Stamp& stamp() const { return stamp_; }
  // A line that stood there by default is said at last: its place is here.
  void Restamp(Line& line);
  // What stood behind the last line.
  std::string tail;
  bool from_asa = false;  // an ASA printed what was loaded: its order and spacing hold

 private:
  struct IndexKey {
    const Line* parent;  // null: top level
    Section section;
    std::string_view key;  // the line's own
    bool operator==(const IndexKey&) const = default;
  };
  struct IndexHash {
    std::size_t operator()(const IndexKey& k) const;
  };
  std::array<std::vector<std::shared_ptr<Line>>, kSectionCount> sections_;
  std::unordered_map<IndexKey, Line*, IndexHash> index_;  // top level and sub-lines
  Stamp stamp_;
};

}  // namespace sallyport
