// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "hunter/backend.hpp"
#include "hunter/kernel.hpp"
#include "hunter/step.hpp"
#include "hunter/store_buffer.hpp"
#include "vcoal/guest_memory.hpp"
#include "vcoal/ring.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

namespace hunter {

/// What the device does, as seen through its tracepoints and its eventfd.
class Observer {
public:
    Observer() = default;
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;
    Observer(Observer&&) = delete;
    Observer& operator=(Observer&&) = delete;

    /// A packet is in the driver's buffers, header included; not published yet.
    virtual void delivered(std::uint32_t bytes) = 0;
    virtual void published(std::uint32_t packets) = 0;
    /// A condition was met; was the driver told?
    virtual void evaluated(vhn_coal_reason reason, bool told) = 0;
    virtual void signalled() = 0;
    /// Others may act.
    virtual void yield() = 0;

protected:
    ~Observer() = default;
};

/// One virtqueue of the module, its real code, and what a kernel does around it: a clock,
/// a timer, a worker, guest memory. There is one at a time.
class Device {
public:
    static constexpr std::uint32_t header = 12;

    Device(const Setup& setup, vcoal::GuestMemory& memory, Observer& observer);
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    Device(Device&&) = delete;
    Device& operator=(Device&&) = delete;
    ~Device();

    Backend& backend() noexcept { return backend_; }
    const Backend& backend() const noexcept { return backend_; }
    std::uint64_t now() const noexcept { return now_; }

    /// VHOST_SET_VRING_*, then the back end. With @p base the ring begins there.
    void start(const vcoal::DriverRing& ring, std::optional<unsigned> base);
    void stop();
    bool running() const { return queue_.sock != nullptr; }
    bool broken() const { return queue_.broken; }
    void kick();
    void swap_call();
    int set(vhn_coal_target target, vhn_coal_params params, bool lock);
    void reset(vhn_coal_scope scope);
    void set_guest(bool guest);
    vhn_coal_state state();
    vhn_vring_stats stats();

    /// The worker does what it was given; false: nothing.
    bool work();
    /// Nothing is left to do now.
    bool idle() const;
    /// When the timer's time comes.
    std::optional<std::uint64_t> expiry() const;
    bool callback_waits() const { return queue_.notify.timer.running; }
    void set_clock(std::uint64_t now);
    void expire();
    void callback();
    void drain(std::size_t which) { stores_.drain_one(which); }

    // What the C files call.
    void store(void* to, const void* value, unsigned size);
    void load(const void* from, unsigned size);
    void barrier();
    void write_barrier();
    void signal(const eventfd_ctx* ctx);
    void queue_work(vhn_work* work);
    void run_timer();
    Observer& observer() noexcept { return observer_; }

private:
    const Setup& setup_;
    bool weak_;
    vcoal::GuestMemory& memory_;
    Observer& observer_;
    StoreBuffer stores_;
    std::uint64_t now_ = 1'000'000'000;
    unsigned expiries_ = 0; ///< since the clock moved
    std::deque<vhn_work*> work_;
    std::deque<eventfd_ctx> calls_;
    Backend backend_;
    std::unique_ptr<vhn_dev> dev_;
    vhn_queue& queue_;
};

} // namespace hunter
