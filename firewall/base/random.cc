#include "firewall/base/random.h"

#include <sys/random.h>

#include <cstdlib>

namespace sallyport {

Random Random::FromKernel() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) std::abort();
  return Random(seed);
}

}  // namespace sallyport
