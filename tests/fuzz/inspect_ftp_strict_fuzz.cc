// The same under strict inspection, with masks and rules.
#include "tests/fuzz/inspect_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sallyport::InspectHarness harness(
      "regex r \"a+b\"\npolicy-map type inspect ftp F\n parameters\n  mask-banner\n match filename regex r\n  reset log\n match request-command rmd\n  log\n",
      "  inspect ftp strict F\n", 6, 21);
  harness.Run(data, size);
  return 0;
}
