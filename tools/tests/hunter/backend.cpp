// SPDX-License-Identifier: GPL-2.0-only
//
// In place of drivers/vhost/backend.c and of a tap.
#include "hunter/backend.hpp"

#include "vcoal/virtio_net.hpp"

#include <climits>
#include <cstdlib>
#include <utility>

extern "C" {
#include <linux/if_tun.h>
#include <net/xdp.h>
}
#undef min
#undef max

namespace hunter {
namespace {

Backend* backend;

int receive(socket* /*sock*/, msghdr* /*message*/, size_t length, int /*flags*/) {
    return backend->receive(length);
}

int send(socket* /*sock*/, msghdr* message, size_t length) {
    return backend->send(*message, length);
}

constexpr proto_ops operations{.sendmsg = send, .recvmsg = receive};

} // namespace

Backend::Backend(std::uint32_t header, bool batches, std::function<void(std::uint32_t)> delivered)
    : header_(header), delivered_(std::move(delivered)) {
    backend = this;
    sock_.sk_sndbuf = batches ? INT_MAX : 0;
    file_.ready = EPOLLOUT;
    socket_ = {.ops = &operations, .file = &file_, .sk = &sock_};
}

void Backend::wake(std::uint32_t ready) {
    file_.ready |= ready;
    vhn_poll* watcher = file_.wait.watcher;
    if (watcher != nullptr && watcher->armed && (watcher->events & ready) != 0) {
        watcher->woken(watcher);
    }
}

void Backend::arrive(std::uint32_t length) {
    waiting_.push_back(length);
    wake(EPOLLIN);
}

void Backend::set_clogged(bool clogged) {
    clogged_ = clogged && sock_.sk_sndbuf != INT_MAX;
    if (clogged_) {
        file_.ready &= ~EPOLLOUT;
    } else {
        wake(EPOLLOUT);
    }
}

int Backend::receive(std::size_t length) {
    const std::uint32_t all = header_ + waiting_.front();
    // Of a packet that is dropped nothing is wanted.
    if (length > 0) {
        delivered_(all);
    }
    waiting_.pop_front();
    if (waiting_.empty()) {
        file_.ready &= ~EPOLLIN;
    }
    return static_cast<int>(all);
}

int Backend::send(const msghdr& message, std::size_t length) {
    if (message.msg_control == nullptr) {
        return clogged_ ? -EAGAIN : static_cast<int>(length);
    }
    const auto* batch = static_cast<const tun_msg_ctl*>(message.msg_control);
    auto* packets = static_cast<xdp_buff*>(batch->ptr);
    for (unsigned i = 0; i < batch->num; i++) {
        std::free(packets[i].data_hard_start); // NOLINT: tx.c has it from page_frag_alloc()
    }
    return 0;
}

} // namespace hunter

extern "C" {

socket* vhn_backend_get(int fd) {
    return fd == -1 ? nullptr : hunter::backend->socket();
}

void vhn_backend_put(socket* /*sock*/) {
}

bool vhn_backend_takes_batches(const socket* sock) {
    return READ_ONCE(sock->sk->sk_sndbuf) == INT_MAX;
}

void vhn_prefetch_attach(vhn_prefetch* /*prefetch*/, socket* /*sock*/) {
}

void vhn_prefetch_detach(vhn_prefetch* /*prefetch*/) {
}

u32 vhn_prefetch_peek(vhn_prefetch* /*prefetch*/) {
    hunt_yield();
    return hunter::backend->next();
}

bool vhn_prefetch_address(const vhn_prefetch* /*prefetch*/, u32 /*len*/, vhn_address* /*to*/) {
    return false;
}

const void* vhn_prefetch_look(const vhn_prefetch* /*prefetch*/, void* /*buffer*/, u32* /*len*/) {
    return nullptr;
}

void* vhn_prefetch_take(vhn_prefetch* /*prefetch*/) {
    return hunter::backend;
}
}
