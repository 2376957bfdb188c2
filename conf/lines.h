// The plain structs of the configuration's modelled lines, one for each command. Grammars (grammar_*.cc) bind tokens to their
// members; the compiler (compile_*.cc) and settings.cc read them from the tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/codecs.h"
#include "firewall/pat_pool.h"

namespace sallyport {

// --- system ---
struct HostnameLine { std::string name; };
struct DomainLine { std::string name; };
struct NamesLine {};
struct NameLine { IpAddress address; std::string name, description; };
enum class PasswordForm : std::uint8_t { kPlain, kEncrypted, kPbkdf2, kNtEncrypted, kMschap };
struct EnableLine { std::string password; std::optional<int> level; PasswordForm form{}; };
struct PasswdLine { std::string password; PasswordForm form{}; };
struct UsernameLine { std::string name, password; bool nopassword = false; PasswordForm form{}; std::optional<int> privilege; };
struct BannerLine { enum class Which : std::uint8_t { kNone, kExec, kLogin, kMotd, kAsdm } which{}; std::string text; };
struct PagerLine { std::optional<int> lines; };
struct TerminalWidthLine { std::optional<int> width; };
struct PromptWord { std::string text; };
struct PromptLine { std::vector<PromptWord> words; };
struct TimezoneLine { std::string name; std::optional<int> hours, minutes; };
struct SummerTimeRule { std::string text; bool operator==(const SummerTimeRule&) const = default; };  // "recurring ..." or "date ..."
struct SummerTimeLine { std::string name; SummerTimeRule rule; };
template <int kService>
struct ManagementAccess {  // ssh, telnet, http ADDRESS MASK IF
  NamedAddress address;
  Mask mask;
  Ipv6Prefix prefix6;
  std::string interface;
};
using SshAccess = ManagementAccess<0>;
using TelnetAccess = ManagementAccess<1>;
using HttpAccess = ManagementAccess<2>;
struct SshTimeout { std::optional<int> minutes; };
struct TelnetTimeout { std::optional<int> minutes; };
struct ConsoleTimeout { std::optional<int> minutes; };
struct HttpServer { std::optional<int> port; };
struct ConsoleAuthentication { std::string service, group; std::string fallback; };
struct ExecAuthorization { std::string where; bool auto_enable = false; };

// --- logging ---
struct LoggingSwitch { std::string word; };  // enable, standby, timestamp ...
struct LoggingOut { std::string output, filter; };  // buffered notifications; trap LIST
struct LoggingNumber { std::string word; std::optional<std::int64_t> number; };  // buffer-size, asdm-buffer-size, facility, queue
struct LoggingHostLine { std::string interface; NamedAddress address; std::string transport; bool emblem = false, secure = false; std::string identity; };
struct LoggingListLine { std::string name; std::string level, message_class, messages; };
struct LoggingMessage { std::optional<int> number; std::string level; };
struct LoggingDevice { std::string kind, argument; bool system = false; };

// --- interfaces ---
struct HardwareName { std::string text; bool operator==(const HardwareName&) const = default; };
template <>
struct Codec<HardwareName> {  // grammar_interface.cc
  static Match Read(Cursor& in, HardwareName& out, std::string_view help);
  static void Print(const HardwareName& v, LineWriter& line);
};
// Is it there without a line, and stays? Those that a configuration makes (subinterfaces, VLANs, BVIs, bundles) are not.
bool IsPhysical(std::string_view hardware);
struct InterfaceLine { HardwareName hardware; };
struct NameifLine { std::string name; };
struct SecurityLevelLine { std::optional<int> level; };
struct IpAddressLine {
  NamedAddress address;  // none: `dhcp`, or `pppoe` without one
  std::optional<Mask> mask;
  NamedAddress standby;
  std::string cluster_pool;
  bool dhcp = false, pppoe = false, setroute = false;
};
struct ShutdownLine {};
struct DescriptionLine { std::string text; };
struct VlanLine { std::optional<int> id; std::string secondary; };
struct ManagementOnlyLine { bool individual = false; };
struct SwitchportLine { std::optional<int> vlan; };
struct MtuLine { std::string interface; std::optional<int> bytes; };
struct SameSecurityLine { std::string which; };

// --- objects ---
struct NetworkObjectLine { std::string name; };
struct ServiceObjectLine { std::string name; };
struct NetworkValue {
  enum class Kind : std::uint8_t { kNone, kHost, kSubnet, kSubnet6, kRange, kFqdn } kind{};
  NamedAddress first, last;
  Mask mask;
  Ipv6Prefix prefix6;
  std::string fqdn, fqdn_family;  // v4, v6, "" : either
};
// A protocol with ports or an ICMP type: object service, service-object.
struct ServiceSpec {
  enum class Kind : std::uint8_t { kNone, kTcp, kUdp, kTcpUdp, kIcmp, kIcmp6, kOther, kObject } kind{};
  std::uint8_t protocol = 0;  // kOther
  PortSpec source, destination;
  bool bare = false;  // `service-object tcp eq www`: a destination without its keyword
  std::optional<std::uint8_t> icmp_type, icmp_code;
  std::string object;
  bool operator==(const ServiceSpec&) const = default;
};
struct ServiceValue { ServiceSpec spec; };
enum class PortKind : std::uint8_t { kNone, kTcp, kUdp, kTcpUdp };
struct GroupLine {
  enum class Type : std::uint8_t { kNone, kNetwork, kService, kProtocol, kIcmpType } type{};
  std::string name;
  PortKind ports{};  // service groups of ports
};
struct NetworkMember { AddressSpec spec; };
struct PortMember { PortSpec ports; PortKind kind{}; };
struct ServiceMember { ServiceSpec spec; };
struct ProtocolMember { ProtocolSpec protocol; };
struct IcmpMember { std::optional<std::uint8_t> type; };
struct GroupMember { std::string name; };

// --- access lists ---
struct AceBody {
  bool permit = false;
  ProtocolSpec protocol;
  AddressSpec source, destination;
  PortSpec sport, dport;
  std::optional<std::uint8_t> icmp_type, icmp_code;
  std::string icmp_group;
  enum class Log : std::uint8_t { kNone, kPlain, kDefault, kDisable, kLevel } log{};
  std::uint8_t severity = 6;
  std::optional<std::uint32_t> interval;
  std::string time_range;
  bool inactive = false;
  // Who, besides where from and where to: "user DOMAIN\\name", "security-group name X"; such a line matches nothing here.
  std::string user, source_group, destination_group;
  bool operator==(const AceBody&) const = default;
};
struct ExtendedLine { std::string list; std::optional<int> line; AceBody body; };
struct StandardLine { std::string list; bool permit = false, deny = false; AddressSpec source; };
struct Ipv6Ace { AceBody body; };  // printed without `extended`
struct Ipv6AclLine { std::string list; std::optional<int> line; Ipv6Ace rule; };
struct OtherAclLine { std::string list, kind, rest; };  // ethertype, webvpn
struct RemarkLine { std::string list; std::optional<int> line; std::string text; };
struct AccessListGroup { std::string name; };  // the hidden parent of a list's lines
struct AccessGroupLine {
  std::string list;
  enum class Direction : std::uint8_t { kNone, kIn, kOut, kGlobal } direction{};
  std::string interface;
  bool control_plane = false, per_user_override = false;
};

// --- NAT ---
struct ObjectNatLine {
  InterfacePair interfaces{"any", "any"};
  enum class Kind : std::uint8_t { kNone, kStatic, kDynamic } kind{};
  bool to_interface = false;  // static or dynamic `interface`
  std::string mapped;         // object or address
  std::string pat_pool;
  PatPoolOptions pool;
  bool fallback = false;      // `interface` after a pool
  bool ipv6 = false;          // `interface ipv6`
  std::string service;        // tcp, udp
  std::string real_port, mapped_port;
  bool dns = false, no_proxy_arp = false, route_lookup = false, net_to_net = false;
};
struct TwiceNatLine {
  InterfacePair interfaces{"any", "any"};
  bool after_auto = false;
  std::optional<int> position;
  ObjectNatLine::Kind kind{};
  std::string real;
  std::string mapped;  // object, or "interface"
  std::string pat_pool;
  PatPoolOptions pool;
  bool fallback = false, ipv6 = false, destination_ipv6 = false;
  std::string mapped_destination, real_destination;
  std::string real_service, mapped_service;
  bool unidirectional = false, dns = false, no_proxy_arp = false, route_lookup = false, net_to_net = false, inactive = false;
  std::string description;
};
struct NatControlLine {};
struct OldNatLine {  // 8.2 nat
  InParentheses interface;
  std::optional<int> id;
  NamedAddress address;
  std::optional<Mask> mask;
  std::string access_list;
  bool dns = false, outside = false;
  std::string limits;
};
struct GlobalLine {
  InParentheses interface;
  std::optional<int> id;
  bool to_interface = false;
  std::string pool;  // A or A-B, also by names
  IpAddress first, last;  // its addresses; one address twice: it is shared by port
  std::optional<Mask> mask;
};
struct StaticLine {
  InterfacePair interfaces;
  std::string protocol;
  bool to_interface = false;
  NamedAddress mapped;
  std::string mapped_port;
  NamedAddress real;
  std::string real_port;
  std::string access_list;
  std::optional<Mask> mask;
  bool dns = false;
  std::string limits;
};

// --- routes, timers, the box ---
struct RouteLine {
  std::string interface;
  NamedAddress destination;
  std::optional<Mask> mask;
  NamedAddress gateway;
  std::optional<int> metric;
  std::optional<int> track;
  bool tunneled = false;
};
struct TimeoutEntry { std::string name; Hms time; std::string word; bool operator==(const TimeoutEntry&) const = default; };
struct TimeoutLine { std::vector<TimeoutEntry> entries; };
struct TcpMssLine { bool minimum = false; std::optional<int> bytes; };
struct TimewaitLine {};
struct ServiceResetLine { std::string which; std::string interface; };
struct IcmpLine { bool permit = false, deny = false; AddressSpec from; std::optional<std::uint8_t> type; std::string interface; };
struct IcmpUnreachableLine { std::optional<int> rate, burst; };

// --- modular policy ---
struct ClassMapLine { std::string name; std::string match; };
struct MatchDefault {};
struct MatchAny {};
struct MatchList { std::string list; };
struct MatchPort { std::string protocol; PortSpec ports; };
struct PolicyMapLine { std::string name; };
struct PolicyClassLine { std::string name; };
struct InspectLine { std::string what; std::string map; bool strict = false; std::string options; };
struct ConnTimeoutLine { std::optional<Hms> idle, embryonic, half_closed; bool tcp = false, reset = false, dcd = false; std::optional<Hms> dcd_retry; std::optional<int> dcd_max; };
struct ServicePolicyLine { std::string policy; bool global = false; std::string interface; bool fail_close = false; };

}  // namespace sallyport
