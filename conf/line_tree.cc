#include "conf/line_tree.h"

#include <algorithm>

namespace sallyport {

std::string_view FeatureOf(Section s) {
  static constexpr std::string_view kFeatures[] = {
#define X(name, feature) feature,
      SALLYPORT_SECTIONS(X)
#undef X
  };
  return kFeatures[static_cast<std::size_t>(s)];
}

void LineTree::Restamp(Line& line) {
  line.by_default = false;
  if (stamp_.place == 0) return;
  line.place = stamp_.place;
  if (stamp_.first == nullptr) {
    stamp_.first = &line;
    line.lead = std::move(stamp_.lead);
  }
}

Line* Line::Find(std::string_view line_key) const {
  for (const auto& l : lines) {
    if (l->key == line_key) return l.get();
  }
  return nullptr;
}

std::string LineTree::IndexKey(const Line* parent, Section s, std::string_view key) {
  std::string k(1, static_cast<char>(s));
  const auto p = reinterpret_cast<std::uintptr_t>(parent);  // 0: top level
  k += std::to_string(p);
  k += ' ';
  k += key;
  return k;
}

Line* LineTree::Find(const Line* parent, Section s, std::string_view key) const {
  const auto it = index_.find(IndexKey(parent, s, key));
  return it == index_.end() ? nullptr : it->second;
}

Line& LineTree::Upsert(Line* parent, Section s, const std::string& key, std::size_t position) {
  const std::string index = IndexKey(parent, s, key);
  if (const auto it = index_.find(index); it != index_.end()) return *it->second;
  auto line = std::make_shared<Line>();
  line->section = s;
  line->key = key;
  auto& list = parent != nullptr ? parent->lines : sections_[static_cast<std::size_t>(s)];
  list.insert(list.begin() + static_cast<std::ptrdiff_t>(std::min(position, list.size())), line);
  index_[index] = line.get();
  // What follows from a line (`nameif` brings an mtu line) has no place of its own, but for the lines of a list.
  const bool own = stamp_.first == nullptr ? parent == stamp_.parent : parent == stamp_.first && s == Section::kAccessList;
  if (stamp_.place != 0 && own) Restamp(*line);
  else line->by_default = stamp_.place != 0;
  if (line->by_default && parent == stamp_.parent && stamp_.second == nullptr) stamp_.second = line.get();
  return *line;
}

bool LineTree::Remove(Line* parent, Section s, std::string_view key) {
  const auto it = index_.find(IndexKey(parent, s, key));
  if (it == index_.end()) return false;
  Line* line = it->second;
  if (stamp_.first == line) {
    stamp_.first = nullptr;
    stamp_.lead = std::move(line->lead);
    if (stamp_.second != nullptr) Restamp(*stamp_.second);  // it stands for it
  }
  if (stamp_.second == line) stamp_.second = nullptr;
  while (!line->lines.empty()) {
    const auto child = line->lines.back();
    if (!Remove(line, child->section, child->key)) line->lines.pop_back();
  }
  index_.erase(it);
  auto& list = parent != nullptr ? parent->lines : sections_[static_cast<std::size_t>(s)];
  std::erase_if(list, [&](const auto& l) { return l.get() == line; });
  return true;
}

std::shared_ptr<Line> LineTree::Shared(Line* parent, Section s, const Line* line) const {
  for (const auto& l : parent != nullptr ? parent->lines : Of(s)) {
    if (l.get() == line) return l;
  }
  return nullptr;
}

void LineTree::Clear() {
  for (auto& s : sections_) s.clear();
  index_.clear();
  tail.clear();
  from_asa = false;
  stamp_ = {};
}

}  // namespace sallyport
