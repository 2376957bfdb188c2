#include "inspect/dns_message.h"

namespace sallyport {
namespace {

constexpr std::size_t kMaxName = 255;   // RFC 1035 2.3.4, length bytes included
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxJumps = 64;   // of compression: each must go further back, so a name can't have more than its bytes

}  // namespace

std::optional<DnsHeader> DnsWalker::Header() {
  if (message_.size() < 12) return {};
  header_.id = LoadBe16(message_.data());
  header_.flags = LoadBe16(message_.data() + 2);
  for (int i = 0; i < 4; i++) header_.counts[i] = LoadBe16(message_.data() + 4 + 2 * i);
  at_ = 12;
  return header_;
}

bool DnsWalker::SkipName() {
  std::size_t at = at_, total = 0, jumps = 0, behind = 0;  // behind: where the name ends in the message, once it jumped
  for (;;) {
    if (at >= message_.size()) return Fail(DnsFault::Kind::kTruncated, "domain-name", "remaining packet length limit", total + 1, total);
    const std::uint8_t length = message_[at];
    if (length == 0) {
      if (total + 1 > kMaxName) return Fail(DnsFault::Kind::kName, "domain-name", "protocol limit", total + 1, kMaxName);
      at_ = behind != 0 ? behind : at + 1;
      return true;
    }
    if ((length & 0xc0) == 0xc0) {
      if (at + 1 >= message_.size()) return Fail(DnsFault::Kind::kTruncated, "domain-name", "remaining packet length limit", 2, 1);
      const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 | message_[at + 1];
      if (behind == 0) behind = at + 2;
      // Only backwards, or it could go round for ever.
      if (target < 12 || target >= at || ++jumps > kMaxJumps) {
        return Fail(DnsFault::Kind::kLabel, "label", "protocol limit", target, kMaxLabel);
      }
      at = target;
      continue;
    }
    if (length > kMaxLabel) return Fail(DnsFault::Kind::kLabel, "label", "protocol limit", length, kMaxLabel);
    const std::size_t left = message_.size() - at - 1;
    if (length > left) return Fail(DnsFault::Kind::kLabel, "label", "remaining packet length limit", length, left);
    total += 1 + std::size_t{length};
    if (total > kMaxName) return Fail(DnsFault::Kind::kName, "domain-name", "protocol limit", total, kMaxName);
    at += 1 + std::size_t{length};
  }
}

bool DnsWalker::Next(DnsRecord& r) {
  while (section_ < 4 && done_ == header_.counts[section_]) {
    section_++;
    done_ = 0;
  }
  if (section_ == 4) return false;
  r = {};
  r.section = static_cast<DnsSection>(section_);
  r.name = at_;
  if (!SkipName()) return false;
  const std::size_t fixed = r.section == DnsSection::kQuestion ? 4 : 10;
  if (message_.size() - at_ < fixed) {
    return Fail(DnsFault::Kind::kTruncated, "resource-record", "remaining packet length limit", fixed, message_.size() - at_);
  }
  const std::uint8_t* p = message_.data() + at_;
  r.type = LoadBe16(p);
  r.dns_class = LoadBe16(p + 2);
  at_ += fixed;
  if (r.section != DnsSection::kQuestion) {
    r.ttl = LoadBe32(p + 4);
    r.data_length = LoadBe16(p + 8);
    r.data = at_;
    if (r.data_length > message_.size() - at_) {
      return Fail(DnsFault::Kind::kTruncated, "resource-record", "remaining packet length limit", r.data_length, message_.size() - at_);
    }
    at_ += r.data_length;
  }
  done_++;
  return true;
}

std::optional<std::string> DnsWalker::Name(std::size_t offset) const {
  std::string name;
  std::size_t at = offset, jumps = 0;
  while (at < message_.size()) {
    const std::uint8_t length = message_[at];
    if (length == 0) return name;
    if ((length & 0xc0) == 0xc0) {
      if (at + 1 >= message_.size()) return {};
      const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 | message_[at + 1];
      if (target >= at || ++jumps > kMaxJumps) return {};
      at = target;
      continue;
    }
    if (length > kMaxLabel || length > message_.size() - at - 1 || name.size() + length + 1 > kMaxName) return {};
    if (!name.empty()) name += '.';
    for (std::size_t i = 1; i <= length; i++) {
      const char c = static_cast<char>(message_[at + i]);
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    at += 1 + std::size_t{length};
  }
  return {};
}

}  // namespace sallyport
