// SPDX-License-Identifier: GPL-2.0-only
//
// What a driver accepts, what it makes of the configuration space, and how it handles its
// rings: spec 1.3, 1.4, 3.4.
#include "conformance/driver_row.hpp"
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <span>
#include <thread>

namespace vcoal::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t control_queue =
    feature(VIRTIO_NET_F_CTRL_VQ) | feature(VIRTIO_NET_F_CTRL_MAC_ADDR);
constexpr std::uint64_t ring_reset = feature(VIRTIO_F_RING_RESET);
constexpr std::uint64_t event_index = feature(VIRTIO_RING_F_EVENT_IDX);

class Negotiation : public DriverRow {
protected:
    static LoopbackOptions options_without(std::uint64_t bits, std::uint64_t more = 0) {
        LoopbackOptions options = net_options(more);
        options.features &= ~bits;
        return options;
    }

    /// What the driver has asked for, whether or not anything came of it.
    std::optional<std::uint64_t> wanted() {
        for (const vlb_event& event : stub().events()) {
            if (event.type == VLB_EVENT_FEATURES) {
                return event.features[0];
            }
        }
        return std::nullopt;
    }

    bool has_status(unsigned bits) {
        return std::ranges::any_of(stub().events(), [bits](const vlb_event& event) {
            return event.type == VLB_EVENT_STATUS && (event.status & bits) != 0;
        });
    }

    std::string operstate() {
        return read_kernel_file("/sys/class/net/" + interface() + "/operstate");
    }

    bool shows_speed(const std::string& line) {
        return run_inside({"ethtool", interface()}).output.find(line) != std::string::npos;
    }

    MacAddress mac() {
        MacAddress mac{};
        in_first_namespace([&] { mac = NetDev(interface()).mac(); });
        return mac;
    }
};

INSTANTIATE_TEST_SUITE_P(Drivers, Negotiation, both_drivers(), driver_name);

// --- features ---------------------------------------------------------------------------

// A driver may accept none of them, and may refuse the device.
TEST_P(Negotiation, FEAT_G1_WithoutTheControlQueueNothingThatNeedsIt) {
    make(options_without(control_queue,
                         feature(VIRTIO_NET_F_VQ_NOTF_COAL) | feature(VIRTIO_NET_F_NOTF_COAL) |
                             feature(VIRTIO_NET_F_CTRL_RX) | feature(VIRTIO_NET_F_CTRL_VLAN)),
         {Role::receive, Role::transmit});
    stub().start();
    ASSERT_TRUE(stub().await(VLB_EVENT_REGISTERED));
    if (const auto features = wanted()) {
        EXPECT_FALSE(find_unmet(*features)) << std::hex << *features;
    } else {
        EXPECT_FALSE(ours()) << "refused the device";
    }
}

TEST_P(Negotiation, FEAT_G1_WithoutChecksumsNoSegments) {
    start(feature(VIRTIO_NET_F_GUEST_TSO4) | feature(VIRTIO_NET_F_HOST_TSO4));
    if (ours()) {
        EXPECT_FALSE(find_unmet(accepted())) << std::hex << accepted();
        return;
    }
    EXPECT_TRUE(has_accepted(VIRTIO_NET_F_GUEST_TSO4) && has_accepted(VIRTIO_NET_F_HOST_TSO4));
    record_known_failure("accepts GUEST_TSO4 without GUEST_CSUM, and HOST_TSO4 without CSUM");
}

TEST_P(Negotiation, FEAT_G2_UnknownBitsChangeNothing) {
    std::uint64_t unknown = feature(4) | feature(6) | feature(58);
    for (unsigned bit = 44; bit < 50; bit++) {
        unknown |= feature(bit);
    }
    start(unknown);
    EXPECT_EQ(stub().loopback().offered() & unknown, unknown);
    EXPECT_EQ(accepted() & unknown, 0U);
    expect_traffic(3);
}

TEST_P(Negotiation, FEAT_G3_RefusedItGivesUp) {
    make(net_options());
    stub().accept_features = false;
    stub().start();
    ASSERT_TRUE(stub().await(VLB_EVENT_REGISTERED));
    EXPECT_TRUE(has_status(VIRTIO_CONFIG_S_FAILED));
    EXPECT_FALSE(has_status(VIRTIO_CONFIG_S_DRIVER_OK));
}

/// Where the text is open.
class OurNegotiation : public Negotiation {};

INSTANTIATE_TEST_SUITE_P(Drivers, OurNegotiation, testing::Values(our_driver), driver_name);

TEST_P(OurNegotiation, AMB_1_CountersAndOffloadsNeedTheControlQueue) {
    start(options_without(control_queue, feature(VIRTIO_NET_F_DEVICE_STATS) |
                                             feature(VIRTIO_NET_F_GUEST_CSUM) |
                                             feature(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS)),
          {Role::receive, Role::transmit});
    EXPECT_FALSE(has_accepted(VIRTIO_NET_F_DEVICE_STATS));
    EXPECT_FALSE(has_accepted(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS));
    EXPECT_TRUE(has_accepted(VIRTIO_NET_F_GUEST_CSUM));
}

// --- configuration space ----------------------------------------------------------------

TEST_P(Negotiation, CFG_G1_NothingIsWritten) {
    start(feature(VIRTIO_NET_F_CTRL_RX));
    expect_traffic(3);
    EXPECT_TRUE(set_link({"promisc", "on"}));
    EXPECT_TRUE(set_link({"mtu", "1400"}));
    EXPECT_TRUE(set_link({"address", "02:00:00:00:00:77"}));
    stub().set_status(0);
    EXPECT_TRUE(eventually([&] { return operstate() == "down"; }));
    EXPECT_EQ(stub().loopback().info().config_writes, 0U);
}

TEST_P(Negotiation, CFG_G2_TheDevicesAddressIsUsed) {
    start(0);
    EXPECT_EQ(mac(), (MacAddress{0x02, 0, 0, 0, 0, 0x42}));
}

TEST_P(Negotiation, CFG_G2_WithoutOneALocalAddressIs) {
    LoopbackOptions options = options_without(feature(VIRTIO_NET_F_MAC));
    set_field(options, 0, MacAddress{});
    start(options);
    EXPECT_EQ(mac()[0] & 3, 2) << "local, and of one station";
}

TEST_P(Negotiation, CFG_G3_WithoutStatusTheLinkIsUp) {
    LoopbackOptions options = options_without(feature(VIRTIO_NET_F_STATUS));
    set_field(options, offsetof(virtio_net_config, status), std::uint16_t{0});
    start(options);
    expect_traffic(1);
}

TEST_P(Negotiation, CFG_G3_TheLinkFollowsTheStatus) {
    start(0);
    bring_interface_up();
    for (const bool up : {false, true, false, true}) {
        stub().set_status(up ? VIRTIO_NET_S_LINK_UP : 0);
        EXPECT_TRUE(eventually([&] { return operstate() == (up ? "up" : "down"); })) << up;
    }
}

TEST_P(Negotiation, CFG_G4_TheMtuIsTakenAndKept) {
    LoopbackOptions options = net_options(feature(VIRTIO_NET_F_MTU));
    set_field(options, offsetof(virtio_net_config, mtu), std::uint16_t{1280});
    start(options);
    EXPECT_TRUE(has_accepted(VIRTIO_NET_F_MTU));
    expect_traffic(1);
    in_first_namespace([&] {
        EXPECT_EQ(NetDev(interface()).mtu(), 1280U);
        EXPECT_FALSE(set_link({"mtu", "1500"}));
        PacketSocket socket(interface());
        EXPECT_TRUE(socket.send(make_frame(0, 1280 + 14)));
        EXPECT_THROW(socket.send(make_frame(0, 1280 + 14 + 100)), Error);
    });
}

TEST_P(Negotiation, CFG_G5_SpeedsThatAreNoneAreUnknown) {
    LoopbackOptions options = net_options(feature(VIRTIO_NET_F_SPEED_DUPLEX));
    set_field(options, offsetof(virtio_net_config, speed), std::uint32_t{0x80000000});
    set_field(options, offsetof(virtio_net_config, duplex), std::uint8_t{5});
    start(options);
    bring_interface_up();
    EXPECT_TRUE(shows_speed("Speed: Unknown!"));
    EXPECT_TRUE(shows_speed("Duplex: Unknown!"));
}

// The link goes down behind it, so that the driver has seen both when it is down.
TEST_P(Negotiation, CFG_G5_AnotherSpeedIsRead) {
    LoopbackOptions options = net_options(feature(VIRTIO_NET_F_SPEED_DUPLEX));
    set_field(options, offsetof(virtio_net_config, speed), std::uint32_t{1000});
    set_field(options, offsetof(virtio_net_config, duplex), std::uint8_t{1});
    start(options);
    bring_interface_up();
    EXPECT_TRUE(shows_speed("Speed: 1000Mb/s"));
    const std::uint32_t faster = 25000;
    stub().loopback().set_config(offsetof(virtio_net_config, speed),
                                 std::as_bytes(std::span(&faster, 1)));
    if (ours()) {
        EXPECT_TRUE(eventually([&] { return shows_speed("Speed: 25000Mb/s"); }));
        return;
    }
    stub().set_status(0);
    ASSERT_TRUE(eventually([&] { return operstate() == "down"; }));
    EXPECT_TRUE(shows_speed("Speed: 1000Mb/s"));
    stub().set_status(VIRTIO_NET_S_LINK_UP);
    EXPECT_TRUE(eventually([&] { return shows_speed("Speed: 25000Mb/s"); }));
    record_known_failure("reads speed and duplex again when the link comes up, not when they "
                         "change");
}

// --- rings ------------------------------------------------------------------------------

/// Looks at the word with which a driver asks for silence, as often as it can.
class FlagsWatcher {
public:
    FlagsWatcher(LoopbackStub& stub, std::uint32_t queue)
        : word_(stub.loopback().at(stub.loopback().queue(queue).driver, 2).data()),
          thread_([this](const std::stop_token& enough) {
              while (!enough.stop_requested()) {
                  look();
              }
          }) {}

    /// Each value that was seen, once.
    std::vector<std::uint16_t> end() {
        thread_ = {};
        look();
        return seen_;
    }

private:
    void look() {
        const std::uint16_t now = std::atomic_ref(*reinterpret_cast<std::uint16_t*>(word_)).load();
        if (std::ranges::find(seen_, now) == seen_.end()) {
            seen_.push_back(now);
        }
    }

    std::byte* word_;
    std::vector<std::uint16_t> seen_;
    std::jthread thread_;
};

TEST_P(Negotiation, NTF_G1_WithEventIndexTheFlagsStayZero) {
    start(0);
    bring_interface_up();
    ASSERT_TRUE(has_accepted(VIRTIO_RING_F_EVENT_IDX));
    FlagsWatcher receive(stub(), 0);
    FlagsWatcher transmit(stub(), 1);
    expect_traffic(200);
    EXPECT_EQ(receive.end(), std::vector<std::uint16_t>{0});
    EXPECT_EQ(transmit.end(), std::vector<std::uint16_t>{0});
}

TEST_P(Negotiation, NTF_G1_WithoutItTheyAreZeroOrOne) {
    start(options_without(event_index));
    bring_interface_up();
    FlagsWatcher receive(stub(), 0);
    FlagsWatcher transmit(stub(), 1);
    expect_traffic(200);
    std::vector<std::uint16_t> seen = receive.end();
    const std::vector<std::uint16_t> more = transmit.end();
    seen.insert(seen.end(), more.begin(), more.end());
    EXPECT_LE(std::ranges::max(seen), 1);
}

TEST_P(Negotiation, NTF_G2_NotificationsForNothingDoNoHarm) {
    start(0);
    const auto notify = [this] {
        for (const std::size_t queue : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
            stub().call(queue).signal();
        }
    };
    notify();
    bring_interface_up();
    const std::jthread nuisance([&](const std::stop_token& enough) {
        while (!enough.stop_requested()) {
            notify();
            std::this_thread::yield();
        }
    });
    expect_traffic(200);
}

// Each frame waits for the one before it: a notification that is lost stops them.
TEST_P(Negotiation, NTF_G3_NoFrameIsOverlooked) {
    for (const std::uint64_t without : {std::uint64_t{0}, event_index}) {
        start(options_without(without));
        expect_traffic(1000);
    }
}

TEST_P(Negotiation, VQR_G1_MemoryIsKeptUntilTheQueueIsReset) {
    LoopbackOptions options = net_options(ring_reset);
    options.ack_timeout = 60s;
    start(options);
    expect_traffic(3);
    const auto posted = [&] { return stub().loopback().arena_statistics().slots; };
    stub().answer_queue_reset = false;
    const std::uint64_t before = posted();
    auto resized = std::async(std::launch::async, [&] { return ethtool("-G", {"rx", "64"}); });
    const auto question = stub().await(VLB_EVENT_VQ_RESET);
    ASSERT_TRUE(question);
    EXPECT_EQ(question->result, 0);
    EXPECT_EQ(resized.wait_for(300ms), std::future_status::timeout);
    EXPECT_GE(posted(), before) << "buffers went too early";
    EXPECT_EQ(stub().loopback().queue(0).num, 256U) << "the ring went too early";
    stub().answer_queue_reset = true;
    EXPECT_TRUE(stub().loopback().acknowledge(question->seq));
    const auto end = resized.get();
    EXPECT_EQ(end.status, 0) << end.output;
    EXPECT_EQ(stub().loopback().queue(0).num, 64U);
    expect_traffic(200);
}

} // namespace
} // namespace vcoal::test
