// What the databases of sessions share: indexes, counters, and who else has sessions of a user. IKE's sessions are VpnSessions',
// those of AnyConnect and the portal SslSessions' (vpn/anyconnect/sessions.h). Control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vpn/remote_sessions.h"
#include "vpn/views.h"

namespace sallyport {

// Names by which a server may know the same user are one: "Bob ", "bob". Sessions and wrong passwords are counted by it.
std::string UserKey(std::string_view name);

class SessionCounts {
 public:
  // 1..65535, in turn; one that is free.
  std::uint32_t NewIndex();
  void Free(std::uint32_t index) { used_.erase(index); }
  std::size_t size() const { return used_.size(); }  // sessions of every kind

  // A session comes (+1) or goes (-1). `mobile`: of AnyConnect on a mobile device.
  void Count(VpnSessionType type, std::uint8_t ike_version, int by, bool mobile = false);
  void CountTunnel(VpnTunnelKind kind, int by);
  // An active session of AnyConnect has become inactive (+1), or active again (-1).
  void CountInactive(int by);
  // A session of the portal has become one of AnyConnect.
  void PortalToClient();
  VpnStatisticsView View() const;

  // --- all databases
  void Join(RemoteSessions& database) { databases_.push_back(&database); }
  void Leave(RemoteSessions& database) { std::erase(databases_, &database); }
  const std::vector<RemoteSessions*>& databases() const { return databases_; }
  // One login more of the user would be too many: the session that has been idle for longest, which must go.
  struct Which {
    RemoteSessions* database = nullptr;
    std::uint32_t index = 0;
  };
  std::optional<Which> TooMany(const std::string& user, std::uint32_t limit) const;

 private:
  std::set<std::uint32_t> used_;
  std::uint32_t last_index_ = 0;
  VpnStatisticsView statistics_;
  std::vector<RemoteSessions*> databases_;
};

}  // namespace sallyport
