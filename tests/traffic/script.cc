#include "tests/traffic/script.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

#include "conf/configuration.h"
#include "firewall/base/checksum.h"
#include "firewall/engine.h"
#include "firewall/logger.h"
#include "firewall/protection.h"
#include "inspect/engines.h"
#include "tests/traffic/agreement.h"

namespace sallyport {
namespace {

using Fields = std::map<std::string, std::string>;

// Keeps every message at its catalogue severity as text.
class Messages final : public LogSink {
 public:
  Messages() {
    for (auto& e : enabled_) e = true;
    enabled_[static_cast<std::size_t>(Msg::k609001)] = false;
    enabled_[static_cast<std::size_t>(Msg::k609002)] = false;
  }
  void Emit(const LogEvent& e) override {
    list.push_back(std::to_string(InfoOf(e.msg).number) + " " + Logger::Render(e));
  }
  std::vector<std::string> list;
};

struct Failure {
  std::string what;
};

class Run {
 public:
  Run(const std::string& text, bool traced) : text_(text), traced_(traced) {}
  std::string Go();

 private:
  void Line(const std::string& line);
  void Configure(const std::string& lines);
  void Arrive(const std::string& rest);
  void Leave(const std::string& rest);
  void Trace(const std::string& rest);
  void Do(const std::string& rest);
  void Threats(const std::string& rest);
  void Advance(TimePoint to);
  void FinishPacket();
  std::uint32_t Number(const std::string& token, std::optional<std::uint32_t> seen = {});
  std::vector<std::uint8_t> Build(std::istringstream& in, IfId& interface);
  std::vector<std::uint8_t> Ipv6Packet(IpAddress src, IpAddress dst, std::uint8_t proto, Fields& f, const std::vector<std::uint8_t>& l4);
  void Compare(const std::string& rest, IfId egress, std::vector<std::uint8_t> bytes);
  IfId ByName(const std::string& name);

  const std::string& text_;
  const bool traced_;
  int number_ = 0;
  ManualClock clock_;
  Messages messages_;
  InspectionEngines inspections_;
  std::unique_ptr<Engine> engine_;
  Configuration conf_;
  std::shared_ptr<const Policy> policy_;
  std::map<std::string, std::uint32_t> names_;
  // of the packet being judged
  bool open_ = false;  // it has arrived and no `<` or `x` line has said what became of it
  std::vector<std::uint8_t> bytes_;
  Disposition disposition_;
  std::uint32_t next_handle_ = 1;
  bool adverts_ = false;    // `adverts` stood before the first configuration: router advertisements are sent
  IfId hint_ = IfId::kAny;  // by which interface a packet of the appliance's own leaves
  std::size_t message_at_ = 0;
  bool saw_message_ = false;
  std::vector<ReleasedPacket> released_;
  std::map<std::uint32_t, std::vector<std::uint8_t>> held_;  // as they came, by handle
  std::vector<OriginatedPacket> originated_;
};

IpAddress Address(const std::string& s) {
  const auto a = IpAddress::Parse(s);
  if (!a) throw Failure{"bad address " + s};
  return *a;
}

std::pair<IpAddress, std::uint16_t> HostPort(const std::string& s) {
  if (s[0] == '[') {  // [2001:db8::1]:80
    const auto end = s.find("]:");
    if (end == std::string::npos) throw Failure{"bad endpoint " + s};
    return {Address(s.substr(1, end - 1)), static_cast<std::uint16_t>(std::stoul(s.substr(end + 2)))};
  }
  if (s.find(':') != s.rfind(':')) return {Address(s), 0};
  const auto colon = s.rfind(':');
  if (colon == std::string::npos) return {Address(s), 0};
  return {Address(s.substr(0, colon)), static_cast<std::uint16_t>(std::stoul(s.substr(colon + 1)))};
}

IfId Run::ByName(const std::string& name) {
  if (name == "identity") return IfId::kIdentity;
  const Interface* i = policy_->FindByName(name);
  if (i == nullptr) throw Failure{"no interface " + name};
  return i->id;
}

std::uint32_t Run::Number(const std::string& token, std::optional<std::uint32_t> seen) {
  if (token.empty() || token[0] != '$') return static_cast<std::uint32_t>(std::stoull(token, nullptr, 0));
  const auto sign = token.find_first_of("+-", 1);
  const std::string name = token.substr(1, sign == std::string::npos ? sign : sign - 1);
  if (!names_.contains(name)) {
    if (!seen || sign != std::string::npos) throw Failure{"unknown $" + name};
    names_[name] = *seen;
  }
  const std::uint32_t base = names_[name];
  if (sign == std::string::npos) return base;
  const auto n = static_cast<std::uint32_t>(std::stoul(token.substr(sign + 1)));
  return token[sign] == '+' ? base + n : base - n;
}

Fields FieldsOf(std::istringstream& in) {
  Fields f;
  for (std::string word; in >> word;) {
    const auto eq = word.find('=');
    if (eq != std::string::npos) {
      f[word.substr(0, eq)] = word.substr(eq + 1);
    } else if (word.find_first_not_of("FSRPAU") == std::string::npos) {
      f["flags"] = word;
    } else {
      f[word] = "1";
    }
  }
  return f;
}

std::vector<std::uint8_t> FromHex(const std::string& digits) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::uint8_t Flags(const std::string& letters) {
  std::uint8_t f = 0;
  for (const char c : letters) f |= static_cast<std::uint8_t>(1u << std::string("FSRPAU").find(c));
  return f;
}

// The fixed header and the extension headers that the fields ask for, in front of a transport part.
std::vector<std::uint8_t> Run::Ipv6Packet(IpAddress src, IpAddress dst, std::uint8_t proto, Fields& f, const std::vector<std::uint8_t>& l4) {
  std::vector<std::uint8_t> p(40);
  const std::uint32_t dscp = f.contains("dscp") ? Number(f["dscp"]) : 0;
  p[0] = static_cast<std::uint8_t>(0x60 | dscp >> 2);
  p[1] = static_cast<std::uint8_t>(dscp << 6);
  p[7] = static_cast<std::uint8_t>(f.contains("ttl") ? Number(f["ttl"]) : 64);
  src.StoreV6(&p[8]);
  dst.StoreV6(&p[24]);
  if (f.contains("mapped")) std::copy_n("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x07", 16, &p[24]);
  std::size_t next = 6;  // where the number of the next header goes
  const auto add = [&](std::uint8_t number, std::initializer_list<std::uint8_t> rest) {
    p[next] = number;
    next = p.size();
    p.push_back(0);
    p.insert(p.end(), rest);
  };
  if (f.contains("hbh")) add(0, {0, 1, 4, 0, 0, 0, 0});
  if (f.contains("dstopt")) add(60, {0, 1, 4, 0, 0, 0, 0});
  if (f.contains("rh")) add(43, {0, static_cast<std::uint8_t>(Number(f["rh"])), 0, 0, 0, 0, 0});
  if (f.contains("frag")) {
    add(44, {0, 0, 0, 0, 0, 0, 0});
    StoreBe16(&p[next + 2], static_cast<std::uint16_t>(Number(f["frag"].substr(0, f["frag"].find('+'))) | (f["frag"].back() == '+' ? 1 : 0)));
    StoreBe32(&p[next + 4], f.contains("ipid") ? Number(f["ipid"]) : 0);
  }
  p[next] = f.contains("next") ? static_cast<std::uint8_t>(Number(f["next"])) : proto;
  p.insert(p.end(), l4.begin(), l4.end());
  StoreBe16(&p[4], static_cast<std::uint16_t>(p.size() - 40));
  return p;
}

// data=USER\sbob\r\n
std::vector<std::uint8_t> Unescape(const std::string& text) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(static_cast<std::uint8_t>(text[i]));
      continue;
    }
    const char c = text[++i];
    if (c == 'x' && i + 2 < text.size()) {
      out.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i + 1, 2), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(static_cast<std::uint8_t>(c == 'r' ? '\r' : c == 'n' ? '\n' : c == 's' ? ' ' : c));
    }
  }
  return out;
}
std::string Escape(Bytes bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) {
    char hex[8];
    std::snprintf(hex, sizeof hex, "\\x%02x", b);
    out += b == '\r' ? "\\r" : b == '\n' ? "\\n" : b == ' ' ? "\\s" : b == '\\' ? "\\\\" : b < 0x20 || b >= 0x7f ? hex : std::string(1, static_cast<char>(b));
  }
  return out;
}

// dns=q:4660:www.example.com:edns=4096, dns=r:4660:www.example.com:192.0.2.1:192.0.2.2
std::vector<std::uint8_t> DnsMessage(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ':');) parts.push_back(part);
  const bool response = parts.at(0) == "r";
  std::vector<std::uint8_t> m(12);
  StoreBe16(&m[0], static_cast<std::uint16_t>(std::stoul(parts.at(1))));
  StoreBe16(&m[2], response ? 0x8180 : 0x0100);
  StoreBe16(&m[4], 1);
  std::istringstream name(parts.at(2));
  for (std::string label; std::getline(name, label, '.');) {
    m.push_back(static_cast<std::uint8_t>(label.size()));
    m.insert(m.end(), label.begin(), label.end());
  }
  std::uint16_t type = 1, answers = 0, edns = 0;
  for (std::size_t i = 3; i < parts.size(); i++) {
    if (parts[i].starts_with("t=")) type = static_cast<std::uint16_t>(std::stoul(parts[i].substr(2)));
    if (parts[i].starts_with("edns=")) edns = static_cast<std::uint16_t>(std::stoul(parts[i].substr(5)));
  }
  m.insert(m.end(), {0, static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type), 0, 1});
  for (std::size_t i = 3; i < parts.size(); i++) {
    if (parts[i].starts_with("ptr=")) {
      m.insert(m.end(), {0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, static_cast<std::uint8_t>(parts[i].size() - 2)});
      std::istringstream host(parts[i].substr(4));
      for (std::string label; std::getline(host, label, '.');) {
        m.push_back(static_cast<std::uint8_t>(label.size()));
        m.insert(m.end(), label.begin(), label.end());
      }
      m.push_back(0);
      answers++;
      continue;
    }
    if (parts[i].find('=') != std::string::npos) continue;
    std::replace(parts[i].begin(), parts[i].end(), '_', ':');
    const IpAddress a = Address(parts[i]);
    const std::uint8_t type_and_length[] = {static_cast<std::uint8_t>(a.IsV4() ? 1 : 28), static_cast<std::uint8_t>(a.IsV4() ? 4 : 16)};
    m.insert(m.end(), {0xc0, 12, 0, type_and_length[0], 0, 1, 0, 0, 0, 60, 0, type_and_length[1]});
    m.resize(m.size() + type_and_length[1]);
    a.IsV4() ? a.StoreV4(&m[m.size() - 4]) : a.StoreV6(&m[m.size() - 16]);
    answers++;
  }
  StoreBe16(&m[6], answers);
  if (edns != 0) {
    StoreBe16(&m[10], 1);
    m.insert(m.end(), {0, 0, 41, static_cast<std::uint8_t>(edns >> 8), static_cast<std::uint8_t>(edns), 0, 0, 0, 0, 0, 0});
  }
  return m;
}

std::vector<std::uint8_t> Run::Build(std::istringstream& in, IfId& interface) {
  std::string name, protocol, from, to;
  in >> name >> protocol >> from >> to;
  hint_ = IfId::kAny;
  if (const auto at = name.find('@'); at != std::string::npos) {  // identity@inside: leaves by inside
    hint_ = ByName(name.substr(at + 1));
    name.resize(at);
  }
  interface = ByName(name);
  // Ports may be $name.
  for (std::string* end : {&from, &to}) {
    const auto dollar = end->find(":$");
    if (dollar != std::string::npos) *end = end->substr(0, dollar + 1) + std::to_string(Number(end->substr(dollar + 1)));
  }
  const auto [src, sport] = HostPort(from);
  const auto [dst, dport] = HostPort(to);
  Fields f = FieldsOf(in);
  const auto get = [&](const char* k, std::uint32_t otherwise) { return f.contains(k) ? Number(f[k]) : otherwise; };
  std::vector<std::uint8_t> said = f.contains("dns") ? DnsMessage(f["dns"]) : Unescape(f["data"]);
  said.resize(said.size() + get("pad", 0));
  const std::uint32_t payload = get("len", static_cast<std::uint32_t>(said.size()));
  std::vector<std::uint8_t> l4;
  std::uint8_t proto = 0;
  if (protocol == "tcp") {
    proto = 6;
    std::vector<std::uint8_t> options;
    if (f.contains("mss")) {
      const std::uint32_t m = get("mss", 0);
      options.insert(options.end(), {2, 4, static_cast<std::uint8_t>(m >> 8), static_cast<std::uint8_t>(m)});
    }
    if (f.contains("ws")) options.insert(options.end(), {1, 3, 3, static_cast<std::uint8_t>(get("ws", 0))});
    if (f.contains("sackok")) options.insert(options.end(), {1, 1, 4, 2});
    if (f.contains("sack")) {
      const auto dash = f["sack"].find('-', f["sack"][0] == '$' ? 1 : 0);
      std::uint8_t edge[8];
      StoreBe32(edge, Number(f["sack"].substr(0, dash)));
      StoreBe32(edge + 4, Number(f["sack"].substr(dash + 1)));
      options.insert(options.end(), {1, 1, 5, 10});
      options.insert(options.end(), edge, edge + 8);
    }
    if (f.contains("ts")) {
      options.insert(options.end(), {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0});
      StoreBe32(&options[options.size() - 8], get("ts", 0));
    }
    if (f.contains("opts")) {
      const std::vector<std::uint8_t> raw = FromHex(f["opts"]);
      options.insert(options.end(), raw.begin(), raw.end());
    }
    while (options.size() % 4 != 0) options.push_back(1);
    l4.resize(20);
    l4.insert(l4.end(), options.begin(), options.end());
    StoreBe16(&l4[0], sport);
    StoreBe16(&l4[2], dport);
    StoreBe32(&l4[4], get("seq", 0));
    StoreBe32(&l4[8], get("ack", 0));
    l4[12] = static_cast<std::uint8_t>((20 + options.size()) / 4 << 4);
    l4[12] |= static_cast<std::uint8_t>(get("reserved", 0));
    l4[13] = Flags(f["flags"]);
    StoreBe16(&l4[18], static_cast<std::uint16_t>(get("urp", 0)));
    StoreBe16(&l4[14], static_cast<std::uint16_t>(get("win", 8192)));
  } else if (protocol == "udp") {
    proto = 17;
    l4.resize(8);
    StoreBe16(&l4[0], sport);
    StoreBe16(&l4[2], dport);
    StoreBe16(&l4[4], static_cast<std::uint16_t>(get("udplen", 8 + payload)));
  } else if (protocol == "icmp" || protocol == "icmp6") {
    proto = protocol == "icmp" ? 1 : 58;
    l4.resize(8);
    l4[0] = static_cast<std::uint8_t>(get("type", proto == 1 ? 8 : 128));
    l4[1] = static_cast<std::uint8_t>(get("code", 0));
    StoreBe16(&l4[4], static_cast<std::uint16_t>(get("id", 0)));
    StoreBe16(&l4[6], static_cast<std::uint16_t>(get("icmpseq", 0)));
    if (f.contains("mtu")) StoreBe32(&l4[4], get("mtu", 0));
    if (f.contains("quote")) {  // the last packet that left, as an error quotes it
      const std::size_t n = std::min<std::size_t>(bytes_.size(), proto == 1 ? 28 : 1232);
      l4.insert(l4.end(), bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(n));
    }
  } else {
    proto = static_cast<std::uint8_t>(std::stoul(protocol));
  }
  const auto filler = [&f](std::uint32_t i) { return f.contains("fill") ? static_cast<std::uint8_t>(f["fill"][0]) : static_cast<std::uint8_t>('a' + i % 26); };
  for (std::uint32_t i = 0; i < payload; i++) l4.push_back(i < said.size() ? said[i] : filler(i));
  if (proto == 6 || proto == 17 || proto == 1 || proto == 58) {
    const std::size_t at = proto == 6 ? 16 : proto == 17 ? 6 : 2;
    const std::uint64_t pseudo = proto == 1 ? 0 : PseudoHeaderSum(src, dst, proto, static_cast<std::uint32_t>(l4.size()));
    std::uint16_t sum = ChecksumFinish(ChecksumAdd(l4, pseudo));
    if (f.contains("badsum")) sum = static_cast<std::uint16_t>(sum + 1);
    StoreBe16(&l4[at], sum);
  }
  if (f.contains("frag")) {  // cut out of the datagram: frag=OFFSET+ with `cut` bytes
    const std::uint32_t offset = Number(f["frag"].substr(0, f["frag"].find('+')));
    const std::uint32_t cut = get("cut", static_cast<std::uint32_t>(l4.size()) - offset);
    l4 = {l4.begin() + offset, l4.begin() + offset + cut};
  }
  if (!dst.IsV4()) return Ipv6Packet(src, dst, proto, f, l4);
  const std::size_t header = f.contains("option") ? 24 : 20;
  std::vector<std::uint8_t> p(header);
  p[0] = static_cast<std::uint8_t>(0x40 | header / 4);
  StoreBe16(&p[2], static_cast<std::uint16_t>(get("iplen", static_cast<std::uint32_t>(header + l4.size()))));
  StoreBe16(&p[4], static_cast<std::uint16_t>(get("ipid", 0)));
  std::uint16_t frag = f.contains("df") ? 0x4000 : 0;
  if (f.contains("frag")) {
    frag = static_cast<std::uint16_t>(Number(f["frag"].substr(0, f["frag"].find('+'))) / 8);
    if (f["frag"].back() == '+') frag |= 0x2000;
  }
  StoreBe16(&p[6], frag);
  p[1] = static_cast<std::uint8_t>(get("dscp", 0) << 2);
  p[8] = static_cast<std::uint8_t>(get("ttl", 64));
  p[9] = proto;
  src.StoreV4(&p[12]);
  dst.StoreV4(&p[16]);
  if (header == 24) p[20] = 148, p[21] = 4;
  std::uint16_t sum = ChecksumFinish(ChecksumAdd(p));
  if (f.contains("badipsum")) sum = static_cast<std::uint16_t>(sum + 1);
  StoreBe16(&p[10], sum);
  p.insert(p.end(), l4.begin(), l4.end());
  return p;
}

// Only what the script names is compared; addresses, ports, interface and flags always are, and checksums must be right.
void Run::Compare(const std::string& rest, IfId egress, std::vector<std::uint8_t> bytes) {
  std::istringstream in(rest);
  std::string name, protocol, from, to;
  in >> name >> protocol >> from >> to;
  if (ByName(name) != egress) throw Failure{"leaves by another interface than " + name};
  Packet p;
  p.bytes = bytes;
  p.wire_length = static_cast<std::uint32_t>(bytes.size());
  if (const FrameDrop bad = ParsePacket(p); bad != FrameDrop::kNone) throw Failure{"what leaves is broken: " + std::string(Text(bad))};
  Fields f = FieldsOf(in);
  if (VerifyTransportChecksum(p) == f.contains("badsum")) throw Failure{"what leaves has another checksum"};
  const auto endpoint = [](IpAddress a, std::uint16_t port) {
    if (port == 0) return a.ToString();
    return (a.IsV4() ? a.ToString() : "[" + a.ToString() + "]") + ":" + std::to_string(port);
  };
  const bool ports = p.IsTcp() || p.IsUdp();
  const std::string src = endpoint(p.key.src, ports ? p.key.sport : 0);
  const std::string dst = endpoint(p.key.dst, ports ? p.key.dport : 0);
  const auto expand = [&](const std::string& want, const std::string& got) {
    if (want.find(":$") == std::string::npos) return want;
    const std::string port = want.substr(want.find(":$") + 1);
    return want.substr(0, want.find(":$") + 1) +
           std::to_string(Number(port, static_cast<std::uint32_t>(std::stoul("0" + got.substr(got.rfind(':') + 1)))));
  };
  if (expand(from, src) != src) throw Failure{"source is " + src + ", not " + from};
  if (expand(to, dst) != dst) throw Failure{"destination is " + dst + ", not " + to};
  const auto same = [&](const char* field, std::uint32_t got) {
    if (!f.contains(field)) return;
    if (f[field] == "*") return;
    const std::uint32_t want = Number(f[field], got);
    if (want != got) throw Failure{std::string(field) + " is " + std::to_string(got) + ", not " + std::to_string(want)};
  };
  if (p.IsTcp()) {
    if (Flags(f["flags"]) != p.tcp_flags) throw Failure{"other TCP flags"};
    same("seq", p.seq);
    same("ack", p.ack);
    same("win", p.window);
    same("reserved", p.l4()[12] & 15u);
    same("urp", LoadBe16(p.l4() + 18));
    same("ts", p.tcp_options.timestamp_offset != 0 ? LoadBe32(p.l4() + p.tcp_options.timestamp_offset + 2) : 0);
    if (f.contains("opts") && FromHex(f["opts"]) != std::vector<std::uint8_t>(p.l4() + 20, p.bytes.data() + p.payload_offset)) {
      throw Failure{"other TCP options"};
    }
    if (f.contains("mss")) {
      same("mss", p.tcp_options.mss_offset != 0 ? LoadBe16(p.l4() + p.tcp_options.mss_offset + 2) : 0);
    }
    if (f.contains("sack")) {
      const auto dash = f["sack"].find('-', 1);
      f["sack1"] = f["sack"].substr(0, dash);
      f["sack2"] = f["sack"].substr(dash + 1);
      if (p.tcp_options.sack_offset == 0) throw Failure{"no SACK"};
      same("sack1", LoadBe32(p.l4() + p.tcp_options.sack_offset + 2));
      same("sack2", LoadBe32(p.l4() + p.tcp_options.sack_offset + 6));
    }
  }
  if (p.IsIcmp()) {
    same("type", p.icmp_type);
    same("code", p.icmp_code);
    same("id", p.icmp_query ? p.key.sport : p.key.dport);
    if (p.v6 && p.icmp_error && p.icmp_type == 2) same("mtu", LoadBe32(p.l4() + 4));
    if (p.v6 && p.icmp_error && f.contains("quotes")) {
      const std::uint8_t* q = bytes.data() + p.payload_offset;
      const std::string got = endpoint(IpAddress::FromV6Bytes(q + 8), LoadBe16(q + 40)) + ">" + endpoint(IpAddress::FromV6Bytes(q + 24), LoadBe16(q + 42));
      if (got != f["quotes"]) throw Failure{"quotes " + got};
    }
    if (!p.v6 && p.icmp_error && f.contains("quotes")) {  // quotes=10.1.1.10:1025>192.0.2.7:80
      std::vector<std::uint8_t> quoted(bytes.begin() + p.payload_offset, bytes.end());
      std::string got = IpAddress::FromV4Bytes(&quoted[12]).ToString() + ":" + std::to_string(LoadBe16(&quoted[20])) + ">" +
                        IpAddress::FromV4Bytes(&quoted[16]).ToString() + ":" + std::to_string(LoadBe16(&quoted[22]));
      if (got != f["quotes"]) throw Failure{"quotes " + got};
    }
    if (!p.v6 && ChecksumFinish(ChecksumAdd(Bytes(bytes).subspan(p.l4_offset))) != 0) throw Failure{"wrong ICMP checksum"};
  }
  if (f.contains("frag")) {
    const std::string got = std::to_string(p.fragment_offset) + (p.more_fragments ? "+" : "");
    if (!p.fragment || got != f["frag"]) throw Failure{"is fragment " + got};
  }
  if ((f.contains("df") && !p.dont_fragment) || (f.contains("nodf") && p.dont_fragment)) throw Failure{"DF is otherwise"};
  same("len", p.payload_length);
  same("ttl", p.ttl);
  same("dscp", p.dscp);
  if (f.contains("data") || f.contains("dns")) {
    std::vector<std::uint8_t> want = f.contains("dns") ? DnsMessage(f["dns"]) : Unescape(f["data"]);
    if (f.contains("pad")) want.resize(want.size() + Number(f["pad"]));
    const Bytes got = Bytes(p.bytes).subspan(p.payload_offset, p.payload_length);
    if (!std::equal(got.begin(), got.end(), want.begin(), want.end())) throw Failure{"payload is " + Escape(got)};
  }
}

void Run::Configure(const std::string& lines) {
  const LoadReport report = conf_.Load(lines);
  for (const LineReport& r : report.reports) {
    if (r.refused) throw Failure{"configuration line refused: " + r.line + "\n" + r.text};
  }
  auto policy = conf_.Compile(policy_.get());
  if (!policy) throw Failure{policy.error()};
  policy_ = *policy;
  if (!engine_) {
    Inspectors inspectors = inspections_.Table();
    Engine::Options options;
    options.max_connections = 10'000;
    options.router_advertisements = adverts_;
    engine_ = std::make_unique<Engine>(options, clock_, messages_, Random(42), inspectors);
  }
  engine_->SetPolicy(policy_, clock_.Now());
}

void Run::FinishPacket() {
  if (open_) {
    throw Failure{disposition_.action == Disposition::Action::kDrop
                      ? "the packet before was dropped: " + std::string(Keyword(disposition_.reason))
                      : "the packet before passed and no line says how"};
  }
  if (!originated_.empty()) throw Failure{"the appliance sent a packet of its own and no `o` line says so"};
  if (saw_message_ && message_at_ < messages_.list.size()) throw Failure{"unexpected message: " + messages_.list[message_at_]};
  messages_.list.clear();
  message_at_ = 0;
  saw_message_ = false;
}

void Run::Arrive(const std::string& rest) {
  FinishPacket();
  std::istringstream in(rest);
  IfId ingress{};
  bytes_ = Build(in, ingress);
  Packet p;
  p.bytes = bytes_;
  p.wire_length = static_cast<std::uint32_t>(bytes_.size());
  p.ingress = ingress;
  p.handle = next_handle_++;
  const std::vector<std::uint8_t> as_it_came = bytes_;
  if (ingress == IfId::kIdentity) p.egress_hint = hint_;
  if (!traced_) {
    engine_->Process(p, clock_.Now(), disposition_);
  } else {
    if (const std::string wrong = TraceThenProcess(*engine_, p, clock_.Now(), disposition_); !wrong.empty()) throw Failure{wrong};
  }
  bytes_ = std::vector<std::uint8_t>(p.bytes.begin(), p.bytes.end());  // an inspection may have moved it
  if (disposition_.action == Disposition::Action::kHold) held_[p.handle] = as_it_came;
  for (auto& r : engine_->TakeReleased()) released_.push_back(std::move(r));
  for (auto& o : engine_->TakeOriginated()) originated_.push_back(std::move(o));
  open_ = true;
}

void Run::Leave(const std::string& rest) {
  if (!open_) {
    if (released_.empty()) throw Failure{"nothing left that leaves"};
    const ReleasedPacket r = released_.front();
    released_.erase(released_.begin());
    if (r.disposition.action != Disposition::Action::kAccept) throw Failure{"fell: " + std::string(Keyword(r.disposition.reason))};
    return Compare(rest, r.disposition.egress, r.bytes.empty() ? held_[r.handle] : r.bytes);
  }
  // A packet that became one of the other family leaves as the appliance's own.
  if (disposition_.action == Disposition::Action::kConsume && !originated_.empty()) {
    const OriginatedPacket o = originated_.front();
    originated_.erase(originated_.begin());
    open_ = false;
    bytes_ = o.bytes;
    return Compare(rest, o.egress, bytes_);
  }
  if (disposition_.action != Disposition::Action::kAccept) {
    throw Failure{"dropped: " + std::string(Keyword(disposition_.reason))};
  }
  open_ = false;
  Compare(rest, disposition_.egress, bytes_);
}

void Run::Trace(const std::string& rest) {
  std::istringstream in(rest);
  std::string name, protocol, src, dst, arrow, verdict, what;
  TraceRequest t;
  in >> name >> protocol >> src;
  t.ingress = ByName(name);
  t.src = Address(src);
  unsigned a = 0, b = 0;
  if (protocol == "icmp" || protocol == "icmp6") {
    t.protocol = protocol == "icmp" ? 1 : 58;
    in >> a >> b >> dst;
    t.icmp_type = static_cast<std::uint8_t>(a);
    t.icmp_code = static_cast<std::uint8_t>(b);
  } else {
    t.protocol = protocol == "tcp" ? 6 : 17;
    in >> a >> dst >> b;
    t.sport = static_cast<std::uint16_t>(a);
    t.dport = static_cast<std::uint16_t>(b);
  }
  t.dst = Address(dst);
  in >> arrow >> verdict >> what;
  const TraceResult r = engine_->Trace(t, clock_.Now());
  if (r.allow != (verdict == "allow")) throw Failure{"packet-tracer says " + std::string(r.allow ? "allow" : Text(r.frame_drop))};
  if (r.allow && r.output != ByName(what)) throw Failure{"packet-tracer leaves by another interface"};
  if (!r.allow && what != Keyword(r.frame_drop) && what != Keyword(r.flow_drop)) {
    throw Failure{"packet-tracer drops for " + std::string(Keyword(r.frame_drop)) + std::string(Keyword(r.flow_drop))};
  }
  std::string wanted;
  std::getline(in >> std::ws, wanted);
  if (wanted.empty()) return;
  std::string seen;
  for (const TracePhase& phase : r.phases) {
    std::string config;
    for (const std::string& line : phase.config) config += (config.empty() ? "" : " / ") + line;
    // The wanted lines begin behind a blank.
    if (config.substr(std::min(config.find_first_not_of(' '), config.size())) == wanted) return;
    seen += config + "\n";
  }
  throw Failure{"packet-tracer has no phase of this configuration, but\n" + seen};
}

// threats EVENT RATE TRIGGERS TOTAL
void Run::Threats(const std::string& rest) {
  std::istringstream in(rest);
  std::string event;
  std::size_t rate = 0;
  std::uint64_t triggers = 0, total = 0;
  in >> event >> rate >> triggers >> total;
  std::size_t n = 0;
  for (const ThreatRateView& v : engine_->protection().ThreatRates(clock_.Now())) {
    if (kThreatEventInfo[static_cast<std::size_t>(v.event)].keyword != event || ++n != rate) continue;
    if (v.rate.triggers != triggers || v.rate.total != total) {
      throw Failure{std::to_string(v.rate.triggers) + " triggers, " + std::to_string(v.rate.total) + " events"};
    }
    return;
  }
  throw Failure{"no such rate"};
}

// An operator's command: shuns.
void Run::Do(const std::string& rest) {
  FinishPacket();
  std::istringstream in(rest);
  std::string word, src, dst, protocol;
  in >> word;
  Protection p = engine_->protection();
  const TimePoint now = clock_.Now();
  if (rest == "clear shun") return p.ClearShuns(now);
  if (word == "no" && in >> word >> src && word == "shun") {
    if (!p.Remove(Address(src), now)) throw Failure{"no such shun"};
    return;
  }
  if (word != "shun" || !(in >> src)) throw Failure{"unknown command " + rest};
  Shun shun;
  shun.src = Address(src);
  if (in >> dst >> shun.sport >> shun.dport) {
    shun.dst = Address(dst);
    if (in >> protocol) shun.protocol = protocol == "tcp" ? 6 : 17;
  }
  p.Add(shun, now);
}

void Run::Advance(TimePoint to) {
  FinishPacket();
  clock_.Set(to);
  engine_->AdvanceTo(to);
  for (auto& o : engine_->TakeOriginated()) originated_.push_back(std::move(o));
  for (auto& r : engine_->TakeReleased()) released_.push_back(std::move(r));
  for (auto& o : engine_->TakeOriginated()) originated_.push_back(std::move(o));
}

void Run::Line(const std::string& line) {
  std::istringstream in(line);
  std::string verb, rest;
  in >> verb >> std::ws;
  std::getline(in, rest);
  if (verb == ">") return Arrive(rest);
  if (verb == "<") return Leave(rest);
  if (verb == "x" || verb == "hold" || verb == "taken") {
    if (!open_) throw Failure{"no packet to judge"};
    open_ = false;
    const auto want = verb == "x"      ? Disposition::Action::kDrop
                      : verb == "hold" ? Disposition::Action::kHold
                                       : Disposition::Action::kConsume;
    if (disposition_.action != want) throw Failure{"it was not " + std::string(verb == "x" ? "dropped" : verb == "hold" ? "held" : "taken")};
    if (verb == "x" && rest != Keyword(disposition_.reason)) throw Failure{"dropped for " + std::string(Keyword(disposition_.reason))};
    return;
  }
  if (verb == "leaves") {  // a fragment passes; what is in it is not looked at
    if (!open_ || disposition_.action != Disposition::Action::kAccept) throw Failure{"it does not pass"};
    open_ = false;
    return;
  }
  if (verb == "released") {  // fragments that were held and have their verdict now
    if (released_.size() != std::stoul(rest)) throw Failure{std::to_string(released_.size()) + " released"};
    released_.clear();
    return;
  }
  if (verb == "fell") {  // the next of those that were held is dropped
    if (released_.empty()) throw Failure{"nothing that was held has its verdict"};
    const ReleasedPacket r = released_.front();
    released_.erase(released_.begin());
    if (r.disposition.action == Disposition::Action::kAccept) throw Failure{"it went on"};
    if (rest != Keyword(r.disposition.reason)) throw Failure{"fell for " + std::string(Keyword(r.disposition.reason))};
    return;
  }
  if (verb == "!") {
    saw_message_ = true;
    if (message_at_ >= messages_.list.size()) throw Failure{"no such message: " + rest};
    const std::string& got = messages_.list[message_at_++];
    if (rest != got && !(rest.ends_with("...") && got.starts_with(rest.substr(0, rest.size() - 3)))) throw Failure{"message is: " + got};
    return;
  }
  if (verb == "o") {
    if (originated_.empty()) throw Failure{"the appliance sent nothing of its own"};
    const OriginatedPacket o = originated_.front();
    originated_.erase(originated_.begin());
    return Compare(rest, o.egress, o.bytes);
  }
  if (verb == "adverts") {
    adverts_ = true;
    return;
  }
  if (verb == "at") return Advance({static_cast<std::int64_t>(std::stod(rest) * 1e9)});
  if (verb == "advance") return Advance(clock_.Now() + Duration{static_cast<std::int64_t>(std::stod(rest) * 1e9)});
  if (verb == "trace") return Trace(rest);
  if (verb == "do") return Do(rest);
  if (verb == "threats") return Threats(rest);
  if (verb == "conns") {
    if (engine_->ConnCount().first != std::stoul(rest)) throw Failure{std::to_string(engine_->ConnCount().first) + " connections"};
    return;
  }
  if (verb == "arp") {  // arp NAMEIF ADDRESS MAC: a host of a bridge group asks for itself
    std::istringstream args(rest);
    std::string name, address;
    unsigned long long mac = 0;
    args >> name >> address >> std::hex >> mac;
    const Interface* member = policy_->FindByName(name);
    if (member == nullptr || member->bridge.group == 0) throw Failure{name + " is in no bridge group"};
    std::vector<std::uint8_t> b(60);
    const auto put = [&b](std::size_t at, unsigned long long m) {
      StoreBe16(&b[at], static_cast<std::uint16_t>(m >> 32));
      StoreBe32(&b[at + 2], static_cast<std::uint32_t>(m));
    };
    put(0, 0xffffffffffff);
    put(6, mac);
    StoreBe16(&b[12], 0x0806);
    StoreBe16(&b[14], 1);
    StoreBe16(&b[16], 0x0800);
    b[18] = 6;
    b[19] = 4;
    StoreBe16(&b[20], 1);
    put(22, mac);
    Address(address).StoreV4(&b[28]);
    Address(address).StoreV4(&b[38]);
    Frame frame;
    frame.bytes = b;
    frame.wire_length = static_cast<std::uint32_t>(b.size());
    frame.group = member->bridge.group;
    frame.ingress = member->id;
    FrameDisposition d;
    engine_->ProcessFrame(frame, clock_.Now(), d);
    return;
  }
  if (verb == "hosts") {
    if (engine_->LocalHostCount() != std::stoul(rest)) throw Failure{std::to_string(engine_->LocalHostCount()) + " local hosts"};
    return;
  }
  if (verb == "host") {  // host NAMEIF ADDRESS tcp=N udp=N embryonic=N from=N xlates=N
    std::istringstream args(rest);
    std::string name, address;
    args >> name >> address;
    const LocalHostPage page = engine_->LocalHosts(Address(address), 0, 1000);
    for (const LocalHostView& h : page.hosts) {
      if (h.interface != name) continue;
      const std::map<std::string, std::uint32_t> have = {
          {"tcp", h.tcp}, {"udp", h.udp}, {"embryonic", h.embryonic}, {"from", h.embryonic_from}, {"xlates", h.xlates}};
      for (const auto& [field, want] : FieldsOf(args)) {
        if (have.at(field) != std::stoul(want)) throw Failure{field + " is " + std::to_string(have.at(field))};
      }
      return;
    }
    throw Failure{"no such local host"};
  }
  if (verb == "xlates") {
    const auto n = engine_->Xlates(0, 1000, clock_.Now()).in_use;
    if (n != std::stoul(rest)) throw Failure{std::to_string(n) + " translations"};
    return;
  }
  if (verb == "pinholes") {
    std::size_t n = 0;
    for (const ConnView& v : engine_->Conns({}, 0, 100'000, clock_.Now()).conns) n += v.expected ? 1 : 0;
    if (n != std::stoul(rest)) throw Failure{std::to_string(n) + " pinholes"};
    return;
  }
  if (verb == "inspect" || verb == "inspect-row") {
    // What the inspections of the classes have counted: "inspect dns 3 1", "inspect-row dns-guard 2".
    const auto last = rest.rfind(' ');
    const std::uint64_t number = std::stoull(rest.substr(last + 1));
    std::string what = rest.substr(0, last);
    std::uint64_t packets = 0;
    if (verb == "inspect") {
      packets = std::stoull(what.substr(what.rfind(' ') + 1));
      what.resize(what.rfind(' '));
    }
    for (const ServiceClass& s : policy_->service) {
      for (const auto& i : s.inspections) {
        if (verb == "inspect" && i.name == what) {
          if (i.counters->packets != packets || i.counters->drops != number) {
            throw Failure{"packets " + std::to_string(i.counters->packets) + ", drops " + std::to_string(i.counters->drops)};
          }
          return;
        }
        for (std::size_t r = 0; verb == "inspect-row" && i.map != nullptr && r < i.map->rows.size(); r++) {
          if (i.map->rows[r].text != what) continue;
          // A match counts in the line of its action.
          const std::size_t at = i.map->rows[r].unit == nullptr ? r + 1 : r;
          if (i.counters->rows[at] != number) throw Failure{what + " counts " + std::to_string(i.counters->rows[at])};
          return;
        }
      }
    }
    throw Failure{"no such inspection: " + what};
  }
  if (verb == "drops") {
    std::istringstream args(rest);
    std::string keyword;
    std::uint64_t want = 0, got = 0;
    args >> keyword >> want;
    for (std::size_t i = 1; i < static_cast<std::size_t>(FrameDrop::kCount); i++) {
      if (Keyword(static_cast<FrameDrop>(i)) == keyword) got += engine_->drops().frame[i];
    }
    for (std::size_t i = 1; i < static_cast<std::size_t>(FlowDrop::kCount); i++) {
      if (keyword == "flow:" + std::string(Keyword(static_cast<FlowDrop>(i)))) got += engine_->drops().flow[i];
    }
    if (got != want) throw Failure{keyword + " counts " + std::to_string(got)};
    return;
  }
  if (verb == "hits") {  // hits NAME LINE COUNT
    std::istringstream args(rest);
    std::string name;
    std::uint32_t line_number = 0;
    std::uint64_t want = 0;
    args >> name >> line_number >> want;
    const auto it = policy_->access_lists.find(name);
    if (it == policy_->access_lists.end()) throw Failure{"no access-list " + name};
    std::uint64_t got = 0;
    std::set<const HitCounter*> seen;  // elements that stand for one thing share a counter
    for (const AclElement& e : it->second->elements()) {
      if (it->second->lines()[e.line].number == line_number && seen.insert(e.hits.get()).second) got += e.hits->hits;
    }
    if (got != want) throw Failure{"hits are " + std::to_string(got)};
    return;
  }
  throw Failure{"unknown verb " + verb};
}

std::string Run::Go() {
  std::istringstream in(text_);
  std::string line;
  try {
    while (std::getline(in, line)) {
      number_++;
      if (line.empty() || line[0] == '#') continue;
      if (line == "config") {
        std::string lines;
        while (std::getline(in, line) && line != ".") {
          number_++;
          lines += line + "\n";
        }
        number_++;
        Configure(lines);
        continue;
      }
      Line(line);
    }
    FinishPacket();
    if (!released_.empty()) return "a held packet went on and no `<` line says how";
  } catch (const Failure& f) {
    return "line " + std::to_string(number_) + ": " + line + "\n  " + f.what;
  } catch (const std::exception& e) {
    return "line " + std::to_string(number_) + ": " + line + "\n  " + e.what();
  }
  return {};
}

}  // namespace

std::string RunTrafficScript(const std::string& text, bool traced) { return Run(text, traced).Go(); }

}  // namespace sallyport
