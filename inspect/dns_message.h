// A DNS message, walked once from front to back. Nothing is copied but the name that is asked for.
//
// RFC 1035 4.1 (layout, compression), 6891 (OPT), 8945 (TSIG).
//   0: id | 2: QR OPCODE(4) AA TC RD | RA Z AD CD RCODE(4) | 4: QDCOUNT | 6: ANCOUNT | 8: NSCOUNT | 10: ARCOUNT | 12: sections
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "firewall/base/bytes.h"

namespace sallyport {

inline constexpr std::uint16_t kDnsA = 1;
inline constexpr std::uint16_t kDnsAaaa = 28;
inline constexpr std::uint16_t kDnsOpt = 41;
inline constexpr std::uint16_t kDnsTsig = 250;

struct DnsHeader {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;  // the whole second word
  std::uint16_t counts[4] = {};  // questions, answers, authorities, additional
  bool Response() const { return (flags & 0x8000) != 0; }
  int Opcode() const { return flags >> 11 & 15; }
};

enum class DnsSection : std::uint8_t { kQuestion, kAnswer, kAuthority, kAdditional };

struct DnsRecord {
  DnsSection section{};
  std::size_t name = 0;  // where its name begins
  std::uint16_t type = 0;
  std::uint16_t dns_class = 0;
  std::uint32_t ttl = 0;
  std::size_t data = 0;  // of RDATA; questions have none
  std::uint16_t data_length = 0;
};

// What is wrong with a message, in the words of message 410001.
struct DnsFault {
  enum class Kind : std::uint8_t { kNone, kTruncated, kLabel, kName } kind = Kind::kNone;
  const char* what = "";   // "label", "domain-name"
  const char* limit = "";  // "protocol limit", "remaining packet length limit"
  std::size_t length = 0, allowed = 0;
};

class DnsWalker {
 public:
  explicit DnsWalker(Bytes message) : message_(message) {}
  // Nothing: shorter than a header.
  std::optional<DnsHeader> Header();
  // The next question or record. False: the end, or a fault (fault() tells).
  bool Next(DnsRecord& r);
  const DnsFault& fault() const { return fault_; }
  std::size_t at() const { return at_; }  // behind the header or the last record
  // The name at `offset` in lower case, with dots, without the last one; nothing when it is no name. At most 255 bytes of labels.
  std::optional<std::string> Name(std::size_t offset) const;

 private:
  bool SkipName();
  bool Fail(DnsFault::Kind kind, const char* what, const char* limit, std::size_t length, std::size_t allowed) {
    fault_ = {kind, what, limit, length, allowed};
    return false;
  }

  Bytes message_;
  DnsHeader header_;
  std::size_t at_ = 0;
  int section_ = 0;
  std::uint32_t done_ = 0;  // records of the section
  DnsFault fault_;
};

}  // namespace sallyport
