#include "cli/show_packet_tracer.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

// The lines under "Additional Information:". `detailed` shows the rule that acted, and in its place nothing of "MAC Access list".
std::string Extra(const TracePhase& phase, const TraceResult& trace, const AspTable* table) {
  std::string out;
  const AspRule* rule = table != nullptr && phase.rule.what != AspWhat::kNone ? table->Find(phase.rule) : nullptr;
  if (rule == nullptr || !rule->layer2) {
    for (const std::string& line : phase.info) out.append(line).append("\n");
  }
  if (rule != nullptr && trace.policy != nullptr) {
    Append(out, " {} Flow based lookup yields rule:\n", phase.reverse ? "Reverse" : "Forward");
    out += AspRuleText(*rule, *trace.policy, " ");
  }
  if (table != nullptr) {
    for (const std::string& line : phase.detail) out.append(line).append("\n");
  }
  return out;
}

void AppendPhase(std::size_t number, const TracePhase& phase, const TraceResult& trace, const Personality& personality,
                 const AspTable* table, std::string& out) {
  Append(out, "Phase: {}\nType: {}\n", number, phase.type);
  // Before 9.0 an empty subtype leaves no blank behind the colon.
  const bool blank = !phase.subtype.empty() || personality.trace_resolve_egress;
  Append(out, "Subtype:{}{}\n", blank ? " " : "", phase.subtype);
  Append(out, "Result: {}\n", phase.allow ? "ALLOW" : "DROP");
  if (personality.trace_elapsed_time) Append(out, "Elapsed time: {} ns\n", phase.elapsed_ns);
  out += "Config:\n";
  for (const std::string& line : phase.config) out.append(line).append("\n");
  out += "Additional Information:\n";
  out += Extra(phase, trace, table);
  out += '\n';
}

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else out += c;
  }
  return out;
}

}  // namespace

std::string DropReasonText(FrameDrop frame, FlowDrop flow, const Personality& personality) {
  const bool is_frame = frame != FrameDrop::kNone;
  if (!is_frame && flow == FlowDrop::kNone) return "";
  std::string out = is_frame ? fmt::format("Drop-reason: ({}) {}", Keyword(frame), Text(frame))
                             : fmt::format("Drop-reason: ({}) {}", Keyword(flow), Text(flow));
  if (personality.trace_drop_location) {
    if (is_frame)
      Append(out, ", Drop-location: frame 0x{:016x} flow (NA)/NA", static_cast<unsigned>(frame));
    else
      Append(out, ", Drop-location: frame (NA)/NA flow 0x{:016x}", static_cast<unsigned>(flow));
  }
  return out;
}

std::string ShowPacketTracer(const TraceView& view, const Personality& personality, const AspTable* table) {
  const TraceResult& r = view.result;
  const char* vrf = personality.trace_elapsed_time ? "(vrfid:0)" : "";
  const char* output_vrf = view.output == "NP Identity Ifc" ? "" : vrf;
  std::string out = "\n";
  for (std::size_t i = 0; i < r.phases.size(); i++) AppendPhase(i + 1, r.phases[i], r, personality, table, out);
  Append(out, "Result:\ninput-interface: {}{}\ninput-status: {}\ninput-line-status: {}\n", view.input, vrf,
         UpDown(view.input_up), UpDown(view.input_line_up));
  if (!view.output.empty()) {
    Append(out, "output-interface: {}{}\noutput-status: {}\noutput-line-status: {}\n", view.output, output_vrf,
           UpDown(view.output_up), UpDown(view.output_line_up));
  }
  Append(out, "Action: {}\n", r.allow ? "allow" : "drop");
  if (personality.trace_elapsed_time) Append(out, "Time Taken: {} ns\n", r.elapsed_ns);
  if (const std::string why = r.allow ? "" : DropReasonText(r.frame_drop, r.flow_drop, personality); !why.empty()) out += why + "\n";
  if (!personality.trace_elapsed_time) out += "\n\n";
  return out;
}

std::string ShowPacketTracerXml(const TraceView& view, const Personality& personality, const AspTable* table) {
  const TraceResult& r = view.result;
  std::string out;
  for (std::size_t i = 0; i < r.phases.size(); i++) {
    const TracePhase& p = r.phases[i];
    Append(out, "<Phase>\n<id>{}</id>\n<type>{}</type>\n<subtype>{}</subtype>\n<result>{}</result>\n", i + 1, p.type, p.subtype,
           p.allow ? "ALLOW" : "DROP");
    out += "<config>\n";
    for (const std::string& line : p.config) Append(out, "{}\n", Escaped(line));
    Append(out, "</config>\n<extra>\n{}</extra>\n</Phase>\n", Escaped(Extra(p, r, table)));
  }
  Append(out, "<result>\n<input-interface>{}</input-interface>\n<input-status>{}</input-status>\n", view.input, UpDown(view.input_up));
  Append(out, "<input-line-status>{}</input-line-status>\n", UpDown(view.input_line_up));
  if (!view.output.empty()) {
    Append(out, "<output-interface>{}</output-interface>\n<output-status>{}</output-status>\n", view.output, UpDown(view.output_up));
    Append(out, "<output-line-status>{}</output-line-status>\n", UpDown(view.output_line_up));
  }
  Append(out, "<action>{}</action>\n", r.allow ? "allow" : "Drop");
  if (!r.allow) {
    const std::string why = DropReasonText(r.frame_drop, r.flow_drop, personality);
    constexpr std::string_view kWord = "Drop-reason: ";
    if (!why.empty()) Append(out, "<drop-reason>{}</drop-reason>\n", Escaped(std::string_view(why).substr(kWord.size())));
  }
  return out + "</result>\n";
}

}  // namespace sallyport
