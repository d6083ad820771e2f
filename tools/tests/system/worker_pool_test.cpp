// SPDX-License-Identifier: GPL-2.0-only
//
// Workers that are attached to vrings: their numbers and their threads, and that a vring
// which passes from one to another under traffic loses nothing by it. What each call answers
// is in errno_test.
#include "support/cgroup.hpp"
#include "support/coal_bench.hpp"
#include "support/fault.hpp"
#include "support/frames.hpp"
#include "support/worker.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

/// What a file may have.
constexpr unsigned most_workers = 3;

/// The errno that a call throws; 0 for none.
int code_of(const std::function<void()>& call) {
    try {
        call();
        return 0;
    } catch (const Error& error) {
        return error.code();
    }
}

std::set<pid_t> threads() {
    std::set<pid_t> ids;
    for (const Worker& worker : Worker::all()) {
        ids.insert(worker.id());
    }
    return ids;
}

/// Waits until these are all; one that has ended is seen for a moment longer.
bool left(const std::set<pid_t>& ids) {
    return eventually([&] { return threads() == ids; });
}

/// Threads that are among @p now and were not among @p before.
std::vector<pid_t> added(const std::set<pid_t>& before, const std::set<pid_t>& now) {
    std::vector<pid_t> ids;
    std::ranges::set_difference(now, before, std::back_inserter(ids));
    return ids;
}

Worker worker_of(pid_t thread) {
    const std::vector<Worker> all = Worker::all();
    return *std::ranges::find(all, thread, &Worker::id);
}

/// A device that has an owner and does nothing yet.
struct Owned {
    Owned() { vhost.set_owner(); }

    VhostNet vhost;
};

} // namespace

TEST(WorkerPool, TheOwnerBeginsWithOneWorkerForBothVrings) {
    Owned device;
    EXPECT_EQ(threads().size(), 1U);
    EXPECT_EQ(device.vhost.worker(VHN_VRING_RX), 0U);
    EXPECT_EQ(device.vhost.worker(VHN_VRING_TX), 0U);
}

TEST(WorkerPool, ANumberIsTheLowestThatIsFree) {
    Owned device;
    EXPECT_EQ(device.vhost.new_worker(), 1U);
    EXPECT_EQ(device.vhost.new_worker(), 2U);
    device.vhost.free_worker(1);
    EXPECT_EQ(device.vhost.new_worker(), 1U);
}

TEST(WorkerPool, AttachingIsForOneVring) {
    Owned device;
    device.vhost.attach_worker(VHN_VRING_TX, device.vhost.new_worker());
    EXPECT_EQ(device.vhost.worker(VHN_VRING_RX), 0U);
    EXPECT_EQ(device.vhost.worker(VHN_VRING_TX), 1U);
}

TEST(WorkerPool, OneThatIsAttachedStaysAndTheFirstMayGo) {
    Owned device;
    const auto first = threads();
    device.vhost.attach_worker(VHN_VRING_TX, device.vhost.new_worker());
    const auto second = added(first, threads());
    EXPECT_EQ(code_of([&] { device.vhost.free_worker(0); }), EBUSY);
    EXPECT_EQ(code_of([&] { device.vhost.free_worker(1); }), EBUSY);
    device.vhost.attach_worker(VHN_VRING_RX, 1);
    device.vhost.free_worker(0);
    EXPECT_TRUE(left({second.begin(), second.end()}));
}

TEST(WorkerPool, AFreedWorkersThreadIsGone) {
    Owned device;
    const auto before = threads();
    const unsigned id = device.vhost.new_worker();
    EXPECT_EQ(threads().size(), 2U);
    device.vhost.free_worker(id);
    EXPECT_TRUE(left(before));
}

TEST(WorkerPool, ThereIsALimit) {
    Owned device;
    while (threads().size() < most_workers) {
        device.vhost.new_worker();
    }
    const auto before = threads();
    EXPECT_EQ(code_of([&] { device.vhost.new_worker(); }), ENOSPC);
    EXPECT_EQ(threads(), before);
    device.vhost.free_worker(1);
    EXPECT_EQ(device.vhost.new_worker(), 1U);
}

// Nobody would know its number.
TEST(WorkerPool, AWorkerThatCannotBeToldOfIsNotMade) {
    Owned device;
    const auto before = threads();
    for (unsigned i = 0; i < 2 * most_workers; i++) {
        EXPECT_EQ(device.vhost.try_ioctl(VHOST_NEW_WORKER, nullptr), EFAULT);
    }
    EXPECT_TRUE(left(before));
}

TEST(WorkerPool, TheNextOwnerBeginsAnew) {
    Owned device;
    device.vhost.attach_worker(VHN_VRING_RX, device.vhost.new_worker());
    device.vhost.new_worker();
    device.vhost.reset_owner();
    EXPECT_TRUE(left({}));
    device.vhost.set_owner();
    EXPECT_EQ(threads().size(), 1U);
    EXPECT_EQ(device.vhost.worker(VHN_VRING_RX), 0U);
    EXPECT_EQ(device.vhost.new_worker(), 1U);
}

TEST(WorkerPool, EveryWorkerIsInTheControlGroupsOfWhoMakesIt) {
    Cgroup group("vcoal-worker-pool-test");
    group.enter();
    {
        Owned device;
        device.vhost.new_worker();
        std::ifstream file("/proc/self/cgroup");
        const std::string own{std::istreambuf_iterator<char>(file), {}};
        EXPECT_NE(own.find("vcoal-worker-pool-test"), std::string::npos);
        const auto all = Worker::all();
        EXPECT_EQ(all.size(), 2U);
        for (const Worker& worker : all) {
            EXPECT_EQ(worker.control_groups(), own);
        }
    }
    group.leave();
}

// --- traffic --------------------------------------------------------------------------------

namespace {

/// Attaches a vring to one worker after the other until this is gone.
class Nomad {
public:
    /// @param vhost has as many workers as there may be
    Nomad(VhostNet& vhost, unsigned index)
        : thread_([this, &vhost, index](const std::stop_token& enough) {
              for (unsigned id = 0; !enough.stop_requested(); id = (id + 1) % most_workers) {
                  vhost.attach_worker(index, id);
                  moves_++;
              }
          }) {}

    std::uint64_t moves() const { return moves_; }

private:
    std::atomic<std::uint64_t> moves_ = 0;
    std::jthread thread_;
};

void make_workers(VhostNet& vhost) {
    for (unsigned id = 1; id < most_workers; id++) {
        vhost.new_worker();
    }
}

/// Frames, all of whose numbers are checked.
void pass_frames(Bench& bench, unsigned queue) {
    if (queue == VHN_VRING_RX) {
        bench.deliver(100);
        bench.drain();
    } else {
        bench.transmit(50);
        bench.expect_on_host(50);
    }
}

class MovingVring : public EachLayout {
protected:
    MovingVring() { make_workers(bench.vhost()); }

    CoalBench bench{
        coalescing_options(coalescing_features | layout() | feature(VIRTIO_RING_F_EVENT_IDX))};
};

/// What a test sees at the least.
constexpr std::uint64_t least_moves = 500;
constexpr unsigned least_rounds = 50;

} // namespace

TEST_P(MovingVring, LosesNoPacketAndDoublesNone) {
    const Nomad nomad(bench.vhost(), queue());
    for (unsigned round = 0; round < least_rounds || nomad.moves() < least_moves; round++) {
        pass_frames(bench, queue());
    }
    EXPECT_EQ(bench.rx().errors() + bench.tx().errors(), 0U);
}

// What the timer finds due is handed to whoever works for the vring by then.
TEST_P(MovingVring, LosesNoNotification) {
    Queue& ring = bench.driver().queue(queue());
    bench.set(queue(), {1000, 200});
    bench.mark();
    const Nomad nomad(bench.vhost(), queue());
    std::uint64_t packets = 0;
    while (packets < least_rounds || nomad.moves() < least_moves) {
        ring.ring().enable_callbacks();
        bench.flow(queue(), 1);
        packets++;
        bench.await(queue(), packets);
        bench.drain();
    }
    EXPECT_EQ(bench.sent(queue()).timer, packets);
    EXPECT_EQ(bench.sent(queue()).signals, packets);
}

INSTANTIATE_TEST_SUITE_P(Queue, MovingVring, both_layouts(), layout_name);

namespace {

class AttachedVring : public EachQueue {
protected:
    static unsigned queue() { return GetParam(); }
    static unsigned other() { return 1 - GetParam(); }

    /// All buffers of the other vring.
    std::span<std::byte> others_buffers() {
        NetDriver& driver = bench.driver();
        const auto& options = driver.options();
        const bool receives = other() == VHN_VRING_RX;
        return driver.memory().at(receives ? driver.receive_buffers() : driver.transmit_buffers(),
                                  std::size_t{options.ring_size} * (receives
                                                                        ? options.receive_buffer
                                                                        : options.transmit_buffer));
    }

    CoalBench bench;
};

} // namespace

TEST_P(AttachedVring, ItsProcessorTimeIsItsWorkers) {
    const auto before = threads();
    const unsigned id = bench.vhost().new_worker();
    const Worker first = worker_of(*before.begin());
    const Worker second = worker_of(added(before, threads()).at(0));
    // How much either of them works for so many frames.
    const auto load = [&] {
        const std::pair begin{first.run_time(), second.run_time()};
        bench.flow(queue(), 2000);
        return std::pair{first.run_time() - begin.first, second.run_time() - begin.second};
    };
    const auto shared = load();
    EXPECT_GT(shared.first, 10 * shared.second);
    bench.vhost().attach_worker(queue(), id);
    const auto own = load();
    EXPECT_LT(10 * own.first, own.second);
}

// With one worker for both it would wait as well.
TEST_P(AttachedVring, GoesOnWhileTheOtherWaitsForGuestMemory) {
    bench.vhost().attach_worker(other(), bench.vhost().new_worker());
    if (other() == VHN_VRING_TX) {
        // Published and not kicked: the worker finds it after the memory has gone.
        ASSERT_TRUE(bench.driver().send(make_frame(0)));
        bench.tx().ring().publish();
    }
    BlockedMemory blocked(others_buffers());
    if (other() == VHN_VRING_TX) {
        bench.tx().kick();
    } else {
        bench.inject();
    }
    ASSERT_TRUE(blocked.wait_blocked(generous));
    pass_frames(bench, queue());
}

INSTANTIATE_TEST_SUITE_P(Queue, AttachedVring, both_queues(), queue_name);

namespace {

/// Is served by all workers that there may be, until it is killed.
[[noreturn]] void be_served(EventFd& ready) {
    Bench bench;
    make_workers(bench.vhost());
    const Nomad nomad(bench.vhost(), VHN_VRING_TX);
    for (bool told = false;; told = true) {
        bench.transmit(64);
        if (!told) {
            ready.signal();
        }
    }
}

} // namespace

TEST(WorkerPool, NoneIsLeftWhenItsOwnerIsKilled) {
    EventFd ready;
    const pid_t owner = ::fork();
    ASSERT_GE(owner, 0);
    if (owner == 0) {
        be_served(ready);
    }
    EXPECT_TRUE(wait_readable(ready.get(), generous));
    EXPECT_EQ(Worker::all(owner).size(), most_workers);
    ::kill(owner, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(owner, &status, 0), owner);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_TRUE(eventually([&] { return Worker::all(owner).empty(); }));
}
