#include "conf/line_tree.h"

#include <algorithm>

namespace sallyport {

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
  return *line;
}

bool LineTree::Remove(Line* parent, Section s, std::string_view key) {
  const auto it = index_.find(IndexKey(parent, s, key));
  if (it == index_.end()) return false;
  Line* line = it->second;
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
}

}  // namespace sallyport
