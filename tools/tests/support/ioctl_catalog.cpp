// SPDX-License-Identifier: GPL-2.0-only
#include "support/ioctl_catalog.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <linux/vhost.h>
#include <linux/vhost_net_coal.h>
#include <linux/vhost_worker.h>
#include <linux/virtio_loopback.h>

namespace vcoal::test {
namespace {

#define KNOWN(request, ...)                                                                        \
    {                                                                                              \
#request, request, {                                                                       \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

// Of what is not known the vhost ABI sees the owner and the vring before the number.
const CatalogIoctl vhost_ioctls[] = {
    KNOWN(VHOST_GET_FEATURES, EFAULT),
    KNOWN(VHOST_SET_FEATURES, EFAULT, EOPNOTSUPP, EBUSY, ENOMEM),
    KNOWN(VHOST_GET_BACKEND_FEATURES, EFAULT),
    KNOWN(VHOST_SET_BACKEND_FEATURES, EFAULT, EOPNOTSUPP),
    KNOWN(VHOST_SET_OWNER, EBUSY, ENOMEM),
    KNOWN(VHOST_RESET_OWNER, EPERM, ENOMEM),
    KNOWN(VHOST_SET_MEM_TABLE, EPERM, EFAULT, EOPNOTSUPP, E2BIG, ENOMEM),
    KNOWN(VHOST_NET_SET_BACKEND, EPERM, EFAULT, ENOBUFS, ENOTSOCK, EINVAL),
    KNOWN(VHOST_SET_VRING_NUM, EPERM, EFAULT, ENOBUFS, EBUSY, EINVAL),
    KNOWN(VHOST_SET_VRING_BASE, EPERM, EFAULT, ENOBUFS, EBUSY, EINVAL),
    KNOWN(VHOST_GET_VRING_BASE, EPERM, EFAULT, ENOBUFS),
    KNOWN(VHOST_SET_VRING_ADDR, EPERM, EFAULT, ENOBUFS, EOPNOTSUPP, EINVAL),
    KNOWN(VHOST_SET_VRING_KICK, EPERM, EFAULT, ENOBUFS, EBADF, EINVAL),
    KNOWN(VHOST_SET_VRING_CALL, EPERM, EFAULT, ENOBUFS, EBADF, EINVAL),
    KNOWN(VHOST_SET_VRING_ERR, EPERM, EFAULT, ENOBUFS, EBADF, EINVAL),
    KNOWN(VHOST_SET_VRING_ENDIAN, EPERM, EFAULT, ENOBUFS, EBUSY, EINVAL),
    KNOWN(VHOST_GET_VRING_ENDIAN, EPERM, EFAULT, ENOBUFS),
    KNOWN(VHOST_NEW_WORKER, EINVAL, EPERM, EFAULT, ENOSPC, ENOMEM),
    KNOWN(VHOST_FREE_WORKER, EINVAL, EPERM, EFAULT, ENODEV, EBUSY),
    KNOWN(VHOST_ATTACH_VRING_WORKER, EINVAL, EPERM, EFAULT, ENOBUFS, ENODEV),
    KNOWN(VHOST_GET_VRING_WORKER, EINVAL, EPERM, EFAULT, ENOBUFS),
    KNOWN(VHN_SET_COAL, EOPNOTSUPP, EFAULT, ENOBUFS, EINVAL, E2BIG, EPERM, ERANGE),
    KNOWN(VHN_GET_COAL, EOPNOTSUPP, EFAULT, ENOBUFS, EINVAL, E2BIG),
    KNOWN(VHN_RESET_COAL, EOPNOTSUPP, EFAULT, ENOBUFS, EINVAL, E2BIG),
    KNOWN(VHN_GET_STATS, EOPNOTSUPP, EFAULT, ENOBUFS, EINVAL, E2BIG),
    KNOWN(VHN_SET_FILTER, EOPNOTSUPP, EFAULT, ENOBUFS, EINVAL, E2BIG, ENOMEM),
    KNOWN(VHN_GET_FILTER, EOPNOTSUPP, EFAULT, ENOBUFS, EINVAL, E2BIG, ENOMEM),
    KNOWN(VHN_SET_HASH, EOPNOTSUPP, EFAULT, ENOBUFS, EINVAL, E2BIG, ENOMEM),
    KNOWN(VHN_GET_HASH, EOPNOTSUPP, EFAULT, ENOBUFS, EINVAL, E2BIG),
    KNOWN(VHOST_SET_LOG_BASE, EPERM, EFAULT),
    KNOWN(VHOST_SET_LOG_FD, EPERM, EFAULT, EBADF, EINVAL),
    KNOWN(VHOST_SET_VRING_BUSYLOOP_TIMEOUT, EPERM, EFAULT, ENOBUFS),
    KNOWN(VHOST_GET_VRING_BUSYLOOP_TIMEOUT, EPERM, EFAULT, ENOBUFS),
    KNOWN(VHOST_VSOCK_SET_GUEST_CID, ENOTTY, EPERM, EFAULT, ENOBUFS),
    KNOWN(_IOW(VHOST_VIRTIO, 0x99, vhost_vring_state), ENOTTY, EPERM, EFAULT, ENOBUFS),
    KNOWN(_IOW(VHOST_VIRTIO, 0x10, std::uint64_t[4]), ENOTTY, EPERM, EFAULT, ENOBUFS),
    KNOWN(_IOWR('x', 0x01, vhost_vring_state), ENOTTY, EPERM, EFAULT, ENOBUFS),
    KNOWN(_IOWR(VHN_IOC_TYPE, 0x08, vhost_vring_state), ENOTTY),
    KNOWN(_IOWR(VHN_IOC_TYPE, 0xff, vhost_vring_state), ENOTTY),
};

const CatalogIoctl loopback_ioctls[] = {
    KNOWN(VLB_CREATE, EFAULT, E2BIG, EINVAL, EBUSY, ENOSPC, ENOMEM),
    KNOWN(VLB_SET_VQFD, EFAULT, E2BIG, EINVAL, EBADF),
    KNOWN(VLB_START, EINVAL, EBUSY, ESHUTDOWN),
    KNOWN(VLB_GET_VQ, EFAULT, E2BIG, EINVAL),
    KNOWN(VLB_ACK, EFAULT, E2BIG, ESTALE),
    KNOWN(VLB_SET_CONFIG, EFAULT, E2BIG, EINVAL, ENOMEM),
    KNOWN(VLB_GET_INFO, EFAULT),
    KNOWN(VLB_GET_VQ_STATS, EFAULT, E2BIG, EINVAL),
    KNOWN(VLB_GET_ARENA_STATS, EFAULT, EINVAL),
    KNOWN(VLB_FREEZE, EINVAL, EBUSY, ESHUTDOWN),
    KNOWN(VLB_RESTORE, EINVAL),
    KNOWN(_IO(VLB_IOC_TYPE, 0x0b), ENOTTY),
    KNOWN(_IOR(VLB_IOC_TYPE, 0x04, vlb_ack), ENOTTY),
    KNOWN(_IOW(VLB_IOC_TYPE, 0x04, std::uint32_t), ENOTTY),
    KNOWN(VHOST_SET_OWNER, ENOTTY),
};

#undef KNOWN

} // namespace

std::span<const CatalogIoctl> all_vhost_ioctls() {
    return vhost_ioctls;
}

std::span<const CatalogIoctl> all_loopback_ioctls() {
    return loopback_ioctls;
}

bool documented(const CatalogIoctl& ioctl, int code) {
    return std::ranges::find(ioctl.errors, code) != ioctl.errors.end();
}

bool exists(const CatalogIoctl& ioctl) {
    return !documented(ioctl, ENOTTY);
}

} // namespace vcoal::test
