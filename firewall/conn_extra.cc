#include "firewall/conn_extra.h"

namespace sallyport {

ExtraIndex ConnExtraPool::Take() {
  if (free_.empty()) {
    const auto first = static_cast<ExtraIndex>(blocks_.size() * kBlock);
    blocks_.push_back(std::make_unique<ConnExtra[]>(kBlock));
    free_.reserve(blocks_.size() * kBlock);
    for (ExtraIndex i = kBlock; i-- > 0;) free_.push_back(first + i);
  }
  const ExtraIndex i = free_.back();
  free_.pop_back();
  in_use_++;
  return i;
}

void ConnExtraPool::Release(ExtraIndex i) {
  At(i) = ConnExtra{};
  free_.push_back(i);
  in_use_--;
}

}  // namespace sallyport
