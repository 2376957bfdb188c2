#include "conf/personality.h"

#include <charconv>

namespace sallyport {
namespace {

// A trait holds from a release on (major * 100 + minor).
struct Trait {
  bool Personality::*member;
  int since;
};
constexpr Trait kTraits[] = {
    {&Personality::real_address_access_lists, 803}, {&Personality::object_nat, 803},
    {&Personality::per_session_pat, 900},           {&Personality::log_access_list_hashes, 803},
    {&Personality::log_icmp_type_code, 900},        {&Personality::log_teardown_initiator, 900},
    {&Personality::wide_show_conn, 804},            {&Personality::any4_keyword, 900},
    {&Personality::pbkdf2_passwords, 907},          {&Personality::masked_secrets_five, 803},
    {&Personality::trace_resolve_egress, 900},      {&Personality::trace_elapsed_time, 916},
    {&Personality::trace_drop_location, 914},       {&Personality::hide_username, 900},
    {&Personality::flat_pat, 915},
    {&Personality::conn_detail_initiator, 900},     {&Personality::xlate_net_to_net, 900},
    {&Personality::header_hardware, 902},           {&Personality::local_routes, 902},
    {&Personality::login_history, 908},             {&Personality::local_host_sctp, 905},
    {&Personality::dir_totals, 909},                {&Personality::wide_show_module, 902},
    {&Personality::logging_tcp_stats, 910},
    {&Personality::first_enable_sets_password, 912},
    {&Personality::ikev1_keyword, 804},             {&Personality::vpn_tables_8, 800},
    {&Personality::audit_session_id, 901},          {&Personality::ipsec_ivrf, 913},
};

int Release(std::string_view v) {
  int major = 0, minor = 0;
  const char* end = v.data() + v.size();
  const auto a = std::from_chars(v.data(), end, major);
  if (a.ec != std::errc{} || a.ptr == end || *a.ptr != '.' || major < 7 || major > 9) return 0;
  const auto b = std::from_chars(a.ptr + 1, end, minor);
  if (b.ec != std::errc{} || minor < 0 || minor > 99) return 0;
  return major * 100 + minor;
}

}  // namespace

std::optional<Personality> PersonalityOf(std::string_view version) {
  while (!version.empty() && (version.back() == ' ' || version.back() == '\r')) version.remove_suffix(1);
  while (!version.empty() && version.front() == ' ') version.remove_prefix(1);
  // "9.8(1) <system>": one of several contexts.
  const std::string whole(version);
  if (const std::size_t at = version.find(" <"); at != std::string_view::npos && version.ends_with('>')) version = version.substr(0, at);
  const int release = Release(version);
  if (release == 0 || whole.size() > 48 || version.find(' ') != std::string_view::npos) return std::nullopt;
  Personality p;
  p.version = whole;
  p.release = release;
  for (const Trait& t : kTraits) p.*t.member = release >= t.since;
  p.logging_deny_conn_line = release < 803;
  return p;
}

}  // namespace sallyport
