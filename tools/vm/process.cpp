// SPDX-License-Identifier: GPL-2.0-only
#include "vm/process.hpp"

#include "vcoal/error.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vcoal::vm {
namespace {

struct Pipe {
    Fd read;
    Fd write;
};

Pipe make_pipe() {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) {
        throw Error("pipe", "create", errno);
    }
    return {Fd(ends[0]), Fd(ends[1])};
}

bool set_up_child(const SpawnOptions& options, pid_t parent) {
    ::setpgid(0, 0);
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || ::getppid() != parent) {
        return false;
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);

    const int null = ::open("/dev/null", O_RDONLY);
    if (null < 0 || ::dup2(null, STDIN_FILENO) < 0) {
        return false;
    }
    if (options.out >= 0 && ::dup2(options.out, STDOUT_FILENO) < 0) {
        return false;
    }
    if (options.err >= 0 && ::dup2(options.err, STDERR_FILENO) < 0) {
        return false;
    }
    for (const int fd : options.keep) {
        if (::fcntl(fd, F_SETFD, 0) < 0) {
            return false;
        }
    }
    return true;
}

[[noreturn]] void run_child(const SpawnOptions& options, pid_t parent, int failure) {
    if (set_up_child(options, parent)) {
        std::vector<char*> argv;
        for (const std::string& arg : options.argv) {
            argv.push_back(const_cast<char*>(arg.c_str()));
        }
        argv.push_back(nullptr);
        ::execvp(argv[0], argv.data());
    }
    const int error = errno;
    // The parent learns from an empty pipe that exec succeeded.
    [[maybe_unused]] const ssize_t n = ::write(failure, &error, sizeof(error));
    ::_exit(127);
}

} // namespace

Process::Process(const SpawnOptions& options) {
    Pipe failure = make_pipe();
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) {
        throw Error(options.argv.front(), "fork", errno);
    }
    if (pid_ == 0) {
        run_child(options, parent, failure.write.get());
    }

    failure.write.reset();
    pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    int error = 0;
    if (::read(failure.read.get(), &error, sizeof(error)) == sizeof(error)) {
        kill();
        throw Error(options.argv.front(), "execute", error,
                    error == ENOENT ? "is it installed? tools/vm/install-packages" : "");
    }
    if (!pidfd_) {
        error = errno;
        kill();
        throw Error(options.argv.front(), "pidfd_open", error);
    }
}

Process::~Process() {
    kill();
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
    if (status_) {
        return status_;
    }
    pollfd ended{pidfd_.get(), POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(limit.count())) <= 0) {
        return std::nullopt;
    }
    int status = 0;
    if (::waitpid(pid_, &status, 0) == pid_) {
        status_ = status;
    }
    return status_;
}

void Process::kill() {
    if (pid_ < 0 || status_) {
        return;
    }
    // The group may not exist yet if the child never came as far as setpgid.
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        ;
    }
    status_ = status;
}

std::string capture(const std::vector<std::string>& argv) {
    Pipe out = make_pipe();
    Process child({.argv = argv, .keep = {}, .out = out.write.get(), .err = -1});
    out.write.reset();

    std::string text;
    std::array<char, 4096> part;
    for (;;) {
        const ssize_t n = ::read(out.read.get(), part.data(), part.size());
        if (n > 0) {
            text.append(part.data(), static_cast<size_t>(n));
        } else if (n == 0 || errno != EINTR) {
            break;
        }
    }
    const std::optional<int> status = child.wait(std::chrono::hours(1));
    if (!status || !WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
        throw Error(argv.front(), "failed", 0, "see its message above");
    }
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

} // namespace vcoal::vm
