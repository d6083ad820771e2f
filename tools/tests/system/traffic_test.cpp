// SPDX-License-Identifier: GPL-2.0-only
//
// Frames both ways through the driver-side ring, over our node and the in-tree one,
// with every layout the driver knows. Every frame's bytes and order are checked.
#include "support/bench.hpp"
#include "support/nodes.hpp"

#include <cerrno>
#include <fcntl.h>
#include <limits>

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr std::uint64_t version_1 = feature(VIRTIO_F_VERSION_1);

class Traffic : public EachNode {
protected:
    static NetDriverOptions with(std::uint64_t features) {
        NetDriverOptions options;
        options.node = GetParam();
        options.features = features;
        return options;
    }

    static void both_ways(const NetDriverOptions& options) {
        Bench bench(options);
        bench.deliver(1000);
        bench.drain();
        for (unsigned i = 0; i < 10; i++) {
            bench.transmit(100);
            bench.expect_on_host(100);
        }
        EXPECT_GT(bench.rx().signals(), 0U);
        EXPECT_GT(bench.tx().signals(), 0U);
        EXPECT_EQ(bench.rx().errors() + bench.tx().errors(), 0U);
    }
};

} // namespace

TEST_P(Traffic, AllFeatures) {
    both_ways(with(basic_features));
}

TEST_P(Traffic, WithoutEventIdx) {
    both_ways(with(basic_features & ~feature(VIRTIO_RING_F_EVENT_IDX)));
}

TEST_P(Traffic, WithoutIndirect) {
    both_ways(with(basic_features & ~feature(VIRTIO_RING_F_INDIRECT_DESC)));
}

TEST_P(Traffic, WithoutMergeableBuffers) {
    both_ways(with(basic_features & ~feature(VIRTIO_NET_F_MRG_RXBUF)));
}

TEST_P(Traffic, TransitionalHeaderOfTenBytes) {
    both_ways(with(0));
}

TEST_P(Traffic, HeaderWrittenByVhost) {
    both_ways(with(basic_features | feature(VHOST_NET_F_VIRTIO_NET_HDR)));
}

TEST_P(Traffic, HeaderAndFrameInOneBuffer) {
    NetDriverOptions options = with(version_1);
    options.separate_header = false;
    both_ways(options);
}

TEST_P(Traffic, IndexesWrapAround) {
    NetDriverOptions options = with(basic_features);
    options.first_index = 0xfff0;
    both_ways(options);
}

// HDR-D3: all buffers but the last are full, and they come together.
TEST_P(Traffic, HDR_D3_LargeFrameTakesSeveralMergedBuffers) {
    NetDriverOptions options = with(basic_features);
    options.receive_buffer = 512;
    Bench bench(options);
    bench.inject(1400);
    bench.await_published(3);
    const auto frame = bench.driver().receive();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->buffers, 3U);
    EXPECT_EQ(frame->data.size(), 1400U);
}

TEST_P(Traffic, StopAndStartGoesOnWhereItWas) {
    Bench bench(with(basic_features));
    for (unsigned i = 0; i < 5; i++) {
        bench.deliver(10);
        bench.transmit(10);
        bench.expect_on_host(10);
        bench.driver().stop();
        bench.driver().start();
    }
    bench.deliver(10);
    EXPECT_EQ(bench.drain(), 60U);
}

// A tun file without an interface has nothing to be watched.
TEST_P(Traffic, ABackEndThatCannotBeHadLeavesTheOneThereIs) {
    Bench bench(with(basic_features));
    const Fd nothing = open_file("/dev/net/tun", O_RDWR);
    vhost_vring_file file{VHN_VRING_RX, nothing.get()};
    EXPECT_EQ(bench.vhost().try_ioctl(VHOST_NET_SET_BACKEND, &file), EINVAL);
    bench.deliver(100);
    bench.drain();
}

INSTANTIATE_TEST_SUITE_P(Node, Traffic, both_nodes(), node_name);

// The in-tree node has no kick eventfd then that anybody watches.
TEST(OurTraffic, AKickThatCannotBeWatchedLeavesTheOneThereIs) {
    Bench bench;
    EventFd overflown;
    overflown.signal(std::numeric_limits<std::uint64_t>::max() - 1);
    // What a process may not, the device may: the last signal there is room for.
    bench.vhost().set_call(VHN_VRING_RX, overflown.get());
    bench.deliver(1);
    bench.vhost().set_call(VHN_VRING_RX, bench.rx().call_fd().get());
    vhost_vring_file file{VHN_VRING_TX, overflown.get()};
    EXPECT_EQ(bench.vhost().try_ioctl(VHOST_SET_VRING_KICK, &file), EINVAL);
    bench.transmit(100);
    bench.expect_on_host(100);
}
