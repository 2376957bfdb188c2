// Which commands of IPsec there are: releases from 8.4 on tell IKEv1 from IKEv2, those before know only `isakmp`.
#pragma once

#include "firewall/personality.h"

namespace sallyport {

inline bool HasIkev1Keyword(const Personality& p) { return p.ikev1_keyword; }
inline bool HasNoIkev1Keyword(const Personality& p) { return !p.ikev1_keyword; }

}  // namespace sallyport
