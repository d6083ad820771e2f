// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/ring_fuzz.hpp"

#include "fuzz/input.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include <linux/hunt.h>
#include <linux/vhost.h>

extern "C" {
#include "mem.h"
#include "vring.h"
}
#undef min
#undef max

namespace {

constexpr unsigned most_entries = 32;
constexpr unsigned most_steps = 64;
constexpr unsigned little_room = 8;
constexpr std::size_t piece = 2048;
constexpr u64 guest_base = 0x1000;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

using Bytes = std::unique_ptr<std::byte[]>;

/// In memory of exactly that size: AddressSanitizer watches both ends.
Bytes bytes(std::size_t size, std::span<const std::byte> from = {}) {
    Bytes result = std::make_unique<std::byte[]>(size);
    std::copy_n(from.begin(), std::min(size, from.size()), result.get());
    return result;
}

bool within(const void* p, std::size_t size, const Bytes& where, std::size_t bytes) {
    const auto* at = static_cast<const std::byte*>(p);
    return at >= where.get() && size <= bytes && at <= where.get() + (bytes - size);
}

struct Step {
    std::uint8_t what;
    std::uint8_t how_much;
    std::uint8_t when;
    std::uint16_t where;
    std::byte value;
};

class Fuzzed {
public:
    Fuzzed(std::span<const std::byte> input, bool packed) {
        ring_.packed = packed;
        ring_.num = 1 + take<std::uint8_t>(input) % most_entries;
        if (!packed) {
            ring_.num = 1U << (ring_.num % 6);
        }
        const auto features = take<std::uint8_t>(input);
        ring_.event_idx = (features & 1U) != 0;
        ring_.indirect = (features & 2U) != 0;
        const auto base = take<std::uint16_t>(input);
        ring_.last_avail = packed ? (base & 0x8000U) | base % ring_.num : base;
        ring_.last_used = ring_.last_avail;
        steps_.resize(take<std::uint8_t>(input) % most_steps);
        for (Step& step : steps_) {
            step = {take<std::uint8_t>(input), take<std::uint8_t>(input), take<std::uint8_t>(input),
                    take<std::uint16_t>(input), take<std::byte>(input)};
        }
        first_ = bytes(piece, input);
        second_ = bytes(piece, input.subspan(std::min(piece, input.size())));
        place();
        make_table();
    }
    Fuzzed(const Fuzzed&) = delete;
    Fuzzed& operator=(const Fuzzed&) = delete;
    ~Fuzzed() { vhn_mem_free(mem_); }

    void run();
    void load();
    void store(const void* to, std::size_t size) const;

private:
    void place();
    void make_table();
    void pop(unsigned room);
    void check_buffer(const vhn_chain& chain, std::span<const iovec> iov) const;
    void step(const Step& step);
    void use();
    void end_batch();

    vhn_vring ring_{};
    std::vector<Step> steps_;
    Bytes first_;
    Bytes second_;
    Bytes used_;
    std::size_t used_size_ = 0;
    vhn_mem* mem_ = nullptr;

    const Step* step_ = nullptr;
    unsigned loads_ = 0;
    bool committed_ = false;
    std::vector<vhn_chain> packet_;
    std::vector<vhn_used> pending_ = std::vector<vhn_used>(VHN_MAX_IOV);
};

Fuzzed* fuzzed;

void Fuzzed::place() {
    std::byte* at = first_.get();
    ring_.desc = reinterpret_cast<vring_desc*>(at);
    at += ring_.num * sizeof(vring_desc);
    ring_.avail = reinterpret_cast<vring_avail*>(at);
    used_size_ = ring_.packed
                     ? sizeof(vring_packed_desc_event)
                     : sizeof(vring_used) + ring_.num * sizeof(vring_used_elem) + sizeof(u16);
    used_ = bytes(used_size_);
    ring_.used = reinterpret_cast<vring_used*>(used_.get());
    if (!ring_.packed) {
        ring_.used->idx = ring_.last_used;
    }
    ring_.pending = pending_.data();
}

void Fuzzed::make_table() {
    alignas(vhost_memory) std::byte table[sizeof(vhost_memory) + 2 * sizeof(vhost_memory_region)]{};
    auto* head = reinterpret_cast<vhost_memory*>(table);
    head->nregions = 2;
    head->regions[0] = {guest_base, piece, reinterpret_cast<std::uintptr_t>(first_.get()), 0};
    head->regions[1] = {guest_base + piece, piece, reinterpret_cast<std::uintptr_t>(second_.get()),
                        0};
    mem_ = vhn_mem_from_user(head, 64);
    require(!IS_ERR(mem_));
}

/// Before the device reads: it is bounded in how often, and the guest may write.
void Fuzzed::load() {
    loads_++;
    require(loads_ <= most_entries + 2 * piece / sizeof(vring_desc) + 8);
    if (step_ != nullptr && loads_ == step_->when) {
        first_[step_->where % piece] = step_->value;
    }
}

/// Nothing is written but used entries and the word that suppresses kicks.
void Fuzzed::store(const void* to, std::size_t size) const {
    const std::size_t slots = ring_.packed ? ring_.num * sizeof(vring_packed_desc) : 0;
    require(within(to, size, used_, used_size_) || within(to, size, first_, slots));
}

void Fuzzed::check_buffer(const vhn_chain& chain, std::span<const iovec> iov) const {
    require(chain.descs >= 1 && chain.descs <= ring_.num);
    require(chain.out + chain.in >= 1 && chain.out + chain.in <= iov.size());
    u64 length = 0;
    for (const iovec& part : iov.first(chain.out + chain.in)) {
        require(part.iov_len > 0);
        require(within(part.iov_base, part.iov_len, first_, piece) ||
                within(part.iov_base, part.iov_len, second_, piece));
        length += part.iov_len;
    }
    require(length == chain.out_len + chain.in_len);
}

void Fuzzed::pop(unsigned room) {
    const u16 before = ring_.last_avail;
    vhn_chain chain{};
    // What lies behind the room is not there.
    const auto iov = std::make_unique<iovec[]>(room);
    const int r = vhn_vring_pop(&ring_, mem_, iov.get(), room, &chain);
    switch (r) {
    case 0:
        check_buffer(chain, {iov.get(), room});
        packet_.push_back(chain);
        return;
    case -EAGAIN:
    case -EFAULT:
    case -ENOBUFS:
    case -EINVAL:
    case -ELOOP:
    case -E2BIG:
        require(ring_.last_avail == before);
        return;
    default:
        std::abort();
    }
}

/// What was taken is a packet, as far as a ring has room for it.
void Fuzzed::use() {
    if (packet_.empty()) {
        return;
    }
    for (std::size_t i = 0; i < packet_.size(); i++) {
        require(vhn_vring_fill(&ring_, static_cast<u16>(i), &packet_[i],
                               static_cast<u32>(packet_[i].in_len)) == 0);
    }
    require(vhn_vring_commit(&ring_, static_cast<u16>(packet_.size())) == 0);
    packet_.clear();
    committed_ = true;
}

void Fuzzed::end_batch() {
    if (committed_) {
        require(vhn_vring_publish(&ring_) == 0);
        committed_ = false;
    }
}

void Fuzzed::step(const Step& step) {
    switch (step.what % 8) {
    case 3:
        use();
        end_batch();
        break;
    case 4: {
        const int wanted = vhn_vring_wants_call(&ring_);
        require(wanted == 0 || wanted == 1);
        break;
    }
    case 5: {
        const int more = vhn_vring_kick_enable(&ring_);
        require((more >= 0 && more <= static_cast<int>(ring_.num)) ||
                (!ring_.packed && more == -EINVAL));
        break;
    }
    case 6:
        require(vhn_vring_kick_disable(&ring_) == 0);
        break;
    case 7:
        use();
        break;
    default:
        // A packet of a few buffers: a driver has no more.
        if (packet_.size() < ring_.num) {
            pop(step.how_much % 2 != 0 ? 1 + step.how_much % little_room : VHN_MAX_IOV);
        }
    }
}

void Fuzzed::run() {
    fuzzed = this;
    require(vhn_vring_start(&ring_) == 0);
    for (const Step& next : steps_) {
        step_ = &next;
        loads_ = 0;
        step(next);
        require(ring_.packed || static_cast<u16>(ring_.avail_idx - ring_.last_avail) <= ring_.num);
    }
}

} // namespace

extern "C" {

void hunt_yield() {
}

void hunt_load(const void* /*from*/, unsigned /*size*/) {
    fuzzed->load();
}

void hunt_store(void* to, const void* value, unsigned size) {
    fuzzed->store(to, size);
    std::memcpy(to, value, size);
}

void hunt_barrier() {
}

void hunt_write_barrier() {
}

void hunt_broken(const char* /*what*/) {
    std::abort();
}
}

int fuzz_ring(const std::uint8_t* data, std::size_t size, bool packed) {
    Fuzzed(std::as_bytes(std::span(data, size)), packed).run();
    return 0;
}
