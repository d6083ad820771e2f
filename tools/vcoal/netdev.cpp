// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/netdev.hpp"

#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace vcoal {
namespace {

ifreq request_for(const std::string& name) {
    ifreq request{};
    std::copy(name.begin(), name.end(), std::begin(request.ifr_name));
    return request;
}

void carry_out(unsigned long code, ifreq& request, const std::string& name, const char* what) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket) {
        throw Error("socket", "create", errno);
    }
    if (::ioctl(socket.get(), code, &request) != 0) {
        throw Error("interface " + name, what, errno);
    }
}

sockaddr ipv4(in_addr address) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr = address;
    sockaddr generic{};
    std::memcpy(&generic, &in, sizeof(in));
    return generic;
}

} // namespace

NetDev::NetDev(std::string name) : name_(std::move(name)) {
    if (name_.empty() || name_.size() >= IFNAMSIZ) {
        throw Error("interface \"" + name_ + "\"", "name", EINVAL,
                    "an interface name has 1 to 15 characters");
    }
}

int NetDev::index() const {
    ifreq request = request_for(name_);
    carry_out(SIOCGIFINDEX, request, name_, "find");
    return request.ifr_ifindex;
}

void NetDev::set_up(bool up) {
    ifreq request = request_for(name_);
    carry_out(SIOCGIFFLAGS, request, name_, "read flags");
    const int flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
    request.ifr_flags = static_cast<short>(flags);
    carry_out(SIOCSIFFLAGS, request, name_, up ? "set up" : "set down");
}

MacAddress NetDev::mac() const {
    ifreq request = request_for(name_);
    carry_out(SIOCGIFHWADDR, request, name_, "read MAC address");
    MacAddress mac{};
    std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
    return mac;
}

void NetDev::set_mac(const MacAddress& mac) {
    ifreq request = request_for(name_);
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    std::memcpy(request.ifr_hwaddr.sa_data, mac.data(), mac.size());
    carry_out(SIOCSIFHWADDR, request, name_, "set MAC address");
}

unsigned NetDev::mtu() const {
    ifreq request = request_for(name_);
    carry_out(SIOCGIFMTU, request, name_, "read MTU");
    return static_cast<unsigned>(request.ifr_mtu);
}

void NetDev::set_mtu(unsigned mtu) {
    ifreq request = request_for(name_);
    request.ifr_mtu = static_cast<int>(mtu);
    carry_out(SIOCSIFMTU, request, name_, "set MTU");
}

void NetDev::set_address(const std::string& address, unsigned prefix_length) {
    in_addr binary{};
    if (::inet_pton(AF_INET, address.c_str(), &binary) != 1 || prefix_length > 32) {
        throw Error("interface " + name_, "set address " + address, EINVAL);
    }
    ifreq request = request_for(name_);
    request.ifr_addr = ipv4(binary);
    carry_out(SIOCSIFADDR, request, name_, "set address");

    const std::uint64_t mask = ~std::uint64_t{0} << (32 - prefix_length);
    request = request_for(name_);
    request.ifr_netmask = ipv4({htonl(static_cast<std::uint32_t>(mask))});
    carry_out(SIOCSIFNETMASK, request, name_, "set netmask");
}

void NetDev::disable_ipv6() {
    const std::string path = "/proc/sys/net/ipv6/conf/" + name_ + "/disable_ipv6";
    if (::access(path.c_str(), F_OK) != 0) {
        return; // a kernel without IPv6
    }
    const Fd file = open_file(path, O_WRONLY);
    if (::write(file.get(), "1", 1) != 1) {
        throw Error(path, "write", errno);
    }
}

} // namespace vcoal
