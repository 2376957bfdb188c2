// What the console is told.
#include <algorithm>

#include "vpn/ike/v2_engine.h"

namespace sallyport {

std::vector<IkeSaView> V2Engine::Views(Times t) const {
  std::vector<IkeSaView> out;
  std::vector<SaPtr> all;
  for (const auto& [spi, sa] : sas_) {
    if (sa->state != SaV2::State::kEnded && (!sa->established() || sa->up || sa->state == SaV2::State::kDeleting))
      all.push_back(sa);
  }
  std::sort(all.begin(), all.end(), [](const SaPtr& a, const SaPtr& b) {
    return a->session != b->session ? a->session < b->session : a->log_number < b->log_number;
  });
  for (const SaPtr& sa : all) {
    IkeSaView v;
    v.version = 2;
    v.number = sa->number;
    v.local = {sa->local.address, sa->local.port};
    v.remote = {sa->peer.address, sa->peer.port};
    v.lan_to_lan = sa->lan_to_lan;
    v.initiator = sa->initiator;
    const bool rekeys = sa->current != nullptr && sa->current->kind == TaskV2::Kind::kRekeyIke;
    v.rekeying = rekeys;
    v.state = sa->state == SaV2::State::kReady ? (rekeys ? IkeState::kRekeying : IkeState::kReady)
              : sa->established()              ? IkeState::kDeleting
                                               : IkeState::kNegotiating;
    v.cipher = sa->suite.cipher;
    v.hash = sa->suite.integrity;
    v.prf = sa->suite.prf;
    v.dh_group = sa->suite.group;
    v.auth = sa->remote_auth;
    v.local_auth = sa->local_auth;
    v.lifetime_s = sa->suite.lifetime_s;
    v.active_s =
        sa->established() ? static_cast<std::uint32_t>(std::max<std::int64_t>(0, (t.now - sa->ready).seconds())) : 0;
    v.session_id = sa->session;
    v.local_spi = sa->initiator ? sa->spi_i : sa->spi_r;
    v.remote_spi = sa->initiator ? sa->spi_r : sa->spi_i;
    v.local_id = sa->local_id.data.empty() ? "" : sa->local_id.Text();
    v.remote_id = sa->remote_id.data.empty() ? "" : sa->remote_id.Text();
    v.local_message_id = sa->next_send;
    v.remote_message_id = sa->next_receive;
    v.dpd_seconds = sa->keepalive ? sa->dpd_threshold_s : 0;
    v.dpd_retry = sa->dpd_retry_s;
    v.nat_inside = sa->nat_inside;
    v.nat_outside = sa->nat_outside;
    v.agreed = !sa->keys.d.empty();
    v.fragment_mtu = sa->fragmentation && policy_ != nullptr ? policy_->ikev2_fragment_mtu : 0;
    for (const auto& [in, child] : sa->children) {
      if (child.deleting) continue;
      // One line for each pair of selectors, as an ASA lists children.
      for (const TrafficSelector& l : child.sa->key.local) {
        for (const TrafficSelector& r : child.sa->key.remote) {
          IkeChildView c;
          c.local = l.addresses;
          c.remote = r.addresses;
          c.local_port_low = l.ports.first;
          c.local_port_high = l.ports.last;
          c.remote_port_low = r.ports.first;
          c.remote_port_high = r.ports.last;
          c.spi_in = in;
          c.spi_out = child.sa->spi_out;
          c.cipher = child.sa->cipher;
          c.hash = child.sa->hash;
          c.transport = child.sa->transport;
          v.children.push_back(c);
        }
      }
    }
    out.push_back(std::move(v));
  }
  return out;
}

IkeStats V2Engine::Stats() const {
  IkeStats s = stats_;
  s.in_negotiation = HalfOpen();
  s.crypto.failed = s.decrypt_fails;
  return s;
}

}  // namespace sallyport
