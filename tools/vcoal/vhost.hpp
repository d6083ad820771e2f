// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/rss.hpp"

#include <cstdint>
#include <linux/vhost.h>
#include <linux/vhost_net_coal.h>
#include <linux/vhost_worker.h>
#include <optional>
#include <span>
#include <string>

namespace vcoal {

constexpr const char* vhost_node = "/dev/vhost-net-coal";
constexpr const char* vhost_node_in_tree = "/dev/vhost-net";

/// Addresses of a ring's three parts in this process. Of a packed ring: the descriptor
/// ring, the driver's event suppression structure, the device's.
struct RingAddresses {
    std::uint64_t desc;
    std::uint64_t avail;
    std::uint64_t used;
};

/// An open vhost-net file: two vrings, VHN_VRING_RX and VHN_VRING_TX. Works with the
/// in-tree node too; what only ours has throws Error with EOPNOTSUPP or ENOTTY there.
/// Every method is one ioctl and throws Error when it fails.
class VhostNet {
public:
    explicit VhostNet(const std::string& path = vhost_node);

    int get() const noexcept { return fd_.get(); }
    const std::string& path() const noexcept { return path_; }

    /// The ioctl as it is; 0 or the errno value.
    int try_ioctl(unsigned long request, void* argument) const noexcept;
    int try_ioctl(unsigned long request, std::uintptr_t argument) const noexcept;

    std::uint64_t features() const;
    void set_features(std::uint64_t features);
    std::uint64_t backend_features() const;
    void set_backend_features(std::uint64_t features);

    /// Memory and processor time are accounted to the caller from here on.
    void set_owner();
    void reset_owner();
    void set_memory(std::span<const vhost_memory_region> regions);
    void set_log_base(std::uint64_t address);
    /// Eventfd signalled when the dirty log changes; -1 for none.
    void set_log_fd(int fd);

    void set_vring_size(unsigned index, unsigned entries);
    void set_vring_base(unsigned index, unsigned base);
    unsigned vring_base(unsigned index) const;
    /// @param logged  guest address of the used ring, if writes to the ring are to be logged
    void set_vring_addresses(unsigned index, const RingAddresses& addresses,
                             std::optional<std::uint64_t> logged = std::nullopt);
    /// @param endian VHOST_VRING_LITTLE_ENDIAN or VHOST_VRING_BIG_ENDIAN
    void set_vring_endian(unsigned index, unsigned endian);
    unsigned vring_endian(unsigned index) const;
    void set_busy_poll(unsigned index, unsigned microseconds);
    unsigned busy_poll(unsigned index) const;
    /// Eventfds; -1 takes one away.
    void set_kick(unsigned index, int fd);
    void set_call(unsigned index, int fd);
    void set_error(unsigned index, int fd);
    /// Starts the vring on a tun, tap or packet socket; -1 stops it.
    void set_backend(unsigned index, int fd);

    /// One thread more; its number. SET_OWNER makes the first one, to which both vrings are
    /// attached.
    unsigned new_worker();
    /// One that no vring is attached to ends.
    void free_worker(unsigned id);
    /// The worker works for the vring from here on, and the one before does no more.
    void attach_worker(unsigned index, unsigned id);
    unsigned worker(unsigned index) const;

    /// Acknowledges the additions of linux/vhost_net_coal.h. Without them the
    /// methods below throw.
    void enable_coalescing_ioctls();
    void set_coalescing(unsigned index, vhn_coal_target target, vhn_coal_params params,
                        unsigned flags = 0);
    vhn_coal_state coalescing(unsigned index) const;
    void reset_coalescing(unsigned index, vhn_coal_scope scope);
    vhn_vring_stats statistics(unsigned index) const;
    /// Packets that do not pass are not delivered from here on.
    void set_filter(const vhn_filter& filter);
    /// What is in force; set again, it changes nothing.
    vhn_filter filter() const;
    /// Which packets are hashed, and how: with VIRTIO_NET_F_HASH_REPORT their headers tell
    /// it from here on.
    void set_hash(const HashConfig& config);
    /// What is in force; its key has VHN_HASH_KEY_LEN bytes.
    HashConfig hash() const;

private:
    void carry_out(unsigned long request, void* argument, const char* what) const;
    void set_vring_state(unsigned long request, unsigned index, unsigned value, const char* what);
    unsigned vring_state(unsigned long request, unsigned index, const char* what) const;
    void set_vring_file(unsigned long request, unsigned index, int fd, const char* what);

    std::string path_;
    Fd fd_;
};

/// Notifications sent: the sum of the four reasons.
std::uint64_t notifications(const vhn_vring_stats& stats);

} // namespace vcoal
