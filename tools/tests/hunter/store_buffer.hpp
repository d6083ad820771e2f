// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hunter {

/// What a CPU has stored and others do not see yet. A write barrier keeps what comes
/// behind it from overtaking what was before; a full one lets everything be seen.
class StoreBuffer {
public:
    void store(void* to, const void* value, unsigned size);
    /// The CPU sees its own stores.
    void before_load(const void* from, unsigned size);
    void write_barrier();
    void drain();
    /// One store is seen, out of those that no barrier holds back.
    void drain_one(std::size_t which);

private:
    struct Store {
        std::byte* to;
        std::uint64_t value;
        unsigned size;
        unsigned epoch; ///< write barriers before it
    };

    static constexpr std::size_t capacity = 48;

    static bool overlap(const Store& store, const std::byte* at, unsigned size);
    static void carry_out(const Store& store);

    std::vector<Store> stores_;
    unsigned epoch_ = 0;
};

} // namespace hunter
