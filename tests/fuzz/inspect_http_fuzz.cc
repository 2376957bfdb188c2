// Arbitrary payloads under HTTP inspection.
#include "tests/fuzz/inspect_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sallyport::InspectHarness harness(
      "regex r \"a+b\"\npolicy-map type inspect http H\n parameters\n  protocol-violation action log\n  spoof-server \"x\"\n match request uri regex r\n  log\n"
      " match request header count gt 3\n  log\n match response body regex r\n  log\n match request body length gt 10\n  reset log\n",
      "  inspect http H\n", 6, 80);
  harness.Run(data, size);
  return 0;
}
