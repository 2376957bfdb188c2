// The client's frames in TLS and DTLS, and what keeps both alive.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "labs/clients/ac_client.h"
#include "vpn/anyconnect/lzs.h"

namespace sallyport {
namespace {

constexpr int kAcProbes = 4;  // one, and three more

std::string TextOf(Bytes payload) {
  std::string out;
  for (const std::uint8_t b : payload) {
    if (b >= 0x20 && b < 0x7f) out += static_cast<char>(b);
  }
  return out;
}

}  // namespace

void AcClient::Flush(Link& link) {
  if (!link.tls || link.tls->pending() == 0) return;
  ports_.SendLink(link.number, link.tls->ToWire());
  link.tls->Sent(link.tls->pending());
}

void AcClient::SendFrame(Link& link, CstpType type, Bytes payload, TimePoint now) {
  if (!link.tls || payload.size() > 0xffff) return;
  std::vector<std::uint8_t> frame(kCstpHeader + payload.size());
  PutCstpHeader(frame, type, payload.size());
  std::ranges::copy(payload, frame.begin() + kCstpHeader);
  link.tls->Write(frame);
  link.alive.said = now;
  Flush(link);
}

void AcClient::Packet(Bytes packet, TimePoint now) {
  if (state_ != State::kUp || !link_ || packet.empty()) {
    ++counters_.dropped;
    return;
  }
  if (dtls_) {
    ++counters_.dtls_out;
    if (tunnel_.dtls_compression == "lzs" && packet.size() >= kLzsShortest) {
      if (const std::size_t n = LzsCompress(packet, MutableBytes(packed_).first(packet.size() - 1)); n != 0) {
        return SendDtls(CstpType::kCompressed, Bytes(packed_).first(n), now);
      }
    }
    return SendDtls(CstpType::kData, packet, now);
  }
  ++counters_.tls_out;
  if (deflate_) {
    if (const std::size_t n = deflate_->Pack(packet, packed_); n != 0) return SendFrame(*link_, CstpType::kCompressed, Bytes(packed_).first(n), now);
  } else if (tunnel_.tls_compression == "lzs" && packet.size() >= kLzsShortest) {
    if (const std::size_t n = LzsCompress(packet, MutableBytes(packed_).first(packet.size() - 1)); n != 0) {
      return SendFrame(*link_, CstpType::kCompressed, Bytes(packed_).first(n), now);
    }
  }
  SendFrame(*link_, CstpType::kData, packet, now);
}

void AcClient::OnRecord(Link& link, Bytes record, TimePoint now) {
  CstpFrame f;
  if (ReadCstp(record, f) != CstpError::kNone) return Lost("a frame that is none", now);
  link.alive.heard = now;
  link.alive.probes = 0;
  OnFrame(&link, f.type, f.payload, now);
}

void AcClient::OnFrame(Link* link, std::uint8_t type, Bytes payload, TimePoint now) {
  switch (static_cast<CstpType>(type)) {
    case CstpType::kData:
      ++(link != nullptr ? counters_.tls_in : counters_.dtls_in);
      return ToAdapter(payload);
    case CstpType::kCompressed:
      ++(link != nullptr ? counters_.tls_in : counters_.dtls_in);
      return OnExpanded(link == nullptr, payload);
    case CstpType::kDpdRequest: {
      const std::vector<std::uint8_t> same(payload.begin(), payload.end());
      if (link == nullptr) return SendDtls(CstpType::kDpdResponse, same, now);
      return SendFrame(*link, CstpType::kDpdResponse, same, now);
    }
    case CstpType::kDisconnect:
    case CstpType::kTerminate: {
      if (link == nullptr) return;
      const std::string text = TextOf(payload);
      Show("The secure gateway has terminated the VPN connection. " + text);
      return End("the gateway has ended it: " + text);
    }
    case CstpType::kDpdResponse:
    case CstpType::kKeepalive: return;
  }
}

// Linux would take it; the adapter of a Windows PC has no buffers for what is larger than its MTU.
void AcClient::ToAdapter(Bytes packet) {
  if (packet.size() > static_cast<std::size_t>(adapter_mtu_)) {
    ++counters_.dropped;
    return;
  }
  ports_.Deliver(packet);
}

void AcClient::OnExpanded(bool dtls, Bytes payload) {
  std::vector<std::uint8_t> packet(2048);
  std::size_t size = 0;
  const bool good = !dtls && deflate_ ? deflate_->Unpack(payload, packet, size) : LzsExpand(payload, packet, size);
  if (good) {
    ToAdapter(Bytes(packet).first(size));
  } else {
    ++counters_.dropped;
  }
}

bool AcClient::TickAlive(Alive& alive, std::uint32_t dpd_s, std::uint32_t keepalive_s, bool tls, TimePoint now) {
  const auto say = [&](CstpType type) {
    if (tls) {
      SendFrame(*link_, type, {}, now);
    } else {
      SendDtls(type, {}, now);
    }
  };
  if (keepalive_s != 0 && now - alive.said >= Duration::Seconds(keepalive_s)) say(CstpType::kKeepalive);
  if (dpd_s == 0 || now - alive.heard < Duration::Seconds(dpd_s)) return false;
  if (alive.probes != 0 && now < alive.next_probe) return false;
  if (alive.probes == kAcProbes) return true;
  ++alive.probes;
  alive.next_probe = now + Duration::Seconds(std::max<std::uint32_t>(1, dpd_s / 3));
  say(CstpType::kDpdRequest);
  return false;
}

// --- DTLS

void AcClient::BeginDtls(TimePoint now) {
  shake_at_ = now;
  DtlsSecret secret;
  if (tunnel_.dtls12) {
    secret.suite = FindDtlsSuite(DtlsMethod::kDtls12, tunnel_.dtls_suite);
  } else {
    for (const DtlsMethod m : {DtlsMethod::kPsk, DtlsMethod::kOc, DtlsMethod::kLegacy}) {
      if (secret.suite == nullptr) secret.suite = FindDtlsSuite(m, tunnel_.dtls_suite);
    }
  }
  if (secret.suite == nullptr) {
    ports_.Event("Error", "acvpnagent", "The secure gateway has chosen an unknown DTLS suite: " + tunnel_.dtls_suite);
    tunnel_.dtls_suite.clear();
    return;
  }
  std::memcpy(secret.id.data(), tunnel_.dtls_id.data(), secret.id.size());
  secret.key = (secret.suite->method == DtlsMethod::kPsk ? psk_ : master_).Clone();
  shake_ = DtlsHandshake::Begin(secret, DtlsRole::kClient, {.mtu = settings_.base_mtu, .key_log = settings_.key_log});
  if (!shake_) return;
  ++counters_.dtls_handshakes;
  ports_.OpenUdp(tunnel_.dtls_port);  // each time another port of ours
  DrainDtls(now);
}

void AcClient::EndDtls(TimePoint now, const char* why) {
  (void)now;
  // With a reason it is DTLS alone that ends, and says so; else a DISCONNECT in TLS has said it, or nothing can be said.
  if (dtls_ && why != nullptr) {
    dtls_->Close();
    for (std::size_t n = dtls_->TakeDatagram(packed_); n != 0; n = dtls_->TakeDatagram(packed_)) ports_.SendUdp(Bytes(packed_).first(n));
  }
  if (dtls_ && why != nullptr) ports_.Event("Warning", "acvpnagent", std::string("The DTLS tunnel is lost: ") + why);
  if (dtls_ || shake_) ports_.CloseUdp();
  dtls_.reset();
  shake_.reset();
}

void AcClient::DrainDtls(TimePoint now) {
  if (!shake_) return;
  for (const auto& d : shake_->ToWire()) ports_.SendUdp(d);
  if (shake_->state() == DtlsHandshake::State::kDone) {
    dtls_ = shake_->Take();
    shake_.reset();
    dtls_alive_ = {now, now, {}, 0};
    ports_.Event("Information", "acvpnagent", "The DTLS tunnel is up: " + dtls_->cipher());
    FromUdp({}, now);
  } else if (shake_->state() == DtlsHandshake::State::kFailed) {
    ports_.Event("Warning", "acvpnagent", "The DTLS handshake has failed: " + shake_->failure());
    shake_.reset();
  }
}

void AcClient::FromUdp(Bytes datagram, TimePoint now) {
  if (!dtls_) {
    if (shake_) {
      shake_->Feed(datagram);
      DrainDtls(now);
    }
    return;
  }
  std::size_t size = 0;
  for (DtlsChannel::Got got; dtls_; datagram = {}) {
    got = dtls_->Open(datagram, room_, size);
    if (got == DtlsChannel::Got::kClosed) {
      EndDtls(now, "closed by the gateway");
      without_dtls_since_ = now;
      return;
    }
    for (std::size_t n = dtls_->TakeDatagram(packed_); n != 0; n = dtls_->TakeDatagram(packed_)) ports_.SendUdp(Bytes(packed_).first(n));
    if (got == DtlsChannel::Got::kNothing) return;
    dtls_alive_.heard = now;
    dtls_alive_.probes = 0;
    if (size != 0) OnFrame(nullptr, room_[0], Bytes(room_).subspan(1, size - 1), now);
  }
}

void AcClient::SendDtls(CstpType type, Bytes payload, TimePoint now) {
  std::vector<std::uint8_t> plain(1 + payload.size()), record(plain.size() + kDtlsLargestOverhead);
  plain[0] = static_cast<std::uint8_t>(type);
  std::ranges::copy(payload, plain.begin() + 1);
  const std::size_t n = dtls_ ? dtls_->Seal(plain, record) : 0;
  if (n == 0) return;
  dtls_alive_.said = now;
  ports_.SendUdp(Bytes(record).first(n));
}

}  // namespace sallyport
