// `show nat`, `show xlate`, `clear xlate`, `clear nat counters`.
#include "cli/appliance.h"
#include "cli/conn_filter.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_conn.h"
#include "cli/show_nat.h"
#include "conf/resolve.h"
#include "firewall/host/proxy_arp.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kXlatesPage = 1000;  // entries asked of the data thread at a time, so that packets never wait long

struct XlateWords {
  bool count = false, detail = false, debug = false;
  std::string global, local;  // A or A-B
  std::optional<Mask> global_mask, local_mask;
  std::string gport, lport;   // P or P-Q
  std::string interface;
  std::string type;
};

struct NatWords {
  std::string interface, to;
  std::optional<IpAddress> address, to_address;
  std::optional<Mask> mask, to_mask;
  std::string object, to_object;  // also a group
  bool translated = false, detail = false;
};

struct PoolWords {
  std::string interface;
  std::optional<IpAddress> address;
};

// The words that pick translations, in any order.
TokenPtr<XlateWords> XlateFilterWords() {
  using S = Tokens<XlateWords>;
  const auto type = [](const char* word) { return S::List{S::Is(&XlateWords::type, word, word)}; };
  const auto types = [&] { return S::Choice({type("static"), type("dynamic"), type("portmap"), type("identity"), type("twice")}); };
  return S::AnyOrder({
      {S::Kw("global", "Translations by mapped address"), S::Word(&XlateWords::global, "Address or range", "A.B.C.D[-A.B.C.D]"),
       S::Opt({S::Kw("netmask", "Mask of the address"), S::Arg(&XlateWords::global_mask, "Mask")})},
      {S::Kw("local", "Translations by real address"), S::Word(&XlateWords::local, "Address or range", "A.B.C.D[-A.B.C.D]"),
       S::Opt({S::Kw("netmask", "Mask of the address"), S::Arg(&XlateWords::local_mask, "Mask")})},
      {S::Kw("gport", "Translations by mapped port"), S::Word(&XlateWords::gport, "Port or range", "WORD")},
      {S::Kw("lport", "Translations by real port"), S::Word(&XlateWords::lport, "Port or range", "WORD")},
      {S::Kw("interface", "Translations by interface"), S::Word(&XlateWords::interface, "Name of an interface", "WORD")},
      {S::Kw("type", "Translations by type"), types()},
      {S::Kw("state", "Translations by state"), types()},
      {S::Is(&XlateWords::detail, true, "detail", "Display more about each translation")},
      {S::Is(&XlateWords::debug, true, "debug", "Display debug information about each translation")},
  });
}

Result<XlateFilter> FilterOf(const Policy& policy, const XlateWords& w) {
  XlateFilter f;
  const auto address = [](const std::string& words, const std::optional<Mask>& mask, std::optional<AddressRange>& to) -> std::string {
    if (words.empty()) return {};
    const auto range = AddressRangeOf(words, mask);
    if (!range) return range.error();
    to = *range;
    return {};
  };
  const auto port = [](const std::string& words, std::optional<PortRange>& to) -> std::string {
    if (words.empty()) return {};
    const auto range = PortRangeOf(words);
    if (!range) return range.error();
    to = *range;
    return {};
  };
  for (std::string error : {address(w.global, w.global_mask, f.global), address(w.local, w.local_mask, f.local), port(w.gport, f.gport),
                            port(w.lport, f.lport)}) {
    if (!error.empty()) return Error{std::move(error)};
  }
  if (!w.interface.empty()) {
    const Interface* i = policy.FindByName(w.interface);
    if (i == nullptr) return Error{"ERROR: % Invalid interface " + w.interface};
    f.interface = i->id;
  }
  f.type = w.type;
  return f;
}

Reply ShowXlates(ExecContext& c, const XlateWords& words, Form) {
  const Personality& personality = c.appliance.personality();
  const auto policy = c.appliance.policy();
  const auto filter = FilterOf(*policy, words);
  if (!filter) return Reply::Refuse(filter.error() + "\n");
  const XlateForm form = words.debug ? XlateForm::kDebug : words.detail ? XlateForm::kDetail : XlateForm::kNormal;
  std::uint32_t cursor = 0;
  bool first = true;
  do {
    const XlatePage page =
        c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.Xlates(*filter, cursor, kXlatesPage, now); });
    if (first) {
      const std::uint32_t fixed = StaticXlateCount(*policy);
      if (words.count) return Reply::Say(ShowConnCount(page.in_use + fixed, page.most_used + fixed));
      c.session.Write(ShowXlateHeader(page.in_use + fixed, page.most_used + fixed, personality, form));
      c.session.Write(ShowXlateStatics(*policy, c.appliance.uptime(), *filter, form));
      first = false;
    }
    for (const XlateView& v : page.xlates) c.session.Write(ShowXlateEntry(v, page.now, policy->timeouts, personality, form));
    cursor = page.next_cursor;
  } while (cursor != 0);
  return {};
}

Reply ClearXlates(ExecContext& c, const XlateWords& words, Form) {
  const auto filter = FilterOf(*c.appliance.policy(), words);
  if (!filter) return Reply::Refuse(filter.error() + "\n");
  const std::uint32_t gone =
      c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.ClearXlates(*filter, now); });
  return Reply::Say("INFO: " + std::to_string(gone) + " xlate" + (gone == 1 ? "" : "s") + " deleted\n");
}

std::string NoSuchInterface(const std::string& name) { return "ERROR: % Invalid interface " + name + "\n"; }

Reply ShowNatRules(ExecContext& c, const NatWords& w, Form) {
  const auto policy = c.appliance.policy();
  NatFilter f;
  for (const auto& [name, to] : {std::pair{&w.interface, &f.real_if}, std::pair{&w.to, &f.mapped_if}}) {
    if (name->empty()) continue;
    const Interface* i = policy->FindByName(*name);
    if (i == nullptr) return Reply::Refuse(NoSuchInterface(*name));
    *to = i->id;
  }
  const Resolver resolver(c.appliance.configuration().tree(), policy->personality.any4_keyword ? Resolver::AnyMeans::kBoth : Resolver::AnyMeans::kV4, {});
  const auto take = [&](const std::optional<IpAddress>& address, const std::optional<Mask>& mask, const std::string& object,
                        std::vector<AddressRange>& to) {
    if (address) to = {mask && address->IsV4() ? AddressRange::Of(Prefix::Of(*address, mask->length())) : AddressRange{*address, *address}};
    if (object.empty()) return true;
    to = resolver.Network(object);
    return !to.empty();
  };
  if (!take(w.address, w.mask, w.object, f.real)) return Reply::Refuse("ERROR: object (" + w.object + ") does not exist\n");
  if (!take(w.to_address, w.to_mask, w.to_object, f.mapped)) return Reply::Refuse("ERROR: object (" + w.to_object + ") does not exist\n");
  return Reply::Say(ShowNat(*policy, w.detail, f));
}

Reply PoolFilter(const Policy& policy, const PoolWords& w, NatPoolFilter& f) {
  f.address = w.address;
  if (w.interface.empty()) return {};
  const Interface* i = policy.FindByName(w.interface);
  if (i == nullptr) return Reply::Refuse(NoSuchInterface(w.interface));
  f.interface = i->id;
  return {};
}

void AddShowNat(ExecSet& set) {
  {
    using S = Tokens<NatWords>;
    const auto where = [](std::optional<IpAddress> NatWords::*address, std::optional<Mask> NatWords::*mask, std::string NatWords::*object) {
      return S::Choice({{S::Kw("object", "A network object"), S::Word(object, "Name of an object")},
                        {S::Kw("object-group", "A network object group"), S::Word(object, "Name of a group")},
                        {S::Arg(address, "Address"), S::Opt({S::Arg(mask, "Mask")})}});
    };
    set.Add(Command<NatWords>({S::Kw("show", kShow), S::Kw("nat", "NAT policies and counters"),
                               S::Opt({S::Kw("interface", "Policies of a real interface"), S::Word(&NatWords::interface, "Name of an interface")}),
                               S::Opt({where(&NatWords::address, &NatWords::mask, &NatWords::object)}),
                               S::Opt({S::Is(&NatWords::translated, true, "translated", "Policies by what they translate to"),
                                       S::Opt({S::Kw("interface", "Policies of a mapped interface"), S::Word(&NatWords::to, "Name of an interface")}),
                                       S::Opt({where(&NatWords::to_address, &NatWords::to_mask, &NatWords::to_object)})}),
                               S::Flag(&NatWords::detail, "detail", "Addresses behind the names")}),
            ShowNatRules);
  }
  using S = Tokens<PoolWords>;
  const auto words = [](const char* word, const char* help) {
    return std::vector<TokenPtr<PoolWords>>{
        S::Kw("show", kShow), S::Kw("nat", "NAT policies and counters"), S::Kw(word, help),
        S::Opt({S::Kw("interface", "Of an interface"), S::Word(&PoolWords::interface, "Name of an interface")})};
  };
  auto pool = words("pool", "Pools and what is in use of them");
  pool.push_back(S::Opt({S::Kw("ip", "Of an address"), S::Arg(&PoolWords::address, "Address")}));
  const auto new_nat = [](const Personality& p) { return p.object_nat; };
  Command<PoolWords> show_pool(std::move(pool));
  show_pool.When(new_nat);
  set.Add(show_pool, [](ExecContext& c, const PoolWords& w, Form) {
    NatPoolFilter f;
    if (Reply r = PoolFilter(*c.appliance.policy(), w, f); !r.ok) return r;
    const NatPoolsView view = c.appliance.AskEngine([now = c.appliance.Now()](Engine& e) { return e.NatPools(now); });
    return Reply::Say(ShowNatPool(*c.appliance.policy(), view, f));
  });
  Command<PoolWords> proxy(words("proxy-arp", "Addresses that are answered for"));
  proxy.When(new_nat);
  set.Add(proxy, [](ExecContext& c, const PoolWords& w, Form) {
    NatPoolFilter f;
    const auto policy = c.appliance.policy();
    if (Reply r = PoolFilter(*policy, w, f); !r.ok) return r;
    std::vector<NatArpView> entries;
    for (const auto& i : policy->interfaces) {
      if (!i || !i->InUse() || (f.interface && *f.interface != i->id)) continue;
      for (const ProxyArpEntry& e : ProxyArpEntries(*policy, *i)) entries.push_back({i->id, e.prefix, e.rule});
    }
    return Reply::Say(ShowNatProxyArp(*policy, entries));
  });
  Command<PoolWords> divert(words("divert-table", "Which way rules send packets"));
  divert.When(new_nat);
  set.Add(divert, [](ExecContext& c, const PoolWords& w, Form) {
    NatPoolFilter f;
    if (Reply r = PoolFilter(*c.appliance.policy(), w, f); !r.ok) return r;
    return Reply::Say(ShowNatDivertTable(*c.appliance.policy(), f));
  });
}

}  // namespace

void AddNatCommands(ExecSet& set) {
  AddShowNat(set);
  using S = Tokens<XlateWords>;
  set.Add(Command<XlateWords>({S::Kw("show", kShow), S::Kw("xlate", "Display current translation information"),
                               S::Is(&XlateWords::count, true, "count", "Display the number of translations")}),
          ShowXlates);
  set.Add(Command<XlateWords>({S::Kw("show", kShow), S::Kw("xlate", "Display current translation information"), XlateFilterWords()}), ShowXlates);
  set.Add(Command<XlateWords>({S::Kw("clear", kClearHelp), S::Kw("xlate", "Translations, with their connections"), XlateFilterWords()}), ClearXlates);
  {
    using N = Tokens<PoolWords>;
    set.Add(Command<PoolWords>({N::Kw("clear", kClearHelp), N::Kw("nat", "NAT"), N::Kw("counters", "Hit counts of policies"),
                                N::Opt({N::Kw("interface", "Of a real interface"), N::Word(&PoolWords::interface, "Name of an interface")})}),
            [](ExecContext& c, const PoolWords& w, Form) {
              NatPoolFilter f;
              const auto policy = c.appliance.policy();
              if (Reply r = PoolFilter(*policy, w, f); !r.ok) return r;
              for (const NatRule& rule : policy->nat.rules()) {
                if (!rule.hits || (f.interface && rule.real_if != *f.interface && rule.real_if != IfId::kAny)) continue;
                rule.hits->translate.store(0, std::memory_order_relaxed);
                rule.hits->untranslate.store(0, std::memory_order_relaxed);
              }
              return Reply{};
            });
  }
}

}  // namespace sallyport
