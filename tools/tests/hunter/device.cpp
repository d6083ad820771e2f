// SPDX-License-Identifier: GPL-2.0-only
#include "hunter/device.hpp"

#include "hunter/finding.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <linux/virtio_ring.h>
#include <new>

extern "C" {
#include "defaults.h"
#include "mem.h"
}

namespace hunter {
namespace {

Device* device;

/// The one region, as VHOST_SET_MEM_TABLE gives it.
vhn_mem* memory_table(const vcoal::GuestMemory& memory) {
    alignas(vhost_memory) std::byte table[sizeof(vhost_memory) + sizeof(vhost_memory_region)]{};
    auto* head = reinterpret_cast<vhost_memory*>(table);
    head->nregions = 1;
    head->regions[0] = memory.region();
    return vhn_mem_from_user(head, 64);
}

} // namespace

Device::Device(const Setup& setup, vcoal::GuestMemory& memory, Observer& observer)
    : setup_(setup), weak_(setup.weak && !setup.exact), memory_(memory), observer_(observer),
      calls_(1),
      backend_(header, setup.batches, [this](std::uint32_t n) { observer_.delivered(n); }),
      dev_(std::make_unique<vhn_dev>()),
      queue_(dev_->queues[setup.transmit ? VHN_VRING_TX : VHN_VRING_RX]) {
    device = this;
    dev_->mem = memory_table(memory);
    vhn_defaults_lock();
    vhn_queue_init(&queue_, dev_.get(), setup.transmit ? VHN_VRING_TX : VHN_VRING_RX);
    vhn_defaults_unlock();
    if (vhn_queue_alloc(&queue_) != 0) {
        throw std::bad_alloc();
    }
    queue_.mem = dev_->mem;
    queue_.features = setup.mergeable ? BIT_ULL(VIRTIO_NET_F_MRG_RXBUF) : 0;
    queue_.sock_hlen = header;
}

Device::~Device() {
    vhn_queue_free(&queue_);
    vhn_mem_free(dev_->mem);
    device = nullptr;
}

void Device::start(const vcoal::DriverRing& ring, std::optional<unsigned> base) {
    const vcoal::RingAddresses& at = ring.addresses();
    vhn_vring& vr = queue_.ring;
    vr.desc = std::bit_cast<vring_desc*>(at.desc);
    vr.avail = std::bit_cast<vring_avail*>(at.avail);
    vr.used = std::bit_cast<vring_used*>(at.used);
    vr.num = setup_.size;
    vr.packed = setup_.packed;
    vr.event_idx = setup_.event_idx;
    vr.indirect = setup_.indirect > 0;
    if (base) {
        vr.last_avail = static_cast<u16>(*base);
        vr.last_used = static_cast<u16>(*base >> 16U);
    }
    queue_.notify.call = &calls_.back();
    if (vhn_queue_set_backend(&queue_, 0) != 0) {
        throw Finding("a good ring is refused");
    }
}

void Device::stop() {
    vhn_queue_set_backend(&queue_, -1);
    if (queue_.notify.timer.queued || queue_.notify.timer.running) {
        throw Finding("RST-D1: the timer of a queue that was stopped runs");
    }
}

void Device::kick() {
    if (queue_.kick_poll.armed) {
        queue_.kick_poll.woken(&queue_.kick_poll);
    }
}

void Device::swap_call() {
    if (running()) {
        vhn_notify_flush_wait(&queue_.notify);
    }
    calls_.emplace_back();
    queue_.notify.call = &calls_.back();
    // As VHOST_SET_VRING_CALL: who listens now has not seen what was signalled before.
    queue_.ring.signalled_valid = false;
}

int Device::set(vhn_coal_target target, vhn_coal_params params, bool lock) {
    vhn_coal_set set{};
    set.target = target;
    set.params = params;
    set.flags = lock ? VHN_COAL_F_LOCKED : 0;
    return std::min(vhn_notify_set(&queue_.notify, &set), 0);
}

void Device::reset(vhn_coal_scope scope) {
    vhn_notify_reset(&queue_.notify, scope);
}

void Device::set_guest(bool guest) {
    vhn_notify_set_guest(&queue_.notify, guest);
}

vhn_coal_state Device::state() {
    vhn_coal_state state{};
    vhn_notify_get(&queue_.notify, &state);
    return state;
}

vhn_vring_stats Device::stats() {
    vhn_vring_stats stats{};
    vhn_notify_report(&queue_.notify, &stats);
    return stats;
}

bool Device::idle() const {
    const auto expires = expiry();
    return work_.empty() && !callback_waits() && !(expires && *expires <= now_);
}

bool Device::work() {
    if (work_.empty()) {
        return false;
    }
    while (!work_.empty()) {
        vhn_work* next = work_.front();
        work_.pop_front();
        next->queued = 0;
        next->fn(next);
    }
    return true;
}

std::optional<std::uint64_t> Device::expiry() const {
    const hrtimer& timer = queue_.notify.timer;
    if (!timer.queued) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(timer.expires);
}

void Device::set_clock(std::uint64_t now) {
    if (now != now_) {
        expiries_ = 0;
    }
    now_ = now;
}

void Device::expire() {
    constexpr unsigned most = 1000;
    hrtimer& timer = queue_.notify.timer;
    if (timer.queued && !timer.running && *expiry() <= now_) {
        if (++expiries_ > most) {
            throw Finding("COAL-O4: a timer expires over and over at one moment");
        }
        timer.queued = false;
        timer.running = true;
    }
}

void Device::callback() {
    if (queue_.notify.timer.running) {
        run_timer();
    }
}

void Device::run_timer() {
    hrtimer& timer = queue_.notify.timer;
    timer.running = false;
    if (timer.function(&timer) == HRTIMER_RESTART) {
        timer.queued = true;
    }
}

void Device::store(void* to, const void* value, unsigned size) {
    observer_.yield();
    if (weak_) {
        stores_.store(to, value, size);
    } else {
        std::memcpy(to, value, size);
    }
}

void Device::load(const void* from, unsigned size) {
    observer_.yield();
    if (weak_) {
        stores_.before_load(from, size);
    }
}

void Device::barrier() {
    observer_.yield();
    stores_.drain();
    observer_.yield();
}

void Device::write_barrier() {
    stores_.write_barrier();
    observer_.yield();
}

void Device::signal(const eventfd_ctx* ctx) {
    if (ctx != &calls_.back()) {
        throw Finding("an eventfd is signalled that was given up");
    }
    // Whoever is woken sees what was done before.
    stores_.drain();
    observer_.signalled();
}

void Device::queue_work(vhn_work* work) {
    if (work->queued == 0) {
        work->queued = 1;
        work_.push_back(work);
    }
}

} // namespace hunter

using hunter::device;

extern "C" {

void hunt_yield() {
    device->observer().yield();
}

void hunt_load(const void* from, unsigned size) {
    device->load(from, size);
}

void hunt_store(void* to, const void* value, unsigned size) {
    device->store(to, value, size);
}

void hunt_barrier() {
    device->barrier();
}

void hunt_write_barrier() {
    device->write_barrier();
}

void hunt_broken(const char* what) {
    throw hunter::Finding(what);
}

u64 hunt_clock() {
    return device->now();
}

void hunt_signal(eventfd_ctx* ctx) {
    device->signal(ctx);
}

void hunt_timer_run(hrtimer* /*timer*/) {
    device->run_timer();
}

// In place of drivers/vhost/worker.c and worker_pool.c.
void vhn_work_init(vhn_work* work, void (*fn)(vhn_work* work)) {
    work->fn = fn;
    work->queued = 0;
}

void vhn_attachment_init(vhn_attachment* /*attachment*/) {
}

void vhn_attachment_queue(vhn_attachment* /*attachment*/, vhn_work* work) {
    device->queue_work(work);
}

void vhn_attachment_run(vhn_attachment* /*attachment*/, vhn_work* work) {
    device->queue_work(work);
    device->work();
}

void vhn_poll_init(vhn_poll* poll, __poll_t events, void (*woken)(vhn_poll* poll)) {
    *poll = {};
    poll->events = events;
    poll->woken = woken;
}

int vhn_poll_start(vhn_poll* poll, file* watched) {
    if (poll->head != nullptr) {
        return 0;
    }
    poll->head = &watched->wait;
    poll->head->watcher = poll;
    if (poll->armed && (watched->ready & poll->events) != 0) {
        poll->woken(poll);
    }
    return 0;
}

void vhn_poll_stop(vhn_poll* poll) {
    if (poll->head != nullptr) {
        poll->head->watcher = nullptr;
    }
    poll->head = nullptr;
}

// The tracepoints.
void trace_vhn_batch(u32 /*dev*/, u32 /*vq*/, u32 packets, u32 /*pending*/) {
    device->observer().published(packets);
}

void trace_vhn_notify(u32 /*dev*/, u32 /*vq*/, int reason) {
    device->observer().evaluated(static_cast<vhn_coal_reason>(reason), true);
}

void trace_vhn_suppress(u32 /*dev*/, u32 /*vq*/, int reason) {
    device->observer().evaluated(static_cast<vhn_coal_reason>(reason), false);
}

void trace_vhn_arm(u32 /*dev*/, u32 /*vq*/, u32 /*pending*/, u64 /*deadline*/) {
}

void trace_vhn_timer_fire(u32 /*dev*/, u32 /*vq*/, u32 /*pending*/, bool /*due*/) {
}

void trace_vhn_broken(u32 /*dev*/, u32 /*vq*/, int err) {
    throw hunter::Finding("a good ring is called broken, error " + std::to_string(-err));
}
}
