// A compiled `tcp-map`: what the TCP normalizer does with the flows of a class. Every flow that no class gives another map
// has the default one. Immutable; connections hold it by shared_ptr. Source: ASA's firewall configuration guide, "TCP
// normalizer"; the defaults are those of a new map.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "firewall/base/time.h"

namespace sallyport {

enum class TcpMapAction : std::uint8_t { kAllow, kClear, kDrop };

// TCP option kinds (IANA) that have rules of their own; the others go by number.
inline constexpr std::uint8_t kTcpOptionMss = 2, kTcpOptionWindowScale = 3, kTcpOptionSackPermitted = 4, kTcpOptionSack = 5,
                              kTcpOptionTimestamp = 8, kTcpOptionMd5 = 19;

struct TcpMap {
  std::string name;  // "" : the default map
  bool check_retransmission = false;
  bool checksum_verification = false;
  bool exceed_mss_drop = false;      // 419001
  bool invalid_ack_drop = true;
  bool seq_past_window_drop = true;  // allowing takes a queue limit of 0
  bool syn_data_drop = false;
  bool synack_data_drop = true;
  bool ttl_evasion_protection = true;
  bool urgent_clear = true;          // 419003
  bool window_variation_drop = false;
  TcpMapAction reserved_bits = TcpMapAction::kAllow;
  std::uint8_t queue_limit = 0;      // packets, 0..250; 0: as the flow needs it
  Duration queue_timeout = Duration::Seconds(4);
  std::uint16_t mss_maximum = 0;     // tcp-options mss maximum; 0: none
  std::array<TcpMapAction, 256> option{};  // by kind
  std::array<bool, 256> multiple{};        // more than one option of this kind may stand in a header
};

// A map as it is made, or the one that rules where none is. `release`: major * 100 + minor.
// Up to 9.5 several options of one kind pass and MD5 is cleared with the other numbers; from 9.6 on more than one is refused
// and MD5 passes. Up to 7.1 segments above the MSS are dropped.
TcpMap DefaultTcpMap(int release);

}  // namespace sallyport
