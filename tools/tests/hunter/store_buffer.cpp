// SPDX-License-Identifier: GPL-2.0-only
#include "hunter/store_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace hunter {

bool StoreBuffer::overlap(const Store& store, const std::byte* at, unsigned size) {
    return store.to < at + size && at < store.to + store.size;
}

void StoreBuffer::carry_out(const Store& store) {
    std::memcpy(store.to, &store.value, store.size);
}

void StoreBuffer::store(void* to, const void* value, unsigned size) {
    if (stores_.size() == capacity) {
        drain_one(0);
    }
    Store store{static_cast<std::byte*>(to), 0, size, epoch_};
    std::memcpy(&store.value, value, size);
    stores_.push_back(store);
}

void StoreBuffer::before_load(const void* from, unsigned size) {
    const auto* at = static_cast<const std::byte*>(from);
    if (std::ranges::any_of(stores_, [&](const Store& s) { return overlap(s, at, size); })) {
        drain();
    }
}

void StoreBuffer::write_barrier() {
    epoch_++;
}

void StoreBuffer::drain() {
    std::ranges::for_each(stores_, carry_out);
    stores_.clear();
}

void StoreBuffer::drain_one(std::size_t which) {
    if (stores_.empty()) {
        return;
    }
    const auto end = std::ranges::find_if(
        stores_, [&](const Store& s) { return s.epoch != stores_.front().epoch; });
    const auto at = which % static_cast<std::size_t>(end - stores_.begin());
    const Store chosen = stores_[at];
    // Stores to one place stay in order: those before it come first.
    for (std::size_t i = 0; i < at; i++) {
        if (overlap(stores_[i], chosen.to, chosen.size)) {
            carry_out(stores_[i]);
            stores_[i].size = 0;
        }
    }
    carry_out(chosen);
    stores_[at].size = 0;
    std::erase_if(stores_, [](const Store& s) { return s.size == 0; });
}

} // namespace hunter
