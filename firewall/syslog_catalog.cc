#include "firewall/syslog_catalog.h"

namespace sallyport {
namespace {

constexpr MsgInfo kInfo[] = {
#define X(number, severity, text) {number, severity, text},
    SALLYPORT_SYSLOG(X)
#undef X
};

}  // namespace

const MsgInfo& InfoOf(Msg m) { return kInfo[static_cast<std::size_t>(m)]; }

std::optional<Msg> MsgByNumber(int number) {
  for (std::size_t i = 0; i < kMsgCount; i++) {
    if (kInfo[i].number == number) return static_cast<Msg>(i);
  }
  return {};
}

}  // namespace sallyport
