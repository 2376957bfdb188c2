#include "firewall/host/netfilter_rules.h"

#include <unistd.h>

#include <cstdio>
#include <set>

#include "firewall/host/run_command.h"
#include "firewall/host/sysctl.h"

namespace sallyport {

namespace {

constexpr const char* kForward[] = {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"};  // [v6]

using Tool = NetfilterRules::Tool;
constexpr Tool kNftTools[] = {
    {"iptables-nft-save", "iptables-nft-restore", "TTL --ttl-inc 1", false},
    {"ip6tables-nft-save", "ip6tables-nft-restore", "HL --hl-inc 1", true},
};
constexpr Tool kLegacyTools[] = {
    {"iptables-legacy-save", "iptables-legacy-restore", "TTL --ttl-inc 1", false},
    {"ip6tables-legacy-save", "ip6tables-legacy-restore", "HL --hl-inc 1", true},
};
const Tool (&ToolsOf(NetfilterRules::Backend b))[2] {
  return b == NetfilterRules::Backend::kIptablesNft ? kNftTools : kLegacyTools;
}

// What one table has of ours.
struct Found {
  std::set<std::string> chains;  // whose names begin with the prefix
  std::set<std::string> jumps;   // "-A PREROUTING -j CHAIN", without the "-A "
  bool any() const { return !chains.empty() || !jumps.empty(); }
};

// Reads the output of iptables-save.
Found Find(const std::string& saved, const std::string& table, const std::string& prefix) {
  Found f;
  bool inside = false;
  for (std::size_t at = 0; at < saved.size();) {
    std::size_t end = saved.find('\n', at);
    if (end == std::string::npos) end = saved.size();
    const std::string line = saved.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("*")) inside = line == "*" + table;
    if (!inside) continue;
    if (line.starts_with(":" + prefix)) f.chains.insert(line.substr(1, line.find(' ') - 1));
    for (const char* hook : {"PREROUTING", "OUTPUT", "FORWARD"}) {
      const std::string jump = std::string(hook) + " -j " + prefix;
      if (line.starts_with("-A " + jump)) f.jumps.insert(line.substr(3));
    }
  }
  return f;
}

std::string RemovalScript(const std::string& table, const Found& f) {
  if (!f.any()) return "";
  std::string s = "*" + table + "\n";
  for (const std::string& c : f.chains) s += ":" + c + " - [0:0]\n";  // empties it
  for (const std::string& j : f.jumps) s += "-D " + j + "\n";
  for (const std::string& c : f.chains) s += "-X " + c + "\n";
  return s + "COMMIT\n";
}

bool KernelHasIpv6() { return access("/proc/sys/net/ipv6", F_OK) == 0; }

Status Feed(const Tool& tool, const std::string& script) {
  auto r = RunCommand({tool.restore, "-w", "5", "--noflush"}, script);
  return r ? Status{} : Status{Error{r.error()}};
}

}  // namespace

const char* NetfilterRules::NameOf(Backend b) {
  switch (b) {
    case Backend::kIptablesNft: return "iptables-nft";
    case Backend::kIptablesLegacy: return "iptables-legacy";
    case Backend::kNft: return "nft";
  }
  return "";
}

std::string NetfilterRules::Chain(const char* what) const { return "SALLYPORT-" + std::to_string(base_) + "-" + what; }

Status NetfilterRules::Install(const std::vector<std::string>& links) {
  if (geteuid() != 0) return Error{"packet rules: needs root (CAP_NET_ADMIN)"};
  const auto forward = ReadSysctl(kForward[0]);
  if (!forward) return Error{"ip_forward: " + forward.error()};
  if (!installed_) {
    forward_was_[0] = *forward == "1";
    const auto forward6 = KernelHasIpv6() ? ReadSysctl(kForward[1]) : Result<std::string>(std::string("0"));
    forward_was_[1] = forward6 && *forward6 == "1";
  }

  std::string failures;
  bool done = false;
  for (Backend b : {Backend::kIptablesNft, Backend::kIptablesLegacy, Backend::kNft}) {
    if (installed_ && b != backend_) continue;  // stay with what was chosen
    remarks_.clear();
    const Status s = b == Backend::kNft ? InstallNft(links) : InstallIptables(b, links);
    if (s) {
      backend_ = b;
      done = true;
      break;
    }
    failures += (failures.empty() ? "" : "; ") + s.error();
  }
  if (!done) return Error{"no way to queue packets works here: " + failures};
  if (!installed_) {
    // A killed daemon may have used another way.
    for (Backend b : {Backend::kIptablesNft, Backend::kIptablesLegacy}) {
      if (b != backend_) (void)RemoveFrom(b);
    }
  }
  installed_ = true;
  if (KernelHasIpv6()) {
    if (Status on = WriteSysctl(kForward[1], "1"); !on) return on;
  }
  return WriteSysctl(kForward[0], "1");
}

// Forwarding is switched on for the whole host, so what has not come through the queues, or would leave by a link that is
// not ours, is stopped here. The tables of one script are committed one after the other, this one second: until ip_forward is
// on nothing is forwarded anyway.
std::string NetfilterRules::ForwardScript(const Tool& tool, const std::vector<std::string>& links) const {
  const std::string forward = Chain("FWD"), ours = Chain("FROM");
  const auto saved = RunCommand({tool.save, "-t", "filter"});
  const bool jumps = saved && Find(*saved, "filter", Chain("")).jumps.count("FORWARD -j " + forward) != 0;
  std::string s = "*filter\n:" + forward + " - [0:0]\n:" + ours + " - [0:0]\n";
  for (const std::string& link : links) s += "-A " + forward + " -o " + link + " -g " + ours + "\n";
  for (const std::string& link : links) {
    if (forward_was_[tool.v6]) s += "-A " + forward + " -i " + link + " -j DROP\n";
    s += "-A " + ours + " -i " + link + " -j RETURN\n";
  }
  if (!inject_.empty()) s += "-A " + ours + " -i " + inject_ + " -j RETURN\n";
  if (!forward_was_[tool.v6]) s += "-A " + forward + " -j DROP\n";  // the host was no router for others before
  s += "-A " + ours + " -j DROP\n";
  if (!jumps) s += "-I FORWARD -j " + forward + "\n";
  return s + "COMMIT\n";
}

Status NetfilterRules::InstallIptables(Backend b, const std::vector<std::string>& links) {
  const std::string prefix = Chain("");
  const std::string in = Chain("IN"), out = Chain("OUT"), queue = Chain("Q"), ttl = Chain("TTL");
  bool stale = false;
  for (const Tool& tool : ToolsOf(b)) {
    if (tool.v6 && !KernelHasIpv6()) continue;
    const auto saved = RunCommand({tool.save, "-t", "raw"});
    if (!saved) return Error{saved.error()};
    const Found raw = Find(*saved, "raw", prefix);
    stale = stale || raw.any();
    // What ip_forward was before the daemon that was killed stands in the name of an empty chain.
    if (raw.chains.count(Chain("WAS0")) != 0) forward_was_[tool.v6] = false;
    if (raw.chains.count(Chain("WAS1")) != 0) forward_was_[tool.v6] = true;

    std::string s = "*raw\n";
    for (const std::string& c : {in, out, queue}) s += ":" + c + " - [0:0]\n";
    s += ":" + Chain(forward_was_[tool.v6] ? "WAS1" : "WAS0") + " - [0:0]\n";
    s += "-A " + queue + " -p tcp -j NFQUEUE --queue-num " + std::to_string(base_) + "\n";
    if (nat_t_) s += "-A " + queue + " -p udp --dport 4500 -j NFQUEUE --queue-num " + std::to_string(base_) + "\n";
    s += "-A " + queue + " -j NFQUEUE --queue-num " + std::to_string(base_ + 1) + "\n";
    char mark[64];
    std::snprintf(mark, sizeof mark, " -m mark --mark 0x%x/0xffffff00 -j RETURN\n", kMarkOriginated);
    s += "-A " + out + mark;
    for (const std::string& link : links) {
      s += "-A " + in + " -i " + link + " -j " + queue + "\n";
      s += "-A " + out + " -o " + link + " -j " + queue + "\n";
    }
    // Before all foreign rules, so that none of them lets a packet past us.
    for (const std::string& jump : {"PREROUTING -j " + in, "OUTPUT -j " + out}) {
      if (raw.jumps.count(jump) == 0) s += "-I " + jump + "\n";
    }
    if (Status fed = Feed(tool, s + "COMMIT\n" + ForwardScript(tool, links)); !fed) {
      if (!stale) (void)RemoveFrom(b);  // closed rules of a killed daemon stay
      return fed;
    }

    const auto saved_mangle = RunCommand({tool.save, "-t", "mangle"});
    const Found mangle = saved_mangle ? Find(*saved_mangle, "mangle", prefix) : Found{};
    s = "*mangle\n:" + ttl + " - [0:0]\n";
    for (const std::string& link : links) s += "-A " + ttl + " -i " + link + " -j " + tool.hop_limit + "\n";
    if (!inject_.empty()) s += "-A " + ttl + " -i " + inject_ + " -j " + tool.hop_limit + "\n";
    if (mangle.jumps.count("PREROUTING -j " + ttl) == 0) s += "-I PREROUTING -j " + ttl + "\n";
    if (Status fed = Feed(tool, s + "COMMIT\n"); !fed) {
      remarks_.push_back(std::string(tool.v6 ? "IPv6 hop limit" : "IPv4 TTL") + " is decremented: " + fed.error());
    }
  }
  return {};
}

// The names of empty chains tell what forwarding was.
void NetfilterRules::TakeForwarding(const std::string& nft_table) {
  forward_was_[0] = nft_table.find("chain was1") != std::string::npos;
  forward_was_[1] = nft_table.find("chain six1") != std::string::npos;
}

Status NetfilterRules::InstallNft(const std::vector<std::string>& links) {
  const std::string table = "inet sallyport_" + std::to_string(base_);
  if (auto old = RunCommand({"nft", "list", "table", "inet", "sallyport_" + std::to_string(base_)}); old) {
    TakeForwarding(*old);
  }
  std::string in, out;
  char line[160];
  std::snprintf(line, sizeof line, "  meta mark & 0xffffff00 == 0x%x return\n", kMarkOriginated);
  out += line;
  for (const std::string& link : links) {
    for (const auto& [text, name] : {std::pair<std::string*, const char*>{&in, "iifname"}, {&out, "oifname"}}) {
      const std::string match = std::string("  ") + name + " \"" + link + "\" ";
      *text += match + "meta l4proto tcp queue num " + std::to_string(base_) + "\n";
      if (nat_t_) *text += match + "udp dport 4500 queue num " + std::to_string(base_) + "\n";
      *text += match + "queue num " + std::to_string(base_ + 1) + "\n";
    }
  }
  std::string set;
  for (const std::string& link : links) set += (set.empty() ? "\"" : ", \"") + link + "\"";
  std::string forward;
  if (!links.empty()) {
    forward = "  iifname { " + set + (inject_.empty() ? "" : ", \"" + inject_ + "\"") + " } oifname { " + set + " } accept\n  oifname { " + set + " } drop\n";
    for (const int v6 : {0, 1}) {
      if (forward_was_[v6]) forward += std::string("  meta nfproto ") + (v6 ? "ipv6" : "ipv4") + " iifname { " + set + " } drop\n";
    }
  }
  for (const int v6 : {0, 1}) {  // the host was no router for others before
    if (!forward_was_[v6]) forward += std::string("  meta nfproto ") + (v6 ? "ipv6" : "ipv4") + " drop\n";
  }
  // Declared, deleted and made anew in one transaction.
  const std::string script = "table " + table + "\ndelete table " + table + "\ntable " + table + " {\n chain " +
                             (forward_was_[0] ? "was1" : "was0") + " { }\n chain " + (forward_was_[1] ? "six1" : "six0") + " { }\n" +
                             " chain in {\n  type filter hook prerouting priority -300; policy accept;\n" + in + " }\n" +
                             " chain out {\n  type filter hook output priority -300; policy accept;\n" + out +
                             " }\n chain forward {\n  type filter hook forward priority 0; policy accept;\n" + forward + " }\n}\n";
  auto r = RunCommand({"nft", "-f", "-"}, script);
  if (!r) return Error{r.error().substr(0, r.error().find('\n'))};
  remarks_.emplace_back("TTL and hop limit are decremented: nft has no way to give them back");
  return {};
}

Status NetfilterRules::Remove() {
  // Forwarding ends before the rules go, so that nothing passes unseen, unless the host was a router before us.
  bool found = installed_;
  if (!installed_) {
    for (Backend b : {Backend::kIptablesNft, Backend::kIptablesLegacy}) {
      for (const Tool& tool : ToolsOf(b)) {
        const auto saved = RunCommand({tool.save});
        if (!saved) continue;
        const Found raw = Find(*saved, "raw", Chain(""));
        if (!raw.any()) continue;
        found = true;
        forward_was_[tool.v6] = raw.chains.count(Chain("WAS1")) != 0;
      }
    }
    if (auto old = RunCommand({"nft", "list", "table", "inet", "sallyport_" + std::to_string(base_)}); old) {
      found = true;
      TakeForwarding(*old);
    }
  }
  if (!found) return {};
  std::string failures;
  const auto keep = [&failures](const Status& s) {
    if (!s) failures += (failures.empty() ? "" : "; ") + s.error();
  };
  keep(WriteSysctl(kForward[0], forward_was_[0] ? "1" : "0"));
  if (KernelHasIpv6()) keep(WriteSysctl(kForward[1], forward_was_[1] ? "1" : "0"));
  for (Backend b : {Backend::kIptablesNft, Backend::kIptablesLegacy, Backend::kNft}) {
    if (!installed_ || b == backend_) keep(RemoveFrom(b));
  }
  installed_ = false;
  if (!failures.empty()) return Error{"packet rules not all removed: " + failures};
  return {};
}

Status NetfilterRules::RemoveFrom(Backend b) {
  if (b == Backend::kNft) {
    const std::string name = "sallyport_" + std::to_string(base_);
    if (!RunCommand({"nft", "list", "table", "inet", name})) return {};
    auto r = RunCommand({"nft", "delete", "table", "inet", name});
    return r ? Status{} : Status{Error{r.error()}};
  }
  for (const Tool& tool : ToolsOf(b)) {
    // Without -t, so that the tables of a way that is not in use are not loaded into the kernel by asking.
    const auto saved = RunCommand({tool.save});
    if (!saved) continue;
    // The packets' way back to normal: no more hops given back, then no more queueing.
    std::string script;
    for (const char* table : {"mangle", "filter", "raw"}) script += RemovalScript(table, Find(*saved, table, Chain("")));
    if (script.empty()) continue;
    if (Status s = Feed(tool, script); !s) return s;
  }
  return {};
}

}  // namespace sallyport
