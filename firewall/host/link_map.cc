#include "firewall/host/link_map.h"

#include <strings.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace sallyport {

namespace {

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view Trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

}  // namespace

Status LinkMap::Add(std::string_view option) {
  const std::string quoted = "\"" + std::string(option) + "\"";
  const std::size_t equals = option.find('=');
  if (equals == std::string_view::npos) return Error{quoted + ": expected INTERFACE=LINK, as in GigabitEthernet0/0=eth1"};
  const std::string_view hardware = Trim(option.substr(0, equals)), link = Trim(option.substr(equals + 1));
  if (hardware.empty() || link.empty()) return Error{quoted + ": expected INTERFACE=LINK, as in GigabitEthernet0/0=eth1"};
  if (link.size() > 15 || link.find_first_of("/ \t:") != std::string_view::npos || link == "." || link == "..") {
    return Error{quoted + ": \"" + std::string(link) + "\" cannot be the name of a Linux link"};
  }
  for (const Entry& e : entries_) {
    if (SameName(e.hardware, hardware)) return Error{quoted + ": " + e.hardware + " is mapped to " + e.link + " already"};
    if (e.link == link) return Error{quoted + ": link " + e.link + " is " + e.hardware + " already"};
  }
  entries_.push_back({std::string(hardware), std::string(link)});
  return {};
}

Status LinkMap::AddFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error{path + ": " + std::strerror(errno)};
  std::string line;
  for (int number = 1; std::getline(file, line); number++) {
    std::string_view text = line;
    text = Trim(text.substr(0, text.find('#')));
    if (text.empty()) continue;
    if (Status s = Add(text); !s) return Error{path + ":" + std::to_string(number) + ": " + s.error()};
  }
  return {};
}

const std::string& LinkMap::LinkFor(std::string_view hardware) const {
  static const std::string kNone;
  for (const Entry& e : entries_) {
    if (SameName(e.hardware, hardware)) return e.link;
  }
  return kNone;
}

std::string_view LinkMap::ParentOf(std::string_view hardware) {
  const std::size_t dot = hardware.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : hardware.substr(0, dot);
}

}  // namespace sallyport
