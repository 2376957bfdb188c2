#include "inspect/dns_rewrite.h"

#include <algorithm>
#include <map>

#include "inspect/dns_message.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kNs = 2, kCname = 5, kSoa = 6, kMx = 15, kSrv = 33;
constexpr std::size_t kFarthestPointer = 0x3fff;

using Labels = std::vector<std::string>;

std::string Lower(std::string s) {
  for (char& c : s) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return s;
}

// The labels of the name at `at`; `behind`: the first byte after it. Nothing: it is broken.
std::optional<Labels> ReadName(Bytes message, std::size_t at, std::size_t* behind = nullptr) {
  Labels labels;
  std::size_t total = 0;
  bool jumped = false;
  while (at < message.size()) {
    const std::uint8_t length = message[at];
    if (length == 0) {
      if (behind != nullptr && !jumped) *behind = at + 1;
      return labels;
    }
    if ((length & 0xc0) == 0xc0) {
      if (at + 1 >= message.size()) return {};
      const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 | message[at + 1];
      if (target >= at) return {};  // only backwards
      if (behind != nullptr && !jumped) *behind = at + 2;
      jumped = true;
      at = target;
      continue;
    }
    total += 1u + length;
    if ((length & 0xc0) != 0 || length > message.size() - at - 1 || total > 254) return {};
    labels.emplace_back(reinterpret_cast<const char*>(message.data() + at + 1), length);
    at += 1u + length;
  }
  return {};
}

Labels Split(const std::string& name) {
  Labels labels;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    labels.push_back(name.substr(at, dot - at));
    at = dot + 1;
  }
  return labels;
}
std::string Joined(const Labels& labels) {
  std::string name;
  for (const std::string& l : labels) name += (name.empty() ? "" : ".") + l;
  return name;
}

class Writer {
 public:
  Writer(Bytes message, const DnsRewrite& how) : in_(message), how_(how) {}

  std::optional<RewrittenDns> Write() {
    DnsWalker walker(in_);
    const auto header = walker.Header();
    if (!header) return {};
    out_.message.assign(in_.begin(), in_.begin() + 12);
    DnsRecord r;
    while (walker.Next(r)) {
      if (!Record(r)) return {};
    }
    if (walker.fault().kind != DnsFault::Kind::kNone || out_.message.size() > 65535) return {};
    // Whatever stands behind the last record belongs to nobody.
    return std::move(out_);
  }

 private:
  void Put16(std::uint16_t v) {
    out_.message.push_back(static_cast<std::uint8_t>(v >> 8));
    out_.message.push_back(static_cast<std::uint8_t>(v));
  }
  void PutBytes(Bytes b) { out_.message.insert(out_.message.end(), b.begin(), b.end()); }
  // A name; a suffix that was written before is pointed to, if this may be compressed.
  void PutName(const Labels& labels, bool compress = true) {
    for (std::size_t i = 0; i < labels.size(); i++) {
      std::string suffix;
      for (std::size_t k = i; k < labels.size(); k++) suffix += static_cast<char>(labels[k].size()) + labels[k];
      const auto known = seen_.find(suffix);
      if (compress && known != seen_.end()) return Put16(static_cast<std::uint16_t>(0xc000 | known->second));
      if (out_.message.size() <= kFarthestPointer) seen_.emplace(suffix, out_.message.size());
      out_.message.push_back(static_cast<std::uint8_t>(labels[i].size()));
      out_.message.insert(out_.message.end(), labels[i].begin(), labels[i].end());
    }
    out_.message.push_back(0);
  }
  bool CopyName(std::size_t& at, bool compress = true) {
    const auto labels = ReadName(in_, at, &at);
    if (labels) PutName(*labels, compress);
    return labels.has_value();
  }

  bool Record(const DnsRecord& r) {
    auto labels = ReadName(in_, r.name);
    if (!labels) return false;
    const bool internet = r.dns_class == 1;
    if (internet && r.type == kDnsPtr) {
      const auto was = ReverseNameAddress(Joined(*labels));
      const auto is = was ? how_.translate(*was) : std::nullopt;
      if (is && *is != *was) {
        labels = Split(ReverseName(*is));
        out_.changes++;
      }
    }
    PutName(*labels);
    if (r.section == DnsSection::kQuestion) {
      const bool other = how_.question_type != 0 && internet && (r.type == kDnsA || r.type == kDnsAaaa) && r.type != how_.question_type;
      if (other) out_.changes++;
      Put16(other ? how_.question_type : r.type);
      Put16(r.dns_class);
      return true;
    }
    Bytes data = in_.subspan(r.data, r.data_length);
    std::uint16_t type = r.type;
    std::uint8_t fresh[16];
    if (internet && ((r.type == kDnsA && data.size() == 4) || (r.type == kDnsAaaa && data.size() == 16))) {
      const IpAddress was = r.type == kDnsA ? IpAddress::FromV4Bytes(data.data()) : IpAddress::FromV6Bytes(data.data());
      const auto is = how_.translate(was);
      if (is && *is != was) {
        out_.changes++;
        type = is->IsV4() ? kDnsA : kDnsAaaa;
        is->IsV4() ? is->StoreV4(fresh) : is->StoreV6(fresh);
        data = Bytes(fresh, is->IsV4() ? 4 : 16);
      }
    }
    Put16(type);
    Put16(r.dns_class);
    Put16(static_cast<std::uint16_t>(r.ttl >> 16));
    Put16(static_cast<std::uint16_t>(r.ttl));
    const std::size_t length_at = out_.message.size();
    Put16(0);
    if (!Data(r, data)) return false;
    const std::size_t length = out_.message.size() - length_at - 2;
    if (length > 65535) return false;
    StoreBe16(out_.message.data() + length_at, static_cast<std::uint16_t>(length));
    return true;
  }

  // What types of RFC 1035 and 2782 have names in them; others have none that are compressed (RFC 3597 4).
  bool Data(const DnsRecord& r, Bytes data) {
    std::size_t at = r.data;
    const std::size_t end = r.data + r.data_length;
    switch (r.type) {
      case kNs: case kCname: case kDnsPtr: return CopyName(at) && at == end;
      case kMx:
        if (r.data_length < 3) return false;
        PutBytes(data.first(2));
        return CopyName(at += 2) && at == end;
      case kSrv:
        if (r.data_length < 7) return false;
        PutBytes(data.first(6));
        return CopyName(at += 6, false) && at == end;
      case kSoa:
        if (!CopyName(at) || !CopyName(at) || at + 20 != end) return false;
        PutBytes(in_.subspan(at, 20));
        return true;
      default: PutBytes(data); return true;
    }
  }

  Bytes in_;
  const DnsRewrite& how_;
  RewrittenDns out_;
  std::map<std::string, std::size_t> seen_;  // suffixes of names, and where they stand
};

}  // namespace

std::optional<IpAddress> ReverseNameAddress(const std::string& name) {
  const Labels labels = Split(Lower(name));
  const std::size_t n = labels.size();
  if (n < 3 || labels[n - 1] != "arpa") return {};
  if (labels[n - 2] == "in-addr" && n == 6) {
    return IpAddress::Parse(labels[3] + "." + labels[2] + "." + labels[1] + "." + labels[0]);
  }
  if (labels[n - 2] != "ip6" || n != 34) return {};
  std::uint64_t half[2] = {};
  for (std::size_t i = 0; i < 32; i++) {
    const std::string& digit = labels[31 - i];
    if (digit.size() != 1) return {};
    const char c = digit[0];
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0) return {};
    half[i / 16] = half[i / 16] << 4 | static_cast<std::uint64_t>(value);
  }
  const IpAddress a = IpAddress::V6(half[0], half[1]);
  return a.IsV4() ? std::nullopt : std::optional(a);
}

std::string ReverseName(IpAddress a) {
  std::string name;
  if (a.IsV4()) {
    for (int i = 0; i < 4; i++) name += std::to_string(a.v4() >> 8 * i & 255) + ".";
    return name + "in-addr.arpa";
  }
  for (int i = 0; i < 32; i++) {
    name += "0123456789abcdef"[(i < 16 ? a.lo() : a.hi()) >> 4 * (i % 16) & 15];
    name += '.';
  }
  return name + "ip6.arpa";
}

std::optional<RewrittenDns> RewriteDns(Bytes message, const DnsRewrite& how) { return Writer(message, how).Write(); }

}  // namespace sallyport
