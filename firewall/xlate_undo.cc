// Translations that come and go for a packet that is only imagined, and what takes them back (undo_log.h).
#include <optional>

#include "firewall/xlate_impl.h"

namespace sallyport {

using namespace xlate;

namespace {

// What a map says of `key` now, as a step that lets it say so again.
template <typename Map>
std::function<void()> KeepEntry(Map& map, const typename Map::key_type& key) {
  std::optional<typename Map::mapped_type> was;
  if (const auto it = map.find(key); it != map.end()) was = it->second;
  return [&map, key, was] {
    if (was) {
      map[key] = *was;
    } else {
      map.erase(key);
    }
  };
}

}  // namespace

std::function<void()> XlateTable::Impl::KeepAround(const Xlate& x) {
  std::vector<std::function<void()>> steps;
  steps.push_back([this, count = count, pat = pat_count, extended = extended_count, most = most_used] {
    this->count = count;
    pat_count = pat;
    extended_count = extended;
    most_used = most;
  });
  if (x.pat) {
    const AddressKey key{x.mapped.address, x.mapped_if, x.protocol, x.peer};
    const auto space = ports.find(key);
    std::optional<TimePoint> last_used;
    if (space != ports.end()) last_used = space->second->last_used;
    // The ports themselves have been given back, or taken again, before.
    steps.push_back([this, key, last_used] {
      if (last_used) {
        ports[key]->last_used = *last_used;
      } else {
        ports.erase(key);
      }
    });
    steps.push_back(KeepEntry(extended, {x.mapped.address, x.mapped_if, x.protocol}));
    steps.push_back(KeepEntry(host_blocks, {x.rule, x.real_if, x.mapped_if, x.protocol, x.real.address}));
    steps.push_back(KeepEntry(port_blocks, {x.mapped.address, x.mapped_if, x.protocol}));
    steps.push_back(KeepEntry(sticky, {x.rule, x.real_if, x.mapped_if, 0, x.real.address}));
    steps.push_back(KeepEntry(turns, x.rule));
  } else {
    steps.push_back(KeepEntry(blocks, {First256(x.mapped.address), x.mapped_if, 0}));
  }
  return [steps] {
    for (const auto& step : steps) step();
  };
}

void XlateTable::Impl::NoteEntered(std::uint32_t i, std::function<void()> around) {
  undo->Add([this, i, around = std::move(around)] {
    Entry& e = entries[i];
    if (e.waiting) WaitingFor(e.x).Remove(entries, i);
    by_mapped.Erase(entries, i);
    by_real.Erase(entries, i);
    if (e.x.pat) ports.at({e.x.mapped.address, e.x.mapped_if, e.x.protocol, e.x.peer})->Release(e.x.mapped.port);
    entries.Free(i);
    around();
  });
}

void XlateTable::Impl::NoteRemoved(std::uint32_t i) {
  undo->Add([this, i, was = entries[i], around = KeepAround(entries[i].x)] {
    entries.Allocate();  // gives what was freed last: `i`
    entries[i] = was;
    by_mapped.Insert(entries, i);
    by_real.Insert(entries, i);
    if (was.waiting) WaitingFor(was.x).PutBack(entries, i, was.older, was.newer);
    if (was.x.pat) {
      auto& space = ports[{was.x.mapped.address, was.x.mapped_if, was.x.protocol, was.x.peer}];
      if (space == nullptr) space = std::make_unique<PortSpace>();
      space->Take(was.x.mapped.port);
    }
    around();
  });
}

void XlateTable::UseUndo(UndoLog* undo) { impl_->undo = undo; }

}  // namespace sallyport
