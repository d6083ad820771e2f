// SPDX-License-Identifier: GPL-2.0-only
#include "vm/session.hpp"

#include "vcoal/error.hpp"
#include "vm/files.hpp"
#include "vm/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vcoal::vm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds dump_limit{5};

sigset_t handled_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

/// Our end of a port and, until QEMU has it, the other one.
struct Line {
    Fd ours;
    Fd theirs;
};

Line make_line() {
    std::array<int, 2> ends;
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0) {
        throw Error("socket pair", "create", errno);
    }
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
        throw Error("socket pair", "set non-blocking", errno);
    }
    return {Fd(ends[0]), Fd(ends[1])};
}

/// Everything that has arrived; empty when nothing has. Clears @p line at its end.
std::string drain(Fd& line) {
    std::string data;
    std::array<char, 65536> part;
    while (line) {
        const ssize_t n = ::read(line.get(), part.data(), part.size());
        if (n > 0) {
            data.append(part.data(), static_cast<size_t>(n));
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            line.reset();
        } else if (errno == EAGAIN) {
            break;
        }
    }
    return data;
}

/// One stream of the command, on its way to one of our descriptors.
class Stream {
public:
    Stream(const std::string& nonce, int target, const char* name)
        : line(make_line()), filter_(stream_trailer(nonce)), target_(target), name_(name) {}

    /// Passes on what has arrived; clears the progress line before it writes.
    void pass_on(Progress& progress) { show(filter_.feed(drain(line.ours)), progress); }
    void break_off(Progress& progress) { show(filter_.flush(), progress); }
    bool ended() const { return filter_.ended(); }

    Line line;

private:
    void show(const std::string& text, Progress& progress) {
        if (text.empty()) {
            return;
        }
        progress.clear();
        write_all(target_, text, name_);
    }

    StreamFilter filter_;
    int target_;
    const char* name_;
};

class Session {
public:
    Session(const Run& run, Progress& progress)
        : run_(run), progress_(progress), start_(Clock::now()), deadline_(start_ + run.timeout),
          control_(make_line()), parser_(run.nonce) {
        streams_.emplace_back(run.nonce, STDOUT_FILENO, "standard output");
        if (!run.merge_output) {
            streams_.emplace_back(run.nonce, STDERR_FILENO, "standard error");
        }
        const sigset_t set = handled_signals();
        signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
        if (!signals_) {
            throw Error("signal descriptor", "create", errno);
        }
    }

    Outcome watch() {
        Process qemu = start();
        Outcome outcome;
        while (!step(qemu, outcome)) {
            ;
        }
        qemu.kill();
        receive();
        for (Stream& stream : streams_) {
            stream.break_off(progress_);
        }
        progress_.clear();
        outcome.report = parser_.report();
        outcome.timeout = run_.timeout;
        return outcome;
    }

private:
    Process start() {
        const Fd messages = create_file(run_.qemu_messages);
        std::vector<Port> ports{{"vcoal.control", control_.theirs.get()},
                                {"vcoal.stdout", streams_.front().line.theirs.get()}};
        if (!run_.merge_output) {
            ports.push_back({"vcoal.stderr", streams_.back().line.theirs.get()});
        }
        SpawnOptions options{.argv = qemu_arguments(run_.machine, run_.shares, ports),
                             .keep = {},
                             .out = messages.get(),
                             .err = messages.get()};
        for (const Port& port : ports) {
            options.keep.push_back(port.fd);
        }
        Process qemu(options);
        control_.theirs.reset();
        for (Stream& stream : streams_) {
            stream.line.theirs.reset();
        }
        return qemu;
    }

    /// Waits for something to happen and deals with it; true when the run is over.
    bool step(Process& qemu, Outcome& outcome) {
        wait(qemu);
        const std::optional<int> qemu_status = qemu.wait(std::chrono::milliseconds(0));
        receive();
        if (all_reported()) {
            outcome.end = End::reported;
            return true;
        }
        signalfd_siginfo info;
        if (::read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
            outcome.end = End::interrupted;
            outcome.signal = static_cast<int>(info.ssi_signo);
            return true;
        }
        if (qemu_status) {
            outcome.end = End::machine_ended;
            outcome.qemu_status = *qemu_status;
        } else if (boots_too_long()) {
            outcome.end = End::boot_timeout;
        } else if (parser_.report().dumped || (Clock::now() >= deadline_ && !ask_for_dump())) {
            outcome.end = End::timeout;
        } else {
            return false;
        }
        return true;
    }

    bool boots_too_long() const {
        return run_.boot_timeout && !parser_.report().up &&
               Clock::now() >= start_ + *run_.boot_timeout;
    }

    /// When the time is up the agent gets a little more to say what hangs, once.
    bool ask_for_dump() {
        if (dump_asked_ || !parser_.report().up) {
            return false;
        }
        dump_asked_ = true;
        deadline_ = Clock::now() + dump_limit;
        write_all(control_.ours.get(), dump_request, "side channel");
        return true;
    }

    void wait(const Process& qemu) {
        std::vector<pollfd> fds{{qemu.pidfd(), POLLIN, 0},
                                {signals_.get(), POLLIN, 0},
                                {control_.ours.get(), POLLIN, 0}};
        for (const Stream& stream : streams_) {
            fds.push_back({stream.line.ours.get(), POLLIN, 0});
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
        const int limit = static_cast<int>(std::clamp<long>(left.count() + 1, 0, 1000));
        if (::poll(fds.data(), fds.size(), limit) < 0 && errno != EINTR) {
            throw Error("virtual machine", "poll", errno);
        }
        progress_.tick();
    }

    void receive() {
        parser_.feed(drain(control_.ours));
        if (parser_.report().up && !up_) {
            up_ = true;
            progress_.up();
        }
        for (Stream& stream : streams_) {
            stream.pass_on(progress_);
        }
    }

    bool all_reported() const {
        return parser_.report().complete &&
               std::ranges::all_of(streams_, [](const Stream& s) { return s.ended(); });
    }

    const Run& run_;
    Progress& progress_;
    Clock::time_point start_;
    Clock::time_point deadline_;
    Line control_;
    ControlParser parser_;
    std::vector<Stream> streams_;
    Fd signals_;
    bool up_ = false;
    bool dump_asked_ = false;
};

} // namespace

void block_signals() {
    const sigset_t set = handled_signals();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    // A reader that goes away is an error of write(), not the end without clean-up.
    ::signal(SIGPIPE, SIG_IGN);
}

Outcome run_session(const Run& run, Progress& progress) {
    return Session(run, progress).watch();
}

} // namespace vcoal::vm
