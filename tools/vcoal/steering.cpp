// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/steering.hpp"

#include "vcoal/error.hpp"

#include <atomic>
#include <cerrno>
#include <steering.skel.h>

namespace vcoal {

Steering::Steering() {
    // The kernel's word is enough; libbpf would tell it in lines of its own.
    libbpf_set_print(nullptr);
    object_.reset(steering::open_and_load());
    if (!object_) {
        throw Error("steering program", "load", errno,
                    "this needs CAP_BPF and CAP_NET_ADMIN, or leave out --queues");
    }
}

Steering::~Steering() = default;

void Steering::Destroy::operator()(steering* object) const noexcept {
    steering::destroy(object);
}

int Steering::program() const {
    return bpf_program__fd(object_->progs.steer);
}

void Steering::set_active_pairs(unsigned pairs) {
    std::atomic_ref(object_->data->active_pairs).store(pairs, std::memory_order_relaxed);
}

} // namespace vcoal
