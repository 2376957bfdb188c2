// Arbitrary payloads under DNS inspection with everything on.
#include "tests/fuzz/inspect_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sallyport::InspectHarness harness(
      "policy-map type inspect dns D\n parameters\n  message-length maximum client auto\n  message-length maximum 512\n  id-randomization\n"
      "  id-mismatch count 3 duration 5 action log\n match header-flag RD\n  mask log\n match dns-type eq ns\n  drop log\n",
      "  inspect dns D\n", 17, 53);
  harness.Run(data, size);
  return 0;
}
