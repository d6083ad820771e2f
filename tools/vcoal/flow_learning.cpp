// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/flow_learning.hpp"

#include "vcoal/error.hpp"

namespace vcoal {

FlowLearning::FlowLearning(const std::string& tap, int interface, int program) : program_(program) {
    hook_.sz = sizeof(hook_);
    hook_.ifindex = interface;
    hook_.attach_point = BPF_TC_INGRESS;
    int result = ::bpf_tc_hook_create(&hook_);
    if (result == 0) {
        result = set_attached(true);
    }
    if (result == 0) {
        result = set_attached(false);
    }
    if (result != 0) {
        throw Error("tap " + tap, "attach learning program", -result,
                    "this needs the kernel's sch_ingress and cls_bpf");
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void FlowLearning::want(bool wanted) {
    const std::scoped_lock lock(mutex_);
    wanted_ = wanted;
    changed_.notify_all();
}

bool FlowLearning::active() const {
    const std::scoped_lock lock(mutex_);
    return active_;
}

void FlowLearning::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    bool attached = false;
    while (changed_.wait(lock, stop, [&] { return wanted_ != attached; })) {
        attached = wanted_;
        lock.unlock();
        const int result = set_attached(attached);
        lock.lock();
        // It was possible before. Should it not be now, flows go where their hashes say.
        active_ = attached && result == 0;
    }
}

int FlowLearning::set_attached(bool attached) {
    if (!attached) {
        place_.prog_fd = 0;
        return ::bpf_tc_detach(&hook_, &place_);
    }
    place_ = {};
    place_.sz = sizeof(place_);
    place_.prog_fd = program_;
    const int result = ::bpf_tc_attach(&hook_, &place_);
    // What finds it again is what detaching takes.
    place_.prog_id = place_.flags = 0;
    return result;
}

} // namespace vcoal
