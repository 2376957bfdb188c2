#include "cli/show_packet_tracer.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

const char* UpDown(bool up) { return up ? "up" : "down"; }

void AppendPhase(std::size_t number, const TracePhase& phase, const Personality& personality, std::string& out) {
  Append(out, "Phase: {}\nType: {}\n", number, phase.type);
  // Before 9.0 an empty subtype leaves no blank behind the colon.
  const bool blank = !phase.subtype.empty() || personality.trace_resolve_egress;
  Append(out, "Subtype:{}{}\n", blank ? " " : "", phase.subtype);
  Append(out, "Result: {}\n", phase.allow ? "ALLOW" : "DROP");
  if (personality.trace_elapsed_time) Append(out, "Elapsed time: {} ns\n", phase.elapsed_ns);
  out += "Config:\n";
  for (const std::string& line : phase.config) out.append(line).append("\n");
  out += "Additional Information:\n";
  for (const std::string& line : phase.info) out.append(line).append("\n");
  out += '\n';
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

std::string ShowPacketTracer(const TraceView& view, const Personality& personality) {
  const TraceResult& r = view.result;
  const char* vrf = personality.trace_elapsed_time ? "(vrfid:0)" : "";
  const char* output_vrf = view.output == "NP Identity Ifc" ? "" : vrf;
  std::string out = "\n";
  for (std::size_t i = 0; i < r.phases.size(); i++) AppendPhase(i + 1, r.phases[i], personality, out);
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

}  // namespace sallyport
