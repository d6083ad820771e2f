// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/tap.hpp"

#include "vcoal/error.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace vcoal {
namespace {

constexpr const char* node = "/dev/net/tun";

/// Of a packet that is thrown away no more is read; with less the tap calls it an error.
constexpr std::size_t longest_header = 64;
/// A tap's queue has 1000 packets unless somebody changed that. Who goes on sending must
/// not keep us here.
constexpr unsigned longest_queue = 4096;

const char* why_not_created(int code) {
    switch (code) {
    case EBUSY:
        return "another process has it open";
    case EINVAL:
        return "a tap of that name was made with other flags: its number of queues, vnet_hdr";
    default:
        return "this needs CAP_NET_ADMIN";
    }
}

} // namespace

Tap::Tap(const TapOptions& options)
    : fd_(open_file(node, O_RDWR | O_NONBLOCK, "`modprobe tun` makes it")) {
    if (options.name.size() >= IFNAMSIZ) {
        throw Error("tap " + options.name, "name", EINVAL,
                    "an interface name has 1 to 15 characters");
    }
    ifreq request{};
    std::memcpy(request.ifr_name, options.name.data(), options.name.size());
    const int flags = IFF_TAP | IFF_NO_PI | (options.header ? IFF_VNET_HDR : 0) |
                      (options.multi_queue ? IFF_MULTI_QUEUE : 0);
    request.ifr_flags = static_cast<short>(flags);
    if (::ioctl(fd_.get(), TUNSETIFF, &request) != 0) {
        throw Error("tap " + options.name, "create", errno, why_not_created(errno));
    }
    name_ = request.ifr_name;
}

template <typename T>
void Tap::carry_out(unsigned long code, T argument, const char* what) {
    if (::ioctl(fd_.get(), code, argument) != 0) {
        throw Error("tap " + name_, what, errno);
    }
}

void Tap::set_header_size(int bytes) {
    carry_out(TUNSETVNETHDRSZ, &bytes, "set virtio header size");
}

void Tap::set_offload(unsigned flags) {
    carry_out(TUNSETOFFLOAD, static_cast<unsigned long>(flags), "set offloads");
}

bool Tap::segments_udp() {
    const unsigned long offloads = TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6;
    const bool known = ::ioctl(fd_.get(), TUNSETOFFLOAD, offloads) == 0;
    set_offload(0);
    return known;
}

void Tap::set_send_buffer(int bytes) {
    carry_out(TUNSETSNDBUF, &bytes, "set send buffer");
}

void Tap::set_steering_program(int program) {
    carry_out(TUNSETSTEERINGEBPF, &program, "attach steering program");
}

void Tap::set_filter_program(int program) {
    carry_out(TUNSETFILTEREBPF, &program, "attach filter program");
}

void Tap::drain() {
    std::array<std::byte, longest_header> beginning;
    for (unsigned packet = 0; packet < longest_queue; packet++) {
        if (::read(fd_.get(), beginning.data(), beginning.size()) < 0 && errno == EAGAIN) {
            return;
        }
    }
}

} // namespace vcoal
