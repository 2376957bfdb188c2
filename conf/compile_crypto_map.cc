// Transform sets, proposals and crypto maps.
#include <algorithm>
#include <charconv>

#include "conf/compile_vpn.h"

namespace sallyport {
namespace {

constexpr int kGroup14Release = 913;  // the first release whose default group is 14

struct CipherWord {
  std::string_view word;
  VpnCipher cipher;
};
// Behind "esp-" in transform sets; plain in proposals.
constexpr CipherWord kCiphers[] = {
    {"des", VpnCipher::kDes},
    {"3des", VpnCipher::k3Des},
    {"aes", VpnCipher::kAes128},
    {"aes-192", VpnCipher::kAes192},
    {"aes-256", VpnCipher::kAes256},
    {"aes-gcm", VpnCipher::kAesGcm128},
    {"aes-gcm-192", VpnCipher::kAesGcm192},
    {"aes-gcm-256", VpnCipher::kAesGcm256},
    {"aes-gmac", VpnCipher::kAesGmac128},
    {"aes-gmac-192", VpnCipher::kAesGmac192},
    {"aes-gmac-256", VpnCipher::kAesGmac256},
    {"null", VpnCipher::kNone},
};

std::optional<VpnCipher> EspCipherOf(std::string_view word) {
  for (const CipherWord& c : kCiphers) {
    if (c.word == word) return c.cipher;
  }
  return std::nullopt;
}

VpnHash IntegrityOf(std::string_view word) {
  if (word == "md5") return VpnHash::kMd5;
  if (word == "sha-1") return VpnHash::kSha1;
  if (word == "sha-256") return VpnHash::kSha256;
  if (word == "sha-384") return VpnHash::kSha384;
  if (word == "sha-512") return VpnHash::kSha512;
  return VpnHash::kNone;
}

void ReadTransforms(const FieldLine& f, EspProposal& set) {
  VpnCipher cipher = VpnCipher::kNone;
  set.integrity.clear();
  for (const std::string_view word : f.List("transforms")) {
    const std::string_view transform = word.substr(4);  // all begin with "esp-"
    if (transform == "md5-hmac") set.integrity = {VpnHash::kMd5};
    else if (transform == "sha-hmac") set.integrity = {VpnHash::kSha1};
    else if (const auto c = EspCipherOf(transform)) cipher = *c;
  }
  set.ciphers = {cipher};
}

// A proposal that does not say it: what an ASA begins with.
EspProposal ReadProposal(const Line& line, std::string name) {
  EspProposal p;
  p.name = std::move(name);
  p.ciphers = {VpnCipher::k3Des};
  p.integrity = {VpnHash::kSha1};
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (f->Has("encryption")) {
      p.ciphers.clear();
      for (const std::string_view word : f->List("encryption")) {
        if (const auto c = EspCipherOf(word)) p.ciphers.push_back(*c);
      }
    }
    if (f->Has("integrity")) {
      p.integrity.clear();
      for (const std::string_view word : f->List("integrity")) {
        if (const VpnHash h = IntegrityOf(word); h != VpnHash::kNone) p.integrity.push_back(h);
      }
    }
  }
  return p;
}

// The lines of one entry of a map, static or dynamic.
struct EntryLines {
  std::string name;
  std::uint32_t sequence = 0;
  std::vector<std::pair<std::string_view, const FieldLine*>> lines;  // behind "crypto map NAME N "
  std::string dynamic;                                               // `ipsec-isakmp dynamic D`
};
using Entries = std::vector<EntryLines>;

Entries EntriesOf(const LineTree& tree, std::string_view kind) {
  Entries out;
  for (const auto& l : tree.Of(Section::kCrypto)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with(kind) || !f->Has("seq")) continue;
    const std::string begins = std::string(kind) + std::string(f->Get("name")) + " " + std::string(f->Get("seq")) + " ";
    const auto rest = Behind(l->text, begins);
    if (!rest) continue;
    const auto sequence = static_cast<std::uint32_t>(f->Int("seq").value_or(0));
    auto at = std::find_if(out.begin(), out.end(), [&](const EntryLines& e) { return e.name == f->Get("name") && e.sequence == sequence; });
    if (at == out.end()) {
      EntryLines e;
      e.name = f->Get("name");
      e.sequence = sequence;
      at = out.insert(out.end(), std::move(e));
    }
    if (rest->starts_with("ipsec-isakmp")) at->dynamic = f->Get("dynamic");
    else at->lines.emplace_back(*rest, f);
  }
  std::stable_sort(out.begin(), out.end(), [](const EntryLines& a, const EntryLines& b) { return a.sequence < b.sequence; });
  return out;
}

class MapReader {
 public:
  MapReader(const VpnSource& from, const EspProposals& esp) : from_(from), esp_(esp) {}

  void Read(const EntryLines& lines, CryptoMapEntry& e) const {
    for (const auto& [text, f] : lines.lines) Read(text, *f, e);
  }

 private:
  void Read(std::string_view text, const FieldLine& f, CryptoMapEntry& e) const {
    if (text.starts_with("match address ")) e.match = from_.ListOf(f.Get("acl"));
    else if (text.starts_with("set pfs")) e.pfs_group = f.Has("group") ? DhGroupOf(f.Get("group")) : DefaultPfsGroup(from_.release);
    else if (text.starts_with("set connection-type ")) ReadType(f.Get("type"), e);
    else if (text.starts_with("set peer ")) ReadPeers(f, e);
    else if (text.starts_with("set phase1-mode ") || text.starts_with("set ikev1 phase1-mode ")) ReadMode(f, e);
    else if (text.starts_with("set transform-set ") || text.starts_with("set ikev1 transform-set ")) e.ikev1_sets = esp_.Sets(f);
    else if (text.starts_with("set ikev2 ipsec-proposal ")) e.ikev2_proposals = esp_.Proposals(f);
    else if (text.starts_with("set ikev2 mode ")) {
      e.ikev2_transport_required = f.Has("transport-require");
      e.ikev2_transport = e.ikev2_transport_required || f.Has("transport");
    } else if (text.starts_with("set security-association lifetime ")) {
      ReadLifetime(f, text.starts_with("set security-association lifetime seconds"), e.lifetime_s, e.lifetime_kb);
    } else if (text.starts_with("set nat-t-disable")) e.nat_t_disabled = true;
    else if (text.starts_with("set trustpoint ")) {
      e.trustpoint = f.Get("trustpoint");
      e.send_chain = f.Has("chain");
    } else if (text.starts_with("set reverse-route")) {
      e.reverse_route = true;
      e.reverse_route_dynamic = f.Has("dynamic");
    } else if (text.starts_with("set df-bit ")) e.df = DfPolicyOf(f.Get("df"));
    else if (text.starts_with("set validate-icmp-errors")) e.validate_icmp_errors = true;
  }
  static void ReadType(std::string_view type, CryptoMapEntry& e) {
    using T = CryptoMapEntry::Type;
    e.type = type == "originate-only" ? T::kOriginateOnly : type == "answer-only" ? T::kAnswerOnly : T::kBoth;
  }
  void ReadPeers(const FieldLine& f, CryptoMapEntry& e) const {
    for (const std::string_view word : f.List("peers")) {
      if (const auto a = from_.AddressOf(word)) e.peers.push_back(*a);
    }
  }
  void ReadMode(const FieldLine& f, CryptoMapEntry& e) const {
    e.aggressive = f.Has("aggressive");
    e.aggressive_group = f.Has("group") ? DhGroupOf(f.Get("group")) : DefaultPfsGroup(from_.release);
  }

  const VpnSource& from_;
  const EspProposals& esp_;
};

bool HasSets(const CryptoMapEntry& e) { return !e.ikev1_sets.empty() || !e.ikev2_proposals.empty(); }

}  // namespace

std::uint16_t DhGroupOf(std::string_view word) {
  if (word.starts_with("group")) word.remove_prefix(5);
  std::uint16_t n = 0;
  std::from_chars(word.data(), word.data() + word.size(), n);
  return n;
}

std::uint16_t DefaultPfsGroup(int release) { return release >= kGroup14Release ? 14 : 2; }

DfPolicy DfPolicyOf(std::string_view word) {
  return word == "clear-df" ? DfPolicy::kClear : word == "set-df" ? DfPolicy::kSet : DfPolicy::kCopy;
}

void ReadLifetime(const FieldLine& f, bool seconds_line, std::optional<std::uint32_t>& seconds, std::optional<std::uint32_t>& kilobytes) {
  if (f.Has("unlimited")) (seconds_line ? seconds : kilobytes) = 0;
  if (const auto s = f.Int("seconds")) seconds = static_cast<std::uint32_t>(*s);
  if (const auto k = f.Int("kilobytes")) kilobytes = static_cast<std::uint32_t>(*k);
}

EspProposals::EspProposals(const VpnSource& from) {
  for (const auto& l : from.tree.Of(Section::kCrypto)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("crypto ipsec ")) continue;
    const std::string name(f->Get("name"));
    const bool set = l->text.starts_with("crypto ipsec transform-set ") || l->text.starts_with("crypto ipsec ikev1 transform-set ");
    if (set) {
      EspProposal& p = sets_[name];
      p.name = name;
      if (f->Has("transforms")) ReadTransforms(*f, p);
      else p.transport = f->Has("transport");
    } else if (l->text.starts_with("crypto ipsec ikev2 ipsec-proposal ")) {
      proposals_[name] = ReadProposal(*l, name);
    }
  }
  // Its mode alone is no transform set.
  std::erase_if(sets_, [](const auto& s) { return s.second.ciphers.empty(); });
}

std::vector<EspProposal> EspProposals::Of(const std::map<std::string, EspProposal, std::less<>>& from, const FieldLine& f) {
  std::vector<EspProposal> out;
  for (const std::string_view name : f.List("sets")) {
    if (const auto it = from.find(name); it != from.end()) out.push_back(it->second);
  }
  return out;
}

std::vector<CryptoMapEntry> CompileCryptoMaps(const VpnSource& from, const EspProposals& esp, StableIds ids) {
  const Entries statics = EntriesOf(from.tree, "crypto map "), dynamics = EntriesOf(from.tree, "crypto dynamic-map ");
  const MapReader reader(from, esp);
  std::map<IfId, std::string> applied;  // by interface, as the entries shall stand
  for (const auto& l : from.tree.Of(Section::kCrypto)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("crypto map ") || f->Has("seq") || !f->Has("interface")) continue;
    if (const IfId at = from.InterfaceOf(f->Get("interface")); at != IfId::kAny) applied[at] = f->Get("name");
  }
  std::vector<CryptoMapEntry> out;
  for (const auto& [at, map] : applied) {
    const std::string where = std::to_string(static_cast<int>(at));
    for (const EntryLines& s : statics) {
      if (s.name != map) continue;
      const std::string key = "map " + s.name + " " + std::to_string(s.sequence) + " " + where;
      if (s.dynamic.empty()) {
        CryptoMapEntry e;
        e.map = s.name;
        e.sequence = s.sequence;
        e.at = at;
        reader.Read(s, e);
        if (e.match == nullptr || e.peers.empty() || !HasSets(e)) continue;  // "The crypto map entry is incomplete!"
        e.id = ids.Of(key);
        out.push_back(std::move(e));
        continue;
      }
      for (const EntryLines& d : dynamics) {
        if (d.name != s.dynamic) continue;
        CryptoMapEntry e;
        e.map = d.name;
        e.sequence = d.sequence;
        e.static_map = s.name;
        e.at = at;
        e.dynamic = true;
        reader.Read(d, e);
        if (!HasSets(e)) continue;
        e.id = ids.Of(key + " dynamic " + d.name + " " + std::to_string(d.sequence));
        out.push_back(std::move(e));
      }
    }
  }
  return out;
}

}  // namespace sallyport
