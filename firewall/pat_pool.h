// The options of a pool of addresses that dynamic PAT shares (8.4(3) and later), as the configuration says them. Plain data.
#pragma once

namespace sallyport {

struct PatPoolOptions {
  bool round_robin = false;       // each new host takes the next address; without: an address after the other
  bool extended = false;          // a port is taken for one destination address only
  bool flat = false;              // ports from 1024 on for all; without: of the class of the real port
  bool include_reserve = false;   // with flat: also ports below 1024
  bool block_allocation = false;  // a host gets blocks of ports
  bool operator==(const PatPoolOptions&) const = default;
};

}  // namespace sallyport
