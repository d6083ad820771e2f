// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/vhost.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <sys/ioctl.h>
#include <vector>

namespace vcoal {
namespace {

std::string how_to_load(const std::string& path) {
    return path == vhost_node_in_tree ? "`modprobe vhost_net` makes it"
                                      : "load the module vhost_net_coal";
}

} // namespace

VhostNet::VhostNet(const std::string& path)
    : path_(path), fd_(open_file(path, O_RDWR, how_to_load(path))) {
}

int VhostNet::try_ioctl(unsigned long request, void* argument) const noexcept {
    return ::ioctl(fd_.get(), request, argument) == 0 ? 0 : errno;
}

int VhostNet::try_ioctl(unsigned long request, std::uintptr_t argument) const noexcept {
    return ::ioctl(fd_.get(), request, argument) == 0 ? 0 : errno;
}

void VhostNet::carry_out(unsigned long request, void* argument, const char* what) const {
    if (const int code = try_ioctl(request, argument); code != 0) {
        throw Error(path_, what, code);
    }
}

std::uint64_t VhostNet::features() const {
    std::uint64_t features = 0;
    carry_out(VHOST_GET_FEATURES, &features, "get features");
    return features;
}

void VhostNet::set_features(std::uint64_t features) {
    carry_out(VHOST_SET_FEATURES, &features, "set features");
}

std::uint64_t VhostNet::backend_features() const {
    std::uint64_t features = 0;
    carry_out(VHOST_GET_BACKEND_FEATURES, &features, "get backend features");
    return features;
}

void VhostNet::set_backend_features(std::uint64_t features) {
    carry_out(VHOST_SET_BACKEND_FEATURES, &features, "set backend features");
}

void VhostNet::set_owner() {
    carry_out(VHOST_SET_OWNER, nullptr, "set owner");
}

void VhostNet::reset_owner() {
    carry_out(VHOST_RESET_OWNER, nullptr, "reset owner");
}

void VhostNet::set_memory(std::span<const vhost_memory_region> regions) {
    vhost_memory head{};
    head.nregions = static_cast<__u32>(regions.size());
    std::vector<std::byte> table(sizeof(head) + regions.size_bytes());
    std::memcpy(table.data(), &head, sizeof(head));
    std::memcpy(table.data() + sizeof(head), regions.data(), regions.size_bytes());
    carry_out(VHOST_SET_MEM_TABLE, table.data(), "set memory table");
}

void VhostNet::set_log_base(std::uint64_t address) {
    carry_out(VHOST_SET_LOG_BASE, &address, "set log base");
}

void VhostNet::set_log_fd(int fd) {
    carry_out(VHOST_SET_LOG_FD, &fd, "set log eventfd");
}

void VhostNet::set_vring_state(unsigned long request, unsigned index, unsigned value,
                               const char* what) {
    vhost_vring_state state{index, value};
    carry_out(request, &state, what);
}

unsigned VhostNet::vring_state(unsigned long request, unsigned index, const char* what) const {
    vhost_vring_state state{index, 0};
    carry_out(request, &state, what);
    return state.num;
}

void VhostNet::set_vring_file(unsigned long request, unsigned index, int fd, const char* what) {
    vhost_vring_file file{index, fd};
    carry_out(request, &file, what);
}

void VhostNet::set_vring_size(unsigned index, unsigned entries) {
    set_vring_state(VHOST_SET_VRING_NUM, index, entries, "set vring size");
}

void VhostNet::set_vring_base(unsigned index, unsigned base) {
    set_vring_state(VHOST_SET_VRING_BASE, index, base, "set vring base");
}

unsigned VhostNet::vring_base(unsigned index) const {
    return vring_state(VHOST_GET_VRING_BASE, index, "get vring base");
}

void VhostNet::set_vring_addresses(unsigned index, const RingAddresses& addresses,
                                   std::optional<std::uint64_t> logged) {
    vhost_vring_addr argument{};
    argument.index = index;
    argument.flags = logged ? 1U << VHOST_VRING_F_LOG : 0U;
    argument.log_guest_addr = logged.value_or(0);
    argument.desc_user_addr = addresses.desc;
    argument.avail_user_addr = addresses.avail;
    argument.used_user_addr = addresses.used;
    carry_out(VHOST_SET_VRING_ADDR, &argument, "set vring addresses");
}

void VhostNet::set_vring_endian(unsigned index, unsigned endian) {
    set_vring_state(VHOST_SET_VRING_ENDIAN, index, endian, "set vring byte order");
}

unsigned VhostNet::vring_endian(unsigned index) const {
    return vring_state(VHOST_GET_VRING_ENDIAN, index, "get vring byte order");
}

void VhostNet::set_busy_poll(unsigned index, unsigned microseconds) {
    set_vring_state(VHOST_SET_VRING_BUSYLOOP_TIMEOUT, index, microseconds, "set busy polling");
}

unsigned VhostNet::busy_poll(unsigned index) const {
    return vring_state(VHOST_GET_VRING_BUSYLOOP_TIMEOUT, index, "get busy polling");
}

void VhostNet::set_kick(unsigned index, int fd) {
    set_vring_file(VHOST_SET_VRING_KICK, index, fd, "set kick eventfd");
}

void VhostNet::set_call(unsigned index, int fd) {
    set_vring_file(VHOST_SET_VRING_CALL, index, fd, "set call eventfd");
}

void VhostNet::set_error(unsigned index, int fd) {
    set_vring_file(VHOST_SET_VRING_ERR, index, fd, "set error eventfd");
}

void VhostNet::set_backend(unsigned index, int fd) {
    set_vring_file(VHOST_NET_SET_BACKEND, index, fd, fd < 0 ? "stop vring" : "start vring");
}

unsigned VhostNet::new_worker() {
    vhost_worker_state state{};
    carry_out(VHOST_NEW_WORKER, &state, "make a worker");
    return state.worker_id;
}

void VhostNet::free_worker(unsigned id) {
    vhost_worker_state state{id};
    carry_out(VHOST_FREE_WORKER, &state, "free a worker");
}

void VhostNet::attach_worker(unsigned index, unsigned id) {
    vhost_vring_worker argument{index, id};
    carry_out(VHOST_ATTACH_VRING_WORKER, &argument, "attach vring to a worker");
}

unsigned VhostNet::worker(unsigned index) const {
    vhost_vring_worker argument{index, 0};
    carry_out(VHOST_GET_VRING_WORKER, &argument, "get the worker of a vring");
    return argument.worker_id;
}

void VhostNet::enable_coalescing_ioctls() {
    const std::uint64_t bit = 1ULL << VHN_BACKEND_F_COAL;
    if ((backend_features() & bit) == 0) {
        throw Error(path_, "find the coalescing ioctls", EOPNOTSUPP,
                    std::string("use ") + vhost_node);
    }
    set_backend_features(bit);
}

void VhostNet::set_coalescing(unsigned index, vhn_coal_target target, vhn_coal_params params,
                              unsigned flags) {
    vhn_coal_set argument{};
    argument.index = index;
    argument.target = target;
    argument.params = params;
    argument.flags = flags;
    carry_out(VHN_SET_COAL, &argument, "set coalescing");
}

vhn_coal_state VhostNet::coalescing(unsigned index) const {
    vhn_coal_state state{};
    state.index = index;
    carry_out(VHN_GET_COAL, &state, "get coalescing");
    return state;
}

void VhostNet::reset_coalescing(unsigned index, vhn_coal_scope scope) {
    vhn_coal_reset argument{index, scope};
    carry_out(VHN_RESET_COAL, &argument, "reset coalescing");
}

vhn_vring_stats VhostNet::statistics(unsigned index) const {
    vhn_vring_stats stats{};
    stats.index = index;
    carry_out(VHN_GET_STATS, &stats, "get statistics");
    return stats;
}

void VhostNet::set_filter(const vhn_filter& filter) {
    vhn_filter argument = filter;
    carry_out(VHN_SET_FILTER, &argument, "set the filter");
}

vhn_filter VhostNet::filter() const {
    vhn_filter filter{};
    filter.index = VHN_VRING_RX;
    carry_out(VHN_GET_FILTER, &filter, "get the filter");
    return filter;
}

void VhostNet::set_hash(const HashConfig& config) {
    vhn_hash argument{};
    if (config.key.size() > sizeof(argument.key)) {
        throw Error(path_, "set hash", EINVAL,
                    "a key has up to " + std::to_string(sizeof(argument.key)) + " bytes");
    }
    argument.index = VHN_VRING_RX;
    argument.types = config.types;
    std::copy(config.key.begin(), config.key.end(), std::begin(argument.key));
    carry_out(VHN_SET_HASH, &argument, "set hash");
}

HashConfig VhostNet::hash() const {
    vhn_hash hash{};
    hash.index = VHN_VRING_RX;
    carry_out(VHN_GET_HASH, &hash, "get hash");
    return {hash.types, {std::begin(hash.key), std::end(hash.key)}};
}

std::uint64_t notifications(const vhn_vring_stats& stats) {
    return stats.notify_count + stats.notify_timer + stats.notify_immediate + stats.notify_flush;
}

} // namespace vcoal
