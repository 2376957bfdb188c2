#include "cli/show_capture.h"

#include <array>
#include <fstream>
#include <unistd.h>

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string Packets(std::uint64_t n) { return fmt::format("{} packet{}", n, n > 1 ? "s" : ""); }

const char* TypeText(CaptureSpec::Type type) {
  switch (type) {
    case CaptureSpec::Type::kAspDrop: return "asp-drop";
    case CaptureSpec::Type::kIsakmp: return "isakmp";
    case CaptureSpec::Type::kRawData: break;
  }
  return "raw-data";
}

}  // namespace

std::string ShowCaptureList(const std::vector<CaptureView>& captures, const std::function<std::string(IfId)>& name_of) {
  std::string out;
  for (const CaptureView& v : captures) {
    const CaptureSpec& s = v.spec;
    Append(out, "capture {} type {}", s.name, TypeText(s.type));
    if (s.type == CaptureSpec::Type::kAspDrop) Append(out, " {}", s.drop);
    if (!s.access_list_name.empty()) Append(out, " access-list {}", s.access_list_name);
    if (s.ethernet_type != 0) out += s.ethernet_type == 0x86dd ? " ethernet-type ip6" : " ethernet-type ip";
    if (s.buffer_given) Append(out, " buffer {}", s.buffer);
    if (s.length_given) Append(out, " packet-length {}", s.packet_length);
    if (s.headers_only) out += " headers-only";
    if (s.trace) out += s.trace_detail ? " trace detail" : " trace";
    if (s.trace_count_given) Append(out, " trace-count {}", s.trace_count);
    for (const IfId id : s.interfaces) Append(out, " interface {}", name_of(id));
    if (s.circular) out += " circular-buffer";
    Append(out, " [{} - {} bytes] \n", v.full ? "Buffer Full" : "Capturing", v.bytes);
    for (const CaptureMatch& m : s.matches) {
      if (!m.text.empty()) Append(out, "  match {} \n", m.text);
    }
  }
  return out;
}

std::string DropCaptureHeader(const std::string& model, const std::string& version, const std::string& text_region) {
  std::string out = fmt::format("Target:     OTHER\nHardware:   {}\nCisco Adaptive Security Appliance Software Version {}\n", model, version);
  if (!text_region.empty()) Append(out, "ASLR enabled, text region {}\n", text_region);
  return out;
}

std::string TextRegion() {
  std::ifstream random("/proc/sys/kernel/randomize_va_space");
  if (int how = 0; !(random >> how) || how == 0) return "";
  std::array<char, 4096> path;
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return "";
  const std::string exe(path.data(), static_cast<std::size_t>(length));
  std::ifstream maps("/proc/self/maps");
  // "55..000-55..000 r-xp 0001000 08:01 123   /usr/bin/sallyportd"
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" r-xp ") != std::string::npos && line.ends_with(exe)) return line.substr(0, line.find(' '));
  }
  return "";
}

std::string CaptureHeader(std::uint64_t captured) { return fmt::format("\n{} captured\n\n", Packets(captured)); }
std::string CaptureTrailer(std::uint64_t shown) { return fmt::format("{} shown\n", Packets(shown)); }

}  // namespace sallyport
