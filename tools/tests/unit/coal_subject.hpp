// SPDX-License-Identifier: GPL-2.0-only
//
// The kernel's policy and coalescer under a virtual clock, with the lazy timer and the
// worker that the module puts around them.
#pragma once

#include "coal_model.hpp"
#include "coal_reason.hpp"
#include "pure.hpp"

#include <limits>
#include <vector>

/// One virtqueue's notifications. Time only moves by advance_to().
class Subject {
public:
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    explicit Subject(std::uint64_t now = 0) : now_(now) {
        vhn_policy_init(&policy_, {}, VHN_HOLD_LIMIT_USECS);
        apply();
    }

    void acknowledge(bool coalescing) {
        policy_.guest = coalescing;
        apply();
    }

    /// 0 or an errno.
    int set(unsigned target, std::uint32_t packets, std::uint32_t usecs, unsigned flags = 0) {
        vhn_coal_set set{};
        set.target = target;
        set.params = {packets, usecs};
        set.flags = flags;
        const int result = vhn_policy_set(&policy_, &set, VHN_HOLD_LIMIT_USECS);
        if (result == 0) {
            apply();
        }
        return -result;
    }

    /// The guest's parameters for this queue, with nobody to object.
    void change(std::uint32_t packets, std::uint32_t usecs) {
        act(vhn_coal_change(&coal_, packets, usecs, now_));
    }

    void packets(std::uint32_t n) {
        pending_ += n;
        signal_or_arm(vhn_coal_packets(&coal_, n, now_));
    }

    /// The most a batch may have.
    std::uint32_t room(std::uint32_t most) const { return vhn_coal_room(&coal_, most); }

    void flush() { signal_or_arm(vhn_coal_flush(&coal_)); }

    void reset(vhn_coal_scope scope) {
        vhn_coal_drop(&coal_);
        pending_ = 0;
        vhn_policy_reset(&policy_, scope);
        apply();
    }

    /// The timer expires although nobody asked for that moment.
    void stray_timer() { act(vhn_coal_timer(&coal_, now_)); }

    /// Lets time pass, expiries in between included.
    void advance_to(std::uint64_t time) {
        while (armed_ <= time) {
            now_ = std::max(now_, armed_);
            armed_ = never;
            expiries_++;
            act(vhn_coal_timer(&coal_, now_));
        }
        now_ = std::max(now_, time);
    }

    /// While false the worker is busy elsewhere, and what is due waits.
    void set_worker_free(bool free) {
        worker_free_ = free;
        if (free && wake_) {
            take();
        }
    }

    std::uint64_t now() const { return now_; }
    std::uint64_t armed() const { return armed_; }
    unsigned expiries() const { return expiries_; }
    const vhn_coal& coal() const { return coal_; }
    const vhn_policy& policy() const { return policy_; }
    const std::vector<model::Notification>& notifications() const { return sent_; }

private:
    void apply() {
        const vhn_coal_params now = vhn_policy_effective(&policy_);
        act(vhn_coal_change(&coal_, now.max_packets, now.max_usecs, now_));
    }

    void arm(std::uint64_t deadline) { armed_ = std::min(armed_, deadline); }

    /// For events of the worker, which signals itself.
    void signal_or_arm(const vhn_coal_action& action) {
        if (action.verb == VHN_COAL_NOTIFY) {
            sent_.push_back({now_, model::reason_of(action.reason).value(), pending_});
            pending_ = 0;
        } else if (action.verb == VHN_COAL_ARM) {
            arm(action.deadline);
        }
    }

    /// For events that leave signalling to the worker.
    void act(const vhn_coal_action& action) {
        if (action.verb == VHN_COAL_ARM) {
            arm(action.deadline);
        } else if (action.verb == VHN_COAL_NOTIFY) {
            wake_ = true;
            if (worker_free_) {
                take();
            }
        }
    }

    void take() {
        wake_ = false;
        signal_or_arm(vhn_coal_take(&coal_));
    }

    vhn_policy policy_{};
    vhn_coal coal_{};
    std::uint64_t now_;
    std::uint64_t armed_ = never;
    std::uint64_t pending_ = 0;
    unsigned expiries_ = 0;
    bool worker_free_ = true;
    bool wake_ = false;
    std::vector<model::Notification> sent_;
};
