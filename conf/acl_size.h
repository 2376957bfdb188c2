// How many elements the access lists make, counted before they are made: a line with groups becomes the product of their members, and
// three groups of some thousand are more than any machine holds.
//
// Reads the tree; one object for one count, as it remembers what groups amount to. Nested groups are counted once each, so that a
// count takes time with the lines and not with the elements.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "conf/line_tree.h"
#include "conf/lines.h"

namespace sallyport {

// More are refused: about a gigabyte of memory, and some seconds to compile. An ASA's own limit depends on the model, and the largest
// have about as many.
inline constexpr std::uint64_t kMaxAclElements = 1'000'000;

class AclSize {
 public:
  explicit AclSize(const LineTree& tree);
  // Of one line; UINT64_MAX: that many and more. Never less than what compiling it makes, but for names with several addresses.
  std::uint64_t Of(const AceBody& b);
  std::uint64_t OfAllLists();

 private:
  std::uint64_t Addresses(const AddressSpec& a);
  std::uint64_t Network(const std::string& group, int depth);
  std::uint64_t Services(const ProtocolSpec& p);
  std::uint64_t ServiceGroup(const std::string& group, int depth);
  std::uint64_t Ports(const PortSpec& p);
  std::uint64_t PortGroup(const std::string& group, int depth);
  const LineTree& tree_;
  const bool search_groups_;  // groups of addresses stay one element
  std::map<std::string, std::uint64_t> networks_, services_, ports_;  // by group
};

}  // namespace sallyport
