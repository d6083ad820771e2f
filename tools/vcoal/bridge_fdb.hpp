// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/netdev.hpp"

#include <cstdint>
#include <vector>

namespace vcoal {

/// An entry of a bridge's forwarding table, of any VLAN.
struct FdbEntry {
    MacAddress mac;
    /// Interface number of the port; the bridge's own for its own addresses.
    int port;
    /// NUD_*: PERMANENT is the port's own address, NOARP somebody's decision, the rest
    /// was learned.
    std::uint16_t state;
};

/// What can be done for an address that a port is to have.
enum class FdbClaim {
    free,    ///< nobody has it
    learned, ///< there is an entry, and it may be replaced
    present, ///< the port has it
    taken,   ///< it is another's
};

/// @param moves the address may be learned at another port now: the guest came from there
FdbClaim claim_address(const std::vector<FdbEntry>& entries, const MacAddress& mac, int port,
                       bool moves);

/// All entries of a bridge; throws Error.
std::vector<FdbEntry> list_fdb(int bridge);

/// Makes a static entry. 0 or the errno value.
/// @param replace one that is there
int add_fdb(int port, const MacAddress& mac, bool replace);
int remove_fdb(int port, const MacAddress& mac);

} // namespace vcoal
