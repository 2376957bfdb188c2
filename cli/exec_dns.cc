// The DNS client on the console.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_dns.h"

namespace sallyport {
namespace {

struct DnsWords {
  std::string host;
};

Reply DoShowDns(ExecContext& c, const DnsWords& w, Form) {
  return Reply::Say(ShowDns(c.appliance.DnsHosts(), LowerCase(w.host)));
}
Reply DoShowHosts(ExecContext& c, const Bare&, Form) { return Reply::Say(ShowDnsHosts(c.appliance.DnsHosts())); }
Reply DoClearDns(ExecContext& c, const DnsWords& w, Form) {
  if (!c.appliance.ClearDns(w.host)) return Reply::Refuse("ERROR: Host " + w.host + " is not known\n");
  return {};
}
Reply DoClearHosts(ExecContext& c, const Bare&, Form) {
  c.appliance.ClearDnsCache();
  return {};
}

}  // namespace

void AddDnsCommands(ExecSet& set) {
  using S = Tokens<DnsWords>;
  set.Add(Command<DnsWords>({S::Kw("show", kShow), S::Kw("dns", "Addresses of fully qualified domain names"),
                             S::Opt({S::Kw("host", "One name"), S::Word(&DnsWords::host, "Fully qualified domain name")})}),
          DoShowDns);
  set.Add(BareCommand("show dns-hosts", {kShow, "The cache of the DNS client"}), DoShowHosts);
  set.Add(Command<DnsWords>({S::Kw("clear", kClearHelp), S::Kw("dns", "Addresses of fully qualified domain names"),
                             S::Opt({S::Kw("host", "One name"), S::Word(&DnsWords::host, "Fully qualified domain name")})}),
          DoClearDns);
  set.Add(BareCommand("clear dns-hosts cache", {kClearHelp, "The cache of the DNS client", "All of it"}), DoClearHosts);
}

}  // namespace sallyport
