// The session database: who is connected, by which tunnels, since when and with how much traffic; what `show vpn-sessiondb` lists
// and counts, and which sessions have been idle, or there, for too long. Control thread; knows no sockets and no log: who owns it
// (vpn/service.h) is told what has ended and says 113019.
//
// A session begins with its IKE security association and ends with the last one of it (rekeys go on with it). Its tunnels are that
// association and the pairs of IPsec security associations below it; a pair that replaces another one shares its SaActivity, and is
// the same tunnel under a new number.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vpn/ike/host.h"
#include "vpn/session_counts.h"
#include "vpn/views.h"

namespace sallyport {

class VpnSessions {
 public:
  static constexpr std::uint32_t kMost = kVpnSessionsHeld;
  explicit VpnSessions(SessionCounts& counts);
  ~VpnSessions();
  // What the group policy says of a session.
  struct Limits {
    std::uint32_t idle_minutes = 30, session_minutes = 0;  // 0: none
    std::string filter;
  };
  struct Ended {
    std::uint32_t index = 0;
    VpnSessionType type{};
    std::string group, user;
    IpAddress peer;
    Duration duration;
    VpnTraffic traffic;
    std::string reason;                   // "User Requested"
    std::optional<VpnTunnelKind> carrier;  // the last IPsec tunnel's kind; none: IKE only
    std::uint8_t ike_version = 1;
  };

  // `wall`: nanoseconds since 1970. `replaces`: the IKE association whose place the new
  // one takes (IkeHost::PeerUp), 0: none. The session's index.
  std::uint32_t PeerUp(const IkePeerUp& up, std::uint32_t replaces, const Limits& limits, TimePoint now, std::int64_t wall);
  // `ike_sa` as IkeCore::Numbered gives it. Nothing: it was replaced, or was not known.
  std::optional<Ended> PeerDown(std::uint32_t ike_sa, IkeEnd why, TimePoint now);
  // A pair whose IKE association is not known yet is passed over: to be told again after PeerUp.
  void PairUp(const ChildSa& sa, TimePoint now);
  void PairDown(std::uint32_t spi_in);
  void PairMoved(std::uint32_t spi_in, const Endpoint& peer);

  // What is due: a session that has been idle or there for too long, as a whole, or one of several tunnels of it that has been idle. The
  // clock may have been moved over several of them, and over lifetimes.
  struct Due {
    std::uint32_t index = 0;
    std::uint32_t ike_sa = 0;  // without the bit of the version
    std::uint8_t version = 1;
    std::optional<std::uint32_t> spi_in;  // only this pair
    IkeEnd why = IkeEnd::kIdleTimeout;
    TimePoint at;        // when it was due
    bool first = false;  // and no lifetime of its security associations had ended before
  };
  std::vector<Due> AllDue(TimePoint now) const;  // by time

  // Remote-access sessions of a user in order of age.
  std::vector<std::uint32_t> OfUser(const std::string& user) const;
  // Where its end is to be asked for; nothing: there is no such session.
  std::optional<Due> Find(std::uint32_t index) const;
  // The session will end, and for this reason, whatever the IKE engine calls it.
  void WillEnd(std::uint32_t index, std::string reason);
  // The tunnel group of an IKE association (IkeCore::Numbered); "": it is not known.
  std::string GroupOf(std::uint32_t ike_sa) const;

  TimePoint LastUsed(std::uint32_t index) const;  // Max: there is no such session

  std::vector<VpnSessionView> Views(TimePoint now) const;

 private:
  struct Session;
  struct Tunnel;
  Session* OfIkeSa(std::uint32_t numbered);

  std::map<std::uint32_t, std::unique_ptr<Session>> sessions_;  // by index
  std::vector<std::uint32_t> order_;                            // indexes by age
  std::map<std::uint32_t, std::uint32_t> of_ike_sa_;            // numbered IKE association -> index
  std::map<std::uint32_t, std::uint32_t> of_spi_;               // inbound SPI -> index
  SessionCounts& counts_;
};

// "0h:32m:16s", "1d 2h:03m:04s".
std::string VpnDuration(Duration d);
// Words of 113019.
std::string_view EndReason(IkeEnd why);

}  // namespace sallyport
