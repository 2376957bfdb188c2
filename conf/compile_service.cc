// Class maps, policy maps and service policies as the classes that the engine looks through.
#include "conf/compile.h"
#include "conf/compile_qos.h"
#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

// One `match` line. What cannot be matched here matches nothing.
void AddMatch(const Line& line, const Policy& policy, ServiceClass& c) {
  ServiceMatch m;
  m.kind = ServiceMatch::Kind::kNothing;
  if (line.As<MatchDefault>() != nullptr) {
    c.default_inspection_traffic = true;
    return;
  }
  if (line.As<MatchAny>() != nullptr) {
    c.match_any = true;
    return;
  }
  if (const auto* list = line.As<MatchList>()) {
    const auto it = policy.access_lists.find(list->list);
    if (it != policy.access_lists.end()) {
      m.kind = ServiceMatch::Kind::kAccessList;
      m.list = it->second;
    }
  } else if (const auto* port = line.As<MatchPort>()) {
    m.kind = ServiceMatch::Kind::kPort;
    m.port = port->ports.Ranges().front();
    m.protocol = port->protocol == "tcp" ? 6 : 17;
  } else if (const auto* f = line.As<FieldLine>(); f != nullptr && AddFieldMatch(line.text, *f, c)) {
    return;
  }
  c.matches.push_back(std::move(m));
}

void AddTimeouts(const ConnTimeoutLine& line, ConnectionSettings& c) {
  if (line.idle) c.idle = Duration::Seconds(line.idle->seconds);
  if (line.embryonic) c.embryonic = Duration::Seconds(line.embryonic->seconds);
  if (line.half_closed) c.half_closed = Duration::Seconds(line.half_closed->seconds);
  c.idle_reset = line.reset;
  if (line.dcd) {
    c.dcd = ConnectionSettings::DeadConnectionDetection{};
    if (line.dcd_retry) c.dcd->retry_s = static_cast<std::uint32_t>(line.dcd_retry->seconds);
    if (line.dcd_max) c.dcd->max_retries = static_cast<std::uint32_t>(*line.dcd_max);
  }
}

// set connection conn-max N ...
void AddLimits(const FieldLine& f, ConnectionSettings& c) {
  const auto number = [&](const char* field) { return static_cast<std::uint32_t>(f.Int(field).value_or(0)); };
  c.conn_max = number("cm");
  c.embryonic_conn_max = number("em");
  c.per_client_max = number("pm");
  c.per_client_embryonic_max = number("pe");
  c.syn_cookie_mss = static_cast<std::uint16_t>(number("mss"));
  if (f.Has("rsn")) c.random_sequence = f.Get("rsn") == "enable";
}

// One line below `class NAME`.
void AddAction(const Line& line, const LineTree& tree, const Policy& policy, ServiceClass& c) {
  if (const auto* i = line.As<InspectLine>()) c.inspections.push_back(CompileInspection(tree, *i));
  if (const auto* f = line.As<FieldLine>(); f != nullptr && f->Get("option") == "tcp-state-bypass") c.connection.state_bypass = true;
  if (const auto* f = line.As<FieldLine>(); f != nullptr && line.key == "set connection") AddLimits(*f, c.connection);
  if (const auto* f = line.As<FieldLine>(); f != nullptr && f->Has("tcpmap")) {
    c.connection.tcp_map = CompileTcpMap(tree, f->Get("tcpmap"), policy.personality.release);
  }
  if (const auto* f = line.As<FieldLine>(); f != nullptr && f->Has("ips-mode")) c.ips = true;
  if (const auto* t = line.As<ConnTimeoutLine>()) AddTimeouts(*t, c.connection);
  AddQos(line.text, line.As<FieldLine>(), c);
}

}  // namespace

std::vector<ServiceClass> CompileServicePolicies(const LineTree& tree, const Policy& policy, StableIds ids) {
  std::vector<ServiceClass> classes;
  for (const bool global : {false, true}) {
    for (const auto* s : tree.All<ServicePolicyLine>(Section::kServicePolicy)) {
      if (s->global != global) continue;
      const Line* map = tree.Find(Section::kPolicyMap, "policy-map " + s->policy);
      const Interface* on = global ? nullptr : policy.FindByName(s->interface);
      if (map == nullptr || (!global && on == nullptr)) continue;
      const std::string where = global ? " global" : " interface " + s->interface;
      for (const auto& line : map->lines) {
        const auto* name = line->As<PolicyClassLine>();
        if (name == nullptr) continue;
        ServiceClass c;
        c.id = ids.Of(s->policy + " " + name->name + where);
        c.class_name = name->name;
        c.policy_name = s->policy;
        c.interface = global ? IfId::kAny : on->id;
        std::string matches;
        bool usable = c.match_any = name->name == "class-default";
        for (const auto& class_map : tree.Of(Section::kClassMap)) {
          const auto* l = class_map->As<ClassMapLine>();
          if (l == nullptr || l->name != name->name) continue;
          matches = class_map->text + "\n";
          c.match_one = l->match == "match-any";
          for (const auto& m : class_map->lines) {
            if (!m->text.starts_with("match")) continue;
            matches += " " + m->text + "\n";
            AddMatch(*m, policy, c);
            usable = true;
          }
        }
        if (!usable) continue;
        std::string actions;
        for (const auto& action : line->lines) {
          actions += "  " + action->text + "\n";
          AddAction(*action, tree, policy, c);
        }
        c.config = matches + "policy-map " + s->policy + "\n class " + name->name + "\n" + actions + "service-policy " + s->policy + where;
        classes.push_back(std::move(c));
      }
    }
  }
  return classes;
}

}  // namespace sallyport
