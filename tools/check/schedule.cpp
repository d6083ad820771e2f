// SPDX-License-Identifier: GPL-2.0-only
#include "check/schedule.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace vcoal::check {
namespace {

class Schedule {
public:
    Schedule(const std::vector<Part>& parts, const std::function<Outcome(const Part&)>& run,
             const std::function<void(const Part&, Outcome)>& done)
        : parts_(parts), run_(run), done_(done) {}

    /// One lane, from its first part to the end of all.
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return ended() || may_begin(parts_[next_]); });
            if (ended()) {
                return;
            }
            const Part& part = parts_[next_++];
            running_++;
            alone_ = part.alone;
            carry_out(part, lock);
            running_--;
            alone_ = false;
            changed_.notify_all();
        }
    }

    std::exception_ptr error() const { return error_; }

private:
    bool ended() const { return next_ == parts_.size() || error_ != nullptr; }
    bool may_begin(const Part& part) const { return part.alone ? running_ == 0 : !alone_; }

    void carry_out(const Part& part, std::unique_lock<std::mutex>& lock) {
        try {
            lock.unlock();
            Outcome outcome = run_(part);
            lock.lock();
            done_(part, std::move(outcome));
        } catch (...) {
            if (!lock.owns_lock()) {
                lock.lock();
            }
            error_ = std::current_exception();
        }
    }

    const std::vector<Part>& parts_;
    const std::function<Outcome(const Part&)>& run_;
    const std::function<void(const Part&, Outcome)>& done_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t next_ = 0;
    unsigned running_ = 0;
    bool alone_ = false;
    std::exception_ptr error_;
};

} // namespace

void run_parts(const std::vector<Part>& parts, unsigned lanes,
               const std::function<Outcome(const Part&)>& run,
               const std::function<void(const Part&, Outcome)>& done) {
    Schedule schedule(parts, run, done);
    {
        std::vector<std::jthread> threads;
        for (unsigned lane = 0; lane < lanes; lane++) {
            threads.emplace_back([&schedule] { schedule.work(); });
        }
    }
    if (schedule.error()) {
        std::rethrow_exception(schedule.error());
    }
}

} // namespace vcoal::check
