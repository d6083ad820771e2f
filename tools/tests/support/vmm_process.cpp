// SPDX-License-Identifier: GPL-2.0-only
#include "support/vmm_process.hpp"

#include "support/bench.hpp"
#include "support/vhost_states.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/host_control.hpp"
#include "vcoal/netns.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <grp.h>
#include <memory>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace vcoal::test {
namespace {

struct Request {
    unsigned vring;
    vhn_coal_params params;
};

void become(const VmmOptions& options) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const bool done = ::setgroups(0, nullptr) == 0 && ::setgid(options.uid) == 0 &&
                      ::setuid(options.uid) == 0 && ::prctl(PR_SET_NAME, options.comm.c_str()) == 0;
    if (!done) {
        throw Error("uid " + std::to_string(options.uid), "become", errno);
    }
}

/// The child's life: says that it is there, and then does what it is asked to.
void live(const VmmOptions& options, std::vector<Tap>& taps, int socket) {
    become(options);
    std::vector<std::unique_ptr<VhostSetup>> files;
    for (Tap& tap : taps) {
        VhostSetup& file =
            *files.emplace_back(std::make_unique<VhostSetup>(vhost_node, tap, State::running));
        file.vhost.enable_coalescing_ioctls();
        if (options.coalesces) {
            file.vhost.set_features(feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_RING_F_EVENT_IDX) |
                                    feature(VIRTIO_NET_F_NOTF_COAL) |
                                    feature(VIRTIO_NET_F_VQ_NOTF_COAL));
        }
    }
    int code = 0;
    ::send(socket, &code, sizeof(code), 0);
    for (Request request{}; ::recv(socket, &request, sizeof(request), 0) == sizeof(request);) {
        vhn_coal_set set{};
        set.index = request.vring;
        set.target = VHN_COAL_QUEUE;
        set.params = request.params;
        code = files.front()->vhost.try_ioctl(VHN_SET_COAL, &set);
        ::send(socket, &code, sizeof(code), 0);
    }
}

int answer(int socket, const char* what) {
    int code = 0;
    if (::recv(socket, &code, sizeof(code), 0) != sizeof(code)) {
        throw Error("VMM", what, EPIPE, "it has ended");
    }
    return code;
}

} // namespace

VmmProcess::VmmProcess(const VmmOptions& options) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        throw Error("socket pair", "create", errno);
    }
    socket_ = Fd(ends[0]);
    const Fd theirs(ends[1]);
    std::vector<Tap> taps;
    for (unsigned i = 0; i < options.queues; i++) {
        taps.emplace_back(TapOptions{.name = options.tap, .multi_queue = options.queues > 1});
    }
    pid_ = ::fork();
    if (pid_ < 0) {
        throw Error("process", "fork", errno);
    }
    if (pid_ == 0) {
        socket_.reset();
        try {
            live(options, taps, theirs.get());
        } catch (const Error& error) {
            const int code = error.code();
            ::send(theirs.get(), &code, sizeof(code), 0);
        }
        ::_exit(0);
    }
    if (const int code = answer(socket_.get(), "start"); code != 0) {
        end();
        throw Error("VMM", "start", code);
    }
    await_interfaces(options.queues);
}

/// It finds them in its own time.
void VmmProcess::await_interfaces(unsigned files) const {
    const InNetNs inside(NetNs::open("/proc/1/ns/net"));
    HostControl control;
    const bool known = eventually([&] {
        return std::ranges::count_if(control.files(), [this](const HostFile& file) {
                   return file.pid == static_cast<std::uint32_t>(pid_) && file.ifindex;
               }) == static_cast<std::ptrdiff_t>(files);
    });
    if (!known) {
        throw Error("VMM", "see its interfaces", ETIMEDOUT);
    }
}

int VmmProcess::ask(unsigned vring, vhn_coal_params params) {
    const Request request{vring, params};
    ::send(socket_.get(), &request, sizeof(request), MSG_NOSIGNAL);
    return answer(socket_.get(), "ask");
}

void VmmProcess::end() {
    socket_.reset();
    if (pid_ > 0) {
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
}

} // namespace vcoal::test
