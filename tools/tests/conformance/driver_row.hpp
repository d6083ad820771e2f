// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/conformance.hpp"
#include "support/drivers.hpp"
#include "support/loopback_stub.hpp"
#include "support/pairing.hpp"
#include "vcoal/features.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/virtio_net.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace vcoal::test {

/// Makes a test run once with the in-tree driver and once with ours, each alone in the
/// kernel, in front of a device that the test plays.
class DriverRow : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override;

    static bool ours() { return GetParam() == std::string(our_driver); }

    /// Makes the device; it is not started.
    void make(const LoopbackOptions& options, const std::vector<Role>& roles = net_roles());
    /// Makes it and waits until the driver is ready.
    void start(const LoopbackOptions& options, const std::vector<Role>& roles = net_roles());
    void start(std::uint64_t more_features) { start(net_options(more_features)); }

    LoopbackStub& stub() { return *stub_; }
    std::string interface() { return stub_->interface(); }
    /// What the driver has accepted.
    std::uint64_t accepted() { return stub_->loopback().info().accepted[0]; }
    bool has_accepted(unsigned bit) { return (accepted() & feature(bit)) != 0; }

    /// Sets the interface up and waits until it carries frames.
    void bring_interface_up();
    /// Runs a program to its end where the driver's interface is; what it printed.
    static bench::Child::End run_inside(const std::vector<std::string>& argv);
    /// `ethtool OPTION INTERFACE ARGUMENTS...`
    bench::Child::End ethtool(const std::string& option,
                              const std::vector<std::string>& arguments = {});
    /// `ip link set INTERFACE ARGUMENTS...`; returns whether that was possible.
    bool set_link(const std::vector<std::string>& arguments);
    /// Frames both ways, one by one, all of which arrive.
    void expect_traffic(unsigned count);

private:
    std::optional<LoopbackStub> stub_;
};

/// Changes a field of a configuration space before the device is made.
template <typename T>
void set_field(LoopbackOptions& options, std::size_t offset, T value) {
    std::memcpy(options.config.data() + offset, &value, sizeof(value));
}

/// A device with @p pairs pairs of queues, of which nobody serves but the first, and a
/// control queue.
LoopbackOptions pairs_options(std::uint64_t more_features, unsigned pairs);
std::vector<Role> pairs_roles(unsigned pairs);

/// Class and command of a request, as one number; class_command() makes it.
std::uint16_t code_of(const std::vector<std::byte>& request);
constexpr std::uint16_t class_command(unsigned class_number, unsigned command) {
    return static_cast<std::uint16_t>(class_number | command << 8);
}

/// A little-endian number in a request, behind class and command.
template <typename T>
T number_at(const std::vector<std::byte>& request, std::size_t offset) {
    T value{};
    if (offset + 2 + sizeof(value) <= request.size()) {
        std::memcpy(&value, request.data() + 2 + offset, sizeof(value));
    }
    return value;
}

} // namespace vcoal::test
