// `aaa-server` groups and their servers.
#include "conf/compile_vpn.h"
#include "conf/configuration_impl.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

void ReadGroup(const Line& line, AaaServerGroup& g) {
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const std::string_view t = l->text;
    if (t.starts_with("reactivation-mode ")) {
      g.timed = f->Has("timed");
      g.dead_minutes = static_cast<std::uint32_t>(f->Int("minutes").value_or(g.dead_minutes));
    } else if (t.starts_with("max-failed-attempts ")) g.max_failed = static_cast<std::uint32_t>(f->Int("attempts").value_or(g.max_failed));
    else if (t.starts_with("accounting-mode ")) g.simultaneous = f->Get("mode") == "simultaneous";
  }
}

void ReadKey(const FieldLine& f, AaaServer& s) {
  if (!f.Has("key")) return;
  const std::string_view type = f.Get("type");
  s.key = KeyOf(f);
  s.key_known = !s.key.empty() && (type.empty() || type == "0");
}

void ReadServer(const Line& line, AaaServer& s) {
  const auto number = [](const FieldLine& f, std::string_view field, auto& to) {
    if (const auto n = f.Int(field)) to = static_cast<std::remove_reference_t<decltype(to)>>(*n);
  };
  const auto read = [&](const FieldLine& f) {
    ReadKey(f, s);
    number(f, "seconds", s.timeout_s);
  };
  read(*line.As<FieldLine>());
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const std::string_view t = l->text;
    if (t.starts_with("key ")) ReadKey(*f, s);
    else if (t.starts_with("timeout ")) number(*f, "seconds", s.timeout_s);
    else if (t.starts_with("retry-interval ")) number(*f, "seconds", s.retry_interval_s);
    else if (t.starts_with("authentication-port ")) number(*f, "port", s.authentication_port);
    else if (t.starts_with("accounting-port ")) number(*f, "port", s.accounting_port);
    else if (t == "message-authenticator-required") s.message_authenticator_required = true;
  }
}

}  // namespace

AaaPlan Configuration::Aaa() const {
  AaaPlan plan;
  for (const auto& l : impl_->tree.Of(Section::kAaaServer)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    if (f->Has("protocol")) {
      AaaServerGroup g;
      g.name = f->Get("group");
      g.protocol_name = f->Get("protocol");
      g.protocol = g.protocol_name == "radius" ? AaaServerGroup::Protocol::kRadius : AaaServerGroup::Protocol::kOther;
      ReadGroup(*l, g);
      plan.groups.push_back(std::move(g));
    } else if (f->Has("host") && !plan.groups.empty()) {
      // A server stands behind its group (shapes_aaa.cc).
      for (AaaServerGroup& g : plan.groups) {
        const auto address = f->Address("host", impl_->names);
        if (g.name != f->Get("group") || !address) continue;
        AaaServer s;
        s.address = *address;
        const std::string_view in = f->Get("interface");  // "(inside)"
        s.interface = in.size() > 2 ? in.substr(1, in.size() - 2) : "inside";  // as an ASA does
        ReadServer(*l, s);
        g.servers.push_back(std::move(s));
      }
    }
  }
  return plan;
}

}  // namespace sallyport
