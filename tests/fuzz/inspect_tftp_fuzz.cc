// Arbitrary payloads under TFTP inspection.
#include "tests/fuzz/inspect_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sallyport::InspectHarness harness(
      "",
      "  inspect tftp\n", 17, 69);
  harness.Run(data, size);
  return 0;
}
