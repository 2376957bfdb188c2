// A configuration of before 8.3 as the one of 8.3 or later that means the same: nat/global/static become object and twice NAT,
// interface access lists name real addresses, crypto commands have the words of IKEv1.
//
//   Result<Migration> m = Migrate(text, *PersonalityOf("9.16(4)"));
//   m->text   // a whole configuration of the target; what could not be carried over stands as comments at its top
//   m->notes  // the same, for a program
//
// NAT is not translated from the text but from the compiled rules of the old configuration, in the order in which that release
// tries them: whatever decides there decides here. The order is kept by moving a rule into section 1 (twice NAT) when section 2
// (object NAT) would try it too late. Names and shapes are those of Cisco's own migration ("Cisco ASA 5500 Migration to Version
// 8.3 and Later") where they are known; see the README. migrate_proof.h compares both configurations packet by packet.
//
// Pure: no engine, no files. Nothing is dropped silently: every line of the old text is in the new one, has become something
// else there, or has a note.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/configuration.h"
#include "firewall/base/result.h"

namespace sallyport {

struct MigrationNote {
  enum class Kind : std::uint8_t {
    kInfo,        // nothing to do: a line without effect in the old release
    kWarning,     // the new configuration may mean something else: read it
    kNotCarried,  // a line that is missing in the new configuration
  } kind = Kind::kInfo;
  int line = 0;  // of the old text, 0: of none in particular
  std::string text;
};

struct Migration {
  std::unique_ptr<Configuration> old, fresh;  // as loaded
  std::string text;
  std::vector<MigrationNote> notes;
};

// An error: the text is of 8.3 or later already, the target is not, or the old configuration does not compile.
Result<Migration> Migrate(std::string_view text, const Personality& target);
std::string ToString(const MigrationNote& note);  // "WARNING: line 12: ..."

}  // namespace sallyport
