// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/loopback.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace vcoal {
namespace {

std::uint64_t address_of(const void* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

std::string why_not_created(int code) {
    switch (code) {
    case ENOSPC:
        return "the arena is too small for rings and quotas";
    case EINVAL:
        return "a value is out of its bounds; see linux/virtio_loopback.h";
    default:
        return {};
    }
}

vlb_create argument_of(const LoopbackOptions& options) {
    vlb_create argument{};
    argument.device_id = options.device_id;
    argument.nvqs = static_cast<std::uint32_t>(options.queue_sizes.size());
    argument.vq_nums = address_of(options.queue_sizes.data());
    argument.config = address_of(options.config.data());
    argument.config_len = static_cast<std::uint32_t>(options.config.size());
    argument.features[0] = options.features;
    argument.arena_bytes = options.arena_bytes;
    argument.in_bytes = options.in_bytes;
    argument.out_bytes = options.out_bytes;
    argument.control_timeout_ms = static_cast<std::uint32_t>(options.control_timeout.count());
    argument.ack_timeout_ms = static_cast<std::uint32_t>(options.ack_timeout.count());
    return argument;
}

vlb_create create(int fd, const LoopbackOptions& options) {
    vlb_create argument = argument_of(options);
    if (::ioctl(fd, VLB_CREATE, &argument) != 0) {
        const int code = errno;
        throw Error(loopback_node, "create device", code, why_not_created(code));
    }
    return argument;
}

} // namespace

Loopback::Loopback(const LoopbackOptions& options)
    : fd_(open_file(loopback_node, O_RDWR | O_NONBLOCK, "load the module virtio_loopback")),
      created_(create(fd_.get(), options)),
      arena_(fd_.get(), options.arena_bytes, 0, loopback_node) {
}

void Loopback::carry_out(unsigned long request, void* argument, const std::string& what) const {
    if (::ioctl(fd_.get(), request, argument) != 0) {
        throw Error(loopback_node, what, errno);
    }
}

std::span<std::byte> Loopback::at(std::uint64_t address, std::uint64_t length) const {
    const std::uint64_t offset = address - base();
    if (address < base() || offset > arena_.size() || length > arena_.size() - offset) {
        throw Error("address " + std::to_string(address), "find in the arena", EFAULT);
    }
    return arena_.bytes().subspan(offset, length);
}

vhost_memory_region Loopback::region() const noexcept {
    vhost_memory_region region{};
    region.guest_phys_addr = base();
    region.memory_size = arena_.size();
    region.userspace_addr = address_of(arena_.data());
    return region;
}

void Loopback::set_eventfds(std::uint32_t index, int kick, int call, bool control) {
    vlb_vqfd argument{index, control ? VLB_VQ_CONTROL : 0, kick, call};
    carry_out(VLB_SET_VQFD, &argument, "set eventfds of queue " + std::to_string(index));
}

void Loopback::start() {
    carry_out(VLB_START, nullptr, "register device");
}

std::optional<vlb_event> Loopback::next_event(std::chrono::milliseconds timeout) {
    vlb_event event{};
    if (!wait_readable(fd_.get(), timeout)) {
        return std::nullopt;
    }
    const ssize_t got = ::read(fd_.get(), &event, sizeof(event));
    if (got < 0 && errno != EAGAIN) {
        throw Error(loopback_node, "read event", errno);
    }
    return got == sizeof(event) ? std::optional(event) : std::nullopt;
}

bool Loopback::acknowledge(std::uint32_t seq, bool accept) {
    vlb_ack argument{seq, accept ? 0 : 1};
    if (::ioctl(fd_.get(), VLB_ACK, &argument) == 0) {
        return true;
    }
    if (errno != ESTALE) {
        throw Error(loopback_node, "acknowledge event " + std::to_string(seq), errno);
    }
    return false;
}

void Loopback::set_config(std::uint32_t offset, std::span<const std::byte> data) {
    vlb_config argument{};
    argument.data = address_of(data.data());
    argument.offset = offset;
    argument.len = static_cast<std::uint32_t>(data.size());
    carry_out(VLB_SET_CONFIG, &argument, "change configuration space");
}

void Loopback::freeze() {
    carry_out(VLB_FREEZE, nullptr, "freeze driver");
}

void Loopback::restore() {
    carry_out(VLB_RESTORE, nullptr, "restore driver");
}

vlb_info Loopback::info() const {
    vlb_info info{};
    carry_out(VLB_GET_INFO, &info, "get information");
    return info;
}

vlb_vq Loopback::queue(std::uint32_t index) const {
    vlb_vq queue{};
    queue.index = index;
    carry_out(VLB_GET_VQ, &queue, "get queue " + std::to_string(index));
    return queue;
}

vlb_vq_stats Loopback::statistics(std::uint32_t index) const {
    vlb_vq_stats stats{};
    stats.index = index;
    carry_out(VLB_GET_VQ_STATS, &stats, "get statistics of queue " + std::to_string(index));
    return stats;
}

vlb_arena_stats Loopback::arena_statistics() const {
    vlb_arena_stats stats{};
    carry_out(VLB_GET_ARENA_STATS, &stats, "get statistics of the arena");
    return stats;
}

} // namespace vcoal
