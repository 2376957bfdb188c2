// Do two configurations mean the same? Both are compiled into an engine each (a clock that stands still, no privileges), and
// imagined packets go through both as packet-tracer sends them: for every NAT rule and access-list line its addresses, their
// edges and neighbours, its ports and their neighbours, between all pairs of interfaces, for tcp, udp and icmp.
//
// An interface that gets its address by DHCP has none here; it is given an imagined one, and a default route if its line says
// `setroute`, in both configurations alike. Translations are asked for, not made: a pool that runs out is not tried.
#pragma once

#include <string>
#include <vector>

#include "conf/configuration.h"
#include "firewall/trace.h"

namespace sallyport {

struct ProofVerdict {
  bool allow = false;
  std::string reason;             // drop reason's keyword
  std::string egress;             // nameif, "identity": to the appliance itself
  Endpoint source, destination;   // after translation, of what is allowed
  bool operator==(const ProofVerdict&) const = default;
};

struct ProofRow {
  std::string ingress;
  TraceRequest packet;
  ProofVerdict old, fresh;
  enum class Result : std::uint8_t { kSame, kExplained, kDifferent } result = Result::kSame;
  std::string explanation;  // kExplained: refused by both, but why the two give different reasons
};

struct Proof {
  std::vector<ProofRow> rows;
  std::size_t left_out = 0;  // probes beyond the limit
  std::size_t explained = 0, different = 0;
  std::vector<std::string> imagined;  // lines that were added to both
  bool agrees() const { return different == 0; }
};

inline constexpr std::size_t kProofProbes = 50'000;
Result<Proof> Prove(const Configuration& old, const Configuration& fresh, std::size_t limit = kProofProbes);
// The table: a line for each probe (`all`) or only for those that are not the same, and a summary.
std::string ToString(const Proof& proof, bool all);

}  // namespace sallyport
