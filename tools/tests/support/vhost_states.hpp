// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/guest_memory.hpp"
#include "vcoal/queue.hpp"
#include "vcoal/tap.hpp"
#include "vcoal/vhost.hpp"

#include <array>
#include <string>

namespace vcoal::test {

/// How far a vhost file has got on its way to service.
enum class State {
    fresh,     ///< opened
    owned,     ///< SET_OWNER
    memory,    ///< and a memory table
    sized,     ///< and vring sizes, but no addresses
    ready,     ///< and features, addresses and eventfds
    running,   ///< and a back end
    stopped,   ///< and no back end any more
    disowned,  ///< RESET_OWNER after that
    elsewhere, ///< another process became owner, and is gone
};

inline constexpr std::array all_states = {State::fresh,   State::owned,    State::memory,
                                          State::sized,   State::ready,    State::running,
                                          State::stopped, State::disowned, State::elsewhere};

const char* state_name(State state);

/// A vhost file in some state, with all that its ioctls may name. The tap's header
/// has the size that VERSION_1 implies.
class VhostSetup {
public:
    VhostSetup(const std::string& node, Tap& tap, State state);

    VhostNet vhost;
    Tap& tap;
    GuestMemory memory;
    Queue rx;
    Queue tx;

private:
    void configure();
    void own_elsewhere();
};

} // namespace vcoal::test
