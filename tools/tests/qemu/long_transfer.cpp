// SPDX-License-Identifier: GPL-2.0-only
#include "qemu/long_transfer.hpp"

#include "support/bench.hpp"
#include "support/payload.hpp"
#include "support/tcp_server.hpp"
#include "vcoal/error.hpp"

#include <sys/socket.h>

namespace vcoal::test {
namespace {

/// What both ends' sockets hold, so that each round may be sent before it is received.
constexpr std::uint64_t round_bytes = 16384;

} // namespace

LongTransfer::LongTransfer(const std::string& address, std::uint16_t port)
    : connection_(connect_to_server(address, port)),
      thread_([this](const std::stop_token& enough) { run(enough); }) {
}

LongTransfer::~LongTransfer() {
    abandon();
}

void LongTransfer::run(const std::stop_token& enough) {
    try {
        while (!enough.stop_requested()) {
            send_stream(connection_.get(), rounds_, round_bytes);
            receive_stream(connection_.get(), rounds_, round_bytes);
            rounds_++;
        }
    } catch (const Error& error) {
        failure_ = error.what();
    }
}

bool LongTransfer::moves() const {
    const std::uint64_t before = rounds_;
    // The round after the next one has begun after this was asked.
    return eventually([&] { return rounds_ >= before + 2; });
}

std::string LongTransfer::end() {
    thread_.request_stop();
    thread_.join();
    return failure_;
}

void LongTransfer::abandon() {
    thread_.request_stop();
    ::shutdown(connection_.get(), SHUT_RDWR);
}

} // namespace vcoal::test
