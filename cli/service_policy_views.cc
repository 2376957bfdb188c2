// What `show service-policy` sees: the policy maps as they are configured, with what their classes have counted.
#include <algorithm>
#include <cstdio>

#include "cli/appliance.h"
#include "cli/service_policy_views.h"
#include "conf/field_line.h"
#include "conf/lines.h"
#include "firewall/protection.h"

namespace sallyport {
namespace {

// Maps that inspections use when they name none, as an ASA shows them.
constexpr std::pair<std::string_view, std::string_view> kDefaultMaps[] = {
    {"h323 h225", "_default_h323_map"}, {"h323 ras", "_default_h323_map"}, {"esmtp", "_default_esmtp_map"}, {"ip-options", "_default_ip_options_map"}, {"ipv6", "_default_ipv6_map"}};

std::string NameOf(const Line& line, const InspectLine& inspect, const Personality& personality) {
  std::string name = line.text.substr(std::string_view("inspect ").size());
  if (name.ends_with(' ')) name.pop_back();  // sip and skinny keep one
  if (!personality.object_nat) return name;
  for (const auto& [what, map] : kDefaultMaps) {
    if (inspect.what == what && name == what) name += " " + std::string(map);
  }
  return name;
}

// `set connection` as an ASA tells what it is set to.
std::vector<std::string> ConnectionLines(const ServiceClass* of, const ConnLimitCounters* counted, const Line& line) {
  std::string limits;
  std::vector<std::string> timeouts, options;
  for (const auto& l : line.lines) {
    const std::string_view text = l->text;
    if (!text.starts_with("set connection ")) continue;
    std::string rest(text.substr(15));
    while (rest.ends_with(' ')) rest.pop_back();
    if (rest.starts_with("timeout ")) {
      if (const auto* t = l->As<ConnTimeoutLine>()) {
        const auto time = [&](const char* word, const std::optional<Hms>& value) {
          if (!value) return;
          const std::uint32_t s = static_cast<std::uint32_t>(value->seconds);
          char shown[64];
          std::snprintf(shown, sizeof shown, "  %s %u:%02u:%02u", word, s / 3600, s / 60 % 60, s % 60);
          timeouts.emplace_back(shown);
        };
        time("embryonic", t->embryonic);
        time("half-closed", t->half_closed);
        time(t->tcp ? "tcp" : "idle", t->idle);
        if (t->dcd && of != nullptr && of->connection.dcd) {
          const auto& dcd = *of->connection.dcd;
          char shown[96];
          std::snprintf(shown, sizeof shown, "  DCD: enabled, retry-interval %u:%02u:%02u, max-retries %u", dcd.retry_s / 3600, dcd.retry_s / 60 % 60,
                        dcd.retry_s % 60, dcd.max_retries);
          timeouts.emplace_back(shown);
          const ConnLimitCounters none, &n = counted != nullptr ? *counted : none;
          timeouts.push_back("  DCD: client-probe " + std::to_string(n.client_probes) + ", server-probe " + std::to_string(n.server_probes) +
                             ", conn-expiration " + std::to_string(n.expired));
        }
      }
    } else if (rest.starts_with("advanced-options ")) {
      options.push_back("Set connection advanced-options: " + rest.substr(17));
    } else if (rest == "decrement-ttl") {
      options.push_back("Set connection decrement-ttl");
    } else {
      limits += rest + " ";
    }
  }
  std::vector<std::string> lines;
  const bool bypass = of != nullptr && of->connection.state_bypass;
  if (!limits.empty() || bypass) lines.push_back("Set connection policy: " + limits + (limits.empty() ? " drop 0" : ""));
  const std::string dropped = "drop " + std::to_string(counted != nullptr ? counted->dropped : 0);
  if (counted != nullptr && of != nullptr && of->connection.Limits()) {
    lines.push_back("  current embryonic conns " + std::to_string(counted->embryonic) + ", current conns " + std::to_string(counted->connections) +
                    ", " + dropped);
  } else if (!limits.empty()) {
    lines.push_back("  " + dropped);
  }
  if (!timeouts.empty()) {
    lines.push_back("Set connection timeout policy:");
    lines.insert(lines.end(), timeouts.begin(), timeouts.end());
  }
  lines.insert(lines.end(), options.begin(), options.end());
  return lines;
}

}  // namespace

std::vector<ServicePolicyView> Appliance::ServicePolicies() {
  std::vector<ServicePolicyView> views;
  const LineTree& tree = configuration_->tree();
  const auto [counted, limited] =
      AskEngine([now = Now()](Engine& e) { return std::pair(e.protection().Classes(now), e.LimitCounters()); });
  for (const bool global : {true, false}) {
    for (const auto* s : tree.All<ServicePolicyLine>(Section::kServicePolicy)) {
      if (s->global != global) continue;
      ServicePolicyView view;
      view.policy = s->policy;
      view.interface = s->global ? "" : s->interface;
      const Interface* on = s->global ? nullptr : policy_->FindByName(s->interface);
      const IfId where = s->global ? IfId::kAny : on != nullptr ? on->id : IfId::kIdentity;
      const Line* map = tree.Find(Section::kPolicyMap, "policy-map " + s->policy);
      for (const auto& c : map != nullptr ? map->lines : std::vector<std::shared_ptr<Line>>{}) {
        const auto* name = c->As<PolicyClassLine>();
        if (name == nullptr) continue;
        ServicePolicyView::Class shown{name->name, {}, {}};
        const auto of = std::find_if(policy_->service.begin(), policy_->service.end(), [&](const ServiceClass& k) {
          return k.policy_name == s->policy && k.class_name == name->name && k.interface == where;
        });
        const ServiceClass* compiled = of != policy_->service.end() ? &*of : nullptr;
        const auto seen = std::find_if(counted.begin(), counted.end(), [&](const ClassView& v) { return compiled != nullptr && v.id == compiled->id; });
        for (const auto& l : c->lines) {
          const auto* inspect = l->As<InspectLine>();
          if (inspect == nullptr) continue;
          ServicePolicyView::Inspection i;
          i.name = NameOf(*l, *inspect, personality());
          for (const char* proxied : {"h323 h225", "rtsp", "skinny", "sip", "sunrpc"}) i.tcp_proxy |= inspect->what == proxied;
          // An inspection that does not act has seen nothing.
          for (const ClassInspectView& n : seen != counted.end() ? seen->inspections : std::vector<ClassInspectView>{}) {
            if (n.name != inspect->what) continue;
            i.packets = n.packets;
            i.drops = n.drops;
            i.reset_drops = n.reset_drops;
            i.rate = n.rate;
          }
          for (const sallyport::Inspection& k : compiled != nullptr ? compiled->inspections : std::vector<sallyport::Inspection>{}) {
            if (k.name != inspect->what) continue;
            for (const std::string& row : InspectLines(k.map.get(), *k.counters)) i.lines.push_back("        " + row);
          }
          shown.inspections.push_back(std::move(i));
        }
        const auto limit = std::find_if(limited.begin(), limited.end(), [&](const ConnLimitCounters& n) {
          return compiled != nullptr && n.class_id == compiled->id;
        });
        shown.lines = ConnectionLines(compiled, limit != limited.end() ? &*limit : nullptr, *c);
        for (const auto& l : c->lines) {
          const auto* f = l->As<FieldLine>();
          if (f != nullptr && f->Has("ips-mode")) shown.ips = "mode " + std::string(f->Get("ips-mode")) + " " + std::string(f->Get("fail"));
        }
        if (seen != counted.end()) {
          shown.proxied = seen->ips;
          shown.police = seen->police;
          shown.priority = seen->priority;
          shown.shape = seen->shape;
        }
        if (compiled != nullptr) shown.shaping = compiled->shape;
        view.classes.push_back(std::move(shown));
      }
      views.push_back(std::move(view));
    }
  }
  return views;
}

namespace {

std::string Trimmed(std::string text) {
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

// The lines of a class map, and for each the access rule by which the flow matches it.
void AddMatches(const LineTree& tree, const ServiceClass& s, const ClassFlow& f, FlowPolicyView::Class& out) {
  for (const auto& map : tree.Of(Section::kClassMap)) {
    const auto* name = map->As<ClassMapLine>();
    if (name == nullptr || name->name != s.class_name) continue;
    for (const auto& l : map->lines) {
      if (!l->text.starts_with("match ")) continue;
      std::string rule;
      if (l->As<MatchList>() != nullptr) {
        for (const ServiceMatch& m : s.matches) {
          if (m.kind != ServiceMatch::Kind::kAccessList || m.list->name() != l->As<MatchList>()->list) continue;
          const AclElement* e = m.list->Find(f.flow);
          if (e != nullptr) rule = e->text.starts_with("extended ") ? e->text.substr(9) : e->text;
        }
      }
      out.matches.push_back(Trimmed(l->text.substr(6)));
      out.rules.push_back(Trimmed(rule));
    }
  }
  if (s.class_name == "class-default") {
    out.matches.push_back("any");
    out.rules.emplace_back();
  }
}

}  // namespace

std::vector<FlowPolicyView> FlowPolicies(const Appliance& appliance, const LineTree& tree, const ClassFlow& f, bool only_global,
                                         const std::string& only_interface) {
  const Policy& policy = *appliance.policy();
  std::vector<FlowPolicyView> views;
  for (const bool global : {true, false}) {
    for (const auto* s : tree.All<ServicePolicyLine>(Section::kServicePolicy)) {
      if (s->global != global || (only_global && !global) || (!only_interface.empty() && s->interface != only_interface)) continue;
      FlowPolicyView view{s->global ? "" : s->interface, s->policy, {}};
      const Line* map = tree.Find(Section::kPolicyMap, "policy-map " + s->policy);
      std::vector<std::string> taken;  // features that an earlier class has
      const auto take = [&](const std::string& feature) {
        const bool free = std::find(taken.begin(), taken.end(), feature) == taken.end();
        if (free) taken.push_back(feature);
        return free;
      };
      for (const ServiceClass& k : policy.service) {
        const Interface* on = policy.Find(k.interface);
        if (k.policy_name != s->policy || (k.interface == IfId::kAny) != global || (!global && (on == nullptr || on->nameif != s->interface))) continue;
        if (!ClassMatches(k, f)) continue;
        FlowPolicyView::Class c;
        c.name = k.class_name;
        const Line* lines = map != nullptr ? map->Find("class " + k.class_name) : nullptr;
        bool connection = false;
        for (const auto& l : lines != nullptr ? lines->lines : std::vector<std::shared_ptr<Line>>{}) {
          const std::string text = Trimmed(l->text);
          if (const auto* i = l->As<InspectLine>()) {
            if (k.default_inspection_traffic && !IsDefaultTrafficOf(i->what, f.flow)) continue;
            const bool with_others = i->what == "ip-options" || i->what == "ipv6" || i->what == "waas" || i->what == "icmp error";
            if (take(with_others ? text : "inspect")) c.input.push_back(text);
          } else if (text.starts_with("set connection ")) {
            const std::string feature = text.starts_with("set connection advanced-options") ? "advanced" : "connection";
            if (connection || take(feature)) c.input.push_back(text);
            connection = connection || feature == "connection";
          } else if (text.starts_with("police input")) {
            if (take("police input")) c.input.push_back(text);
          } else if (text.starts_with("police output") || text == "priority" || text.starts_with("shape ")) {
            if (take(text.substr(0, text.find(' ', 7)))) c.output.push_back(text);
          } else if (take(text.substr(0, text.find(' ')))) {
            c.input.push_back(text);  // ips, csc, flow-export ...
          }
        }
        if (c.input.empty() && c.output.empty()) continue;
        AddMatches(tree, k, f, c);
        view.classes.push_back(std::move(c));
      }
      views.push_back(std::move(view));
    }
  }
  return views;
}

}  // namespace sallyport
