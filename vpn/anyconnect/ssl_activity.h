// What a TLS or DTLS tunnel of a client has carried. Written by the data thread, read by anybody (dead peer detection, idle timeouts,
// show commands).
#pragma once

#include <atomic>
#include <cstdint>

namespace sallyport {

struct SslActivity {
  std::atomic<std::int64_t> last_in_ns{0}, last_out_ns{0};  // data, appliance time; 0: none yet
  std::atomic<std::uint64_t> packets_in{0}, packets_out{0}, bytes_in{0}, bytes_out{0};  // inner packets
  std::atomic<std::uint64_t> dropped_in{0}, dropped_out{0};
  // Frames of every kind that came, data or not: a peer whose count stands still says nothing.
  std::atomic<std::uint64_t> frames_in{0};
};

}  // namespace sallyport
