// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/steering.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <steering.skel.h>
#include <string>

namespace vcoal {
namespace {

/// Automatic steering hashes addresses and, where there are, ports.
constexpr std::uint32_t automatic_types = 0x3f;
/// Any will do.
constexpr std::array<std::uint8_t, rss_max_key> automatic_key{
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

[[noreturn]] void refuse(const std::string& what, const std::string& hint) {
    throw Error("steering", what, EINVAL, hint);
}

void check_pair(unsigned pair) {
    if (pair >= steering_pairs) {
        refuse("use pair " + std::to_string(pair),
               "the last is " + std::to_string(steering_pairs - 1));
    }
}

void check(const RssConfig& config) {
    if (config.hash.key.size() > rss_max_key) {
        refuse("use a key of " + std::to_string(config.hash.key.size()) + " bytes",
               "it has up to " + std::to_string(rss_max_key));
    }
    if (!std::has_single_bit(config.table.size()) || config.table.size() > rss_max_table) {
        refuse("use a table of " + std::to_string(config.table.size()) + " entries",
               "they are a power of two up to " + std::to_string(rss_max_table));
    }
    check_pair(config.unclassified);
    std::ranges::for_each(config.table, check_pair);
}

} // namespace

Steering::Steering() {
    // The kernel's word is enough; libbpf would tell it in lines of its own.
    libbpf_set_print(nullptr);
    object_.reset(steering::open_and_load());
    if (!object_) {
        throw Error("steering program", "load", errno,
                    "this needs CAP_BPF and CAP_NET_ADMIN, or leave out --queues");
    }
    reset();
}

Steering::~Steering() = default;

void Steering::Destroy::operator()(steering* object) const noexcept {
    steering::destroy(object);
}

int Steering::program() const {
    return bpf_program__fd(object_->progs.steer);
}

int Steering::filter_program() const {
    return bpf_program__fd(object_->progs.keep);
}

void Steering::attach(Tap& tap) {
    tap.set_steering_program(program());
    tap.set_filter_program(filter_program());

    learning_.emplace(tap.name(), tap.netdev().index(), bpf_program__fd(object_->progs.learn));
}

void Steering::learn(bool wanted) {
    if (learning_) {
        learning_->want(wanted);
    }
}

// Whoever still reads the rule that is written here finds that turn has moved on, and
// judges again (steer in steering.bpf.c).
void Steering::put(const steering_rule& rule) {
    auto& bss = *object_->bss;
    const std::atomic_ref turn(bss.turn);
    const std::uint32_t next = turn.load() + 1;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    bss.rules[next % 2] = rule;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    turn.store(next);
}

void Steering::reset() {
    for (unsigned pair = 0; pair < steering_pairs; pair++) {
        set_enabled(pair, false);
    }
    set_active_pairs(1);
}

void Steering::set_active_pairs(unsigned pairs) {
    if (pairs == 0) {
        refuse("use 0 pairs", "1 is the least");
    }
    check_pair(pairs - 1);
    steering_rule rule{};
    rule.pairs = pairs;
    rule.types = automatic_types;
    std::ranges::copy(automatic_key, rule.key);
    put(rule);
    learn(pairs > 1);
}

void Steering::set_rss(const RssConfig& config) {
    check(config);
    steering_rule rule{};
    rule.types = config.hash.types;
    rule.mask = static_cast<std::uint32_t>(config.table.size() - 1);
    rule.unclassified = config.unclassified;
    std::ranges::copy(config.hash.key, rule.key);
    std::ranges::copy(config.table, rule.table);
    put(rule);
    learn(false);
}

void Steering::set_enabled(unsigned pair, bool enabled) {
    check_pair(pair);
    std::atomic_ref(object_->bss->enabled[pair]).store(enabled ? 1 : 0);
}

} // namespace vcoal
