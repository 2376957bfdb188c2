// `access-list ... log`: message 106100 for a flow's first hit, then one for each interval with the hits in it; 106102 where the list
// is the filter of a VPN session.
//
// Data thread only; consulted for new flows, never for packets of known ones.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "firewall/access_list.h"
#include "firewall/log_event.h"
#include "firewall/types.h"

namespace sallyport {

class AclLog {
 public:
  explicit AclLog(LogSink& log) : log_(log) {}

  struct Hit {
    const AclElement& element;
    NameId list;
    const FlowKey& key;  // addresses as the message shows them
    NameId in;
    NameId out;
    std::uint8_t icmp_type = 0;
    const std::string* vpn_user = nullptr;  // of the session whose filter the list is
  };
  void Record(const Hit& hit, TimePoint now);
  void ExpireUntil(TimePoint now);
  TimePoint NextDeadline() const;
  std::size_t total() const { return flows_.size(); }
  std::size_t denied() const { return denied_; }

  // access-list deny-flow-max and alert-interval
  void SetLimits(std::size_t deny_flow_max, std::int64_t alert_interval_s) {
    deny_flow_max_ = deny_flow_max;
    alert_interval_ = Duration::Seconds(alert_interval_s);
  }

 private:
  struct Key {
    FlowKey flow;
    std::uint32_t hash;
    bool vpn;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& k) const;
  };
  struct Flow {
    Key key;
    NameId list{}, in{}, out{};
    bool permit = false;
    std::int8_t severity = 6;
    std::uint32_t parent_hash = 0;
    std::uint32_t interval_s = 300;
    std::string user;         // Hit::vpn_user
    std::uint64_t count = 0;  // in the running interval
  };
  void Emit(const Flow& f, std::uint64_t count, bool first, TimePoint now);

  LogSink& log_;
  using ByDeadline = std::multimap<TimePoint, Flow>;
  ByDeadline deadlines_;
  std::unordered_map<Key, ByDeadline::iterator, KeyHash> flows_;
  std::size_t denied_ = 0;
  std::size_t deny_flow_max_ = 4096;
  Duration alert_interval_ = Duration::Seconds(300);
  TimePoint limit_told_{INT64_MIN / 2};  // never
};

}  // namespace sallyport
