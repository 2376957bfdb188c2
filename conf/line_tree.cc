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

bool IsMask(std::string_view word) { return !word.empty() && word.find_first_not_of('*') == std::string_view::npos; }

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

std::size_t LineTree::IndexHash::operator()(const IndexKey& k) const {
  const std::size_t place = std::hash<const Line*>()(k.parent) * 31 + static_cast<std::size_t>(k.section);
  return std::hash<std::string_view>()(k.key) ^ (place * 0x9e3779b97f4a7c15u);
}

Line* LineTree::Find(const Line* parent, Section s, std::string_view key) const {
  const auto it = index_.find({parent, s, key});
  return it == index_.end() ? nullptr : it->second;
}

Line& LineTree::Upsert(Line* parent, Section s, const std::string& key, std::size_t position) {
  if (const auto it = index_.find({parent, s, key}); it != index_.end()) return *it->second;
  auto line = std::make_shared<Line>();
  line->section = s;
  line->key = key;
  auto& list = parent != nullptr ? parent->lines : sections_[static_cast<std::size_t>(s)];
  list.insert(list.begin() + static_cast<std::ptrdiff_t>(std::min(position, list.size())), line);
  index_[{parent, s, line->key}] = line.get();
  // What follows from a line (`nameif` brings an mtu line) has no place of its own, but for the lines of a list.
  const bool own = stamp_.first == nullptr ? parent == stamp_.parent : parent == stamp_.first && s == Section::kAccessList;
  if (stamp_.place != 0 && own) Restamp(*line);
  else line->by_default = stamp_.place != 0;
  if (line->by_default && parent == stamp_.parent && stamp_.second == nullptr) stamp_.second = line.get();
  return *line;
}

bool LineTree::Remove(Line* parent, Section s, std::string_view key) {
  const auto it = index_.find({parent, s, key});
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
  // From the end, where a list that is taken apart has it.
  const auto at = std::find_if(list.rbegin(), list.rend(), [&](const auto& l) { return l.get() == line; });
  if (at != list.rend()) list.erase(std::next(at).base());
  return true;
}

bool LineTree::Rekey(Line* parent, Line& line, const std::string& key) {
  if (line.key == key) return true;
  if (index_.contains({parent, line.section, key})) return false;
  index_.erase({parent, line.section, line.key});
  line.key = key;
  index_[{parent, line.section, line.key}] = &line;
  return true;
}

void LineTree::Clear() {
  index_.clear();  // its keys are the lines' own
  for (auto& s : sections_) s.clear();
  tail.clear();
  from_asa = false;
  stamp_ = {};
}

}  // namespace sallyport
