#include "firewall/drop_reason.h"

namespace sallyport {
namespace {

struct DropReasonEntry {
  std::string_view keyword;
  std::string_view text;
};

constexpr DropReasonEntry kFrame[] = {
    {"", ""},
#define X(id, keyword, text) {keyword, text},
    SALLYPORT_FRAME_DROPS(X)
#undef X
};
constexpr DropReasonEntry kFlow[] = {
    {"", ""},
#define X(id, keyword, text) {keyword, text},
    SALLYPORT_FLOW_DROPS(X)
#undef X
};

}  // namespace

std::string_view Keyword(FrameDrop reason) { return kFrame[static_cast<std::size_t>(reason)].keyword; }
std::string_view Text(FrameDrop reason) { return kFrame[static_cast<std::size_t>(reason)].text; }
std::string_view Keyword(FlowDrop reason) { return kFlow[static_cast<std::size_t>(reason)].keyword; }
std::string_view Text(FlowDrop reason) { return kFlow[static_cast<std::size_t>(reason)].text; }

}  // namespace sallyport
