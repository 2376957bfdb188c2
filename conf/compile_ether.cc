// Access lists by Ethernet type.
#include <charconv>

#include "conf/compile.h"
#include "conf/cursor.h"

namespace sallyport {
namespace {

using What = EtherElement::What;

struct EtherWord {
  const char* text;
  What what;
  std::uint16_t value;
};
constexpr EtherWord kWords[] = {{"any", What::kAny, 0},
                                {"bpdu", What::kBpdu, 0},
                                {"isis", What::kIsis, 0},
                                {"ipx", What::kIpx, 0},
                                {"eii-ipx", What::kType, 0x8137},
                                {"mpls-unicast", What::kType, 0x8847},
                                {"mpls-multicast", What::kType, 0x8848}};
constexpr EtherWord kDsaps[] = {{"bpdu", What::kDsap, 0x42}, {"ipx", What::kDsap, 0xe0}, {"isis", What::kDsap, 0xfe}, {"raw-ipx", What::kDsap, 0xff}};

bool ReadHex(std::string_view text, std::uint16_t& out) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) return false;
  text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool ReadEtherWhat(std::string_view what, EtherElement& out) {
  const CommandLine words(what);
  if (words.size() == 2 && words[0] == "dsap") {
    out.what = What::kDsap;
    for (const EtherWord& w : kDsaps) {
      if (words[1] != w.text) continue;
      out.value = w.value;
      return true;
    }
    return ReadHex(words[1], out.value) && out.value <= 0xff;
  }
  if (words.size() != 1) return false;
  for (const EtherWord& w : kWords) {
    if (words[0] != w.text) continue;
    out.what = w.what;
    out.value = w.value;
    return true;
  }
  out.what = What::kType;
  return ReadHex(words[0], out.value) && out.value >= 0x0600;
}

bool IsEtherList(const Line& list) {
  for (const auto& l : list.lines) {
    if (const auto* o = l->As<OtherAclLine>()) return o->kind == "ethertype";
  }
  return false;
}

std::shared_ptr<const EtherList> CompileEtherList(const Line& list, const EtherList* previous) {
  auto out = std::make_shared<EtherList>();
  out->name = list.key;
  for (const auto& l : list.lines) {
    const auto* o = l->As<OtherAclLine>();
    if (o == nullptr) continue;
    EtherElement e;
    const std::size_t blank = o->rest.find(' ');
    if (blank == std::string::npos || !ReadEtherWhat(std::string_view(o->rest).substr(blank + 1), e)) continue;
    e.permit = o->rest.starts_with("permit");
    e.text = "ethertype " + o->rest;
    if (previous != nullptr) {
      for (const EtherElement& before : previous->elements) {
        if (before.text == e.text) e.hits = before.hits;
      }
    }
    if (e.hits == nullptr) e.hits = std::make_shared<HitCounter>();
    out->elements.push_back(std::move(e));
  }
  return out;
}

}  // namespace sallyport
