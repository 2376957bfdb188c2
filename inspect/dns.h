// DNS inspection: length, protocol, one answer for each question, addresses in answers by NAT, classes of messages.
//
// Source: ASA configuration guide, "DNS inspection"; command reference, `policy-map type inspect dns`; drop reasons inspect-dns-*;
// messages 410001 to 410004. A connection ends when its last question has been answered (dns-guard), which is why a query's
// connection lives for milliseconds.
#pragma once

#include <cstdint>
#include <optional>

#include "firewall/inspector.h"
#include "inspect/dns_message.h"
#include "inspect/match.h"

namespace sallyport {

struct DnsMap final : InspectMap {
  enum Criterion : std::uint8_t { kHeaderFlag, kType, kClass, kQuestion, kResourceRecord, kDomainName };

  std::optional<std::uint32_t> maximum, client_maximum, server_maximum;  // bytes
  bool client_auto = false, server_auto = false;  // as long as the query's OPT record says
  bool guard = true;
  bool protocol_enforcement = true;
  bool nat_rewrite = true;
  bool id_randomization = false;
  bool tcp_inspection = false;
  bool mismatch_log = false;  // id-mismatch ... action log
  std::uint32_t mismatch_count = 30;
  Duration mismatch_duration = Duration::Seconds(3);
  bool tsig_drop = false, tsig_log = false;  // tsig enforced action
  std::vector<InspectRule> rules;
  // Where things are counted in `rows`; npos: the map does not have the line.
  static constexpr std::size_t kNoRow = static_cast<std::size_t>(-1);
  std::size_t row_maximum = kNoRow, row_client = kNoRow, row_server = kNoRow, row_guard = kNoRow, row_protocol = kNoRow,
              row_rewrite = kNoRow, row_randomization = kNoRow, row_mismatch = kNoRow, row_tsig = kNoRow;
};

class DnsInspector final : public Inspector {
 public:
  DnsInspector();
  bool Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap* map) const override;
  FrameDrop Inspect(InspectCall& call) override;

 private:
  DnsMap defaults_;  // of `inspect dns` without a map
};

}  // namespace sallyport
