// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/virtio_driver.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace vcoal {
namespace {

std::string name_of(unsigned virtio_index) {
    return "virtio" + std::to_string(virtio_index);
}

std::string directory_of(const std::string& driver) {
    return "/sys/bus/virtio/drivers/" + driver;
}

void bind(const std::string& driver, const std::string& device) {
    const Fd file = open_file(directory_of(driver) + "/bind", O_WRONLY, "its module has gone");
    if (::write(file.get(), device.data(), device.size()) < 0) {
        throw Error("driver " + driver, "bind to " + device, errno, "the kernel log may say more");
    }
}

} // namespace

void require_driver(const std::string& driver) {
    std::error_code none;
    if (!std::filesystem::exists(directory_of(driver), none)) {
        throw Error("driver " + driver, "find", ENOENT,
                    "load it: `modprobe " + driver + "`, or insmod " + driver + ".ko");
    }
}

std::string driver_of(unsigned virtio_index) {
    std::error_code none;
    const std::string link = "/sys/bus/virtio/devices/" + name_of(virtio_index) + "/driver";
    return std::filesystem::read_symlink(link, none).filename();
}

void DriverBinder::begin(unsigned virtio_index, const std::string& driver) {
    std::packaged_task<void()> task(
        [driver, device = name_of(virtio_index)] { bind(driver, device); });
    result_ = task.get_future();
    thread_ = std::jthread([this, task = std::move(task)]() mutable {
        task();
        done_.signal();
    });
}

void DriverBinder::take() {
    if (done_.take() != 0) {
        result_.get();
    }
}

} // namespace vcoal
