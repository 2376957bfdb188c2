// `show service-policy`, `clear service-policy`, `show priority-queue`.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/service_policy_views.h"
#include "cli/session.h"
#include "cli/show_service_policy.h"
#include "conf/codecs.h"
#include "firewall/protection.h"

namespace sallyport {
namespace {

struct FlowPort {
  std::uint16_t number = 0;
  bool operator==(const FlowPort&) const = default;
};

struct PolicyWords {
  bool global = false;
  std::string interface;
  ServicePolicyPart::What what = ServicePolicyPart::What::kAll;
  std::string inspection, second;  // "h323" "h225"
  bool detail = false;
  // flow
  bool flow = false;
  std::string protocol;
  IpAddress src, dst;
  IpAddress src_mask, dst_mask;
  FlowPort sport, dport;
  std::optional<int> icmp_type;
};

struct QueueWords {
  std::string interface;
};

}  // namespace

template <>
struct Codec<FlowPort> {
  static Match Read(Cursor& in, FlowPort& out, std::string_view help) { return ReadPort(in, out.number, PortFamily::kBoth, help); }
  static void Print(const FlowPort& v, LineWriter& line) { line.Put(std::to_string(v.number)); }
};

namespace {

using PolicyWhat = ServicePolicyPart::What;
using S = Tokens<PolicyWords>;

std::vector<ServicePolicyView> Wanted(ExecContext& c, const PolicyWords& w) {
  std::vector<ServicePolicyView> views = c.appliance.ServicePolicies();
  std::erase_if(views, [&](const ServicePolicyView& v) {
    return (w.global && !v.interface.empty()) || (!w.interface.empty() && v.interface != w.interface);
  });
  return views;
}

Reply ShowFlow(ExecContext& c, const PolicyWords& w) {
  std::optional<std::uint8_t> protocol = ProtocolByName(w.protocol);
  if (!protocol && w.protocol.find_first_not_of("0123456789") == std::string::npos && w.protocol.size() <= 3 && std::stoi(w.protocol) < 256) {
    protocol = static_cast<std::uint8_t>(std::stoi(w.protocol));
  }
  if (!protocol) return Reply::Refuse("ERROR: % Invalid protocol " + w.protocol + "\n");
  ClassFlow f;
  f.flow.src = w.src;
  f.flow.dst = w.dst;
  f.flow.sport = w.sport.number;
  f.flow.dport = w.dport.number;
  f.flow.protocol = *protocol;
  f.flow.icmp_type = static_cast<std::uint8_t>(w.icmp_type.value_or(8));
  return Reply::Say(ShowServicePolicyFlow(FlowPolicies(c.appliance, c.appliance.configuration().tree(), f, w.global, w.interface)));
}

Reply ShowPolicies(ExecContext& c, const PolicyWords& w, Form) {
  if (!w.interface.empty() && c.appliance.policy()->FindByName(w.interface) == nullptr) {
    return Reply::Refuse("ERROR: % Invalid interface " + w.interface + "\n");
  }
  if (w.flow) return ShowFlow(c, w);
  ServicePolicyPart part{w.what, w.second.empty() ? w.inspection : w.inspection + " " + w.second};
  return Reply::Say(ShowServicePolicy(Wanted(c, w), c.appliance.personality(), part));
}

Reply ClearPolicies(ExecContext& c, const PolicyWords& w, Form) {
  const Policy& policy = *c.appliance.policy();
  const Interface* on = w.interface.empty() ? nullptr : policy.FindByName(w.interface);
  if (!w.interface.empty() && on == nullptr) return Reply::Refuse("ERROR: % Invalid interface " + w.interface + "\n");
  std::vector<std::uint32_t> ids;
  for (const ServiceClass& s : policy.service) {
    if ((w.global && s.interface != IfId::kAny) || (on != nullptr && s.interface != on->id)) continue;
    ids.push_back(s.id);
  }
  c.appliance.AskEngine([&](Engine& e) { e.protection().ClearClasses(ids); });
  return {};
}

auto Queues(std::string (*render)(const std::vector<PriorityQueueView>&)) {
  return [render](ExecContext& c, const QueueWords& w, Form) {
    std::vector<PriorityQueueView> queues = c.appliance.AskEngine([](Engine& e) { return e.protection().Queues(); });
    if (!w.interface.empty()) {
      std::erase_if(queues, [&](const PriorityQueueView& q) { return q.interface != w.interface; });
      if (queues.empty()) return Reply::Refuse("Priority-Queue disabled on interface " + w.interface + "\n");
    }
    return Reply::Say(render(queues));
  };
}

S::Ptr Place() {
  return S::Opt({S::Choice({{S::Is(&PolicyWords::global, true, "global", "The policy of all interfaces")},
                            {S::Kw("interface", "The policy of an interface"), S::Word(&PolicyWords::interface, "Name of interface")}})});
}

S::List End(IpAddress PolicyWords::*address, IpAddress PolicyWords::*mask, FlowPort PolicyWords::*port) {
  return {S::Choice({{S::Kw("host", "One address"), S::Arg(address, "Address")}, {S::Arg(address, "Address"), S::Arg(mask, "Mask")}}),
          S::Opt({S::Kw("eq", "A port"), S::Arg(port, "Port")})};
}

}  // namespace

void AddServicePolicyCommands(ExecSet& set) {
  set.Add(Command<PolicyWords>(
              {S::Kw("show", kShow), S::Kw("service-policy", "Service policies and what they have seen"), Place(),
               S::Opt({S::Choice(
                   {{S::Is(&PolicyWords::what, PolicyWhat::kPolice, "police", "Rate limits")},
                    {S::Is(&PolicyWords::what, PolicyWhat::kPriority, "priority", "Low latency queueing")},
                    {S::Is(&PolicyWords::what, PolicyWhat::kShape, "shape", "Traffic shaping")},
                    {S::Is(&PolicyWords::what, PolicyWhat::kNothing, "csc", "Content security module")},
                    {S::Is(&PolicyWords::what, PolicyWhat::kNothing, "cxsc", "CX module")},
                    {S::Is(&PolicyWords::what, PolicyWhat::kIps, "ips", "IPS module")},
                    {S::Is(&PolicyWords::what, PolicyWhat::kNothing, "sfr", "FirePOWER module")},
                    {S::Is(&PolicyWords::what, PolicyWhat::kNothing, "user-statistics", "Statistics of users")},
                    {S::Is(&PolicyWords::what, PolicyWhat::kInspect, "inspect", "One inspection"), S::Word(&PolicyWords::inspection, "Name of the inspection"),
                     S::Opt({S::Word(&PolicyWords::second, "Its second word, or its map")})},
                    {S::Is(&PolicyWords::what, PolicyWhat::kConnection, "set", "Connection settings"), S::Kw("connection", "Connection settings"),
                     S::Flag(&PolicyWords::detail, "detail", "By client, where clients have limits")},
                    {S::Is(&PolicyWords::flow, true, "flow", "Which classes a flow belongs to"), S::Word(&PolicyWords::protocol, "Protocol"),
                     S::Seq(End(&PolicyWords::src, &PolicyWords::src_mask, &PolicyWords::sport)),
                     S::Seq(End(&PolicyWords::dst, &PolicyWords::dst_mask, &PolicyWords::dport)),
                     S::Opt({S::Int(&PolicyWords::icmp_type, 0, 255, "ICMP type")})}})})}),
          ShowPolicies);
  set.Add(Command<PolicyWords>({S::Kw("clear", "Reset functions"), S::Kw("service-policy", "What service policies have seen"), Place()}), ClearPolicies);
  using Q = Tokens<QueueWords>;
  const auto queue = [&](const char* word, const char* help, std::string (*render)(const std::vector<PriorityQueueView>&)) {
    set.Add(Command<QueueWords>({Q::Kw("show", kShow), Q::Kw("priority-queue", "Priority queues of interfaces"), Q::Kw(word, help),
                                 Q::Opt({Q::Word(&QueueWords::interface, "Name of interface")})}),
            Queues(render));
  };
  queue("statistics", "What they have seen", ShowPriorityQueueStatistics);
  queue("config", "Their limits", ShowPriorityQueueConfig);
}

}  // namespace sallyport
