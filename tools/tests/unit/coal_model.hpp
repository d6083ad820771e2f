// SPDX-License-Identifier: GPL-2.0-only
//
// The reference: one virtqueue as spec 3.5 and design 3.5 to 3.8 describe it, written
// from those texts and in their words, not after the C code. It is ideal: its timer
// expires on the nanosecond, and what is due is notified at once.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace model {

constexpr std::uint64_t nanoseconds_per_microsecond = 1000;
constexpr std::uint32_t built_in_limit_usecs = 1'000'000;
constexpr std::uint32_t no_packet_limit = std::numeric_limits<std::uint32_t>::max();

enum class Reason { count, timer, immediate, flush };

struct Parameters {
    std::uint32_t packets = 0;
    std::uint32_t usecs = 0;
    bool operator==(const Parameters&) const = default;
};

struct Notification {
    std::uint64_t time;
    Reason reason;
    std::uint64_t packets; ///< pending until then
    bool operator==(const Notification&) const = default;
};

enum class Target { queue, direction, host, limit };

class Queue {
public:
    /// The guest acknowledged NOTF_COAL or VQ_NOTF_COAL, or neither.
    void acknowledge(bool coalescing, std::uint64_t now) {
        guest_decides_ = coalescing;
        parameters_changed(now);
    }

    /// 0 or an errno; nothing changes after an error (AMB-8).
    int set(Target target, Parameters wanted, bool lock, std::uint64_t now) {
        if (const int refused = judge(target, wanted, lock); refused != 0) {
            return refused;
        }
        switch (target) {
        case Target::direction:
            direction_ = wanted;
            [[fallthrough]];
        case Target::queue:
            requested_ = wanted;
            break;
        case Target::host:
            host_ = wanted;
            break;
        case Target::limit:
            limit_.packets = wanted.packets == 0 ? no_packet_limit : wanted.packets;
            limit_.usecs = wanted.usecs == 0 ? built_in_limit_usecs : wanted.usecs;
            locked_ = lock;
            break;
        }
        parameters_changed(now);
        return 0;
    }

    Parameters effective() const {
        const Parameters& asked = guest_decides_ ? requested_ : host_;
        return {std::min(asked.packets, limit_.packets), std::min(asked.usecs, limit_.usecs)};
    }

    void published(std::uint32_t packets, std::uint64_t now) {
        if (packets == 0) {
            return;
        }
        if (pending_ == 0) {
            first_ = now;
        }
        pending_ += packets;
        judge_pending(now);
    }

    /// When the ideal timer expires, if it runs.
    std::optional<std::uint64_t> deadline() const {
        if (pending_ == 0) {
            return std::nullopt;
        }
        return first_ + effective().usecs * nanoseconds_per_microsecond;
    }

    void time_passed(std::uint64_t now) { judge_pending(now); }

    void flush(std::uint64_t now) {
        if (pending_ > 0) {
            fire(Reason::flush, now);
        }
    }

    /// COAL-D5, COAL-D6, VQR-D1.
    void reset_queue() {
        pending_ = 0;
        requested_ = direction_;
    }

    /// COAL-D9, RST-D1; the host's default and limits are not the guest's to reset.
    void reset_device() {
        pending_ = 0;
        requested_ = direction_ = {};
    }

    std::uint64_t pending() const { return pending_; }
    const std::vector<Notification>& notifications() const { return sent_; }

private:
    int judge(Target target, const Parameters& wanted, bool lock) const {
        if (lock && target != Target::limit) {
            return EINVAL;
        }
        if (target == Target::host || target == Target::limit) {
            return wanted.usecs > built_in_limit_usecs ? ERANGE : 0;
        }
        if (locked_) {
            return EPERM;
        }
        const bool above = wanted.packets > limit_.packets || wanted.usecs > limit_.usecs;
        return above ? ERANGE : 0;
    }

    void parameters_changed(std::uint64_t now) { judge_pending(now); }

    void judge_pending(std::uint64_t now) {
        if (pending_ == 0) {
            return;
        }
        const auto [packets, usecs] = effective();
        if (packets == 0 || usecs == 0) {
            fire(Reason::immediate, now);
        } else if (pending_ >= packets) {
            fire(Reason::count, now);
        } else if (now >= *deadline()) {
            fire(Reason::timer, now);
        }
    }

    void fire(Reason reason, std::uint64_t now) {
        sent_.push_back({now, reason, pending_});
        pending_ = 0;
    }

    Parameters host_;
    Parameters requested_;
    Parameters direction_;
    Parameters limit_{no_packet_limit, built_in_limit_usecs};
    bool guest_decides_ = false;
    bool locked_ = false;
    std::uint64_t pending_ = 0;
    std::uint64_t first_ = 0;
    std::vector<Notification> sent_;
};

} // namespace model
