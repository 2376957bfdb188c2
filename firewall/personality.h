// Which ASA release the appliance behaves as, as traits. Filled in one place (conf/personality.cc) from the
// configuration's `ASA Version` line; everybody else asks for a trait and never compares versions.
#pragma once

#include <string>

namespace sallyport {

struct Personality {
  std::string version = "9.16(4)";  // as printed after "ASA Version "
  int release = 916;                // major * 100 + minor: for tables that say since when and until when
  bool real_address_access_lists = true;  // 8.3+: interface access lists see untranslated addresses
  bool object_nat = true;                 // 8.3+: object and twice NAT; false: nat/global/static
  bool per_session_pat = true;            // 9.0+: TCP and UDP/53 PAT translations end with their connection
  bool log_access_list_hashes = true;     // 8.3+: 106023 ends in [0x.., 0x..]
  bool log_icmp_type_code = true;         // 9.0+: 302020/302021 end in "type t code c"
  bool log_teardown_initiator = true;     // 9.0+: 302014 ends in "from <interface>"
  bool wide_show_conn = true;             // 8.4+: two blanks before addresses in `show conn`
  bool any4_keyword = true;               // 9.0+: any4/any6 exist; `any` is both families
  bool pbkdf2_passwords = true;           // 9.7+: new passwords are stored as pbkdf2
  bool masked_secrets_five = true;        // 8.3+: secrets print as ***** (before: *)
  bool trace_resolve_egress = true;       // 9.0+: packet-tracer says "Resolve Egress Interface"; before: "input"
  bool trace_elapsed_time = true;         // 9.16+: "Elapsed time" and "Time Taken" in packet-tracer
  bool trace_drop_location = true;        // 9.14+: ", Drop-location: ..." after the drop reason
  bool hide_username = true;              // 9.0+: `logging hide username` shown and on by default
  bool header_hardware = true;            // 9.2+: ": Serial Number" and ": Hardware" in show running-config
  bool local_routes = true;               // 9.2+: `show route` has L lines and the long code table
  bool conn_detail_initiator = true;      // 9.0+: long flags legend, and "Initiator:" lines in `show conn detail`
  bool login_history = true;              // 9.8+: an SSH login tells of the logins before it
  bool first_enable_sets_password = true; // 9.12+: `enable` asks for a new password when none is set
  bool local_host_sctp = true;            // 9.5+: `show local-host` counts SCTP flows
  bool xlate_net_to_net = true;           // 9.0+: legend of `show xlate` knows e and N
  bool flat_pat = true;                   // 9.15+: PAT takes any port from 1024 on, not one of the class of the real port
  bool ikev1_keyword = true;              // 8.4+: IKE version 1 is called IKEv1; VPN sessions list algorithms by tunnel
  bool vpn_tables_8 = true;               // 8.0+: layout of VPN sessions and security associations (before: 7.x's)
  bool audit_session_id = true;           // 9.1+: sessions have an audit id and a security group, and no NAC result
  bool ipsec_ivrf = true;                 // 9.13+: `show crypto ipsec sa` says which VRF is protected
  bool dir_totals = true;                 // 9.9+: `dir` counts files and says how much is free in per cent
  bool wide_show_module = true;           // 9.2+: `show module` has columns one blank wider
  bool logging_tcp_stats = true;          // 9.10+: `show logging` counts what became of TCP syslog
  bool logging_deny_conn_line = false;    // before 8.3: `show logging` says "Deny Conn when Queue Full"
};

}  // namespace sallyport
