// Documents of aggregate authentication: the reader with arbitrary bytes, and the portal with them as the body of a client's request.
#include <cstdlib>

#include "firewall/base/printable.h"
#include "tests/vpn/anyconnect/portal_fixture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  if (size > HttpLimits{}.body) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto d = ReadAuth(text)) {
    for (const std::string& s : {d->version, d->device_id, d->group_select, d->handle, d->unique_id}) {
      if (!IsPrintableText(s)) std::abort();
    }
    if (d->fields.size() > 32) std::abort();
  }
  // Whatever is written can be read again by whoever reads XML, and holds no tag of what came.
  LoginForm f;
  f.message = f.error = f.selected = text;
  f.groups = {text};
  const std::string form = WriteForm(f);
  if (form.find("<x") != std::string::npos) std::abort();
  (void)LogonPage(f, text, text);

  auto policy = PortalPolicy();
  policy->ssl.hostscan = size % 2 == 1;
  PortalHarness p(policy);
  (void)p.Post("/", text);
  (void)p.Post("/second", text);
  p.Advance(Duration::Seconds(10));
  // Nobody comes in who does not say the password.
  if (!p.host.tokens.empty() && text.find("secret") == std::string::npos && text.find("gold") == std::string::npos &&
      text.find('&') == std::string::npos && text.find("pw") == std::string::npos && text.find("2nd") == std::string::npos && text.find("\xc3\xa4") == std::string::npos) {
    std::abort();
  }
  return 0;
}
