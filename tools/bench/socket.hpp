// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/netns.hpp"

#include <cstdint>
#include <netinet/in.h>
#include <string>

namespace vcoal::bench {

/// One end of the pair: an address in a namespace.
struct End {
    const NetNs& netns;
    std::string address;
};

sockaddr_in endpoint(const End& end, std::uint16_t port);

/// Throws Error, with errno, unless the result of a call on a socket of @p end is 0.
void check_socket(int result, const End& end, const char* what);

/// Sockets of @p type (SOCK_DGRAM or SOCK_STREAM) where @p end is.
Fd make_bound(const End& end, int type, std::uint16_t port);
Fd make_connected(const End& from, const End& to, int type, std::uint16_t port);

} // namespace vcoal::bench
