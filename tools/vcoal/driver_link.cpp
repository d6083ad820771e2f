// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/driver_link.hpp"

#include "vcoal/error.hpp"
#include "vcoal/virtio_driver.hpp"

#include <cerrno>
#include <chrono>
#include <utility>

namespace vcoal {
namespace {

using namespace std::chrono_literals;

// Drivers register their interface in the first namespace, wherever this process is.
constexpr const char* first_namespace = "/proc/1/ns/net";

// DRIVER_OK comes right before or right after the interface.
constexpr auto patience = 10s;
constexpr auto pause = 10ms;

} // namespace

void DriverLinkFinder::begin(unsigned virtio_index) {
    if (result_.valid()) {
        next_ = virtio_index;
        return;
    }
    launch(virtio_index);
}

void DriverLinkFinder::launch(unsigned virtio_index) {
    std::packaged_task<DriverLink(std::stop_token)> task(
        [this, virtio_index](const std::stop_token& stop) {
            return find_and_move(stop, virtio_index);
        });
    result_ = task.get_future();
    thread_ = std::jthread([this, task = std::move(task)](const std::stop_token& stop) mutable {
        task(stop);
        done_.signal();
    });
}

DriverLink DriverLinkFinder::find_and_move(const std::stop_token& stop,
                                           unsigned virtio_index) const {
    const std::string device = "virtio" + std::to_string(virtio_index);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const InNetNs inside(NetNs::open(first_namespace));
    std::optional<Link> link;
    while (!(link = find_link_of("virtio", device))) {
        if (stop.stop_requested() || std::chrono::steady_clock::now() > deadline) {
            throw Error(device, "find the interface of the driver", ENODEV,
                        "the driver is ready, but shows no interface in the first network "
                        "namespace");
        }
        std::this_thread::sleep_for(pause);
    }
    if (target_) {
        link = move_link(*link, *target_);
    }
    return {*link, driver_of(virtio_index)};
}

std::optional<DriverLink> DriverLinkFinder::take() {
    if (done_.take() == 0) {
        return std::nullopt;
    }
    std::future<DriverLink> result = std::move(result_);
    if (next_) {
        launch(*std::exchange(next_, std::nullopt));
        return std::nullopt;
    }
    return result.get();
}

} // namespace vcoal
