// `packet-tracer`: one imagined packet, or those of a file, through the real pipeline, with nothing committed (unless it is to be
// transmitted).
#include "cli/appliance.h"
#include "cli/capture_reader.h"
#include "cli/capture_text.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_packet_tracer.h"
#include "cli/trace_view.h"
#include "conf/codecs.h"

namespace sallyport {
namespace {

struct TracePort {
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
  TracePort sport, dport;
  IcmpType type;
  int code = 0;
  std::optional<int> id, vlan, tag;
  int rawip = 0;
  std::string mac, file;
  bool detailed = false, xml = false, bypass = false, decrypted = false, transmit = false, persist = false;
};

// `show packet-tracer`.
struct ShowTracer {
  bool pcap = false, summary = false, detailed = false, status = false;
  std::optional<int> number;
};

}  // namespace

template <>
struct Codec<TracePort> {
  static Match Read(Cursor& in, TracePort& out, std::string_view help) { return ReadPort(in, out.number, PortFamily::kBoth, help); }
  static void Print(const TracePort& v, LineWriter& line) { line.Put(std::to_string(v.number)); }
};
template <>
struct Codec<IcmpType> {
  static Match Read(Cursor& in, IcmpType& out, std::string_view help) { return ReadIcmpType(in, out.number, false, help); }
  static void Print(const IcmpType& v, LineWriter& line) { line.Put(std::to_string(v.number)); }
};

namespace {

bool IsMac(std::string_view word) { return ParseMac(word).has_value(); }

std::string TextOf(ExecContext& c, const TraceResult& result, bool detailed, bool xml) {
  // The rules of the policy that rules now: one that has been changed since is not found any more.
  const TraceView view = ViewOf(c.appliance, result);
  std::optional<AspTable> all;
  if (detailed && result.policy == c.appliance.policy()) all = AllAspRulesNow(c.appliance);
  const AspTable* rules = all ? &*all : nullptr;
  return xml ? ShowPacketTracerXml(view, c.appliance.personality(), rules) : ShowPacketTracer(view, c.appliance.personality(), rules);
}

std::string OneTrace(ExecContext& c, const TraceRequest& request, const Tracer& t, std::int64_t wall_nanos, bool of_file) {
  const TraceResult result = c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.Trace(request, now); });
  if (of_file || t.persist) {
    KeptTrace kept{wall_nanos, request.bytes.empty() ? BytesOf(request) : request.bytes, result};
    KeptTraces& all = c.appliance.kept_traces();
    if (t.persist) all.Persist(kept);
    if (of_file) all.of_file.push_back(std::move(kept));
  }
  return TextOf(c, result, t.detailed, t.xml);
}

Reply TraceFile(ExecContext& c, TraceRequest request, const Tracer& t) {
  const auto path = c.appliance.state().DiskPath(t.file);
  if (!path) return Reply::Refuse("%Error opening " + t.file + " (No such file or directory)\n");
  auto reader = CaptureReader::Open({*path});
  if (!reader) return Reply::Refuse("%Error opening " + t.file + " (" + reader.error() + ")\n");
  KeptTraces& kept = c.appliance.kept_traces();
  kept.of_file.clear();
  kept.file = t.file;
  kept.file_packets = 0;
  while (auto packet = reader->Next()) {
    if (++kept.file_packets > KeptTraces::kMostOfFile) continue;
    request.bytes.assign(packet->ip.begin(), packet->ip.end());
    c.session.Write("\nPacket " + std::to_string(kept.file_packets) + "\n" + OneTrace(c, request, t, packet->wall_nanos, true));
  }
  if (kept.file_packets > KeptTraces::kMostOfFile) {
    c.session.Write("Only the first " + std::to_string(KeptTraces::kMostOfFile) + " of " + std::to_string(kept.file_packets) + " packets were traced\n");
  }
  return {};
}

// "   1: 10:20:30.123456 10.1.1.10.1025 > 192.0.2.7.80: S ... Drop-reason: (acl-drop) ..."
std::string SummaryLine(ExecContext& c, const KeptTrace& kept, std::size_t number) {
  CapturedFrame frame;
  frame.wall_nanos = kept.wall_nanos;
  frame.packet.number = static_cast<std::uint32_t>(number);
  frame.packet.bytes = kept.bytes;
  frame.packet.wire_length = static_cast<std::uint32_t>(kept.bytes.size());
  frame.packet.frame_drop = kept.result.frame_drop;
  frame.packet.flow_drop = kept.result.flow_drop;
  return PacketText(frame, {}, !kept.result.allow, c.appliance.ClockNow().zone, c.appliance.personality());
}

Reply ShowKeptTraces(ExecContext& c, const ShowTracer& w, Form) {
  const KeptTraces& kept = c.appliance.kept_traces();
  const auto whole = [&](const KeptTrace& trace, std::size_t number) {
    c.session.Write("\n" + SummaryLine(c, trace, number) + TextOf(c, trace.result, w.detailed, false));
  };
  if (!w.pcap) {
    for (std::size_t i = 0; i < kept.persistent.size(); i++) whole(kept.persistent[i], i + 1);
    return {};
  }
  if (kept.file.empty()) return Reply::Refuse("ERROR: no pcap file has been traced\n");
  std::int64_t took = 0;
  bool all_pass = true;
  for (const KeptTrace& trace : kept.of_file) took += trace.result.elapsed_ns, all_pass = all_pass && trace.result.allow;
  if (w.number) {
    const auto n = static_cast<std::size_t>(*w.number);
    if (n == 0 || n > kept.of_file.size()) return Reply::Refuse("ERROR: there is no packet " + std::to_string(n) + "\n");
    whole(kept.of_file[n - 1], n);
    return {};
  }
  for (std::size_t i = 0; i < kept.of_file.size() && !w.status; i++) {
    w.summary ? c.session.Write(SummaryLine(c, kept.of_file[i], i + 1)) : whole(kept.of_file[i], i + 1);
  }
  if (w.summary || w.status) {
    c.session.Write("Total packets: " + std::to_string(kept.file_packets) + "\nPackets replayed: " + std::to_string(kept.of_file.size()) +
                    "\nResult: " + (all_pass ? "Allow" : "Drop") + "\nTotal time taken: " + std::to_string(took) + "ns\n");
  }
  return {};
}

Reply Trace(ExecContext& c, const Tracer& t, Form) {
  const Policy& policy = *c.appliance.policy();
  const Interface* in = policy.FindByName(t.interface);
  if (in == nullptr) return Reply::Refuse("ERROR: % Invalid interface " + t.interface + "\n");
  if (!t.who.empty()) return Reply::Refuse("ERROR: no IP address is known for " + t.who + "\n");
  // No security group is known for anybody here, and no policy asks for one: a tag would make no difference that an operator could trust.
  if (t.tag) return Reply::Refuse("ERROR: security group tags are not supported\n");
  if (t.vlan) {
    // Another interface on the same wire, by its tag.
    const Interface* tagged = nullptr;
    for (const InterfaceView& v : c.appliance.Interfaces()) {
      const Interface* other = v.vlan == t.vlan ? policy.FindByName(v.nameif) : nullptr;
      if (other != nullptr && other->hardware.starts_with(in->hardware.substr(0, in->hardware.find('.')))) tagged = other;
    }
    if (tagged == nullptr) return Reply::Refuse("ERROR: no interface beside " + t.interface + " has VLAN " + std::to_string(*t.vlan) + "\n");
    in = tagged;
  }
  TraceRequest request;
  request.ingress = in->id;
  request.transmit = t.transmit;
  request.bypass_checks = t.bypass;
  request.decrypted = t.decrypted;
  if (const auto mac = ParseMac(t.mac)) {
    if (in->bridge.group == 0) return Reply::Refuse("ERROR: dmac is for interfaces of bridge groups\n");
    request.dmac = MacNumber(mac->octets.data());
  }
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
  return Reply::Say(OneTrace(c, request, t, c.appliance.WallNow(), false));
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
  const auto mac = [] { return S::Opt({S::Kw("dmac", "Destination MAC address"), S::WordIf(&Tracer::mac, IsMac, "Address", "H.H.H")}); };
  const auto ports = [&](std::uint8_t protocol, const char* name) {
    return S::List{S::Is(&Tracer::protocol, protocol, name, "A packet of this protocol"), tag(), end(&Tracer::src, "Source address"),
                   S::Arg(&Tracer::sport, "Source port"), mac(), end(&Tracer::dst, "Destination address"),
                   S::Arg(&Tracer::dport, "Destination port")};
  };
  const auto options = [] {
    return S::AnyOrder({{S::Flag(&Tracer::bypass, "bypass-checks", "Access lists do not matter")},
                        {S::Flag(&Tracer::decrypted, "decrypted", "As if it came out of a tunnel")},
                        {S::Flag(&Tracer::detailed, "detailed", "The rules behind the phases")},
                        {S::Flag(&Tracer::persist, "persist", "The trace is kept for `show packet-tracer`")},
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
  using W = Tokens<ShowTracer>;
  set.Add(Command<ShowTracer>(
              {W::Kw("show", "Show running system information"), W::Kw("packet-tracer", "Traces that were kept"),
               W::Opt({W::Is(&ShowTracer::pcap, true, "pcap", "Of the packets of a file"), W::Kw("trace", "Their traces"),
                       W::AnyOrder({{W::Kw("packet-number", "Of one packet"), W::Int(&ShowTracer::number, 1, 4294967295, "Number")},
                                    {W::Flag(&ShowTracer::summary, "summary", "A line for each packet")},
                                    {W::Flag(&ShowTracer::detailed, "detailed", "The rules behind the phases")},
                                    {W::Flag(&ShowTracer::status, "status", "How many packets there were, and what became of them")}})})}),
          ShowKeptTraces);
}

}  // namespace sallyport
