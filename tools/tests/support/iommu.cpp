// SPDX-License-Identifier: GPL-2.0-only
#include "support/iommu.hpp"

#include "vcoal/error.hpp"
#include "vcoal/features.hpp"

#include <cerrno>
#include <chrono>
#include <linux/vhost.h>
#include <linux/virtio_ring.h>
#include <unistd.h>
#include <vector>

namespace vcoal::test {
namespace {

/// Between two looks at whether it goes on.
constexpr std::chrono::milliseconds step{20};

template <typename Message>
int send_as(int fd, int type, const vhost_iotlb_msg& iotlb) {
    Message message{};
    message.type = static_cast<decltype(message.type)>(type);
    message.iotlb = iotlb;
    return ::write(fd, &message, sizeof(message)) == sizeof(message) ? 0 : errno;
}

template <typename Message>
std::optional<vhost_iotlb_msg> receive_as(int fd) {
    Message message{};
    if (::read(fd, &message, sizeof(message)) != sizeof(message)) {
        return std::nullopt;
    }
    return message.iotlb;
}

} // namespace

Iommu::Iommu(NetDriver& driver, bool v2) : driver_(driver), v2_(v2) {
    std::uint64_t features = driver.vhost().backend_features();
    features = v2 ? features : features & ~feature(VHOST_BACKEND_F_IOTLB_MSG_V2);
    driver.vhost().set_backend_features(features);
    driver.vhost().set_features(driver.options().features | feature(VIRTIO_F_ACCESS_PLATFORM));
    server_ = std::jthread([this](const std::stop_token& enough) { serve(enough); });
}

void Iommu::start() {
    for (const unsigned index : {VHN_VRING_RX, VHN_VRING_TX}) {
        const DriverRing& ring = driver_.queue(index).ring();
        tell(ring.addresses().used,
             sizeof(vring_used) + std::uint64_t{ring.options().size} * sizeof(vring_used_elem) +
                 sizeof(std::uint16_t));
        driver_.start_queue(index);
    }
}

void Iommu::set_answering(bool on) {
    answering_ = on;
}

/// Where a page leads in this process.
std::optional<std::uint64_t> Iommu::place(std::uint64_t address) const {
    const vhost_memory_region region = driver_.memory().region();
    if (address - region.guest_phys_addr < region.memory_size) {
        return address - region.guest_phys_addr + region.userspace_addr;
    }
    if (address - region.userspace_addr < region.memory_size) {
        return address;
    }
    return std::nullopt;
}

void Iommu::tell(std::uint64_t address, std::uint64_t bytes, unsigned permissions) {
    const std::uint64_t end = address + bytes;
    for (std::uint64_t page = address / page_bytes * page_bytes; page < end; page += page_bytes) {
        vhost_iotlb_msg message{};
        message.iova = page;
        message.size = page_bytes;
        message.uaddr = place(page).value();
        message.perm = static_cast<std::uint8_t>(permissions);
        message.type = VHOST_IOTLB_UPDATE;
        expect_sent(message);
    }
}

void Iommu::forget_everything() {
    const vhost_memory_region region = driver_.memory().region();
    for (const std::uint64_t begin : {region.guest_phys_addr, region.userspace_addr}) {
        vhost_iotlb_msg message{};
        message.iova = begin;
        message.size = region.memory_size;
        message.type = VHOST_IOTLB_INVALIDATE;
        expect_sent(message);
    }
}

int Iommu::try_send(const vhost_iotlb_msg& message) const {
    const int fd = driver_.vhost().get();
    return v2_ ? send_as<vhost_msg_v2>(fd, VHOST_IOTLB_MSG_V2, message)
               : send_as<vhost_msg>(fd, VHOST_IOTLB_MSG, message);
}

void Iommu::expect_sent(const vhost_iotlb_msg& message) const {
    if (const int error = try_send(message); error != 0) {
        throw Error(driver_.vhost().path(), "tell where an address leads", error);
    }
}

void Iommu::serve(const std::stop_token& enough) {
    const int fd = driver_.vhost().get();
    std::vector<std::uint64_t> open;
    while (!enough.stop_requested()) {
        if (answering_) {
            for (const std::uint64_t address : std::exchange(open, {})) {
                answer(address);
            }
        }
        if (!wait_readable(fd, step)) {
            continue;
        }
        const auto miss = v2_ ? receive_as<vhost_msg_v2>(fd) : receive_as<vhost_msg>(fd);
        if (miss && miss->type == VHOST_IOTLB_MISS) {
            asked_++;
            open.push_back(miss->iova);
        }
    }
}

void Iommu::answer(std::uint64_t address) {
    if (place(address)) {
        tell(address, 1, writable_ ? VHOST_ACCESS_RW : VHOST_ACCESS_RO);
    }
}

} // namespace vcoal::test
