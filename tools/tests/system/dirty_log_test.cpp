// SPDX-License-Identifier: GPL-2.0-only
//
// The dirty log: each page that the device writes is noted, and no other, while the log is
// on; whoever takes the bits meanwhile misses none.
#include "support/bench.hpp"
#include "support/dirty_log.hpp"
#include "support/nodes.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <linux/virtio_net.h>
#include <thread>
#include <vector>

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr unsigned frames = 100;
constexpr std::size_t length = 1400;

using Pages = DirtyLog::Pages;

NetDriverOptions on(const std::string& node, std::uint64_t features = basic_features) {
    NetDriverOptions options;
    options.node = node;
    options.features = features;
    return options;
}

bool includes(const Pages& all, const Pages& some) {
    return std::ranges::includes(all, some);
}

/// The memory of the receive buffers, and which of its pages have changed since.
class Buffers {
public:
    explicit Buffers(NetDriver& driver)
        : address_(driver.receive_buffers()),
          bytes_(driver.memory().at(address_, std::size_t{driver.options().ring_size} *
                                                  driver.options().receive_buffer)),
          before_(bytes_.begin(), bytes_.end()) {}

    Pages all() const { return pages_of(address_, bytes_.size()); }

    Pages changed() const {
        Pages pages;
        for (std::size_t i = 0; i < bytes_.size(); i++) {
            if (bytes_[i] != before_[i]) {
                pages.insert((address_ + i) / DirtyLog::page_bytes);
            }
        }
        return pages;
    }

private:
    std::uint64_t address_;
    std::span<std::byte> bytes_;
    std::vector<std::byte> before_;
};

Pages of_both(NetDriver& driver, const Pages& more = {}) {
    Pages pages = more;
    for (const unsigned index : {VHN_VRING_RX, VHN_VRING_TX}) {
        pages.merge(ring_pages(driver, index));
    }
    return pages;
}

void expect_notes_what_is_written(const NetDriverOptions& options) {
    Bench bench(options);
    DirtyLog log(bench.driver().memory());
    bench.deliver(frames, length);
    bench.drain();
    EXPECT_TRUE(log.take().empty());

    start_log(bench.driver(), log);
    const Buffers buffers(bench.driver());
    bench.deliver(frames, length);
    bench.take(frames);
    const Pages received = log.take();
    EXPECT_FALSE(buffers.changed().empty());
    EXPECT_TRUE(includes(received, buffers.changed()));
    EXPECT_TRUE(includes(received, ring_pages(bench.driver(), VHN_VRING_RX)));
    EXPECT_TRUE(includes(of_both(bench.driver(), buffers.all()), received));

    bench.transmit(frames, length);
    bench.expect_on_host(frames);
    EXPECT_TRUE(
        eventually([&] { return includes(log.take(), ring_pages(bench.driver(), VHN_VRING_TX)); }));

    stop_log(bench.driver());
    log.take();
    bench.driver().post();
    bench.deliver(frames, length);
    bench.transmit(frames, length);
    EXPECT_TRUE(log.take().empty());
    EXPECT_EQ(bench.rx().errors() + bench.tx().errors(), 0U);
}

class DirtyLogOf : public EachNode {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Node, DirtyLogOf, both_nodes(), node_name);

TEST_P(DirtyLogOf, NotesWhatIsWrittenAndNothingElse) {
    expect_notes_what_is_written(on(GetParam()));
}

TEST_P(DirtyLogOf, NotesHeadersThatVhostWrites) {
    expect_notes_what_is_written(
        on(GetParam(), basic_features | feature(VHOST_NET_F_VIRTIO_NET_HDR)));
}

TEST_P(DirtyLogOf, SignalsItsEventfd) {
    Bench bench(on(GetParam()));
    const DirtyLog log(bench.driver().memory());
    const EventFd event;
    bench.driver().vhost().set_log_fd(event.get());
    start_log(bench.driver(), log);
    bench.deliver(1);
    EXPECT_TRUE(event.wait(generous));
    bench.driver().vhost().set_log_fd(-1);
}

TEST(DirtyLog, NotesPackedRings) {
    expect_notes_what_is_written(on(vhost_node, basic_features | feature(VIRTIO_F_RING_PACKED)));
}

// The same memory twice in the table: whoever moves the guest may look at either place.
TEST(DirtyLog, NotesMemoryAtEachOfItsAddresses) {
    Bench bench;
    NetDriver& driver = bench.driver();
    const vhost_memory_region region = driver.memory().region();
    vhost_memory_region below = region;
    below.guest_phys_addr = 0;
    driver.vhost().set_memory(std::vector{below, region});
    DirtyLog log(driver.memory());
    start_log(driver, log);
    const Buffers buffers(driver);
    bench.deliver(frames, length);
    bench.take(frames);
    const Pages noted = log.take();
    for (const std::uint64_t page : buffers.changed()) {
        EXPECT_TRUE(noted.contains(page));
        EXPECT_TRUE(noted.contains(page - region.guest_phys_addr / DirtyLog::page_bytes));
    }
}

// Bits are taken while the device sets them, and others set theirs in the same words.
TEST(DirtyLog, LosesNoPageToWhoeverTakesThem) {
    constexpr unsigned rounds = 200;
    Bench bench;
    DirtyLog log(bench.driver().memory());
    start_log(bench.driver(), log);
    std::atomic<bool> ended = false;
    std::uint64_t foreign = 0;
    Pages taken;
    Pages foreign_taken;
    const std::uint64_t other = bench.driver().memory().base() / DirtyLog::page_bytes;
    std::jthread taker([&] {
        while (!ended) {
            const Pages pages = log.take();
            foreign += pages.contains(other) ? 1 : 0;
            taken.insert(pages.begin(), pages.end());
            log.note(other);
        }
    });
    Pages changed;
    for (unsigned i = 0; i < rounds; i++) {
        const Buffers buffers(bench.driver());
        bench.deliver(20, length);
        changed.merge(buffers.changed());
        bench.drain();
    }
    ended = true;
    taker.join();
    taken.merge(log.take());
    EXPECT_TRUE(includes(taken, changed));
    EXPECT_GT(foreign, 0U);
}

TEST(DirtyLog, OneOutsideOfUserSpaceIsRefusedWhileItIsNeeded) {
    constexpr std::uint64_t nowhere = 0xffff'8000'0000'0000;
    Bench bench;
    NetDriver& driver = bench.driver();
    VhostNet& vhost = driver.vhost();
    std::uint64_t base = nowhere;
    const std::uint64_t logged = driver.options().features | feature(VHOST_F_LOG_ALL);
    std::uint64_t features = logged;

    // Not needed: it is taken, and needed then, it is in the way.
    EXPECT_EQ(vhost.try_ioctl(VHOST_SET_LOG_BASE, &base), 0);
    EXPECT_EQ(vhost.try_ioctl(VHOST_SET_FEATURES, &features), EFAULT);
    DirtyLog log(driver.memory());
    start_log(driver, log);
    EXPECT_EQ(vhost.try_ioctl(VHOST_SET_LOG_BASE, &base), EFAULT);
    const vhost_memory_region region = driver.memory().region();
    vhost_memory_region far = region;
    far.guest_phys_addr = ~0ULL - region.memory_size;
    EXPECT_THROW(vhost.set_memory(std::vector{far}), Error);
    EXPECT_THROW(vhost.set_vring_addresses(VHN_VRING_RX, driver.rx().ring().addresses(),
                                           0xffff'ffff'ffff'fff0),
                 Error);

    // And nothing has changed.
    bench.deliver(frames, length);
    bench.drain();
    EXPECT_FALSE(log.take().empty());
}

TEST(DirtyLog, OneThatIsGoneStopsTheQueueUntilThereIsAnother) {
    Bench bench;
    NetDriver& driver = bench.driver();
    DirtyLog gone(driver.memory());
    start_log(driver, gone);
    gone.vanish();
    bench.transmit_one();
    EXPECT_TRUE(eventually([&] { return bench.tx().errors() > 0; }));

    DirtyLog log(driver.memory());
    start_log(driver, log);
    driver.vhost().set_memory(std::vector{driver.memory().region()});
    bench.await_sent(1);
    bench.expect_on_host(1);
    bench.transmit(frames);
    bench.expect_on_host(frames);
    EXPECT_FALSE(log.take().empty());
}
