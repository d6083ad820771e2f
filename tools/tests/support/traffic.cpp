// SPDX-License-Identifier: GPL-2.0-only
#include "support/traffic.hpp"

#include "support/bench.hpp"
#include "vcoal/error.hpp"

namespace vcoal::test {
namespace {

constexpr std::uint64_t megabyte = 1 << 20;
constexpr unsigned rx = 0;
constexpr unsigned tx = 1;

} // namespace

Traffic::Traffic(Pairing& pairing)
    : pairing_(pairing), thread_([this](const std::stop_token& enough) { run(enough); }) {
}

void Traffic::run(const std::stop_token& enough) {
    try {
        while (!enough.stop_requested()) {
            exchange_tcp(pairing_.host(), pairing_.guest(), megabyte);
        }
    } catch (const Error& error) {
        failure_ = error.what();
    }
}

bool Traffic::moves() {
    const Json before = pairing_.stats();
    return eventually([&] {
        const Json now = pairing_.stats();
        return counts_of(now, rx).signals > counts_of(before, rx).signals &&
               counts_of(now, tx).signals > counts_of(before, tx).signals;
    });
}

std::string Traffic::end() {
    thread_.request_stop();
    thread_.join();
    return failure_;
}

} // namespace vcoal::test
