// `capture`, `show capture`, `clear capture` and `copy [/pcap] capture:`.
#include <algorithm>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/match_words.h"
#include "cli/session.h"
#include "cli/show_capture.h"
#include "cli/show_packet_tracer.h"
#include "cli/trace_view.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kArpType = 0x0806;
constexpr std::uint64_t kPage = 500;      // packets asked of the data thread at a time
constexpr std::uint64_t kRealTime = 200;  // packets shown at a time in real time; more are not
constexpr const char* kCapture = "Capture inbound and outbound packets on one or more interfaces";

struct CaptureWords {
  std::string name;
  enum class Type : std::uint8_t { kNone, kRawData, kAspDrop, kIsakmp, kTlsProxy, kLacp, kWebvpn } type = Type::kNone;
  std::string drop;
  std::string access_list, interface, user;
  std::optional<int> buffer, packet_length, trace_count;
  std::uint16_t ethernet_type = 0;
  bool circular = false, headers_only = false, trace = false, trace_detail = false;
  bool real_time = false, real_time_detail = false, real_time_dump = false;
  std::vector<MatchWords> matches;
};

struct ShowWords {
  std::string name, access_list;
  bool detail = false, dump = false, decode = false, trace = false;
  std::optional<int> number, count;
};

struct ClearWords {
  std::string name;
};

struct CopyWords {
  bool no_confirm = false, pcap = false;
  std::string from, to;
};

std::string NoSuchCapture(const std::string& name) { return "ERROR: Capture <" + name + "> does not exist\n"; }

// The packets of a capture as they come, until Ctrl-C. The capture goes with it.
class RealTime final : public Job {
 public:
  RealTime(Appliance& appliance, Session& session, std::string name, const CaptureForm& form, bool drops)
      : appliance_(appliance), session_(session), name_(std::move(name)), form_(form), drops_(drops) {}
  ~RealTime() override {
    appliance_.AskEngine([this](Engine& e) { e.captures().Remove(name_, IfId::kAny); });
  }
  void Interrupt() override {
    Tick();
    session_.WriteNow(std::to_string(shown_) + " packets shown.\n" + std::to_string(seen_ - shown_) +
                      " packets not shown due to performance limitations.\n");
    session_.JobDone();  // destroys this
  }
  void Tick() override {
    std::vector<CapturedPacket> packets = appliance_.AskEngine([this](Engine& e) {
      std::vector<CapturedPacket> all = e.captures().Since(name_, seen_, kRealTime);
      return all;
    });
    shown_ += packets.size();
    std::string text;
    const Personality& personality = appliance_.personality();
    for (const CapturedFrame& f : FramesOf(appliance_, std::move(packets))) {
      text += PacketText(f, form_, drops_, appliance_.ClockNow().zone, personality);
    }
    if (!text.empty()) session_.WriteNow(text);
  }

 private:
  Appliance& appliance_;
  Session& session_;
  const std::string name_;
  const CaptureForm form_;
  const bool drops_;
  std::uint64_t seen_ = 0, shown_ = 0;
};

Reply RemoveCapture(ExecContext& c, const CaptureWords& w) {
  IfId id = IfId::kAny;
  if (!w.interface.empty()) {
    const Interface* i = c.appliance.policy()->FindByName(w.interface);
    if (i == nullptr) return Reply::Refuse("ERROR: % Invalid interface name " + w.interface + "\n");
    // With nothing else to watch the capture stays, and catches nothing.
    id = i->id;
  }
  const bool gone = c.appliance.AskEngine([&](Engine& e) { return e.captures().Remove(w.name, id); });
  return gone ? Reply{} : Reply::Refuse(NoSuchCapture(w.name));
}

Reply SetCapture(ExecContext& c, const CaptureWords& w, Form form) {
  if (form == Form::kNo) return RemoveCapture(c, w);
  const Policy& policy = *c.appliance.policy();
  CaptureSpec spec;
  const auto before = c.appliance.AskEngine([&](Engine& e) {
    const CaptureSpec* there = e.captures().Find(w.name);
    return there != nullptr ? std::optional(*there) : std::nullopt;
  });
  if (before) spec = *before;
  spec.name = w.name;
  using Words = CaptureWords::Type;
  if (w.ethernet_type == kArpType) return Reply::Refuse("ERROR: ARP is answered by the machine itself here and cannot be captured\n");
  // Nothing of the kind passes here, so that a capture would stay empty whatever happens.
  if (w.type == Words::kTlsProxy) return Reply::Refuse("ERROR: there is no TLS proxy here to capture from\n");
  if (w.type == Words::kLacp) return Reply::Refuse("ERROR: LACP is the machine's own here and cannot be captured\n");
  if (w.type == Words::kWebvpn) return Reply::Refuse("ERROR: there is no clientless VPN here to capture from\n");
  const CaptureSpec::Type type = w.type == Words::kAspDrop  ? CaptureSpec::Type::kAspDrop
                                 : w.type == Words::kIsakmp ? CaptureSpec::Type::kIsakmp
                                                            : CaptureSpec::Type::kRawData;
  if (before && w.type != Words::kNone && before->type != type) {
    return Reply::Refuse("ERROR: Capture <" + w.name + "> is of another type\n");
  }
  if (!before) spec.type = type;
  if (spec.type == CaptureSpec::Type::kAspDrop && (!before || !w.drop.empty())) spec.drop = w.drop.empty() ? "all" : w.drop;
  if (!w.interface.empty()) {
    const Interface* i = policy.FindByName(w.interface);
    if (i == nullptr) return Reply::Refuse("ERROR: % Invalid interface name " + w.interface + "\n");
    if (std::find(spec.interfaces.begin(), spec.interfaces.end(), i->id) == spec.interfaces.end()) spec.interfaces.push_back(i->id);
  }
  if (!w.access_list.empty()) {
    const auto list = policy.access_lists.find(w.access_list);
    if (list == policy.access_lists.end()) return Reply::Refuse("ERROR: access-list <" + w.access_list + "> does not exist\n");
    spec.access_list_name = w.access_list;
    spec.access_list = list->second;
  }
  for (const MatchWords& m : w.matches) {
    auto matches = MatchesOf(m);
    if (!matches) return Reply::Refuse(matches.error() + "\n");
    for (CaptureMatch& each : *matches) spec.matches.push_back(std::move(each));
  }
  if (w.buffer) spec.buffer = static_cast<std::uint32_t>(*w.buffer), spec.buffer_given = true;
  if (w.packet_length) spec.packet_length = static_cast<std::uint32_t>(*w.packet_length), spec.length_given = true;
  if (w.trace_count) spec.trace_count = static_cast<std::uint32_t>(*w.trace_count), spec.trace_count_given = true;
  if (w.ethernet_type != 0) spec.ethernet_type = w.ethernet_type;
  spec.circular = spec.circular || w.circular || w.real_time;
  spec.headers_only = spec.headers_only || w.headers_only;
  spec.trace = spec.trace || w.trace;
  spec.trace_detail = spec.trace_detail || w.trace_detail;
  if (w.real_time && c.session.options().kind == Session::Kind::kScript) {
    return Reply::Refuse("ERROR: real-time needs a terminal: nobody ends it in a script; see 'show capture'\n");
  }
  if (!c.appliance.AskEngine([&](Engine& e) { return e.captures().Set(spec); })) {
    return Reply::Refuse("ERROR: there are as many captures as there can be\n");
  }
  if (!w.real_time) return {};
  c.session.WriteNow("Warning: using this option with a slow console connection may\n         result in an excessive amount of non-displayed"
                  " packets\n         due to performance limitations.\n\nUse ctrl-c to terminate real-time capture\n\n\n");
  const CaptureForm how{w.real_time_detail, w.real_time_dump, false};
  c.session.Run(std::make_unique<RealTime>(c.appliance, c.session, w.name, how, spec.type == CaptureSpec::Type::kAspDrop));
  return {};
}

// All packets of a capture, a page at a time.
template <typename F>
std::uint64_t EachPage(Appliance& appliance, const std::string& name, F f) {
  std::uint64_t total = 0;
  for (std::uint64_t at = 0;; at += kPage) {
    auto packets = appliance.AskEngine([&](Engine& e) { return e.captures().Packets(name, at, kPage, total); });
    const bool last = packets.size() < kPage;
    f(FramesOf(appliance, std::move(packets)), total);
    if (last) return total;
  }
}

// What one packet of `show capture NAME` prints.
std::string OnePacket(ExecContext& c, const CapturedFrame& f, const ShowWords& w, bool drops) {
  const Personality& personality = c.appliance.personality();
  std::string out = PacketText(f, {w.detail && !w.trace, w.dump, w.decode}, drops, c.appliance.ClockNow().zone, personality);
  if (w.trace && f.packet.trace != nullptr) {
    // The rules of the policy that rules now: one that has been changed since is not found any more.
    std::optional<AspTable> rules;
    if (w.detail && f.packet.trace->policy == c.appliance.policy()) rules = AllAspRulesNow(c.appliance);
    const std::string trace = ShowPacketTracer(ViewOf(c.appliance, *f.packet.trace), personality, rules ? &*rules : nullptr);
    out += trace.substr(trace.starts_with('\n') ? 1 : 0);
    if (!out.ends_with("\n\n")) out += '\n';
  }
  return out;
}

Reply ShowCaptures(ExecContext& c, const ShowWords& w, Form) {
  const Policy& policy = *c.appliance.policy();
  const auto captures = c.appliance.AskEngine([](Engine& e) { return e.captures().List(); });
  if (w.name.empty()) return Reply::Say(ShowCaptureList(captures, [&](IfId id) { return InterfaceNameOf(policy, id); }));
  const auto it = std::find_if(captures.begin(), captures.end(), [&](const CaptureView& v) { return v.spec.name == w.name; });
  if (it == captures.end()) return Reply::Refuse(NoSuchCapture(w.name));
  // Before 9.0 the reason stands only where a capture has more than one.
  const bool drops = it->spec.type == CaptureSpec::Type::kAspDrop &&
                     (c.appliance.personality().trace_resolve_egress || it->spec.drop == "all");
  std::shared_ptr<const AccessList> filter;
  if (!w.access_list.empty()) {
    const auto list = policy.access_lists.find(w.access_list);
    if (list == policy.access_lists.end()) return Reply::Refuse("ERROR: access-list <" + w.access_list + "> does not exist\n");
    filter = list->second;
  }
  std::uint64_t shown = 0;
  bool header = false;
  const bool located = it->spec.type == CaptureSpec::Type::kAspDrop && c.appliance.personality().trace_drop_location;
  if (located) {
    const VersionView version = c.appliance.Version();
    c.session.Write(DropCaptureHeader(version.model, version.version, TextRegion()));
  }
  EachPage(c.appliance, w.name, [&](const std::vector<CapturedFrame>& frames, std::uint64_t total) {
    if (!header) c.session.Write(CaptureHeader(total));
    header = true;
    for (const CapturedFrame& f : frames) {
      if (w.number && f.packet.number != static_cast<std::uint32_t>(*w.number)) continue;
      if (w.count && shown >= static_cast<std::uint64_t>(*w.count)) break;
      if (filter != nullptr) {
        std::vector<std::uint8_t> bytes = f.packet.bytes;
        Packet p;
        p.bytes = bytes;
        p.wire_length = f.packet.wire_length;
        ParsePacket(p);
        const AclElement* e = filter->Find({p.key.src, p.key.dst, p.key.sport, p.key.dport, p.protocol, p.icmp_type, p.icmp_code});
        if (e == nullptr || !e->permit) continue;
      }
      shown++;
      c.session.Write(OnePacket(c, f, w, drops));
    }
  });
  c.session.Write((located && shown != 0 ? "\n" : "") + CaptureTrailer(shown));
  return {};
}

Reply ClearCapture(ExecContext& c, const ClearWords& w, Form) {
  const std::string name = w.name == "/all" ? "" : w.name;
  const bool any = c.appliance.AskEngine([&](Engine& e) { return e.captures().Clear(name); });
  return any ? Reply{} : Reply::Refuse(NoSuchCapture(w.name));
}

constexpr std::string_view kSource = "capture:";
bool IsSource(std::string_view word) { return word.starts_with(kSource); }

// Writes capture `name` to a file of disk0:; what the operator reads.
Reply CopyNow(ExecContext& c, const std::string& name, const std::string& to, bool pcap) {
  const auto captures = c.appliance.AskEngine([](Engine& e) { return e.captures().List(); });
  const auto it = std::find_if(captures.begin(), captures.end(), [&](const CaptureView& v) { return v.spec.name == name; });
  if (it == captures.end()) return Reply::Refuse("%Error opening capture:" + name + " (No such file or directory)\n");
  const auto path = c.appliance.state().DiskPath(to);
  if (!path) return Reply::Refuse("%Error opening " + to + " (Not supported)\n");
  std::vector<CapturedFrame> all;
  EachPage(c.appliance, name, [&](std::vector<CapturedFrame> frames, std::uint64_t) {
    for (CapturedFrame& f : frames) all.push_back(std::move(f));
  });
  std::string text;
  if (pcap) {
    text = PcapOf(all);
  } else {
    text = CaptureHeader(all.size());
    const bool drops = it->spec.type == CaptureSpec::Type::kAspDrop;
    for (const CapturedFrame& f : all) text += PacketText(f, {}, drops, c.appliance.ClockNow().zone, c.appliance.personality());
    text += CaptureTrailer(all.size());
  }
  if (const Status s = WriteFileAtomically(*path, text); !s) return Reply::Refuse("%Error writing " + to + " (" + s.error() + ")\n");
  return Reply::Say("!!!!!!!!\n" + std::to_string(all.size()) + " packets copied in 0.0 secs\n");
}

Reply CopyCapture(ExecContext& c, const CopyWords& w, Form) {
  const std::string name = w.from.substr(kSource.size());
  std::string to = w.to;
  // "disk0:" alone: the capture's name.
  if (to.ends_with(':') || to.ends_with(":/")) to += name + (w.pcap ? ".pcap" : "");
  if (w.no_confirm) return CopyNow(c, name, to, w.pcap);
  c.session.Ask("\nSource capture name [" + name + "]? ", DaemonFrame::Mode::kQuestion,
                [c, name, to, pcap = w.pcap](const std::optional<std::string>& source) {
                  if (!source) return;
                  const std::string from = source->empty() ? name : *source;
                  const std::size_t colon = to.find(':');
                  const std::string disk = to.substr(0, colon == std::string::npos ? 0 : colon + 1), file = to.substr(disk.size());
                  c.session.Ask("\nDestination filename [" + file + "]? ", DaemonFrame::Mode::kQuestion,
                                [c, from, disk, file, pcap](const std::optional<std::string>& answer) {
                                  if (!answer) return;
                                  ExecContext x = c;
                                  const Reply r = CopyNow(x, from, disk + (answer->empty() ? file : *answer), pcap);
                                  r.ok ? x.session.Write(r.text) : x.session.Refuse(r.text);
                                });
                });
  return {};
}

}  // namespace

void AddCaptureCommands(ExecSet& set) {
  {
    using S = Tokens<CaptureWords>;
    using Type = CaptureWords::Type;
    std::vector<S::List> reasons;
    reasons.push_back({S::Is(&CaptureWords::drop, "all", "all", "All packet drop reasons")});
    std::vector<std::string_view> seen;
    const auto reason = [&](std::string_view keyword, std::string_view text) {
      if (std::find(seen.begin(), seen.end(), keyword) != seen.end()) return;
      seen.push_back(keyword);
      reasons.push_back({S::Is(&CaptureWords::drop, std::string(keyword), keyword, text)});
    };
    for (std::size_t i = 1; i < static_cast<std::size_t>(FrameDrop::kCount); i++) {
      reason(Keyword(static_cast<FrameDrop>(i)), Text(static_cast<FrameDrop>(i)));
    }
    for (std::size_t i = 1; i < static_cast<std::size_t>(FlowDrop::kCount); i++) {
      reason(Keyword(static_cast<FlowDrop>(i)), Text(static_cast<FlowDrop>(i)));
    }
    const auto type = S::Choice({{S::Is(&CaptureWords::type, Type::kRawData, "raw-data", "Capture inbound and outbound packets on one or more interfaces")},
                                 {S::Is(&CaptureWords::type, Type::kAspDrop, "asp-drop", "Capture packets dropped with a particular reason"),
                                  S::Opt({S::Choice(reasons)})},
                                 {S::Is(&CaptureWords::type, Type::kTlsProxy, "tls-proxy", "Decrypted data of the TLS proxy: not here")},
                                 {S::Is(&CaptureWords::type, Type::kLacp, "lacp", "LACP packets: not here")},
                                 {S::Is(&CaptureWords::type, Type::kWebvpn, "webvpn", "Data of clientless VPN: not here"),
                                  S::Opt({S::Kw("user", "Of a user"), S::Word(&CaptureWords::user, "Name")})},
                                 {S::Is(&CaptureWords::type, Type::kIsakmp, "isakmp", "Capture the IKE packets of the appliance itself")}});
    set.Add(
        Command<CaptureWords>(
            {S::Kw("capture", kCapture), S::Word(&CaptureWords::name, "Name of the capture", "WORD < 64 char", 63),
             S::AnyOrder(
                 {{S::Kw("type", "Capture packets based on a particular type"), type},
                  {S::Kw("access-list", "Capture packets that match access-list"), S::Word(&CaptureWords::access_list, "Name of an access list")},
                  {S::Kw("buffer", "Configure size of capture buffer, default is 512 KB"),
                   S::Int(&CaptureWords::buffer, CaptureSpec::kLeastBuffer, CaptureSpec::kMostBuffer, "Buffer size in bytes")},
                  {S::Flag(&CaptureWords::circular, "circular-buffer", "Overwrite buffer from beginning when full, default is non-circular")},
                  {S::Kw("ethernet-type", "Capture Ethernet packets of a particular type, default is IP"),
                   S::Choice({{S::Is(&CaptureWords::ethernet_type, std::uint16_t{0x0800}, "ip", "IPv4")},
                              {S::Is(&CaptureWords::ethernet_type, std::uint16_t{0x86dd}, "ip6", "IPv6")},
                              {S::Is(&CaptureWords::ethernet_type, kArpType, "arp", "ARP: not here")}})},
                  {S::Flag(&CaptureWords::headers_only, "headers-only", "Capture only L2, L3 and L4 headers of packet without data in them")},
                  {S::Kw("interface", "Capture packets on a specific interface"), S::Word(&CaptureWords::interface, "Name of interface")},
                  {S::Kw("match", "Capture packets based on match criteria"), S::Many(&CaptureWords::matches, "Protocol and addresses")},
                  {S::Kw("packet-length", "Configure maximum length to save from each packet, default is 1518 bytes"),
                   S::Int(&CaptureWords::packet_length, CaptureSpec::kLeastLength, CaptureSpec::kMostLength, "Bytes")},
                  {S::Is(&CaptureWords::real_time, true, "real-time", "Display captured packets in real-time. Warning: using this option with a "
                                                                      "slow console connection may result in excessive amount of non-displayed "
                                                                      "packets due to performance limitations."),
                   S::AnyOrder({{S::Flag(&CaptureWords::real_time_detail, "detail", "Display more information for each packet")},
                                {S::Flag(&CaptureWords::real_time_dump, "dump", "Display hex dump for each packet")}})},
                  {S::Is(&CaptureWords::trace, true, "trace", "Trace the captured packets"),
                   S::Flag(&CaptureWords::trace_detail, "detail", "More about each phase"),
                   S::Opt({S::Kw("trace-count", "Number of packets to trace, default is 50"),
                           S::Int(&CaptureWords::trace_count, 1, CaptureSpec::kMostTraces, "Packets")})}})})
            .No(2),
        SetCapture);
  }
  {
    using S = Tokens<ShowWords>;
    set.Add(Command<ShowWords>(
                {S::Kw("show", kShow), S::Kw("capture", "Display capture buffer"),
                 S::Opt({S::Word(&ShowWords::name, "Name of the capture"),
                         S::AnyOrder({{S::Kw("access-list", "Display packets matching access list"), S::Word(&ShowWords::access_list, "Name")},
                                      {S::Kw("count", "Display <number> of packets in capture"), S::Int(&ShowWords::count, 0, 4294967295, "Packets")},
                                      {S::Flag(&ShowWords::decode, "decode", "Display decode information for each packet")},
                                      {S::Flag(&ShowWords::detail, "detail", "Display more information for each packet")},
                                      {S::Flag(&ShowWords::dump, "dump", "Display hex dump for each packet")},
                                      {S::Kw("packet-number", "Display packet <number> in capture"), S::Int(&ShowWords::number, 0, 4294967295, "Number")},
                                      {S::Flag(&ShowWords::trace, "trace", "Display extended trace information for each packet")}})})}),
            ShowCaptures);
  }
  {
    using S = Tokens<ClearWords>;
    set.Add(Command<ClearWords>({S::Kw("clear", "Reset functions"), S::Kw("capture", "Clear capture buffer"),
                                 S::Word(&ClearWords::name, "Name of the capture, or /all")}),
            ClearCapture);
  }
  {
    using S = Tokens<CopyWords>;
    set.Add(Command<CopyWords>({S::Kw("copy", "Copy from one file to another"), S::Flag(&CopyWords::no_confirm, "/noconfirm", "Do not ask"),
                                S::Flag(&CopyWords::pcap, "/pcap", "Copy the raw packet capture"),
                                S::WordIf(&CopyWords::from, IsSource, "Copy out capture buffer", "capture:"),
                                S::Word(&CopyWords::to, "A file of disk0:", "disk0:")}),
            CopyCapture);
  }
}

}  // namespace sallyport
