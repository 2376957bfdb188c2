#include "firewall/tcp_map.h"

namespace sallyport {

TcpMap DefaultTcpMap(int release) {
  TcpMap m;
  m.exceed_mss_drop = release < 702;
  for (std::size_t kind = 6; kind < m.option.size(); kind++) m.option[kind] = TcpMapAction::kClear;
  m.option[kTcpOptionTimestamp] = TcpMapAction::kAllow;
  if (release >= 906) {
    m.option[kTcpOptionMd5] = TcpMapAction::kAllow;
  } else {
    m.multiple.fill(true);
  }
  return m;
}

}  // namespace sallyport
