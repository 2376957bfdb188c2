// Remote access between phase 1 and quick mode: extended authentication and mode configuration in transaction exchanges
// (draft-beaulieu-ike-xauth-02, draft-dukes-ike-mode-cfg-02, and Cisco's Unity attributes), as a server and as a client.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/ike/v1_core.h"
#include "vpn/ike/v1_times.h"
#include "vpn/ike/v1_turn.h"

namespace sallyport {
namespace {

using namespace ikev1;

enum MessageType : std::uint8_t { kRequest = 1, kReply = 2, kSet = 3, kAck = 4 };

enum Xauth : std::uint16_t {
  kXauthType = 16520,
  kXauthUser = 16521,
  kXauthPassword = 16522,
  kXauthMessage = 16524,
  kXauthStatus = 16527
};

enum Config : std::uint16_t {
  kIp4Address = 1,
  kIp4Netmask = 2,
  kIp4Dns = 3,
  kIp4Nbns = 4,
  kApplicationVersion = 7,
  kBanner = 28672,
  kSavePassword = 28673,
  kDefaultDomain = 28674,
  kSplitDns = 28675,
  kSplitInclude = 28676,
  kUdpPort = 28677,
  kSplitExclude = 28678,
  kPfs = 28679,
  kFirewallType = 28680,
  kBackupServers = 28681,
  kDdnsHostname = 28682
};

constexpr PayloadRule kTransactionRules[] = {{kHash, 1, 1}, {kAttributes, 1, 1}, {kVendor, 0, 8}, {kNotify, 0, 8}};
constexpr int kMostTries = 3;
constexpr int kMostReplies = 8;  // with challenges
constexpr std::size_t kLongestMessage = 200;
constexpr std::size_t kLongestLogin = 128;
constexpr std::size_t kMostTransactions = 16, kMostRepeats = 8;

Bytes TextBytes(const std::string& s) { return Bytes(reinterpret_cast<const std::uint8_t*>(s.data()), s.size()); }

std::string TextOf(const Attribute* a) {
  if (a == nullptr) return {};
  const Bytes b = a->bytes();
  return std::string(b.begin(), b.end());
}

// A name goes into messages and sessions: nothing in it may do more there than be read.
bool GoodName(const std::string& s) {
  return !s.empty() && s.size() <= kLongestLogin &&
         std::all_of(s.begin(), s.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// What an ASA says it was asked for (715053).
const char* RequestName(std::uint16_t type) {
  switch (type) {
    case kIp4Address:
      return "IPV4 address";
    case kIp4Netmask:
      return "IPV4 net mask";
    case kIp4Dns:
      return "DNS server address";
    case kIp4Nbns:
      return "WINS server address";
    case kApplicationVersion:
      return "Application Version";
    case kBanner:
      return "Banner";
    case kSavePassword:
      return "Save PW setting";
    case kDefaultDomain:
      return "Default Domain Name";
    case kSplitDns:
      return "Split DNS";
    case kSplitInclude:
      return "Split Tunnel List";
    case kUdpPort:
      return "UDP Port";
    case kSplitExclude:
      return "Local LAN Include";
    case kPfs:
      return "PFS setting";
    case kFirewallType:
      return "Client Browser Proxy Setting";
    case kBackupServers:
      return "backup ip-sec peer list";
    case kDdnsHostname:
      return "DHCP hostname for DDNS is";
    default:
      return nullptr;
  }
}

void PutAddress(AttributeWriter& out, std::uint16_t type, IpAddress a) {
  std::uint8_t b[4];
  a.StoreV4(b);
  out.Long(type, b);
}

// Networks of a split tunnel: address, mask, and six bytes of protocol and ports.
void PutNetworks(AttributeWriter& out, std::uint16_t type, const std::vector<Prefix>& networks) {
  std::vector<std::uint8_t> bytes;
  for (const Prefix& p : networks) {
    if (!p.IsV4()) continue;
    const std::size_t at = bytes.size();
    bytes.resize(at + 14);
    p.address.StoreV4(bytes.data() + at);
    MaskOf(p.FamilyLength()).StoreV4(bytes.data() + at + 4);
  }
  if (!bytes.empty()) out.Long(type, bytes);
}

}  // namespace

void Ikev1Core::SendTransaction(Ikev1Sa& sa, std::uint32_t id, std::uint8_t type, std::uint16_t identifier, Bytes attributes,
                                bool wait) {
  std::unique_ptr<ExchangeStateV1>& x = sa.transactions[id];
  if (x == nullptr) {
    x = std::make_unique<ExchangeStateV1>();
    x->id = id;
    x->iv = NextIvV1(sa.suite, sa.last_block, id);
  }
  ChainWriter chain = HashedChain(sa);
  Constructing(sa, "blank hash");
  chain.Begin(kAttributes);
  chain.U8(type);
  chain.U8(0);
  chain.U16(identifier);
  chain.Put(attributes);
  chain.End();
  Constructing(sa, "qm hash");
  FillHash(sa, chain, id, {});
  x->out.Start(Pack(sa, kTransaction, id, chain, &x->iv), kIkev1Gaps, real());
  if (wait) return;
  x->out.Stop();
  x->forget_at = real() + kRememberExchange;
}

void Ikev1Core::OnTransaction(Ikev1Sa& sa, MessageV1& m, Bytes body) {
  const std::uint32_t id = m.header.message_id;
  const auto drop = [&] { ++stats_.in_drop_packets; };
  const auto known = sa.transactions.find(id);
  ExchangeStateV1* x = known == sa.transactions.end() ? nullptr : known->second.get();
  if (x == nullptr && (sa.transactions.size() >= kMostTransactions ||
                       std::find(sa.used_ids.begin(), sa.used_ids.end(), id) != sa.used_ids.end())) {
    return drop();
  }
  if (x != nullptr && m.digest == x->last_received) {
    // What has answered a question of ours is not answered: the question again would confuse whoever waits for what comes of it.
    if (!x->ended && !x->out.message().empty() && x->repeats < kMostRepeats) {
      ++x->repeats;
      Transmit(sa, x->out.message());
    }
    return;
  }
  if (!Open(sa, x == nullptr ? NextIvV1(sa.suite, sa.last_block, id) : x->iv, m, body) ||
      CheckPayloads(kTransactionRules, m.payloads, UnknownPayloads::kIgnore)) {
    return drop();
  }
  Processing(sa, "hash");
  if (!HashIsRight(sa, m, {})) {
    ++stats_.hash_valid_fails;
    return drop();
  }
  const Bytes payload = m.Body(kAttributes);
  const Result<std::vector<Attribute>> attributes =
      payload.size() < 4 ? Result<std::vector<Attribute>>(Error{"short"}) : ReadAttributes(payload.subspan(4));
  if (!attributes) return drop();
  Debug(715001, sa, "process_attr(): Enter!");
  if (x == nullptr) {
    auto fresh = std::make_unique<ExchangeStateV1>();
    fresh->id = id;
    x = fresh.get();
    sa.transactions[id] = std::move(fresh);
  }
  x->iv = m.iv;
  x->last_received = m.digest;
  x->repeats = 0;
  x->forget_at = real() + kRememberExchange;
  x->out.Stop();
  Heard(sa, *m.datagram);
  const std::uint8_t type = payload[0];
  x->ended = type == kReply || type == kAck;
  const std::uint16_t identifier = LoadBe16(payload.data() + 2);
  if (sa.client) {
    OnClientTransaction(sa, id, type, identifier, *attributes);
    return;
  }
  if (!sa.remote_access()) return drop();
  if (type == kReply && sa.login == V1Login::kXauth && id == sa.login_id) {
    Debug(715001, sa, "Processing MODE_CFG Reply attributes.");
    OnUserReply(sa, id, *attributes);
  } else if (type == kAck && id == sa.login_id) {
    if (sa.login != V1Login::kXauth || sa.login_waits) return;
    if (sa.login_accepted) {
      sa.login = V1Login::kConfig;
    } else if (sa.login_tries < kMostTries) {
      AskForUser(sa);
    } else {
      Say(713259, 5, sa, "Session is being torn down. Reason: User error");
      Kill(sa, IkeEnd::kError, true);
    }
  } else if (type == kRequest && sa.login != V1Login::kXauth) {
    OnConfigRequest(sa, id, identifier, *attributes);
  } else if (type == kSet && sa.login != V1Login::kXauth) {
    // Nothing that a client sets means anything here; it is told that it was heard.
    SendTransaction(sa, id, kAck, identifier, {}, false);
  } else {
    drop();
  }
}

// --- server

void Ikev1Core::BeginLogin(Ikev1Sa& sa) {
  sa.login_deadline = real() + kLoginStays;
  if (sa.client) {
    sa.login = V1Login::kXauth;  // the server asks
    return;
  }
  if (sa.group.user_auth != TunnelGroup::UserAuth::kNone) {
    sa.login = V1Login::kXauth;
    AskForUser(sa);
    return;
  }
  sa.login = V1Login::kConfig;
}

// `challenge`: what an AAA server wants to know besides.
void Ikev1Core::AskForUser(Ikev1Sa& sa, const std::string& challenge) {
  sa.login_id = NewMessageId(sa);
  sa.login_accepted = false;
  AttributeWriter out;
  out.Basic(kXauthType, 0);
  if (challenge.empty()) {
    out.Long(kXauthUser, {}).Long(kXauthPassword, {});
  } else {
    out.Long(kXauthMessage, TextBytes(challenge.substr(0, kLongestMessage))).Long(kXauthPassword, {});
  }
  SendTransaction(sa, sa.login_id, kRequest, sa.config_id++, out.bytes(), true);
}

void Ikev1Core::OnUserReply(Ikev1Sa& sa, std::uint32_t, const std::vector<Attribute>& attributes) {
  if (sa.login_waits) return;  // an answer to it is on its way
  UserQuestion q;
  q.tunnel_group = sa.group.name;
  q.user = TextOf(FindAttribute(attributes, kXauthUser));
  q.password = TextOf(FindAttribute(attributes, kXauthPassword));
  q.peer = sa.peer.address;
  q.local = sa.local.address;
  if (sa.dialogue != nullptr) {
    q.user = sa.challenged;
    q.dialogue = std::exchange(sa.dialogue, nullptr);
  }
  q.user = sa.group.NameFor(q.user, policy_->group_delimiter);
  ++sa.login_tries;
  const std::uint32_t number = sa.number;
  const auto answer = [self = self_, number, user = q.user](const UserAnswer& a) {
    Ikev1Core* core = *self;
    if (core == nullptr) return;
    Turn turn(*core, core->times_);
    if (Ikev1Sa* waiting = core->Find(number); waiting != nullptr && waiting->login_waits)
      core->OnUserAnswer(*waiting, user, a);
  };
  sa.login_waits = true;
  if (!GoodName(q.user)) {
    answer({});
  } else {
    host_.Ask(q, answer);
  }
  Cleanse(MutableBytes(reinterpret_cast<std::uint8_t*>(q.password.data()), q.password.size()));
}

void Ikev1Core::OnUserAnswer(Ikev1Sa& sa, const std::string& user, const UserAnswer& a) {
  sa.login_waits = false;
  if (a.challenge && sa.login_tries < kMostReplies) {
    sa.dialogue = a.dialogue;
    sa.challenged = user;
    AskForUser(sa, a.message.empty() ? "Challenge" : a.message);
    return;
  }
  bool accepted = a.accepted;
  if (accepted) {
    sa.user = user;
    if (!a.group_policy.empty()) sa.group_policy = a.group_policy;
    sa.rules = a.rules;
    const VpnGroupPolicy policy = policy_->GroupPolicyOf(sa.group_policy, sa.rules.get());
    if (!policy.group_lock.empty() && policy.group_lock != sa.group.name) {
      Say(713060, 3, sa,
          "Tunnel Rejected: User (" + user + ") not member of group (" + sa.group.name + "), group-lock check failed.");
      accepted = false;
      sa.login_tries = kMostTries;
      sa.user.clear();
    } else {
      Say(713052, 7, sa, "User (" + user + ") authenticated.");
    }
  } else {
    ++stats_.auth_fails;
    Say(713167, 3, sa, "Remote peer has failed user authentication -  check configured username and password");
  }
  sa.login_accepted = accepted;
  sa.login_id = NewMessageId(sa);
  AttributeWriter out;
  out.Basic(kXauthStatus, accepted ? 1 : 0);
  if (!a.message.empty() && a.message.size() < kLongestMessage) out.Long(kXauthMessage, TextBytes(a.message));
  SendTransaction(sa, sa.login_id, kSet, sa.config_id++, out.bytes(), true);
}

void Ikev1Core::OnConfigRequest(Ikev1Sa& sa, std::uint32_t id, std::uint16_t identifier,
                                const std::vector<Attribute>& attributes) {
  const VpnGroupPolicy policy = policy_->GroupPolicyOf(sa.group_policy, sa.rules.get());
  const bool wants_address = FindAttribute(attributes, kIp4Address) != nullptr;
  if (!wants_address && !sa.assigned && !sa.peer_told) {
    // A hardware client that brings its own network.
    if (!policy.nem) {
      Say(713174, 3, sa, "Hardware Client connection rejected! Network Extension Mode is not allowed for this group!");
      Kill(sa, IkeEnd::kError, true);
      return;
    }
    sa.network_extension = true;
  }
  if (wants_address && !sa.assigned) {
    // A client that negotiates anew keeps its address.
    for (auto& [number, other] : sas_) {
      if (other.get() == &sa || !other->active() || !other->assigned || other->peer != sa.peer || !SamePeer(*other, sa))
        continue;
      sa.assigned = std::exchange(other->assigned, std::nullopt);
      break;
    }
  }
  if (wants_address && !sa.assigned) {
    const std::vector<std::string>& pools = policy.address_pools.empty() ? sa.group.address_pools : policy.address_pools;
    sa.assigned = host_.TakeAddress(sa.group.name, pools, OwnAddress(sa.rules.get()));
    if (!sa.assigned) {
      Say(713132, 3, sa, "Cannot obtain an IP address for remote peer");
      Kill(sa, IkeEnd::kError, true);
      return;
    }
    Debug(713906, sa,
          "Obtained IP addr (" + sa.assigned->address.ToString() + ") prior to initiating Mode Cfg (XAuth enabled)");
  }
  AttributeWriter out;
  for (const Attribute& a : attributes) {
    if (const char* name = RequestName(a.type)) {
      Debug(715053, sa, std::string("MODE_CFG: Received request for ") + name + "!");
    } else {
      Say(713130, 5, sa, fmt::format("Received unsupported transaction mode attribute: {}", a.type));
    }
    switch (a.type) {
      case kIp4Address:
        if (sa.assigned) PutAddress(out, kIp4Address, sa.assigned->address);
        break;
      case kIp4Netmask:
        if (sa.assigned && !sa.assigned->mask.IsNone()) {
          Debug(715032, sa, "Sending subnet mask (" + sa.assigned->mask.ToString() + ") to remote client");
          PutAddress(out, kIp4Netmask, sa.assigned->mask);
        }
        break;
      case kIp4Dns:
        for (const IpAddress& d : policy.dns) {
          if (d.IsV4()) PutAddress(out, kIp4Dns, d);
        }
        break;
      case kIp4Nbns:
        for (const IpAddress& w : policy.wins) {
          if (w.IsV4()) PutAddress(out, kIp4Nbns, w);
        }
        break;
      case kApplicationVersion: {
        const std::string told = TextOf(&a);
        if (GoodName(told)) {
          // "Cisco Systems VPN Client 5.0.06.0160:WinNT"
          const std::size_t colon = told.rfind(':');
          sa.client_os = colon == std::string::npos ? "" : told.substr(colon + 1);
          const std::string before = told.substr(0, colon);
          sa.client_version = before.substr(before.rfind(' ') == std::string::npos ? 0 : before.rfind(' ') + 1);
          Say(713184, 6, sa, "Client Type: " + sa.client_os + "  Client Application Version: " + sa.client_version);
        }
        out.Long(kApplicationVersion, TextBytes("Cisco Systems, Inc ASA"));
        break;
      }
      case kBanner:
        if (!policy.banner.empty()) out.Long(kBanner, TextBytes(policy.banner.substr(0, 500)));
        break;
      case kSavePassword:
        out.Basic(kSavePassword, policy.password_storage ? 1 : 0);
        break;
      case kDefaultDomain:
        if (!policy.default_domain.empty()) out.Long(kDefaultDomain, TextBytes(policy.default_domain));
        break;
      case kSplitDns: {
        std::string names;
        for (const std::string& n : policy.split_dns) names += (names.empty() ? "" : ",") + n;
        if (!names.empty()) out.Long(kSplitDns, TextBytes(names));
        break;
      }
      case kSplitInclude:
        if (policy.split == VpnGroupPolicy::Split::kTunnelSpecified) PutNetworks(out, kSplitInclude, policy.split_networks);
        break;
      case kSplitExclude:
        if (policy.split == VpnGroupPolicy::Split::kExcludeSpecified) PutNetworks(out, kSplitExclude, policy.split_networks);
        break;
      case kUdpPort:
        if (!policy.ipsec_udp) break;
        if (sa.via != IkeDatagram::Via::kUdp) {
          Debug(715057, sa, "Auto-detected a NAT device with NAT-Traversal. Ignoring IPSec-over-UDP configuration.");
          break;
        }
        sa.udp_encapsulation = true;
        sa.udp_port = policy.ipsec_udp_port;
        out.Basic(kUdpPort, policy.ipsec_udp_port);
        break;
      case kPfs:
        out.Basic(kPfs, policy.pfs ? 1 : 0);
        break;
      case kBackupServers: {
        std::vector<std::uint8_t> list;
        for (const std::string& s : policy.backup_servers) {
          const auto address = IpAddress::Parse(s);
          if (!address || !address->IsV4()) continue;
          list.resize(list.size() + 4);
          address->StoreV4(list.data() + list.size() - 4);
        }
        if (!list.empty()) out.Long(kBackupServers, list);
        break;
      }
      default:
        break;
    }
  }
  if (sa.assigned && !sa.peer_told)
    Say(713228, 6, sa, "Assigned private IP address " + sa.assigned->address.ToString() + " to remote user");
  SendTransaction(sa, id, kReply, identifier, out.bytes(), false);
  if (sa.login == V1Login::kConfig) LoginDone(sa);
}

void Ikev1Core::LoginDone(Ikev1Sa& sa) {
  sa.login = V1Login::kNone;
  sa.login_deadline = TimePoint::Max();
  const std::uint32_t number = sa.number;
  SayCompleted(sa);
  if (!sa.peer_told) MeetOthers(sa);
  if (sa.saw_initial_contact) OnInitialContact(sa);
  if (Ikev1Sa* left = Find(number)) StartNeeds(*left);
}

// --- client

// What the client's quick modes are made of: the crypto map entry that the configuration makes of `vpnclient`, by the name
// that an ASA gives it. Its proposals are every one that the client knows.
std::optional<EntryV1> Ikev1Core::ClientEntry(const Ikev1Sa& sa) const {
  if (policy_ == nullptr) return {};
  EntryV1 out;
  out.lifetime_s = policy_->lifetime_s;
  out.lifetime_kb = policy_->lifetime_kb;
  out.map = kVpnClientMap;
  for (const CryptoMapEntry& e : policy_->entries) {
    if (e.map == kVpnClientMap) out = EntryOf(*policy_, e);
  }
  out.at = sa.at;
  if (!out.sets.empty()) return out;
  for (const VpnCipher cipher :
       {VpnCipher::kAes256, VpnCipher::kAes192, VpnCipher::kAes128, VpnCipher::k3Des, VpnCipher::kDes}) {
    for (const VpnHash hash : {VpnHash::kSha1, VpnHash::kMd5}) {
      EspProposal set;
      set.ciphers = {cipher};
      set.integrity = {hash};
      out.sets.push_back(set);
    }
  }
  return out;
}

void Ikev1Core::AdvanceClient() {
  client_at_ = TimePoint::Max();
  if (policy_ == nullptr || !policy_->client.enabled || policy_->client.servers.empty()) return;
  const VpnClientSettings& c = policy_->client;
  for (const auto& [number, sa] : sas_) {
    if (sa->client) return;
  }
  const IpAddress own = host_.AddressOf(c.outside);
  if (own.IsNone()) {
    client_at_ = real() + kClientAgain;
    return;
  }
  const IpAddress server = c.servers[client_server_++ % c.servers.size()];
  Ikev1Sa& sa = NewSa();
  sa.initiator = sa.aggressive = sa.client = true;
  sa.at = c.outside;
  sa.local = {own, 500};
  sa.peer = {server, 500};
  sa.natt_allowed = policy_->nat_traversal;
  sa.network_extension = c.network_extension;
  sa.group = {};
  sa.group.name = c.group;
  sa.group.type = TunnelGroup::Type::kRemoteAccess;
  sa.group.ikev1_psk = c.group_password;
  sa.suite.group = 2;
  for (const VpnCipher cipher :
       {VpnCipher::kAes256, VpnCipher::kAes192, VpnCipher::kAes128, VpnCipher::k3Des, VpnCipher::kDes}) {
    for (const VpnHash hash : {VpnHash::kSha1, VpnHash::kMd5}) {
      Ikev1Policy p;
      p.cipher = cipher;
      p.hash = hash;
      p.group = 2;
      sa.offered.push_back(p);
    }
  }
  do {
    sa.cookie_i = host_.entropy().U64();
  } while (sa.cookie_i == 0 || by_cookie_.count(sa.cookie_i) != 0);
  by_cookie_[sa.cookie_i] = sa.number;
  ++stats_.initiator_tunnels;
  Say(713041, 5, nullptr, server,
      "IKE Initiator: New Phase 1, Intf " + host_.NameOf(c.outside) + ", IKE Peer " + server.ToString() +
          "  local Proxy Address N/A, remote Proxy Address N/A,  Crypto map (N/A)");
  Step1(sa, V1Event::kStart, nullptr);
}

void Ikev1Core::OnClientTransaction(Ikev1Sa& sa, std::uint32_t id, std::uint8_t type, std::uint16_t identifier,
                                    const std::vector<Attribute>& attributes) {
  const VpnClientSettings& c = policy_->client;
  AttributeWriter out;
  const Attribute* status = FindAttribute(attributes, kXauthStatus);
  if (type == kRequest && sa.login == V1Login::kXauth) {
    for (const Attribute& a : attributes) {
      if (a.type == kXauthType) out.Basic(kXauthType, static_cast<std::uint16_t>(a.Number().value_or(0)));
      if (a.type == kXauthUser) out.Long(kXauthUser, TextBytes(c.user));
      if (a.type == kXauthPassword) out.Long(kXauthPassword, TextBytes(c.password));
    }
    SendTransaction(sa, id, kReply, identifier, out.bytes(), false);
  } else if (type == kSet && status != nullptr && sa.login == V1Login::kXauth) {
    const bool accepted = status->Number() == 1u;
    out.Basic(kXauthStatus, accepted ? 1 : 0);
    SendTransaction(sa, id, kAck, identifier, out.bytes(), false);
    if (!accepted) {
      Say(713167, 3, sa, "Remote peer has failed user authentication -  check configured username and password");
      return;
    }
    sa.user = c.user;
    SendConfigRequest(sa);
  } else if (type == kReply && sa.login == V1Login::kConfig && id == sa.login_id) {
    AssignedAddress given;
    for (const Attribute& a : attributes) {
      if (a.type == kIp4Address && a.bytes().size() == 4) given.address = IpAddress::FromV4Bytes(a.bytes().data());
      if (a.type == kIp4Netmask && a.bytes().size() == 4) given.mask = IpAddress::FromV4Bytes(a.bytes().data());
      if (a.type == kUdpPort && sa.via == IkeDatagram::Via::kUdp) {
        sa.udp_port = static_cast<std::uint16_t>(a.Number().value_or(0));
        sa.udp_encapsulation = sa.udp_port != 0;
      }
    }
    if (!sa.network_extension && given.address.IsNone()) {
      Say(713132, 3, sa, "Cannot obtain an IP address for remote peer");
      Kill(sa, IkeEnd::kError, true);
      return;
    }
    if (!given.address.IsNone()) sa.assigned = given;
    sa.needs.clear();
    const std::optional<EntryV1> own_entry = ClientEntry(sa);
    const std::uint32_t entry_id = own_entry ? own_entry->id : 0;
    SelectorPair all;
    all.remote.addresses = AddressRange::Of(Prefix::AnyV4());
    all.local.addresses = {given.address, given.address};
    if (sa.network_extension) {
      const IpAddress inside = host_.AddressOf(c.inside);
      const std::optional<EntryV1> entry = ClientEntry(sa);
      if (entry && entry->match != nullptr && !entry->match->elements().empty()) {
        all.local.addresses = entry->match->elements()[0].src;
      } else {
        all.local.addresses = {inside, inside};
      }
    }
    // The networks of a split tunnel, one pair of SAs for each; without any, everything.
    for (const Attribute& a : attributes) {
      if (a.type != kSplitInclude) continue;
      const Bytes list = a.bytes();
      for (std::size_t i = 0; i + 14 <= list.size() && sa.needs.size() < 64; i += 14) {
        const auto length = MaskLength(IpAddress::FromV4Bytes(list.data() + i + 4));
        if (!length) continue;
        NeedV1 need{entry_id, all, 0};
        need.selectors.remote.addresses = AddressRange::Of(Prefix::Of(IpAddress::FromV4Bytes(list.data() + i), *length));
        sa.needs.push_back(need);
      }
    }
    if (sa.needs.empty()) sa.needs.push_back({entry_id, all, 0});
    LoginDone(sa);
  } else if (type == kSet) {
    SendTransaction(sa, id, kAck, identifier, {}, false);
  }
}

void Ikev1Core::SendConfigRequest(Ikev1Sa& sa) {
  sa.login = V1Login::kConfig;
  sa.login_id = NewMessageId(sa);
  AttributeWriter out;
  if (!sa.network_extension) out.Long(kIp4Address, {}).Long(kIp4Netmask, {});
  for (const std::uint16_t type :
       {kIp4Dns, kIp4Nbns, kBanner, kSavePassword, kDefaultDomain, kSplitInclude, kSplitDns, kPfs, kUdpPort}) {
    out.Long(type, {});
  }
  out.Long(kApplicationVersion, TextBytes("Cisco Systems VPN Client ASA:PIX/ASA"));
  SendTransaction(sa, sa.login_id, kRequest, sa.config_id++, out.bytes(), true);
}

}  // namespace sallyport
