#include "cli/xlate_rows.h"

#include <bit>

#include <fmt/format.h>

namespace sallyport {

std::string NameOrAny(const Policy& policy, IfId id) {
  if (id == IfId::kAny) return "any";
  const Interface* i = policy.Find(id);
  return i != nullptr ? i->nameif : "any";
}

std::string NatRangeText(const AddressRange& r, bool host_length) {
  const bool v4 = r.first.IsV4();
  if (r.first == r.last) return r.first.ToString() + (host_length ? (v4 ? "/32" : "/128") : "");
  if (v4 && r.last.IsV4()) {
    const std::uint64_t size = r.Size();
    if (std::has_single_bit(size) && r.first.v4() % size == 0) {
      return fmt::format("{}/{}", r.first.ToString(), 32 - std::countr_zero(size));
    }
  } else {
    for (int length = 0; length < 128; length++) {
      const Prefix p = Prefix::Of(r.first, length);
      if (AddressRange::Of(p) == r) return fmt::format("{}/{}", r.first.ToString(), length);
    }
  }
  return r.first.ToString() + "-" + r.last.ToString();
}

std::string NatRuleIdText(const NatRule& rule) { return fmt::format("0x{:016x}", 0x00007f5500000000u + std::uint64_t{rule.id} * 0x2c0); }

}  // namespace sallyport
