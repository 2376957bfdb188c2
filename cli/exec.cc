#include "cli/exec.h"

namespace sallyport {

const ExecSet& ExecCommands() {
  static const ExecSet set = [] {
    ExecSet s("exec mode");
    AddSessionCommands(s);
    AddSystemCommands(s);
    AddOperatorCommands(s);
    AddShowSystemCommands(s);
    AddShowPlatformCommands(s);
    AddShowConfigCommands(s);
    AddShowTrafficCommands(s);
    AddShowVpnCommands(s);
    AddNatCommands(s);
    AddServicePolicyCommands(s);
    AddThreatCommands(s);
    AddRateCommands(s);
    AddClearCommands(s);
    AddBridgeCommands(s);
    AddZoneCommands(s);
    AddRouteCommands(s);
    AddLimitCommands(s);
    AddTraceCommands(s);
    AddPingCommands(s);
    AddRoutingCommands(s);
    AddIpv6Commands(s);
    AddCaptureCommands(s);
    AddFaultCommands(s);
    AddAspCommands(s);
    AddDnsCommands(s);
    AddAaaCommands(s);
    AddCryptoCommands(s);
    AddDebugCommands(s);
    AddWebvpnCommands(s);
    AddCertificateCommands(s);
    AddCrlCommands(s);
    return s;
  }();
  return set;
}

Command<Bare> BareCommand(std::string_view words, std::initializer_list<const char*> help) {
  std::vector<TokenPtr<Bare>> tokens;
  const CommandLine line(words);
  auto text = help.begin();
  for (std::size_t i = 0; i < line.size(); i++) {
    tokens.push_back(Tokens<Bare>::Kw(std::string(line[i]), text != help.end() ? *text++ : ""));
  }
  return Command<Bare>(std::move(tokens));
}

}  // namespace sallyport
