#include "conf/downloaded_acl.h"

#include "conf/configuration.h"
#include "conf/personality.h"

namespace sallyport {

std::shared_ptr<const AccessList> CompileDownloadedAcl(const std::string& name, const std::vector<std::string>& elements, const std::string& version,
                                                       std::string& bad) {
  const auto personality = PersonalityOf(version);
  Configuration scratch(personality ? *personality : Personality());
  ConfigMode mode;
  for (const std::string& e : elements) {
    // Servers write remarks and "extended" or not, as they like.
    const bool whole = e.starts_with("remark ") || e.starts_with("extended ");
    const ApplyResult r = scratch.Apply(mode, "access-list " + name + (whole ? " " : " extended ") + e);
    if (r.ok() && r.outcome == ApplyResult::Outcome::kOk) continue;
    bad = e;
    return nullptr;
  }
  const auto policy = scratch.Compile(nullptr);
  if (!policy) return nullptr;
  const auto list = (*policy)->access_lists.find(name);
  return list == (*policy)->access_lists.end() ? nullptr : list->second;
}

}  // namespace sallyport
