// `packet-tracer`: one imagined packet through the real pipeline, with nothing committed.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_packet_tracer.h"
#include "cli/trace_view.h"
#include "conf/codecs.h"

namespace sallyport {
namespace {

struct Port {
  std::uint16_t number = 0;
};
struct IcmpType {
  std::uint8_t number = 0;
};

struct Tracer {
  std::string interface;
  std::uint8_t protocol = 0;
  IpAddress src, dst;
  Port sport, dport;
  IcmpType type;
  int code = 0;
  std::optional<int> id;
  int rawip = 0;
  bool detailed = false;
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

Reply Trace(ExecContext& c, const Tracer& t, Form) {
  const Policy& policy = *c.appliance.policy();
  const Interface* in = policy.FindByName(t.interface);
  if (in == nullptr) return Reply::Refuse("ERROR: % Invalid interface " + t.interface + "\n");
  TraceRequest request;
  request.ingress = in->id;
  request.protocol = t.protocol != 0 ? t.protocol : static_cast<std::uint8_t>(t.rawip);
  request.src = t.src;
  request.dst = t.dst;
  request.sport = t.sport.number;
  request.dport = t.dport.number;
  request.icmp_type = t.type.number;
  request.icmp_code = static_cast<std::uint8_t>(t.code);
  request.icmp_id = static_cast<std::uint16_t>(t.id.value_or(0));
  const TraceResult result = c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.Trace(request, now); });
  return Reply::Say(ShowPacketTracer(ViewOf(c.appliance, result), c.appliance.personality()));
}

}  // namespace

void AddTraceCommands(ExecSet& set) {
  using S = Tokens<Tracer>;
  const auto ports = [](std::uint8_t protocol, const char* name) {
    return S::List{S::Is(&Tracer::protocol, protocol, name, "A packet of this protocol"), S::Arg(&Tracer::src, "Source address"),
                   S::Arg(&Tracer::sport, "Source port"), S::Arg(&Tracer::dst, "Destination address"),
                   S::Arg(&Tracer::dport, "Destination port")};
  };
  set.Add(Command<Tracer>(
              {S::Kw("packet-tracer", "Trace an imagined packet"), S::Kw("input", "Interface that it comes in by"),
               S::Word(&Tracer::interface, "Name of interface"),
               S::Choice({ports(6, "tcp"), ports(17, "udp"),
                          {S::Is(&Tracer::protocol, std::uint8_t{1}, "icmp", "A packet of this protocol"), S::Arg(&Tracer::src, "Source address"),
                           S::Arg(&Tracer::type, "ICMP type"), S::Int(&Tracer::code, 0, 255, "ICMP code"),
                           S::Opt({S::Int(&Tracer::id, 0, 65535, "ICMP identifier")}), S::Arg(&Tracer::dst, "Destination address")},
                          {S::Kw("rawip", "A packet of any protocol"), S::Arg(&Tracer::src, "Source address"),
                           S::Int(&Tracer::rawip, 1, 255, "IP protocol"), S::Arg(&Tracer::dst, "Destination address")}}),
               S::Flag(&Tracer::detailed, "detailed", "More about each phase (there is no more here)")}),
          Trace);
}

}  // namespace sallyport
