// SPDX-License-Identifier: GPL-2.0-only
//
// Everything that can be changed is, in random order and under traffic. After each change
// packets move again, and are announced; what else may be wrong is in the kernel's log,
// above all in that of a kernel that looks for errors.
//
// VCOAL_CHURN_ROUNDS says how many changes all tests make together; VCOAL_SEED gives the
// same ones again.
#include "support/chance.hpp"
#include "support/coal_bench.hpp"
#include "support/drivers.hpp"
#include "support/frames.hpp"
#include "support/pairing.hpp"
#include "vcoal/error.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <thread>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

/// Tests that share VCOAL_CHURN_ROUNDS.
constexpr unsigned tests = 4;

/// The rounds of one test, told as they come, up to the first that fails.
/// @param changes in each of VCOAL_CHURN_ROUNDS: more where one takes no time
void each_round(unsigned changes, const std::function<std::string(Chance&)>& change,
                const std::function<void()>& judge) {
    const std::uint64_t rounds =
        (number_from_environment("VCOAL_CHURN_ROUNDS", 50) + tests - 1) / tests * changes;
    const std::uint64_t seed = number_from_environment("VCOAL_SEED", 1);
    fmt::print("{} rounds, VCOAL_SEED={}\n", rounds, seed);
    Chance chance(seed);
    for (std::uint64_t round = 0; round < rounds && !testing::Test::HasFailure(); round++) {
        fmt::print("round {}: {}\n", round, change(chance));
        judge();
    }
}

NetDriverOptions churn_options(std::uint64_t layout) {
    return coalescing_options(coalescing_features | feature(VIRTIO_RING_F_EVENT_IDX) | layout);
}

NetDriver& started(NetDriver& driver) {
    NetDev netdev = driver.tap().netdev();
    netdev.disable_ipv6();
    netdev.set_up(true);
    driver.vhost().enable_coalescing_ioctls();
    driver.start();
    driver.post();
    return driver;
}

/// A driver in this process. Frames reach it all the time, and somebody else changes and
/// reads what can be changed and read at any time.
class DeviceChurn : public testing::TestWithParam<bool> {
protected:
    std::string change(Chance& chance) {
        const unsigned index = chance.between(VHN_VRING_RX, VHN_VRING_TX);
        transmit(chance.between(0, 32));
        switch (chance.between(0, 5)) {
        case 0:
            vhost().set_call(index, -1);
            driver_.queue(index).renew_call_fd();
            vhost().set_call(index, driver_.queue(index).call_fd().get());
            return "call eventfd";
        case 1:
            driver_.stop_queue(index);
            driver_.start_queue(index);
            return "backend away and back";
        case 2:
            driver_.stop_queue(index);
            vhost().reset_coalescing(index, VHN_RESET_QUEUE);
            driver_.reset_queue(index);
            driver_.start_queue(index);
            return "queue reset";
        case 3:
            set_memory();
            return "memory table";
        case 4:
            change_worker(index);
            return "worker";
        default:
            change_owner();
            return "owner";
        }
    }

    /// Frames pass in both directions, and the driver hears of it.
    void expect_traffic() {
        driver_.reclaim();
        transmit(1);
        receive();
        for (unsigned index : {VHN_VRING_RX, VHN_VRING_TX}) {
            Queue& queue = driver_.queue(index);
            const std::uint64_t signals = queue.signals();
            EXPECT_TRUE(!queue.ring().enable_callbacks() ||
                        queue.wait_signals(signals + 1, generous))
                << "queue " << index << " is silent";
        }
        receive();
        driver_.reclaim();
    }

private:
    VhostNet& vhost() { return driver_.vhost(); }

    void transmit(unsigned frames) {
        while (frames-- > 0 && driver_.send(make_frame(transmitted_))) {
            transmitted_++;
        }
        driver_.tx().publish();
    }

    /// What a reset takes away is lost; nothing is spoilt, doubled or out of turn.
    void receive() {
        while (const auto frame = driver_.receive()) {
            const auto sequence = frame_sequence(frame->data);
            ASSERT_TRUE(sequence) << "a frame is not what it was";
            EXPECT_GE(*sequence, next_);
            next_ = *sequence + 1;
        }
        driver_.post();
    }

    void set_memory() {
        const vhost_memory_region region = driver_.memory().region();
        vhost().set_memory({&region, 1});
    }

    void change_worker(unsigned index) {
        const unsigned before = vhost().worker(index);
        vhost().attach_worker(index, vhost().new_worker());
        if (before != vhost().worker(1 - index)) {
            vhost().free_worker(before);
        }
    }

    void change_owner() {
        vhost().reset_owner();
        vhost().set_owner();
        set_memory();
        driver_.reset_queue(VHN_VRING_RX);
        driver_.reset_queue(VHN_VRING_TX);
        driver_.start();
    }

    void flood(const std::stop_token& enough) {
        std::uint64_t sequence = 0;
        while (!enough.stop_requested()) {
            for (unsigned i = 0; i < 16; i++) {
                // Those that do not fit are missing, as on any network.
                host_.send(make_frame(sequence++));
            }
            std::this_thread::sleep_for(1ms);
        }
    }

    /// In between there is no owner, who alone may do this.
    void meddle(const std::stop_token& enough) {
        Chance chance(number_from_environment("VCOAL_SEED", 1));
        while (!enough.stop_requested()) {
            const unsigned index = chance.between(VHN_VRING_RX, VHN_VRING_TX);
            try {
                vhost().set_coalescing(
                    index, chance.of({VHN_COAL_QUEUE, VHN_COAL_DIRECTION, VHN_COAL_HOST}),
                    {chance.of({0U, 1U, 16U, ~0U}), chance.of({0U, 1U, 100U, 10'000U})});
                vhost().coalescing(index);
                vhost().statistics(index);
            } catch (const Error& error) {
                if (error.code() != EPERM) {
                    meddling_ = error.what();
                    return;
                }
            }
            std::this_thread::yield();
        }
    }

    NetDriver driver_{churn_options(GetParam() ? feature(VIRTIO_F_RING_PACKED) : 0)};
    PacketSocket host_{started(driver_).tap().name()};
    std::uint64_t transmitted_ = 0;
    std::uint64_t next_ = 0;

protected:
    /// Why the one who meddles gave up; to be read when that has ended.
    std::string meddling_;
    std::jthread flood_{[this](const std::stop_token& enough) { flood(enough); }};
    std::jthread meddler_{[this](const std::stop_token& enough) { meddle(enough); }};
};

/// `vcoal pair` and a kernel's driver, with the host pinging as fast as it can.
class PairChurn : public EachDriver {
protected:
    void SetUp() override { pair_anew(); }

    std::string change(Chance& chance) {
        const bench::Child flood({"ping", "-f", "-q", pairing_->guest().address}, nullptr,
                                 bench::Errors::output);
        await_packets();
        switch (chance.between(0, 7)) {
        case 0:
            pairing_->send_signal(SIGKILL);
            EXPECT_EQ(pairing_->await_end(), 128 + SIGKILL);
            pair_anew();
            return "kill -9";
        case 1:
            reload_driver();
            return "the driver's module";
        case 2:
            reload_all();
            return "all modules";
        case 3:
            delete_namespace();
            return "the namespace";
        case 4:
            pairing_->rebind();
            return "device reset";
        case 5: {
            const std::string size = chance.of({"32", "64", "128", "256"});
            pairing_->ethtool("-G", {"rx", size, "tx", size});
            return "ring sizes";
        }
        case 6:
            pairing_->toggle_link();
            return "link";
        default:
            pairing_->ethtool("-C", {"rx-usecs", chance.of({"0", "100", "5000"}), "rx-frames",
                                     chance.of({"0", "1"}), "tx-frames", "1"});
            return "parameters";
        }
    }

    void expect_traffic() { EXPECT_TRUE(pairing_->ping()); }

private:
    void pair_anew() {
        pairing_.reset();
        pairing_ = std::make_unique<Pairing>(vhost_node, with_driver());
    }

    void await_packets() {
        const auto signals = [this] { return counts_of(pairing_->stats(), 0).signals; };
        const auto before = signals();
        EXPECT_TRUE(eventually([&] { return signals() > before + 20; })) << "nothing is received";
    }

    static void load_driver() {
        if (GetParam() == std::string(our_driver)) {
            load_our_driver();
        } else {
            load_system_module(GetParam());
        }
    }

    void reload_driver() {
        unload(GetParam());
        pairing_->await_event("down");
        load_driver();
        pairing_->await_up();
    }

    void reload_all() {
        pairing_.reset();
        for (const char* module :
             {our_driver, "virtio_loopback_selftest", "virtio_loopback", "vhost_net_coal"}) {
            unload(module);
        }
        load_our_module("drivers/vhost/vhost_net_coal.ko");
        load_loopback();
        load_our_driver();
        pair_anew();
    }

    /// What is being given back goes on using a module for a moment.
    static void unload(const char* module) {
        EXPECT_TRUE(eventually([module] {
            try {
                unload_module(module);
                return true;
            } catch (const Error& error) {
                return error.code() == ENOENT;
            }
        })) << module
            << " stays in use";
    }

    /// The interface is in a namespace that goes while packets pass; it falls back into
    /// the first one, from where a reset brings it home.
    void delete_namespace() {
        const std::string name = "churn";
        ASSERT_EQ(run({"ip", "netns", "add", name}).status, 0);
        ASSERT_EQ(
            pairing_->in_guest({"ip", "link", "set", pairing_->interface(), "netns", name}).status,
            0);
        {
            const InNetNs inside(NetNs::open(name));
            NetDev device(pairing_->interface());
            device.set_address(pairing_->guest().address, 24);
            device.set_up(true);
        }
        await_packets();
        ASSERT_EQ(run({"ip", "netns", "del", name}).status, 0);
        pairing_->rebind();
    }

    std::unique_ptr<Pairing> pairing_;
};

std::string layout_of(const testing::TestParamInfo<bool>& info) {
    return info.param ? "packed" : "split";
}

} // namespace

TEST_P(DeviceChurn, PacketsMoveAfterEveryChange) {
    each_round(
        20, [this](Chance& chance) { return change(chance); }, [this] { expect_traffic(); });
    meddler_.request_stop();
    meddler_.join();
    EXPECT_EQ(meddling_, "");
}

INSTANTIATE_TEST_SUITE_P(Layout, DeviceChurn, testing::Bool(), layout_of);

TEST_P(PairChurn, PacketsMoveAfterEveryChange) {
    each_round(
        1, [this](Chance& chance) { return change(chance); }, [this] { expect_traffic(); });
}

INSTANTIATE_TEST_SUITE_P(Driver, PairChurn, both_drivers(), driver_name);
