// Class maps, policy maps and service policies as the classes that the engine looks through.
#include "conf/compile.h"
#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

// One `match` line. False: the line says nothing that can be matched here.
bool AddMatch(const Line& line, const Policy& policy, ServiceClass& c) {
  if (line.As<MatchDefault>() != nullptr) return c.default_inspection_traffic = true;
  if (line.As<MatchAny>() != nullptr) return c.match_any = true;
  if (const auto* m = line.As<MatchList>()) {
    const auto it = policy.access_lists.find(m->list);
    if (it == policy.access_lists.end()) return false;
    c.access_list = it->second;
    return true;
  }
  if (const auto* m = line.As<MatchPort>()) {
    c.port = m->ports.Ranges().front();
    c.port_protocol = m->protocol == "tcp" ? 6 : 17;
    return true;
  }
  return false;
}

void AddTimeouts(const ConnTimeoutLine& line, ConnectionSettings& c) {
  if (line.idle) c.idle = Duration::Seconds(line.idle->seconds);
  if (line.embryonic) c.embryonic = Duration::Seconds(line.embryonic->seconds);
  if (line.half_closed) c.half_closed = Duration::Seconds(line.half_closed->seconds);
}

// One line below `class NAME`.
void AddAction(const Line& line, const LineTree& tree, const Policy& policy, ServiceClass& c) {
  if (const auto* i = line.As<InspectLine>()) c.inspections.push_back(CompileInspection(tree, *i));
  if (const auto* f = line.As<FieldLine>(); f != nullptr && f->Get("option") == "tcp-state-bypass") c.connection.state_bypass = true;
  if (const auto* f = line.As<FieldLine>(); f != nullptr && f->Has("tcpmap")) {
    c.connection.tcp_map = CompileTcpMap(tree, f->Get("tcpmap"), policy.personality.release);
  }
  if (const auto* r = line.As<RandomSequenceLine>()) c.connection.random_sequence = r->enable;
  if (const auto* t = line.As<ConnTimeoutLine>()) AddTimeouts(*t, c.connection);
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
          for (const auto& m : class_map->lines) {
            if (!m->text.starts_with("match")) continue;
            matches += " " + m->text + "\n";
            usable = AddMatch(*m, policy, c) || usable;
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
