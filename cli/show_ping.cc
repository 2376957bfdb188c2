#include "cli/show_ping.h"

#include "cli/show_text.h"

namespace sallyport {

std::string PingHeader(const PingRequest& r) {
  return fmt::format("Type escape sequence to abort.\nSending {}, {}-byte ICMP Echos to {}, timeout is {} seconds:\n", r.repeat, r.size,
                     r.address.ToString(), r.timeout_s);
}

std::string PingSummary(const PingResult& r) {
  std::string out =
      fmt::format("Success rate is {} percent ({}/{})", r.sent == 0 ? 0 : r.answered * 100 / r.sent, r.answered, r.sent);
  if (r.answered != 0) Append(out, ", round-trip min/avg/max = {}/{}/{} ms", r.least_ms, r.average_ms, r.most_ms);
  return out + "\n";
}

}  // namespace sallyport
