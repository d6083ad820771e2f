// SPDX-License-Identifier: GPL-2.0-only
#include "bench/udp.hpp"

#include "bench/thread_time.hpp"
#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <thread>

namespace vcoal::bench {
namespace {

constexpr std::uint16_t port = 4791;
constexpr std::size_t frame_bytes = 64;
/// Ethernet, IPv4 and UDP headers.
constexpr std::size_t header_bytes = 14 + 20 + 8;
constexpr int buffer_bytes = 8 << 20;
/// How long the sink waits for packets that may not come.
constexpr std::chrono::milliseconds quiet{250};

/// What a packet carries; the rest of the frame is zero.
struct Stamp {
    std::uint64_t run;
    std::int64_t sent_ns;
};
using Payload = std::array<std::byte, frame_bytes - header_bytes>;
static_assert(sizeof(Payload) >= sizeof(Stamp));

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * std::int64_t{1000000000} + now.tv_nsec;
}

void sleep_until(std::int64_t time_ns) {
    const timespec until{time_ns / 1000000000, time_ns % 1000000000};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

Fd make_source(const End& from, const End& to) {
    Fd fd = make_connected(from, to, SOCK_DGRAM, port);
    check_socket(
        ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &buffer_bytes, sizeof(buffer_bytes)),
        from, "size the send buffer");
    return fd;
}

Fd make_sink(const End& to) {
    Fd fd = make_bound(to, SOCK_DGRAM, port);
    const timeval patience{0, std::chrono::microseconds(quiet).count()};
    check_socket(
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof(buffer_bytes)), to,
        "size the receive buffer");
    check_socket(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), to,
                 "set a timeout");
    return fd;
}

/// Sends @p packets, one each @p interval; returns the time that took.
std::chrono::nanoseconds send_paced(int fd, std::uint64_t run, std::uint64_t packets,
                                    std::chrono::nanoseconds interval) {
    // Sleep until the time itself, not until a time convenient to the kernel.
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    Payload payload{};
    const std::int64_t start = now_ns();
    for (std::uint64_t i = 0; i < packets; i++) {
        const std::int64_t due = start + static_cast<std::int64_t>(i) * interval.count();
        if (now_ns() < due) {
            sleep_until(due);
        }
        const Stamp stamp{run, now_ns()};
        std::memcpy(payload.data(), &stamp, sizeof(stamp));
        if (::send(fd, payload.data(), payload.size(), 0) < 0 && errno != ENOBUFS) {
            throw Error("UDP socket", "send a packet", errno);
        }
    }
    return std::chrono::nanoseconds(now_ns() - start);
}

void become_patient() {
    const sched_param priority{};
    // 0 is the calling thread.
    ::sched_setscheduler(0, SCHED_BATCH, &priority);
}

class Sink {
public:
    Sink(const End& to, std::uint64_t run, std::uint64_t expected, bool patient)
        : fd_(make_sink(to)), run_(run), expected_(expected) {
        latencies_.reserve(expected);
        thread_ = std::thread([this, patient] {
            if (patient) {
                become_patient();
            }
            receive();
        });
    }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    ~Sink() { join(); }

    /// The source is done; what is under way may still come.
    std::vector<double> finish() {
        join();
        return std::move(latencies_);
    }

private:
    void join() {
        source_done_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    void receive() {
        Payload payload{};
        while (latencies_.size() < expected_) {
            // Asked first: a packet sent before the end may be the reason to go on.
            const bool last = source_done_;
            const ssize_t got = ::recv(fd_.get(), payload.data(), payload.size(), 0);
            if (got < 0 && last) {
                return;
            }
            Stamp stamp{};
            std::memcpy(&stamp, payload.data(), sizeof(stamp));
            if (got == static_cast<ssize_t>(payload.size()) && stamp.run == run_) {
                latencies_.push_back(static_cast<double>(now_ns() - stamp.sent_ns) / 1000.0);
            }
        }
    }

    Fd fd_;
    std::uint64_t run_;
    std::uint64_t expected_;
    std::vector<double> latencies_;
    std::atomic<bool> source_done_{false};
    std::thread thread_;
};

} // namespace

double UdpResult::mbit_s() const noexcept {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    return seconds > 0 ? static_cast<double>(received * frame_bytes * 8) / seconds / 1e6 : 0;
}

double UdpResult::packets_per_s() const noexcept {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    return seconds > 0 ? static_cast<double>(sent) / seconds : 0;
}

UdpResult run_udp(const End& from, const End& to, const UdpLoad& load) {
    static std::uint64_t runs = 0;
    const std::uint64_t run = ++runs;
    const std::chrono::nanoseconds interval(static_cast<std::int64_t>(1e9 / load.packets_per_s));
    UdpResult result;
    result.sent = static_cast<std::uint64_t>(load.duration / interval);

    const Fd source = make_source(from, to);
    Sink sink(to, run, result.sent, load.patient_receiver);
    // A thread of its own: its processor time is the generator's and nobody else's.
    std::exception_ptr failure;
    std::thread([&] {
        try {
            const auto begin = thread_time();
            result.elapsed = send_paced(source.get(), run, result.sent, interval);
            result.sender_time = thread_time() - begin;
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    result.latencies = sink.finish();
    result.received = result.latencies.size();
    if (failure) {
        std::rethrow_exception(failure);
    }
    return result;
}

} // namespace vcoal::bench
