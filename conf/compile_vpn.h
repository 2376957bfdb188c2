// The parts that make a VpnPolicy out of configuration lines: compile_vpn.cc (the whole, virtual tunnels, the hardware client),
// compile_crypto_map.cc, compile_ike.cc (policies, options, certificates), compile_groups.cc (tunnel groups, group policies, users),
// compile_webvpn.cc and compile_ssl_rules.cc (AnyConnect).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/compile.h"
#include "conf/cursor.h"
#include "conf/field_line.h"
#include "conf/line_tree.h"
#include "firewall/policy.h"
#include "vpn/policy.h"

namespace sallyport {

struct VpnSource {
  const LineTree& tree;
  const NameTable& names;
  const Policy& policy;  // its interfaces and access lists are compiled
  int release;           // major * 100 + minor

  IfId InterfaceOf(std::string_view nameif) const;  // kAny: there is none
  std::optional<IpAddress> AddressOf(std::string_view word) const;
  std::shared_ptr<const AccessList> ListOf(std::string_view name) const;  // null: there is none
};

// What of `text` stands behind `begins`; nothing: it begins otherwise.
std::optional<std::string_view> Behind(std::string_view text, std::string_view begins);

// "group14", "14" -> 14; 0 for ""
std::uint16_t DhGroupOf(std::string_view word);
// IPv4 networks that the permitting elements of a list name: destinations, or sources. Of a standard list always its addresses.
std::vector<Prefix> NetworksOf(const AccessList* list, bool sources);
// The group of a `set pfs` that names none.
std::uint16_t DefaultPfsGroup(int release);

// A key as it was typed; "" when it is not known: `*****`, or encrypted with a master passphrase (`8`).
std::string KeyOf(const FieldLine& f);

// Lifetimes of a line "... lifetime seconds N|unlimited [kilobytes N]" or "... kilobytes N|unlimited"; 0 is unlimited.
void ReadLifetime(const FieldLine& f, bool seconds_line, std::optional<std::uint32_t>& seconds, std::optional<std::uint32_t>& kilobytes);
DfPolicy DfPolicyOf(std::string_view word);

// Transform sets and proposals, by name, in the order that a line names them; those that are not there are passed over.
class EspProposals {
 public:
  explicit EspProposals(const VpnSource& from);
  std::vector<EspProposal> Sets(const FieldLine& f) const { return Of(sets_, f); }
  std::vector<EspProposal> Proposals(const FieldLine& f) const { return Of(proposals_, f); }

 private:
  static std::vector<EspProposal> Of(const std::map<std::string, EspProposal, std::less<>>& from, const FieldLine& f);
  std::map<std::string, EspProposal, std::less<>> sets_, proposals_;
};

std::vector<CryptoMapEntry> CompileCryptoMaps(const VpnSource& from, const EspProposals& esp, StableIds ids);
void CompileIke(const VpnSource& from, VpnPolicy& out);
void CompileTrustpoints(const VpnSource& from, VpnPolicy& out);
void CompileCertificateMaps(const VpnSource& from, VpnPolicy& out);
void CompileTunnelGroups(const VpnSource& from, VpnPolicy& out);
void CompileGroupPolicies(const VpnSource& from, VpnPolicy& out);
void CompileVpnUsers(const VpnSource& from, VpnPolicy& out);

// Is `webvpn` enabled on any interface?
bool SslIsServed(const VpnSource& from);
// Behind tunnel groups.
void CompileSsl(const VpnSource& from, VpnPolicy& out);
// What DfltGrpPolicy says of clients in a release, before any line; then what `attributes` says otherwise.
SslClientRules FirstClientRules(int release);
void ReadSslPolicyRules(const VpnSource& from, const Line& attributes, VpnGroupPolicy& p);
void ReadSslUserRules(const VpnSource& from, const Line& attributes, VpnUser& u);

}  // namespace sallyport
