// SPDX-License-Identifier: GPL-2.0-only
#include "bench/child.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vcoal::bench {
namespace {

constexpr std::chrono::seconds grace{5};
constexpr int exec_failed = 127;

struct Pipe {
    Fd read;
    Fd write;
};

Pipe make_pipe(const std::string& name) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw Error(name, "make a pipe", errno);
    }
    return {Fd(ends[0]), Fd(ends[1])};
}

/// Between fork() and execvp() only what a signal handler may call.
[[noreturn]] void become(char* const* argv, int netns, int in, int out, int err, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const bool orphan = ::getppid() != parent;
    if (orphan || ::dup2(in, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 ||
        ::dup2(err, STDERR_FILENO) < 0 || (netns >= 0 && ::setns(netns, CLONE_NEWNET) != 0)) {
        ::_exit(exec_failed);
    }
    ::execvp(argv[0], argv);
    ::_exit(exec_failed);
}

std::vector<char*> pointers(const std::vector<std::string>& argv) {
    std::vector<char*> all;
    all.reserve(argv.size() + 1);
    for (const std::string& argument : argv) {
        all.push_back(const_cast<char*>(argument.c_str()));
    }
    all.push_back(nullptr);
    return all;
}

int exit_status(int wait_status) {
    constexpr int signal_base = 128;
    return WIFSIGNALED(wait_status) ? signal_base + WTERMSIG(wait_status)
                                    : WEXITSTATUS(wait_status);
}

} // namespace

Child::Child(const std::vector<std::string>& argv, const NetNs* netns, Errors errors)
    : name_(argv.at(0)) {
    Pipe in = make_pipe(name_);
    Pipe out = make_pipe(name_);
    const int err = errors == Errors::ours ? STDERR_FILENO : out.write.get();
    const std::vector<char*> arguments = pointers(argv);
    const pid_t self = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) {
        throw Error(name_, "start", errno);
    }
    if (pid_ == 0) {
        become(arguments.data(), netns ? netns->get() : -1, in.read.get(), out.write.get(), err,
               self);
    }
    pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!pidfd_) {
        throw Error(name_, "watch", errno);
    }
    in_ = std::move(in.write);
    out_ = std::move(out.read);
}

Child::~Child() {
    in_.reset();
    if (status_) {
        return;
    }
    ::kill(pid_, SIGTERM);
    if (!await_exit(grace)) {
        ::kill(pid_, SIGKILL);
        await_exit(grace);
    }
}

bool Child::await_exit(Timeout timeout) {
    if (status_) {
        return true;
    }
    int status = 0;
    if (timeout && !wait_readable(pidfd_.get(), *timeout)) {
        return false;
    }
    if (::waitpid(pid_, &status, 0) != pid_) {
        return false;
    }
    status_ = exit_status(status);
    return true;
}

void Child::write_line(std::string_view line) {
    std::string text(line);
    text += '\n';
    // Whoever writes to a program that has ended wants an error, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    const ssize_t written = ::write(in_.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) {
        throw Error(name_, "send a command", written < 0 ? errno : EIO);
    }
}

bool Child::read_more(Timeout timeout) {
    std::array<char, 65536> bytes{};
    if (timeout && !wait_readable(out_.get(), *timeout)) {
        throw Error(name_, "wait for its output", ETIMEDOUT,
                    "it did not answer within " + std::to_string(timeout->count()) + " ms");
    }
    const ssize_t got = ::read(out_.get(), bytes.data(), bytes.size());
    if (got < 0) {
        throw Error(name_, "read its output", errno);
    }
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    return got > 0;
}

std::optional<std::string> Child::read_line(Timeout timeout) {
    for (;;) {
        const std::size_t end = buffer_.find('\n');
        if (end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        if (!read_more(timeout)) {
            return std::nullopt;
        }
    }
}

Child::End Child::finish(Timeout timeout) {
    using Clock = std::chrono::steady_clock;
    in_.reset();
    const auto start = Clock::now();
    const auto left = [&]() -> Timeout {
        if (!timeout) {
            return std::nullopt;
        }
        const auto used =
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
        return std::max(*timeout - used, std::chrono::milliseconds(0));
    };
    while (read_more(left())) {
    }
    if (!await_exit(left())) {
        throw Error(name_, "wait for its end", ETIMEDOUT);
    }
    return {std::move(buffer_), *status_};
}

std::string run_program(const std::vector<std::string>& argv, const NetNs* netns, Timeout timeout) {
    Child child(argv, netns, Errors::output);
    Child::End end = child.finish(timeout);
    if (end.status != 0) {
        std::string command;
        for (const std::string& argument : argv) {
            command += (command.empty() ? "" : " ") + argument;
        }
        throw Error(command, "run", 0,
                    "it ended with status " + std::to_string(end.status) + " " + end.output);
    }
    return std::move(end.output);
}

} // namespace vcoal::bench
