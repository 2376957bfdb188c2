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
#include <vector>

namespace sallyport {

// Parts of `show running-config`. The order of printing is data in print.cc, by release.
#define SALLYPORT_SECTIONS(X)                                                                                             \
  X(Hostname) X(Domain) X(Enable) X(ServiceModule) X(XlatePerSession) X(Passwd) X(Names) X(MacAddress) X(LocalPool)       \
  X(Interface) X(Banner) X(Boot) X(FtpMode) X(Clock) X(DnsLookup) X(DnsGroup) X(SameSecurity) X(GroupSearch) X(Object) X(ObjectGroup)         \
  X(AccessList) X(Pager) X(Logging) X(Mtu) X(IpVerify) X(Failover) X(Monitor) X(Icmp) X(Asdm) X(Arp)                      \
  X(NatControl) X(Global) X(Nat) X(Static) X(TwiceNat) X(ObjectNat) X(AfterAutoNat) X(AccessGroup) X(Route) X(Timeout)    \
  X(DapEarly) X(AaaServer) X(UserIdentity) X(Aaa) X(Http) X(Snmp) X(Sysopt) X(Service) X(Crypto) X(Telnet) X(Ssh)                 \
  X(Console) X(ManagementAccess) X(Terminal) X(Dhcpd) X(Threat) X(Ntp) X(Ssl) X(Webvpn) X(DapLate) X(Username)           \
  X(ClassMap) X(PolicyMap) X(ServicePolicy) X(Prompt) X(CallHome) X(Password)
enum class Section : std::uint8_t {
#define X(name) k##name,
  SALLYPORT_SECTIONS(X)
#undef X
  kCount
};
inline constexpr std::size_t kSectionCount = static_cast<std::size_t>(Section::kCount);

enum class Effect : std::uint8_t { kModelled, kAccepted };

struct Line {
  Section section{};
  int rank = 0;  // order among the lines of a sub-mode
  Effect effect = Effect::kModelled;
  std::string kind;     // the declaration that made it: "access-list", "nameif"
  std::string key;      // unique within its parent
  std::string text;     // as printed, without indentation; "" : a hidden group (the lines of one access list)
  std::string submode;  // "config-if": it has lines of its own
  std::vector<std::shared_ptr<Line>> lines;

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
  std::shared_ptr<Line> Shared(Line* parent, Section s, const Line* line) const;
  void Clear();

 private:
  static std::string IndexKey(const Line* parent, Section s, std::string_view key);
  std::array<std::vector<std::shared_ptr<Line>>, kSectionCount> sections_;
  std::unordered_map<std::string, Line*> index_;  // top level and sub-lines
};

}  // namespace sallyport
