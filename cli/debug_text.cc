#include "cli/debug_text.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

constexpr int kNoColon = 900;

// 713xxx is said to operators, 715xxx and 713906 are steps.
const char* Framed(int syslog) {
  const bool step = syslog == 0 || syslog / 1000 == 715 || syslog == 713906;
  return step ? "[IKEv1 DEBUG]" : "[IKEv1]";
}

}  // namespace

std::string DebugText(const IkeSaying& s, const CivilTime& when, int release) {
  const std::string& text = s.debug_text.empty() ? s.text : s.debug_text;
  if (s.debug != IkeSaying::Debug::kIkev1) return text;
  return fmt::format("{} {:02} {:02}:{:02}:{:02} {}{}{}", MonthName(when.month), when.day, when.hour, when.minute, when.second, Framed(s.syslog),
                     release < kNoColon ? ": " : "", text);
}

std::string DebugName(IkeSaying::Debug what, bool ikev1_keyword) {
  switch (what) {
    case IkeSaying::Debug::kNone:
      break;
    case IkeSaying::Debug::kIkev1:
      return ikev1_keyword ? "debug crypto ikev1" : "debug crypto isakmp";
    case IkeSaying::Debug::kIkev2Protocol:
      return "debug crypto ikev2 protocol";
    case IkeSaying::Debug::kIkev2Platform:
      return "debug crypto ikev2 platform";
    case IkeSaying::Debug::kIpsec:
      return "debug crypto ipsec";
  }
  return {};
}

}  // namespace sallyport
