// The EXEC commands: what may be typed at `host>` and `host#`, and from configuration modes too. One set; privilege levels say
// who sees what. Each topic is a file of its own: exec_session, exec_system, exec_show, exec_clear, exec_trace, exec_ping.
#pragma once

#include <string>
#include <string_view>

#include "conf/command.h"

namespace sallyport {

class Appliance;
class Session;

struct ExecContext {
  Session& session;
  Appliance& appliance;
};
using ExecSet = CommandSet<ExecContext>;

const ExecSet& ExecCommands();

// Help of the first word of many commands.
inline constexpr const char* kShow = "Show running system information";
inline constexpr const char* kClearHelp = "Reset functions";

void AddSessionCommands(ExecSet& set);
void AddSystemCommands(ExecSet& set);
void AddOperatorCommands(ExecSet& set);
void AddShowSystemCommands(ExecSet& set);
void AddShowPlatformCommands(ExecSet& set);
void AddShowConfigCommands(ExecSet& set);
void AddShowTrafficCommands(ExecSet& set);
void AddShowVpnCommands(ExecSet& set);
void AddServicePolicyCommands(ExecSet& set);
void AddThreatCommands(ExecSet& set);
void AddRateCommands(ExecSet& set);
void AddClearCommands(ExecSet& set);
void AddBridgeCommands(ExecSet& set);
void AddZoneCommands(ExecSet& set);
void AddRouteCommands(ExecSet& set);
void AddNatCommands(ExecSet& set);
void AddLimitCommands(ExecSet& set);  // exec_limits.cc
void AddTraceCommands(ExecSet& set);
void AddPingCommands(ExecSet& set);
void AddRoutingCommands(ExecSet& set);
void AddIpv6Commands(ExecSet& set);
void AddCaptureCommands(ExecSet& set);
void AddFaultCommands(ExecSet& set);
void AddAspCommands(ExecSet& set);
void AddDnsCommands(ExecSet& set);
void AddAaaCommands(ExecSet& set);
void AddCryptoCommands(ExecSet& set);
void AddCryptoShows(ExecSet& set);  // exec_crypto_show.cc
void AddDebugCommands(ExecSet& set);
void AddWebvpnCommands(ExecSet& set);
// The lines of `show debug` that `debug webvpn` makes.
std::string ShowWebvpnDebug(Appliance& appliance, const Session* session);
void AddCertificateCommands(ExecSet& set);
void AddCrlCommands(ExecSet& set);  // exec_crls.cc

// A command without anything to bind.
struct Bare {};
// `words` is the whole command ("show history"); its help texts follow in `help`, one for each word ("" for none).
Command<Bare> BareCommand(std::string_view words, std::initializer_list<const char*> help = {});

}  // namespace sallyport
