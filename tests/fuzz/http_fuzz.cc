// What a client says to the portal: the reader of requests in pieces, then the portal itself with what came out, as an ordinary client, as
// a browser and with a live session. Whatever comes is answered once, and nothing but the configuration's own files is read.
#include <cstdlib>

#include "tests/vpn/anyconnect/portal_fixture.h"

namespace sallyport {
namespace {

void OneReader(Bytes data, std::size_t step, PortalHarness* harness) {
  HttpReader reader;
  std::size_t at = 0;
  while (at < data.size()) {
    std::size_t used = 0;
    const Bytes piece = data.subspan(at, std::min(step, data.size() - at));
    const HttpReader::State s = reader.Feed(piece, used);
    if (used > piece.size()) std::abort();
    at += used;
    if (s == HttpReader::State::kRequest) {
      HttpRequest r = reader.Take();
      if (r.body.size() > HttpLimits{}.body || r.fields.size() > HttpLimits{}.fields) std::abort();
      if (harness != nullptr) {
        const std::size_t before = harness->answers.size();
        (void)harness->Send(std::move(r));
        harness->Advance(Duration::Seconds(10));
        if (harness->answers.size() != before + 1) std::abort();
        const std::string text = WriteAnswer(harness->answers.back().http);
        if (text.find("root:x") != std::string::npos) std::abort();
      }
    } else if (s != HttpReader::State::kHead && s != HttpReader::State::kBody) {
      return;
    } else if (used == 0) {
      std::abort();  // it would never go on
    }
  }
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  if (size == 0) return 0;
  const Bytes input(data + 1, size - 1);
  PortalHarness p;
  p.host.files["/etc/passwd"] = p.host.files["../../etc/passwd"] = p.host.files["etc/passwd"] = "root:x";
  p.host.profiles = {"corp"};
  if ((data[0] & 1) != 0) p.agent = "Mozilla/5.0";
  if ((data[0] & 2) != 0) {
    (void)p.Post("/", PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret")));
    p.cookie = "webvpn=" + p.host.tokens.back();
  }
  OneReader(input, 1 + (data[0] >> 2), nullptr);
  OneReader(input, input.size(), &p);
  // The first line as a path.
  const std::string text(input.begin(), input.end());
  if (const auto path = DecodePath(text)) {
    if (path->front() != '/' || path->find("/../") != std::string::npos || path->find('\0') != std::string::npos) std::abort();
  }
  (void)ReadUrlEncoded(text);
  return 0;
}
