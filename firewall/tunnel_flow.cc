// Tunnels on a packet's way: what a new flow leaves by, what must have come out of which, and what becomes of connections when
// tunnels come and go.
#include "firewall/engine_impl.h"

namespace sallyport {

void Engine::UseTunnels(TunnelGate* gate) { impl_->tunnels = gate; }

}  // namespace sallyport
