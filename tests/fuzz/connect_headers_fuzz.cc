// CONNECT: its headers as they come, and an answer made of arbitrary values, none of which may end a line; tokens.
#include <cstdlib>

#include "vpn/anyconnect/connect_request.h"
#include "vpn/anyconnect/token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  const std::string text = "CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\n" + std::string(reinterpret_cast<const char*>(data), size);
  HttpReader reader;
  std::size_t used = 0;
  if (reader.Feed({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, used) == HttpReader::State::kRequest) {
    const HttpRequest r = reader.Take();
    if (const auto c = ReadConnect(r)) {
      if (c->base_mtu > 65535 || c->mtu > 65535) std::abort();
      if (!c->dtls_master_secret.empty() && c->dtls_master_secret.size() != 48) std::abort();
      if (c->dtls_suites.size() > 64 || c->dtls12_suites.size() > 64) std::abort();
      for (const char ch : c->user_agent + c->hostname + c->device_type + c->unique_id) {
        if (static_cast<unsigned char>(ch) < 0x20) std::abort();
      }
      (void)IndexOfToken(c->token);
      (void)TokenMatches(TokenHash{}, c->token);
    }
  }
  ConnectAnswer a;
  a.hostname = a.default_domain = a.banner = a.proxy.server = a.proxy.exceptions = a.post_auth_xml = a.dtls.suite = text;
  a.proxy.method = "use-server";
  a.split_dns = {text};
  const std::string out = WriteConnectAnswer(a);
  // One empty line, at the end; and every line has a name.
  if (out.find("\r\n\r\n") != out.size() - 4) std::abort();
  for (std::size_t at = out.find("\r\n") + 2; at < out.size() - 2; at = out.find("\r\n", at) + 2) {
    if (out.compare(at, 2, "X-") != 0) std::abort();
  }
  return 0;
}
