// A table of fixed size that forgets what was not touched longest: eight places for each hash. For statistics about hosts,
// whose number an attacker decides. No allocation after construction; data thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "firewall/base/time.h"

namespace sallyport {

// V has `Key key` with operator== and `TimePoint last`; a V that is free has `used == false`.
template <typename Key, typename V>
class LruSets {
 public:
  // `sets`: a power of two; 0: no table.
  void Resize(std::size_t sets) { values_.assign(sets * kWays, V{}); }
  void Clear() { Resize(values_.size() / kWays); }
  bool empty() const { return values_.empty(); }

  V* Find(const Key& key, std::uint64_t hash) {
    V* set = SetOf(hash);
    for (std::size_t i = 0; i < kWays; i++) {
      if (set[i].used && set[i].key == key) return &set[i];
    }
    return nullptr;
  }
  // The entry of `key`, a fresh one if there is none.
  V& Touch(const Key& key, std::uint64_t hash, TimePoint now) {
    V* v = Find(key, hash);
    if (v == nullptr) {
      V* set = SetOf(hash);
      v = set;
      for (std::size_t i = 0; i < kWays; i++) {
        if (!set[i].used) {
          v = &set[i];
          break;
        }
        if (set[i].last < v->last) v = &set[i];
      }
      *v = V{};
      v->used = true;
      v->key = key;
    }
    v->last = now;
    return *v;
  }
  template <typename F>
  void Each(F f) {
    for (V& v : values_) {
      if (v.used) f(v);
    }
  }

 private:
  static constexpr std::size_t kWays = 8;
  V* SetOf(std::uint64_t hash) {
    const std::size_t sets = values_.size() / kWays;
    return &values_[(static_cast<std::size_t>(hash * 0x9e3779b97f4a7c15u >> 20) & (sets - 1)) * kWays];
  }
  std::vector<V> values_;
};

}  // namespace sallyport
