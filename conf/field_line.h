// A configuration line whose grammar is one string (conf/shape.h): its values by name, as they print, each checked when it was
// read. For the many lines that are plain data; a line whose parts need types of their own has a struct in lines.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/cursor.h"

namespace sallyport {

// The names of a shape's fields; they belong to the program.
struct FieldNames {
  std::vector<std::string> names;
  // References: fields that name something else in the configuration (conf/shape.h), by slot; null: plain data.
  std::vector<const struct ReferenceKind*> kinds;
  std::vector<bool> secret;
  std::size_t SlotOf(std::string_view name) const;  // names.size() when there is none
  // What the field of an optional keyword is called in `names`: a value may have the keyword's name ("list <list:acl>").
  static std::string OfKeyword(std::string_view word);
};

class FieldLine {
 public:
  // Is the field there: an optional keyword, a value?
  bool Has(std::string_view field) const { return !Get(field).empty(); }
  // As printed; "" : not there. A field that repeats has its values with blanks between. An optional keyword has a value too, the
  // keyword, unless a field of its name is there.
  std::string_view Get(std::string_view field) const;
  std::optional<std::int64_t> Int(std::string_view field) const;
  // An address, also one written as a `name`.
  std::optional<IpAddress> Address(std::string_view field, const NameTable& names) const;
  std::vector<std::string_view> List(std::string_view field) const;

  // For shape.cc.
  const FieldNames* fields = nullptr;
  std::vector<std::string> values;  // by slot; shorter than the names when the last ones are not there
  std::string_view At(std::size_t slot) const { return slot < values.size() ? std::string_view(values[slot]) : std::string_view(); }
  void Put(std::size_t slot, std::string_view value);
};

}  // namespace sallyport
