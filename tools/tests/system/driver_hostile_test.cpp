// SPDX-License-Identifier: GPL-2.0-only
//
// Our guest driver and a device that means it ill. A case is one message to a driver at
// work: a packet, an answer on the control queue, a change of the configuration, a
// notification of nothing. Whatever it was told, the driver receives a good packet
// afterwards, until a device breaks its ring and goes; the kernel log is judged by
// whoever runs this.
//
// VCOAL_SEED=N chooses other cases, VCOAL_CASES=N more or fewer of them.
#include "support/chance.hpp"
#include "support/hostile_device.hpp"
#include "support/modules.hpp"

#include <gtest/gtest.h>
#include <iostream>

namespace vcoal::test {
namespace {

constexpr unsigned messages_of_a_device = 700;
constexpr unsigned cases_of_a_device = 1000;
constexpr const char* patience = "/sys/module/virtio_net_coal/parameters/ctrl_timeout";

TEST(DriverHostile, NothingADeviceSaysDoesHarm) {
    const std::uint64_t seed = number_from_environment("VCOAL_SEED", 1);
    const std::uint64_t wanted = number_from_environment("VCOAL_CASES", 100000);
    load_our_driver();
    ASSERT_EQ(write_kernel_file(patience, "1"), 0);
    std::uint64_t cases = 0;
    unsigned devices = 0;
    unsigned refused = 0;
    for (; cases < wanted || devices < wanted / cases_of_a_device; devices++) {
        SCOPED_TRACE("VCOAL_SEED=" + std::to_string(seed) + ", device " + std::to_string(devices));
        HostileDevice device(seed * 1000003 + devices);
        if (!device.accepted()) {
            refused++;
            continue;
        }
        for (unsigned message = 0; message < messages_of_a_device; message++) {
            ASSERT_TRUE(device.say_something()) << "no buffers any more, at message " << message;
            if (message % 300 == 299) {
                ASSERT_TRUE(device.reaches_a_socket()) << "at message " << message;
                ASSERT_NO_THROW(device.start_over()) << "at message " << message;
            }
        }
        ASSERT_TRUE(device.reaches_a_socket());
        device.break_a_ring();
        cases += messages_of_a_device + 1 + device.answers();
        if (devices % 20 == 0) {
            std::cout << cases << " of " << wanted << " cases" << std::endl;
        }
    }
    std::cout << cases << " cases with " << devices << " devices, " << refused
              << " of which the driver would not have\n";
    EXPECT_LT(refused, devices / 2);
    write_kernel_file(patience, "5");
    EXPECT_NO_THROW(unload_module("virtio_net_coal"));
}

} // namespace
} // namespace vcoal::test
