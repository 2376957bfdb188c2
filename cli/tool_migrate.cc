// sallyportd migrate.
#include <algorithm>
#include <cstdio>
#include <optional>

#include "cli/state_folder.h"
#include "cli/tool.h"
#include "conf/migrate.h"
#include "conf/migrate_proof.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

constexpr const char* kUsage =
    "usage: sallyportd migrate FILE [--to VERSION] [--proof] [--differences]\n"
    "  --to VERSION     release of the new configuration, 9.16(4) if not given\n"
    "  --proof          compare both with imagined packets, and print every probe and its verdicts\n"
    "  --differences    with --proof: only the probes that differ\n";

int Usage(const std::string& why) {
  std::fprintf(stderr, "sallyportd migrate: %s\n%s", why.c_str(), kUsage);
  return 2;
}

}  // namespace

int MigrateTool(std::span<const std::string> arguments) {
  std::string file, version = "9.16(4)";
  bool proof = false, differences = false;
  for (std::size_t i = 0; i < arguments.size(); i++) {
    const std::string& a = arguments[i];
    if (a == "--help") {
      std::fputs(kUsage, stdout);
      return 0;
    }
    if (a == "--proof") proof = true;
    else if (a == "--differences") differences = true;
    else if (a == "--to" && i + 1 < arguments.size()) version = arguments[++i];
    else if (a.starts_with("--") || !file.empty()) return Usage("what is \"" + a + "\"?");
    else file = a;
  }
  if (file.empty()) return Usage("which file?");
  const std::optional<Personality> target = PersonalityOf(version);
  if (!target) return Usage("\"" + version + "\" is no release that is known");
  const auto text = ReadWholeFile(file);
  if (!text) {
    std::fprintf(stderr, "sallyportd migrate: %s\n", text.error().c_str());
    return 2;
  }
  const Result<Migration> m = Migrate(*text, *target);
  if (!m) {
    std::fprintf(stderr, "sallyportd migrate: %s: %s\n", file.c_str(), m.error().c_str());
    return 2;
  }
  for (const MigrationNote& n : m->notes) std::fprintf(stderr, "%s\n", ToString(n).c_str());
  const bool whole = std::none_of(m->notes.begin(), m->notes.end(), [](const MigrationNote& n) { return n.kind == MigrationNote::Kind::kNotCarried; });
  if (!proof) {
    std::fputs(m->text.c_str(), stdout);
    return whole ? 0 : 1;
  }
  const Result<Proof> p = Prove(*m->old, *m->fresh);
  if (!p) {
    std::fprintf(stderr, "sallyportd migrate: %s\n", p.error().c_str());
    return 2;
  }
  std::fputs(ToString(*p, !differences).c_str(), stdout);
  return whole && p->agrees() ? 0 : 1;
}

}  // namespace sallyport
