// SPDX-License-Identifier: GPL-2.0-only
#include "qemu/host_view.hpp"

#include "vcoal/error.hpp"
#include "vcoal/vhost.hpp"

#include <cerrno>
#include <filesystem>
#include <linux/vhost.h>
#include <set>
#include <string>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

namespace fs = std::filesystem;

std::set<int> vhost_files(pid_t process) {
    std::set<int> numbers;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(process) + "/fd")) {
        std::error_code gone;
        if (fs::read_symlink(entry.path(), gone) == vhost_node) {
            numbers.insert(std::stoi(entry.path().filename()));
        }
    }
    return numbers;
}

template <typename T>
void carry_out(const Fd& file, unsigned long request, T& argument) {
    if (::ioctl(file.get(), request, &argument) != 0) {
        throw Error("vhost file of QEMU", "ioctl", errno);
    }
}

} // namespace

HostView::HostView(pid_t qemu) {
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, qemu, 0)));
    for (const int number : vhost_files(qemu)) {
        files_.emplace_back(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), number, 0)));
        if (!files_.back()) {
            throw Error("vhost file of QEMU", "get", errno);
        }
    }
}

vhn_vring_stats HostView::counters(std::size_t pair, unsigned vring) const {
    vhn_vring_stats stats{};
    stats.index = vring;
    carry_out(files_.at(pair), VHN_GET_STATS, stats);
    return stats;
}

vhn_coal_params HostView::effective(std::size_t pair, unsigned vring) const {
    vhn_coal_state state{};
    state.index = vring;
    carry_out(files_.at(pair), VHN_GET_COAL, state);
    return state.effective;
}

void HostView::set(vhn_coal_params params) {
    for (const Fd& file : files_) {
        vhn_coal_set argument{};
        argument.index = VHN_VRING_RX;
        argument.target = VHN_COAL_HOST;
        argument.params = params;
        carry_out(file, VHN_SET_COAL, argument);
    }
}

} // namespace vcoal::test
