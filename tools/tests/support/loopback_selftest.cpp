// SPDX-License-Identifier: GPL-2.0-only
#include "support/loopback_selftest.hpp"

#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

namespace vcoal::test {
namespace {

LoopbackOptions options_with(std::chrono::milliseconds control_timeout,
                             std::uint64_t more_features) {
    LoopbackOptions options;
    options.device_id = 0x766c6274;
    options.features = 1ULL << VIRTIO_F_VERSION_1 | more_features;
    options.queue_sizes = {16, 16};
    options.config.assign(4, std::byte{0x11});
    options.arena_bytes = 1U << 20;
    options.control_timeout = control_timeout;
    return options;
}

} // namespace

LoopbackSelftest::LoopbackSelftest(std::chrono::milliseconds control_timeout,
                                   const std::function<void(LoopbackStub&)>& prepare,
                                   std::uint64_t more_features)
    : stub_(options_with(control_timeout, more_features), {Role::external, Role::control}) {
    if (prepare) {
        prepare(stub_);
    }
    stub_.start_and_wait();
    directory_ = "/sys/bus/virtio/devices/virtio" + std::to_string(loopback().info().index);
}

std::string LoopbackSelftest::run(const std::string& check) {
    if (const int code = write_kernel_file(directory_ + "/run", check); code != 0) {
        throw Error("selftest " + check, "run", code);
    }
    return read_kernel_file(directory_ + "/result");
}

} // namespace vcoal::test
