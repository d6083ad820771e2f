// SPDX-License-Identifier: GPL-2.0-only
#include "support/loopback_walk.hpp"

#include "support/resized.hpp"
#include "vcoal/features.hpp"
#include "vcoal/loopback.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

/// No driver has this number.
constexpr std::uint32_t nobodys_device = 63;
constexpr std::uint64_t arena = std::uint64_t{256} * 1024;
constexpr std::uint32_t answer_ms = 500;

constexpr unsigned long steps_up[] = {VLB_CREATE, VLB_SET_VQFD, VLB_START,
                                      VLB_FREEZE, VLB_RESTORE,  VLB_ACK};

bool right(Chance& chance) {
    return !chance.one_in(16);
}

std::uint64_t odd_address(Chance& chance) {
    return chance.of({std::uint64_t{0}, std::uint64_t{8}, std::uint64_t{0xffff'8880'0000'0000},
                      ~std::uint64_t{0}});
}

template <typename T>
std::uint64_t address_of(const T& object, Chance& chance) {
    return right(chance) ? reinterpret_cast<std::uintptr_t>(&object) : odd_address(chance);
}

} // namespace

LoopbackWalk::LoopbackWalk()
    : WalkTarget(
          loopback_node, all_loopback_ioctls(),
          {.read = {true, {EAGAIN, EINVAL}}, .write = {false, {EINVAL}}, .map = {true, {EINVAL}}}),
      other_(open_file("/dev/null", O_RDWR)) {
}

std::vector<std::byte> LoopbackWalk::argument(unsigned long request, Chance& chance) {
    switch (request) {
    case VLB_CREATE:
        return create(chance);
    case VLB_SET_VQFD:
        return eventfds(chance);
    case VLB_ACK:
        return bytes_of(
            vlb_ack{right(chance) ? sequence_.load() : odd_number(chance), chance.of({0, 1})});
    case VLB_SET_CONFIG:
        return bytes_of(vlb_config{address_of(config_, chance),
                                   right(chance) ? 0 : odd_number(chance),
                                   right(chance) ? 8 : odd_number(chance)});
    default: {
        // A queue and zeroes.
        std::array<std::uint32_t, 32> index{right(chance) ? chance.between(0, 2)
                                                          : odd_number(chance)};
        index[1] = right(chance) ? 0 : odd_number(chance);
        return bytes_of(index);
    }
    }
}

// One that knows less is told that there is no such ioctl.
unsigned long LoopbackWalk::other_size(unsigned long request, Chance& chance) {
    if (_IOC_SIZE(request) == 0 || !chance.one_in(8)) {
        return request;
    }
    return resized(request, _IOC_SIZE(request) + chance.of({1U, 8U, 64U, 4096U}));
}

std::span<const unsigned long> LoopbackWalk::way_up() const {
    return steps_up;
}

void LoopbackWalk::stir(unsigned /*thread*/, Chance& /*chance*/) {
    call_.signal();
    vlb_event event{};
    if (::read(fd(), &event, sizeof(event)) != sizeof(event)) {
        return;
    }
    sequence_ = event.seq;
    if (event.type == VLB_EVENT_DEAD) {
        reopen();
    }
}

std::vector<std::byte> LoopbackWalk::create(Chance& chance) const {
    vlb_create c{};
    c.device_id = right(chance) ? nobodys_device : 0;
    c.nvqs = right(chance) ? static_cast<std::uint32_t>(sizes_.size()) : odd_number(chance);
    c.vq_nums = address_of(sizes_, chance);
    c.config = address_of(config_, chance);
    c.config_len = right(chance) ? sizeof(config_) : odd_number(chance);
    c.flags = right(chance) ? 0 : odd_number(chance);
    c.features[0] = right(chance) ? feature(VIRTIO_F_VERSION_1) : odd_address(chance);
    c.features[1] = right(chance) ? 0 : odd_number(chance);
    c.arena_bytes = right(chance) ? arena : std::uint64_t{odd_number(chance)} << 12;
    c.in_bytes = right(chance) ? 0 : odd_number(chance);
    c.out_bytes = right(chance) ? 0 : odd_number(chance);
    c.control_timeout_ms = right(chance) ? 0 : odd_number(chance);
    c.ack_timeout_ms = right(chance) ? answer_ms : 1;
    c.reserved[0] = right(chance) ? 0 : odd_number(chance);
    return bytes_of(c);
}

std::vector<std::byte> LoopbackWalk::eventfds(Chance& chance) const {
    return bytes_of(vlb_vqfd{right(chance) ? chance.between(0, 2) : odd_number(chance),
                             right(chance) ? chance.of({0U, VLB_VQ_CONTROL}) : odd_number(chance),
                             descriptor(kick_.get(), chance), descriptor(call_.get(), chance)});
}

int LoopbackWalk::descriptor(int right_one, Chance& chance) const {
    return right(chance) ? right_one : chance.of({-1, -2, 9999, other_.get(), fd()});
}

} // namespace vcoal::test
