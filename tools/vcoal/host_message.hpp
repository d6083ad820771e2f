// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/genl_message.hpp"
#include "vcoal/host_file.hpp"

namespace vcoal {

// The messages of linux/vhost_net_coal_nl.h. Whatever a parser is given, it takes what is
// there or throws Error with EBADMSG.

/// Asks for one file, or for all.
GenlRequest host_get_request(std::uint16_t family, std::optional<std::uint32_t> id);
GenlRequest host_set_request(std::uint16_t family, const HostChange& change);
GenlRequest host_defaults_request(std::uint16_t family);

HostFile parse_host_file(const GenlMessage& message);
HostDefaults parse_host_defaults(const GenlMessage& message);
/// Nothing where it is no event that is known here.
std::optional<HostEvent> parse_host_event(const GenlMessage& message);

} // namespace vcoal
