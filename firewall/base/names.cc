#include "firewall/base/names.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace sallyport {
namespace {

// Names live in blocks that never move, so a reader needs no lock.
constexpr std::size_t kBlockBits = 10;
constexpr std::size_t kBlockSize = std::size_t{1} << kBlockBits;
using Block = std::array<std::string, kBlockSize>;

struct Pool {
  std::mutex mutex;
  std::unordered_map<std::string, std::uint32_t> ids;
  std::array<std::atomic<Block*>, 4096> blocks{};
  std::uint32_t next = 1;
};

Pool& ThePool() {
  static Pool* pool = [] {
    auto* p = new Pool;  // never destroyed: names outlive every thread
    p->blocks[0] = new Block;
    return p;
  }();
  return *pool;
}

}  // namespace

NameId InternName(std::string_view name) {
  if (name.empty()) return NameId::kNone;
  Pool& pool = ThePool();
  std::lock_guard lock(pool.mutex);
  auto [it, inserted] = pool.ids.try_emplace(std::string(name), pool.next);
  if (!inserted) return static_cast<NameId>(it->second);
  const std::uint32_t id = pool.next;
  if ((id >> kBlockBits) >= pool.blocks.size()) {
    pool.ids.erase(it);
    return NameId::kNone;
  }
  auto& slot = pool.blocks[id >> kBlockBits];
  if (slot.load(std::memory_order_relaxed) == nullptr) slot.store(new Block, std::memory_order_release);
  (*slot.load(std::memory_order_relaxed))[id & (kBlockSize - 1)] = std::string(name);
  pool.next++;
  return static_cast<NameId>(id);
}

const std::string& NameOf(NameId id) {
  const auto n = static_cast<std::uint32_t>(id);
  return (*ThePool().blocks[n >> kBlockBits].load(std::memory_order_acquire))[n & (kBlockSize - 1)];
}

}  // namespace sallyport
