// SPDX-License-Identifier: GPL-2.0-only
#include "support/vhost_states.hpp"

#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr std::uint16_t ring_size = 64;
constexpr std::size_t memory_bytes = std::size_t{256} * 1024;

} // namespace

const char* state_name(State state) {
    switch (state) {
    case State::fresh:
        return "fresh";
    case State::owned:
        return "owned";
    case State::memory:
        return "memory";
    case State::sized:
        return "sized";
    case State::ready:
        return "ready";
    case State::running:
        return "running";
    case State::stopped:
        return "stopped";
    case State::disowned:
        return "disowned";
    case State::elsewhere:
        return "elsewhere";
    }
    return "?";
}

VhostSetup::VhostSetup(const std::string& node, Tap& shared_tap, State state)
    : vhost(node), tap(shared_tap), memory(memory_bytes), rx(memory, {.size = ring_size}),
      tx(memory, {.size = ring_size}) {
    if (state == State::fresh) {
        return;
    }
    if (state == State::elsewhere) {
        own_elsewhere();
        return;
    }
    vhost.set_owner();
    if (state == State::owned) {
        return;
    }
    const vhost_memory_region region = memory.region();
    vhost.set_memory({&region, 1});
    if (state == State::memory) {
        return;
    }
    if (state == State::sized) {
        vhost.set_vring_size(VHN_VRING_RX, ring_size);
        vhost.set_vring_size(VHN_VRING_TX, ring_size);
        return;
    }
    configure();
    if (state == State::ready) {
        return;
    }
    vhost.set_backend(VHN_VRING_RX, tap.get());
    vhost.set_backend(VHN_VRING_TX, tap.get());
    if (state == State::running) {
        return;
    }
    vhost.set_backend(VHN_VRING_RX, -1);
    vhost.set_backend(VHN_VRING_TX, -1);
    if (state == State::disowned) {
        vhost.reset_owner();
    }
}

void VhostSetup::configure() {
    vhost.set_features(feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_RING_F_EVENT_IDX));
    rx.configure(vhost, VHN_VRING_RX, 0);
    tx.configure(vhost, VHN_VRING_TX, 0);
}

void VhostSetup::own_elsewhere() {
    const pid_t child = ::fork();
    if (child < 0) {
        throw Error("process", "fork", errno);
    }
    if (child == 0) {
        ::_exit(vhost.try_ioctl(VHOST_SET_OWNER, nullptr));
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0) {
        throw Error(vhost.path(), "become owner in another process", WEXITSTATUS(status));
    }
}

} // namespace vcoal::test
