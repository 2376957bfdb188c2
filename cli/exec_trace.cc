// `packet-tracer`: one imagined packet, or those of a file, through the real pipeline, with nothing committed (unless it is to be
// transmitted).
#include "cli/appliance.h"
#include "cli/capture_reader.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_packet_tracer.h"
#include "cli/trace_view.h"
#include "conf/codecs.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostOfFile = 100;  // packets of a file that are traced

struct Port {
  std::uint16_t number = 0;
};
struct IcmpType {
  std::uint8_t number = 0;
};

struct Tracer {
  std::string interface;
  std::uint8_t protocol = 0;
  std::optional<IpAddress> src, dst;
  std::string who;  // a user, a group or a name in the place of an address
  Port sport, dport;
  IcmpType type;
  int code = 0;
  std::optional<int> id, vlan, tag;
  int rawip = 0;
  std::string mac, file;
  bool detailed = false, xml = false, bypass = false, decrypted = false, transmit = false;
};

}  // namespace

template <>
struct Codec<Port> {
  static Match Read(Cursor& in, Port& out, std::string_view help) { return ReadPort(in, out.number, PortFamily::kBoth, help); }
  static void Print(const Port& v, LineWriter& line) { line.Put(std::to_string(v.number)); }
};
template <>
struct Codec<IcmpType> {
  static Match Read(Cursor& in, IcmpType& out, std::string_view help) { return ReadIcmpType(in, out.number, false, help); }
  static void Print(const IcmpType& v, LineWriter& line) { line.Put(std::to_string(v.number)); }
};

namespace {

std::string OneTrace(ExecContext& c, const TraceRequest& request, const Tracer& t) {
  const TraceResult result = c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.Trace(request, now); });
  std::optional<AspTable> table;
  if (t.detailed) table = AspTableNow(c.appliance);
  const TraceView view = ViewOf(c.appliance, result);
  const AspTable* rules = table ? &*table : nullptr;
  return t.xml ? ShowPacketTracerXml(view, c.appliance.personality(), rules) : ShowPacketTracer(view, c.appliance.personality(), rules);
}

Reply TraceFile(ExecContext& c, TraceRequest request, const Tracer& t) {
  const auto path = c.appliance.state().DiskPath(t.file);
  if (!path) return Reply::Refuse("%Error opening " + t.file + " (No such file or directory)\n");
  auto reader = CaptureReader::Open({*path});
  if (!reader) return Reply::Refuse("%Error opening " + t.file + " (" + reader.error() + ")\n");
  std::size_t n = 0;
  while (auto packet = reader->Next()) {
    if (++n > kMostOfFile) break;
    request.bytes.assign(packet->ip.begin(), packet->ip.end());
    c.session.Write("\nPacket " + std::to_string(n) + "\n" + OneTrace(c, request, t));
  }
  return {};
}

Reply Trace(ExecContext& c, const Tracer& t, Form) {
  const Policy& policy = *c.appliance.policy();
  const Interface* in = policy.FindByName(t.interface);
  if (in == nullptr) return Reply::Refuse("ERROR: % Invalid interface " + t.interface + "\n");
  if (!t.who.empty()) return Reply::Refuse("ERROR: no IP address is known for " + t.who + "\n");
  if (t.vlan) {
    // Another interface on the same wire, by its tag.
    for (const InterfaceView& v : c.appliance.Interfaces()) {
      const Interface* other = v.vlan == t.vlan ? policy.FindByName(v.nameif) : nullptr;
      if (other != nullptr && other->hardware.starts_with(in->hardware.substr(0, in->hardware.find('.')))) in = other;
    }
  }
  TraceRequest request;
  request.ingress = in->id;
  request.transmit = t.transmit;
  request.bypass_checks = t.bypass;
  request.decrypted = t.decrypted;
  if (!t.file.empty()) return TraceFile(c, request, t);
  if (t.src->IsV4() != t.dst->IsV4()) return Reply::Refuse("ERROR: source and destination are of different families\n");
  request.protocol = t.protocol != 0 ? t.protocol : static_cast<std::uint8_t>(t.rawip);
  if (request.protocol == 1 && !t.src->IsV4()) request.protocol = 58;
  request.src = *t.src;
  request.dst = *t.dst;
  request.sport = t.sport.number;
  request.dport = t.dport.number;
  request.icmp_type = t.type.number;
  request.icmp_code = static_cast<std::uint8_t>(t.code);
  request.icmp_id = static_cast<std::uint16_t>(t.id.value_or(0));
  return Reply::Say(OneTrace(c, request, t));
}

}  // namespace

void AddTraceCommands(ExecSet& set) {
  using S = Tokens<Tracer>;
  const auto end = [](auto member, const char* help) {
    return S::Choice({{S::Arg(member, help)},
                      {S::Kw("user", "The address of a user"), S::Word(&Tracer::who, "Name of the user")},
                      {S::Kw("security-group", "The address of a security group"),
                       S::Choice({{S::Kw("name", "By name"), S::Word(&Tracer::who, "Name")}, {S::Kw("tag", "By number"), S::Word(&Tracer::who, "Number")}})},
                      {S::Kw("fqdn", "The address of a host by its name"), S::Word(&Tracer::who, "Name")}});
  };
  const auto tag = [] { return S::Opt({S::Kw("inline-tag", "Security group tag in the frame"), S::Int(&Tracer::tag, 0, 65533, "Tag")}); };
  const auto mac = [] { return S::Opt({S::Kw("dmac", "Destination MAC address"), S::Word(&Tracer::mac, "Address", "H.H.H")}); };
  const auto ports = [&](std::uint8_t protocol, const char* name) {
    return S::List{S::Is(&Tracer::protocol, protocol, name, "A packet of this protocol"), tag(), end(&Tracer::src, "Source address"),
                   S::Arg(&Tracer::sport, "Source port"), mac(), end(&Tracer::dst, "Destination address"),
                   S::Arg(&Tracer::dport, "Destination port")};
  };
  const auto options = [] {
    return S::AnyOrder({{S::Flag(&Tracer::bypass, "bypass-checks", "Access lists do not matter")},
                        {S::Flag(&Tracer::decrypted, "decrypted", "As if it came out of a tunnel")},
                        {S::Flag(&Tracer::detailed, "detailed", "The rules behind the phases")},
                        {S::Flag(&Tracer::transmit, "transmit", "The packet goes its way")},
                        {S::Flag(&Tracer::xml, "xml", "As XML")}});
  };
  set.Add(Command<Tracer>(
              {S::Kw("packet-tracer", "Trace an imagined packet"), S::Kw("input", "Interface that it comes in by"),
               S::Word(&Tracer::interface, "Name of interface"),
               S::Opt({S::Kw("vlan-id", "With a tag of a VLAN"), S::Int(&Tracer::vlan, 1, 4094, "VLAN")}),
               S::Choice({ports(6, "tcp"), ports(17, "udp"), ports(132, "sctp"),
                          {S::Is(&Tracer::protocol, std::uint8_t{1}, "icmp", "A packet of this protocol"), tag(), end(&Tracer::src, "Source address"),
                           S::Arg(&Tracer::type, "ICMP type"), S::Int(&Tracer::code, 0, 255, "ICMP code"),
                           S::Opt({S::Int(&Tracer::id, 0, 65535, "ICMP identifier")}), mac(), end(&Tracer::dst, "Destination address")},
                          {S::Kw("rawip", "A packet of any protocol"), tag(), end(&Tracer::src, "Source address"),
                           S::Int(&Tracer::rawip, 1, 255, "IP protocol"), mac(), end(&Tracer::dst, "Destination address")},
                          {S::Kw("pcap", "Packets of a file"), S::Word(&Tracer::file, "A file of disk0:")}}),
               options()}),
          Trace);
}

}  // namespace sallyport
