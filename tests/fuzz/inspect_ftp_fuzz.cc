// Arbitrary payloads on an FTP control connection through PAT.
#include "tests/fuzz/inspect_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sallyport::InspectHarness harness(
      "",
      "  inspect ftp\n", 6, 21);
  harness.Run(data, size);
  return 0;
}
