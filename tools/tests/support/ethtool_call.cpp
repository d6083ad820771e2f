// SPDX-License-Identifier: GPL-2.0-only
#include "support/ethtool_call.hpp"

#include "vcoal/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace vcoal::test {

int ethtool_call(const std::string& interface, void* argument) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    if (!socket || interface.size() >= sizeof(request.ifr_name)) {
        return EINVAL;
    }
    std::copy(interface.begin(), interface.end(), std::begin(request.ifr_name));
    request.ifr_data = static_cast<char*>(argument);
    return ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0 ? 0 : errno;
}

} // namespace vcoal::test
