// SPDX-License-Identifier: GPL-2.0-only
#include "support/vhost_walk.hpp"

#include "support/frames.hpp"
#include "support/resized.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <linux/virtio_ring.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr std::uint16_t ring_size = 64;
constexpr std::size_t memory_bytes = std::size_t{512} * 1024;
constexpr std::uint32_t buffer_bytes = 2048;
constexpr std::uint64_t kernel_address = 0xffff'8880'0000'0000;
constexpr std::size_t most_regions = 66;

/// A signal more, and poll(2) finds an error.
Fd full_eventfd() {
    EventFd full;
    full.signal(std::numeric_limits<std::uint64_t>::max() - 1);
    return Fd(::dup(full.get()));
}

template <typename T, typename V>
void store(T* where, V value) {
    std::atomic_ref<T>(*where).store(static_cast<T>(value), std::memory_order_release);
}

/// What a driver's process asks for until its rings run; each of the later ones chooses its
/// vring.
constexpr unsigned long steps_up[] = {
    VHOST_SET_OWNER,       VHOST_SET_BACKEND_FEATURES, VHOST_SET_FEATURES,   VHOST_SET_MEM_TABLE,
    VHOST_SET_VRING_NUM,   VHOST_SET_VRING_NUM,        VHOST_SET_VRING_NUM,  VHOST_SET_VRING_BASE,
    VHOST_SET_VRING_BASE,  VHOST_SET_VRING_BASE,       VHOST_SET_VRING_ADDR, VHOST_SET_VRING_ADDR,
    VHOST_SET_VRING_ADDR,  VHOST_SET_VRING_KICK,       VHOST_SET_VRING_KICK, VHOST_SET_VRING_KICK,
    VHOST_SET_VRING_CALL,  VHOST_SET_VRING_CALL,       VHOST_SET_VRING_CALL, VHOST_NET_SET_BACKEND,
    VHOST_NET_SET_BACKEND, VHOST_NET_SET_BACKEND,
};

/// Arguments of the ioctls: right in every respect, or with something wrong in them.
class VhostArguments {
public:
    VhostArguments(VhostWalk& world, Chance& chance) : world_(world), chance_(chance) {}

    /// For @p request, which need not exist.
    std::vector<std::byte> make(unsigned long request);

private:
    /// Whether the next choice is a right one.
    bool right() { return !chance_.one_in(8); }
    unsigned index();
    std::uint32_t number() { return odd_number(chance_); }
    std::uint64_t address();
    int descriptor(int right_one);

    std::vector<std::byte> features();
    std::vector<std::byte> backend_features();
    std::vector<std::byte> memory_table();
    std::vector<std::byte> ring_addresses();
    std::vector<std::byte> log_base();
    std::vector<std::byte> file(unsigned long request);
    std::vector<std::byte> state(unsigned long request);
    std::vector<std::byte> worker(unsigned long request);
    std::vector<std::byte> coalescing();
    std::vector<std::byte> filter();
    std::vector<std::byte> hash();

    VhostWalk& world_;
    Chance& chance_;
};

} // namespace

VhostWalk::VhostWalk()
    : WalkTarget(vhost_node, all_vhost_ioctls(),
                 {.read = {true, {EAGAIN}}, .write = {false, {EINVAL}}, .map = {false, {ENODEV}}}),
      memory_(memory_bytes), rx_(memory_, {.size = ring_size}), tx_(memory_, {.size = ring_size}) {
    tap_.set_header_size(sizeof(virtio_net_hdr_v1));
    tap_.netdev().disable_ipv6();
    tap_.netdev().set_up(true);
    host_.emplace(tap_.name());
    kept_.push_back(open_file("/dev/null", O_RDWR));
    kept_.push_back(open_file("/dev/net/tun", O_RDWR | O_NONBLOCK));
    kept_.push_back(full_eventfd());
    kept_.emplace_back(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    kept_.emplace_back(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    kept_.emplace_back(::epoll_create1(EPOLL_CLOEXEC));
    descriptors_ = {-1, -2, 9999, std::numeric_limits<int>::max(), fd(), tap_.get()};
    for (const Fd& fd : kept_) {
        descriptors_.push_back(fd.get());
    }
    for (Queue* queue : {&rx_, &tx_}) {
        descriptors_.push_back(queue->kick_fd().get());
        descriptors_.push_back(queue->call_fd().get());
    }
}

// As a split ring has it.
void VhostWalk::offer_buffer(unsigned index, unsigned descriptor, Chance& chance) {
    const RawRing& ring = queue(index).split().raw();
    vring_desc& desc = ring.desc(descriptor);
    const bool odd = chance.one_in(16);
    const std::uint32_t room = memory_bytes - buffer_bytes;
    store(&desc.addr, odd ? kernel_address : memory_.base() + chance.between(0, room));
    store(&desc.len, odd ? chance.between(0, ~0U) : buffer_bytes);
    store(&desc.flags, odd                     ? chance.between(0, 0xffff)
                       : index == VHN_VRING_RX ? VRING_DESC_F_WRITE
                                               : 0);
    store(&desc.next, chance.between(0, ring_size));
    const std::uint16_t at = ring.avail_idx().load();
    store(&ring.avail_entry(at), odd ? chance.between(0, 0xffff) : descriptor % ring_size);
    ring.avail_idx().store(static_cast<std::uint16_t>(at + 1U), std::memory_order_release);
    queue(index).kick_fd().signal();
}

std::uint16_t VhostWalk::available(unsigned index) {
    return queue(index).split().raw().avail_idx().load();
}

std::vector<std::byte> VhostWalk::argument(unsigned long request, Chance& chance) {
    return VhostArguments(*this, chance).make(request);
}

// Ours may come in any size.
unsigned long VhostWalk::other_size(unsigned long request, Chance& chance) {
    if (_IOC_TYPE(request) != VHN_IOC_TYPE || !chance.one_in(8)) {
        return request;
    }
    return resized(request, chance.of({0U, 3U, 4U, 8U, 24U, chance.between(0, 4096)}));
}

std::span<const unsigned long> VhostWalk::way_up() const {
    return steps_up;
}

void VhostWalk::stir(unsigned thread, Chance& chance) {
    host_->send(make_frame(chance.between(0, ~0U)));
    // Each thread has half of the descriptors.
    offer_buffer(chance.between(VHN_VRING_RX, VHN_VRING_TX),
                 chance.between(0, ring_size / 2 - 1) + thread * ring_size / 2, chance);
}

std::vector<std::byte> VhostArguments::make(unsigned long request) {
    switch (request) {
    case VHOST_SET_FEATURES:
        return features();
    case VHOST_SET_BACKEND_FEATURES:
        return backend_features();
    case VHOST_SET_MEM_TABLE:
        return memory_table();
    case VHOST_SET_VRING_ADDR:
        return ring_addresses();
    case VHOST_SET_VRING_KICK:
    case VHOST_SET_VRING_CALL:
    case VHOST_SET_VRING_ERR:
    case VHOST_NET_SET_BACKEND:
        return file(request);
    case VHOST_SET_LOG_BASE:
        return log_base();
    case VHOST_SET_LOG_FD:
        return bytes_of(descriptor(world_.queue(VHN_VRING_RX).error_fd().get()));
    case VHOST_FREE_WORKER:
    case VHOST_ATTACH_VRING_WORKER:
        return worker(request);
    case VHN_SET_COAL:
        return coalescing();
    case VHN_SET_FILTER:
        return filter();
    case VHN_SET_HASH:
        return hash();
    default:
        return state(request);
    }
}

unsigned VhostArguments::index() {
    if (right()) {
        return chance_.between(VHN_VRING_RX, VHN_VRING_TX);
    }
    return chance_.of({2U, 3U, 0x10000U, 0x80000000U, ~0U});
}

std::uint64_t VhostArguments::address() {
    const std::uint64_t mine = world_.memory().process_address(world_.memory().base());
    return chance_.of({std::uint64_t{0}, kernel_address, ~std::uint64_t{0}, ~std::uint64_t{15},
                       std::uint64_t{0x7fff'ffff'f000} - 16, mine + chance_.between(0, 64),
                       mine + memory_bytes - chance_.between(0, 64)});
}

int VhostArguments::descriptor(int right_one) {
    const auto all = world_.descriptors();
    return right() ? right_one : all[chance_.between(0, static_cast<unsigned>(all.size()) - 1)];
}

std::vector<std::byte> VhostArguments::features() {
    constexpr std::uint64_t offered =
        feature(VIRTIO_RING_F_INDIRECT_DESC) | feature(VIRTIO_RING_F_EVENT_IDX) |
        feature(VIRTIO_F_IN_ORDER) | feature(VIRTIO_NET_F_MRG_RXBUF) |
        feature(VHOST_NET_F_VIRTIO_NET_HDR) | feature(VIRTIO_NET_F_HASH_REPORT) |
        feature(VIRTIO_NET_F_NOTF_COAL) | feature(VIRTIO_NET_F_VQ_NOTF_COAL) |
        feature(VHOST_F_LOG_ALL);
    const std::uint64_t any =
        std::uint64_t{chance_.between(0, ~0U)} << 32 | chance_.between(0, ~0U);
    if (!right()) {
        return bytes_of(any);
    }
    const std::uint64_t packed = chance_.one_in(4) ? feature(VIRTIO_F_RING_PACKED) : 0;
    return bytes_of(feature(VIRTIO_F_VERSION_1) | packed | (chance_.one_in(2) ? any & offered : 0));
}

std::vector<std::byte> VhostArguments::backend_features() {
    if (!right()) {
        return bytes_of(std::uint64_t{number()});
    }
    return bytes_of(chance_.one_in(16) ? 0 : feature(VHN_BACKEND_F_COAL));
}

std::vector<std::byte> VhostArguments::memory_table() {
    struct {
        std::uint32_t count = 1;
        std::uint32_t padding = 0;
        std::array<vhost_memory_region, most_regions> regions{};
    } table;
    table.regions.fill(world_.memory().region());
    if (!right()) {
        table.count = chance_.of({0U, 2U, 64U, 65U, ~0U, chance_.between(0, most_regions)});
        table.padding = chance_.one_in(4) ? number() : 0;
        for (vhost_memory_region& region : table.regions) {
            region.guest_phys_addr = chance_.of({address(), std::uint64_t{number()} << 12});
            region.memory_size = chance_.of({std::uint64_t{number()}, address()});
            region.userspace_addr = address();
        }
    }
    return bytes_of(table);
}

std::vector<std::byte> VhostArguments::ring_addresses() {
    vhost_vring_addr a{};
    a.index = index();
    const RingAddresses& ring = world_.queue(a.index).ring().addresses();
    a.desc_user_addr = right() ? ring.desc : address();
    a.avail_user_addr = right() ? ring.avail : address();
    a.used_user_addr = right() ? ring.used : address();
    a.log_guest_addr = right() ? 0 : address();
    a.flags = right() ? 0 : number();
    return bytes_of(a);
}

// The bitmap that counts has its place in the middle of the guest's memory.
std::vector<std::byte> VhostArguments::log_base() {
    const std::uint64_t mine = world_.memory().process_address(world_.memory().base());
    return bytes_of(right() ? mine : address());
}

std::vector<std::byte> VhostArguments::file(unsigned long request) {
    const unsigned i = index();
    Queue& queue = world_.queue(i);
    const int right_one = request == VHOST_SET_VRING_KICK   ? queue.kick_fd().get()
                          : request == VHOST_SET_VRING_CALL ? queue.call_fd().get()
                          : request == VHOST_SET_VRING_ERR  ? queue.error_fd().get()
                                                            : world_.tap().get();
    return bytes_of(vhost_vring_file{i, descriptor(right_one)});
}

std::vector<std::byte> VhostArguments::state(unsigned long request) {
    struct {
        std::uint32_t index;
        std::uint32_t value;
        std::array<std::uint32_t, 64> rest{};
    } argument{index(), 0};
    if (request == VHOST_SET_VRING_NUM) {
        argument.value = ring_size;
    } else if (request == VHOST_SET_VRING_BASE) {
        argument.value = world_.available(argument.index);
    } else if (request == VHOST_SET_VRING_BUSYLOOP_TIMEOUT) {
        argument.value = chance_.between(0, 100);
    }
    if (!right()) {
        argument.value = number();
        argument.rest.fill(number());
    } else if (request == VHN_RESET_COAL) {
        argument.value = chance_.between(VHN_RESET_QUEUE, VHN_RESET_DEVICE);
    }
    return bytes_of(argument);
}

// There are at most three.
std::vector<std::byte> VhostArguments::worker(unsigned long request) {
    const std::uint32_t id = right() ? chance_.between(0, 2) : number();
    if (request == VHOST_FREE_WORKER) {
        return bytes_of(vhost_worker_state{id});
    }
    return bytes_of(vhost_vring_worker{index(), id});
}

std::vector<std::byte> VhostArguments::coalescing() {
    vhn_coal_set set{};
    set.index = index();
    set.target = right() ? chance_.between(VHN_COAL_QUEUE, VHN_COAL_LIMIT) : number();
    set.params = {chance_.of({0U, 1U, 16U, number()}), chance_.of({0U, 1U, 500U, number()})};
    set.flags = right() ? 0 : chance_.of({VHN_COAL_F_LOCKED, number()});
    set.reserved = right() ? 0 : number();
    return bytes_of(set);
}

std::vector<std::byte> VhostArguments::filter() {
    vhn_filter filter{};
    filter.index = right() ? VHN_VRING_RX : index();
    filter.modes = right() ? chance_.between(0, VHN_FILTER_MODES) : number();
    filter.nr_unicast = right() ? chance_.between(0, VHN_FILTER_MACS) : number();
    filter.nr_multicast = right() ? VHN_FILTER_MACS - filter.nr_unicast : number();
    return bytes_of(filter);
}

std::vector<std::byte> VhostArguments::hash() {
    vhn_hash hash{};
    hash.index = right() ? VHN_VRING_RX : index();
    hash.types = right() ? chance_.between(0, VHN_HASH_TYPES) : number();
    hash.key[chance_.between(0, VHN_HASH_KEY_LEN - 1)] = 1;
    return bytes_of(hash);
}

} // namespace vcoal::test
