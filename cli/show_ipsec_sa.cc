// `show crypto ipsec sa` of cli/show_crypto.h: what differs between releases is data, then the text.
#include "cli/show_crypto.h"

#include <algorithm>

#include "cli/show_text.h"
#include "cli/vpn_names.h"

namespace sallyport {
namespace {

constexpr const char* kIndent = "      ";

class IpsecText {
 public:
  IpsecText(const AddressNames& names, const Personality& personality, bool detail, bool sas)
      : names_(names), detail_(detail), sas_(sas), ikev1_(personality.ikev1_keyword), bitmap_(personality.vpn_tables_8), vrf_(personality.ipsec_ivrf) {}

  void Flow(const IpsecFlowView& f) {
    Append(out_, "    Crypto map tag: {}, ", f.map);
    if (bitmap_) Append(out_, "seq num: {}, ", f.map_number);
    Append(out_, "local addr: {}\n\n", Name(f.local.address));
    if (!f.access_list.empty()) Append(out_, "{}access-list {} \n", kIndent, f.access_list);
    if (vrf_) Append(out_, "{}Protected vrf (ivrf): Global\n", kIndent);
    Append(out_, "{}local ident (addr/mask/prot/port): ({})\n", kIndent, SelectorText(f.local_ident));
    Append(out_, "{}remote ident (addr/mask/prot/port): ({})\n", kIndent, SelectorText(f.remote_ident));
    Append(out_, "{}current_peer: {}", kIndent, Name(f.remote.address));
    if (!f.user.empty()) Append(out_, ", username: {}", f.user);
    out_ += '\n';
    if (!f.assigned.IsNone()) Append(out_, "{}dynamic allocated peer ip: {}\n", kIndent, Name(f.assigned));
    out_ += ikev1_ ? "\n\n" : "\n";
    Counters(f.counters);
    State(f);
    if (!sas_) return;
    out_ += "    inbound esp sas:\n";
    for (const EspSaView& sa : f.inbound) Sa(sa, f.map);
    out_ += "    outbound esp sas:\n";
    for (const EspSaView& sa : f.outbound) Sa(sa, f.map);
    out_ += '\n';
  }

  // "interface: outside"
  void Heading(std::string_view what, const std::string& name) { Append(out_, "{}: {}\n", what, name); }
  std::string Take() { return std::move(out_); }

 private:
  std::string Name(IpAddress address) const { return NameOrAddress(address, names_); }

  void Counters(const IpsecCounters& c) {
    Append(out_, "{}#pkts encaps: {}, #pkts encrypt: {}, #pkts digest: {}\n", kIndent, c.encapsulated, c.encrypted,
           c.digested);
    Append(out_, "{}#pkts decaps: {}, #pkts decrypt: {}, #pkts verify: {}\n", kIndent, c.decapsulated, c.decrypted,
           c.verified);
    Append(out_, "{}#pkts compressed: {}, #pkts decompressed: {}\n", kIndent, c.compressed, c.decompressed);
    Append(out_, "{}#pkts not compressed: {}, #pkts comp failed: {}, #pkts decomp failed: {}\n", kIndent, c.not_compressed,
           c.compression_failed, c.decompression_failed);
    Append(out_, "{}#pre-frag successes: {}, #pre-frag failures: {}, #fragments created: {}\n", kIndent, c.fragmented_before,
           c.fragmentation_failed, c.fragments_created);
    Append(out_, "{}#PMTUs sent: {}, #PMTUs rcvd: {}, #decapsulated {} needing reassembly: {}\n", kIndent, c.pmtus_sent,
           c.pmtus_received, ikev1_ ? "frgs" : "frags", c.reassembly_needed);
    if (ikev1_) {
      Append(out_, "{}#TFC rcvd: {}, #TFC sent: {}\n", kIndent, c.tfc_received, c.tfc_sent);
      Append(out_, "{}#Valid ICMP Errors rcvd: {}, #Invalid ICMP Errors rcvd: {}\n", kIndent, c.valid_icmp_errors,
             c.invalid_icmp_errors);
    }
    if (detail_) return Errors(c);
    Append(out_, "{}#send errors: {}, #recv errors: {}\n\n", kIndent, c.send_errors, c.receive_errors);
  }

  void Errors(const IpsecCounters& c) {
    Append(out_, "{}#pkts no sa (send): {}, #pkts invalid sa (rcv): {}\n", kIndent, c.no_sa_sent, c.invalid_sa_received);
    Append(out_, "{}#pkts encaps failed (send): {}, #pkts decaps failed (rcv): {}\n", kIndent, c.encapsulation_failed,
           c.decapsulation_failed);
    Append(out_, "{}#pkts invalid prot (rcv): {}, #pkts verify failed: {}\n", kIndent, c.invalid_protocol, c.verify_failed);
    Append(out_, "{}#pkts invalid identity (rcv): {}, #pkts invalid len (rcv): {}\n", kIndent, c.invalid_identity,
           c.invalid_length);
    if (ikev1_) {
      Append(out_, "{}#pkts invalid pad (rcv): {},\n{}#pkts invalid ip version (rcv): {},\n", kIndent, c.invalid_pad, kIndent,
             c.invalid_version);
    }
    Append(out_, "{}#pkts replay rollover (send): {}, #pkts replay rollover (rcv): {}\n", kIndent, c.rollover_sent,
           c.rollover_received);
    Append(out_, "{}#pkts replay failed (rcv): {}\n", kIndent, c.replay_failed);
    if (ikev1_) {
      Append(out_, "{}#pkts min mtu frag failed (send): {}, #pkts bad frag offset (rcv): {}\n", kIndent, c.min_mtu_failed,
             c.bad_offset);
    }
    Append(out_, "{}#pkts internal err (send): {}, #pkts internal err (rcv): {}\n\n", kIndent, c.internal_sent,
           c.internal_received);
  }

  void State(const IpsecFlowView& f) {
    if (ikev1_) {
      Append(out_, "{}local crypto endpt.: {}/{}, remote crypto endpt.: {}/{}\n", kIndent, Name(f.local.address),
             f.local.port, Name(f.remote.address), f.remote.port);
      Append(out_, "{}path mtu {}, ipsec overhead {}({}), media mtu {}\n", kIndent, f.path_mtu, f.overhead,
             f.header_overhead, f.media_mtu);
      Append(out_, "{}PMTU time remaining (sec): {}, DF policy: {}\n", kIndent, f.pmtu_seconds_left,
             f.dont_fragment == IpsecFlowView::DontFragment::kCopy    ? "copy-df"
             : f.dont_fragment == IpsecFlowView::DontFragment::kClear ? "clear-df"
                                                                      : "set-df");
      Append(out_, "{}ICMP error validation: {}, TFC packets: {}\n", kIndent, f.icmp_validation ? "enabled" : "disabled",
             f.tfc ? "enabled" : "disabled");
    } else {
      Append(out_, "{}local crypto endpt.: {}, remote crypto endpt.: {}\n\n", kIndent, Name(f.local.address),
             Name(f.remote.address));
      Append(out_, "{}path mtu {}, ipsec overhead {}, media mtu {}\n", kIndent, f.path_mtu, f.overhead, f.media_mtu);
    }
    if (!f.outbound.empty()) Append(out_, "{}current outbound spi: {:08X}\n", kIndent, f.outbound.back().spi);
    if (bitmap_ && !f.inbound.empty()) Append(out_, "{}current inbound spi : {:08X}\n", kIndent, f.inbound.back().spi);
    out_ += '\n';
  }

  void Sa(const EspSaView& sa, const std::string& map) {
    const CipherNames& cipher = NamesOf(sa.cipher);
    Append(out_, "      spi: 0x{:08X} ({})\n", sa.spi, sa.spi);
    if (ikev1_) Append(out_, "         SA State: {}\n", sa.active ? "active" : "standby");
    Append(out_, "         transform: {} {}{}\n", cipher.esp, cipher.combined ? "esp-null-hmac" : NamesOf(sa.hash).esp,
           bitmap_ ? " no compression " : "");
    Append(out_, "         in use settings ={{{}}}\n", Settings(sa, map.starts_with("__vti-crypto-map-")));
    Append(out_, "         slot: 0, conn_id: {}, crypto-map: {}\n", sa.connection_id, map);
    if (sa.kilobytes_left) {
      Append(out_, "         sa timing: remaining key lifetime (kB/sec): ({}/{})\n", *sa.kilobytes_left, sa.seconds_left);
    } else {
      Append(out_, "         sa timing: remaining key lifetime (sec): {}\n", sa.seconds_left);
    }
    Append(out_, "         IV size: {} bytes\n         replay detection support: {}\n", cipher.iv_bytes,
           sa.replay_detection ? "Y" : "N");
    if (!bitmap_) return;
    Append(out_, "         Anti replay bitmap: \n          0x{:08X} 0x{:08X}\n", sa.replay_bitmap >> 32,
           sa.replay_bitmap & 0xffffffff);
  }

  // "L2L, Tunnel,  NAT-T-Encaps, IKEv1, ": the second blank before an encapsulation is an ASA's.
  std::string Settings(const EspSaView& sa, bool virtual_tunnel) const {
    std::string words = fmt::format("{}, {}, ", sa.lan_to_lan ? "L2L" : "RA", sa.transport ? "Transport" : "Tunnel");
    switch (sa.encapsulation) {
      case EspEncapsulation::kNone:
        break;
      case EspEncapsulation::kNatT:
        words += " NAT-T-Encaps, ";
        break;
      case EspEncapsulation::kUdp:
        words += " UDP-Encaps, ";
        break;
      case EspEncapsulation::kTcp:
        words += " TCP-Encaps, ";
        break;
    }
    if (sa.pfs_group != 0) Append(words, "PFS Group {}, ", sa.pfs_group);
    if (ikev1_) Append(words, "IKEv{}, ", sa.ike_version);
    if (virtual_tunnel) words += "VTI, ";
    return words;
  }

  std::string out_;
  const AddressNames& names_;
  bool detail_, sas_;
  bool ikev1_;   // 8.4+
  bool bitmap_;  // 8.0+
  bool vrf_;     // 9.13+
};

bool Has(const std::vector<EspSaView>& sas, std::uint32_t spi) {
  return std::any_of(sas.begin(), sas.end(), [spi](const EspSaView& sa) { return sa.spi == spi; });
}

bool Wanted(const IpsecFlowView& f, const IpsecSaQuery& q) {
  return (q.peer.IsNone() || f.remote.address == q.peer) && (q.map.empty() || f.map == q.map) && (q.user.empty() || f.user == q.user) &&
         (!q.spi || Has(f.inbound, *q.spi) || Has(f.outbound, *q.spi));
}

}  // namespace

std::string ShowIpsecSas(const std::vector<IpsecFlowView>& flows, const IpsecSaQuery& q, const AddressNames& names,
                         const Personality& personality) {
  using Form = IpsecSaQuery::Form;
  IpsecText text(names, personality, q.detail, q.form != Form::kIdentity);
  // Flows of one heading together, the headings in the order in which they come.
  std::vector<std::string> headings;
  const auto heading = [&](const IpsecFlowView& f) {
    return q.form == Form::kEntry ? NameOrAddress(f.remote.address, names) : q.form == Form::kMap ? f.map : f.interface;
  };
  for (const IpsecFlowView& f : flows) {
    if (Wanted(f, q) && std::find(headings.begin(), headings.end(), heading(f)) == headings.end()) headings.push_back(heading(f));
  }
  for (const std::string& h : headings) {
    text.Heading(q.form == Form::kEntry ? "peer address" : q.form == Form::kMap ? "cryptomap" : "interface", h);
    for (const IpsecFlowView& f : flows) {
      if (Wanted(f, q) && heading(f) == h) text.Flow(f);
    }
  }
  if (!headings.empty()) return text.Take();
  return q.peer.IsNone() ? "\nThere are no ipsec sas\n" : "\nThere are no ipsec sas for peer " + q.peer.ToString() + "\n";
}

}  // namespace sallyport
