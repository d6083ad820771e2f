// SPDX-License-Identifier: GPL-2.0-only
//
// The first process of the VM once init has built the root file system: runs the
// command, and tells the runner how it ended and what the kernel said meanwhile.

#include "vcoal/error.hpp"
#include "vm/agent_log.hpp"
#include "vm/channel.hpp"
#include "vm/command.hpp"
#include "vm/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <mutex>
#include <sstream>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace vcoal;
using namespace vcoal::vm;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr const char* command_file = "/run/vcoal/command";
constexpr auto port_limit = 60s;
constexpr auto kill_limit = 10s;
/// kmemleak says nothing of what is younger than 5 s.
constexpr auto leak_age = 6s;

/// The character device of a named virtio port. The kernel may still be finding it.
Fd open_port(const std::string& name) {
    const auto deadline = std::chrono::steady_clock::now() + port_limit;
    do {
        std::error_code none;
        for (const auto& port : fs::directory_iterator("/sys/class/virtio-ports", none)) {
            const fs::path label = port.path() / "name";
            if (fs::exists(label, none) && read_file(label) == name + "\n") {
                return open_file(fs::path("/dev") / port.path().filename(), O_RDWR);
            }
        }
        std::this_thread::sleep_for(10ms);
    } while (std::chrono::steady_clock::now() < deadline);
    throw Error(name, "no such virtio port", 0);
}

bool is_number(const std::string& text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string one_line(const fs::path& path) {
    std::string text = read_file(path).substr(0, 2000);
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    std::ranges::replace(text, '\n', ' ');
    return text;
}

/// Every process but this one and the kernel's threads, with the kernel functions
/// that it is in.
std::vector<std::string> processes() {
    std::vector<std::string> list;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const std::string pid = entry.path().filename();
        if (pid == "1" || !is_number(pid)) {
            continue;
        }
        try {
            // Kernel threads have no command line.
            if (!read_file(entry.path() / "cmdline").empty()) {
                list.push_back(pid + " (" + one_line(entry.path() / "comm") + ") in " +
                               one_line(entry.path() / "stack"));
            }
        } catch (const Error&) {
            continue; // it has just ended
        }
    }
    return list;
}

/// Every ping turns the check whether received packets need a time stamp on and off, and
/// the kernel patches its code for that, under traffic: what QEMU is bad at, see
/// ran_phantom_breakpoint(). While this socket is open the check stays on.
Fd keep_timestamps_on() {
    if (std::thread::hardware_concurrency() < 2) {
        return {}; // nothing goes wrong there, and instructions may be counted
    }
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)) != 0) {
        throw Error("receive time stamps", "turn on", errno);
    }
    return socket;
}

/// Has a kernel that can do so look for memory to which nothing points any more. It logs
/// how much it has found; what that is goes into the log as well.
void look_for_leaks() {
    const fs::path file = "/sys/kernel/debug/kmemleak";
    if (!fs::exists(file)) {
        return;
    }
    std::this_thread::sleep_for(leak_age);
    // Only what looks lost twice, and has not changed in between, counts.
    for (int i = 0; i < 2; i++) {
        write_all(open_file(file, O_WRONLY).get(), "scan", file);
    }
    const Fd log = open_file("/dev/kmsg", O_WRONLY);
    std::istringstream report(read_file(file));
    for (std::string line; std::getline(report, line);) {
        write_all(log.get(), line, "/dev/kmsg");
    }
}

class Agent {
public:
    explicit Agent(const Command& command)
        : command_(command), control_(open_port("vcoal.control")), out_(open_port("vcoal.stdout")) {
        if (!command.merge_output) {
            err_ = open_port("vcoal.stderr");
        }
    }

    void run() {
        tell("up", "1");
        std::thread([this] { serve_dump(); }).detach();
        run_command();
        end_leftovers();
        look_for_leaks();
        finish_stream(out_);
        if (err_) {
            finish_stream(err_);
        }
        tell_kernel();
        tell("end", "1");
    }

private:
    void tell(const std::string& key, const std::string& value) {
        const std::lock_guard lock(control_mutex_);
        write_all(control_.get(), control_message(command_.nonce, key, value), "side channel");
    }

    void finish_stream(const Fd& port) {
        write_all(port.get(), stream_trailer(command_.nonce), "output port");
    }

    [[noreturn]] void exec_command(int failure) {
        ::setsid();
        const int null = ::open("/dev/null", O_RDONLY);
        ::dup2(null, STDIN_FILENO);
        ::dup2(out_.get(), STDOUT_FILENO);
        ::dup2(err_ ? err_.get() : out_.get(), STDERR_FILENO);
        if (::chdir(command_.directory.c_str()) == 0) {
            ::clearenv();
            for (const std::string& variable : command_.environment) {
                ::putenv(const_cast<char*>(variable.c_str()));
            }
            std::vector<char*> argv;
            for (const std::string& arg : command_.argv) {
                argv.push_back(const_cast<char*>(arg.c_str()));
            }
            argv.push_back(nullptr);
            ::execvp(argv[0], argv.data());
        }
        const int error = errno;
        [[maybe_unused]] const ssize_t n = ::write(failure, &error, sizeof(error));
        ::_exit(127);
    }

    void run_command() {
        std::array<int, 2> ends;
        if (::pipe2(ends.data(), O_CLOEXEC) < 0) {
            throw Error("pipe", "create", errno);
        }
        const Fd failure(ends[0]);
        Fd child_end(ends[1]);
        const pid_t child = ::fork();
        if (child < 0) {
            throw Error("command", "fork", errno);
        }
        if (child == 0) {
            exec_command(child_end.get());
        }
        child_end.reset();

        int error = 0;
        const bool failed = ::read(failure.get(), &error, sizeof(error)) == sizeof(error);
        const int status = reap_until(child);
        if (failed) {
            tell("exec-error", std::to_string(error));
        } else {
            tell("status", std::to_string(status));
        }
    }

    /// Every orphan becomes this process's child and has to be collected as well.
    static int reap_until(pid_t child) {
        for (;;) {
            int status = 0;
            const pid_t pid = ::waitpid(-1, &status, 0);
            if (pid == child) {
                return status;
            }
            if (pid < 0 && errno != EINTR) {
                throw Error("command", "wait", errno);
            }
        }
    }

    /// What a process does to the kernel as it dies belongs to the run. One that
    /// does not die hangs in the kernel, which is a finding of its own.
    void end_leftovers() {
        const auto deadline = std::chrono::steady_clock::now() + kill_limit;
        while (std::chrono::steady_clock::now() < deadline) {
            ::kill(-1, SIGKILL);
            pid_t pid;
            while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
                ;
            }
            if (pid < 0 && errno == ECHILD) {
                return;
            }
            std::this_thread::sleep_for(5ms);
        }
        tell_processes("stuck");
    }

    void tell_processes(const std::string& key) {
        for (const std::string& process : processes()) {
            tell(key, process);
        }
    }

    /// The runner speaks only once, when the time is up. Runs as a thread for as
    /// long as the machine does.
    void serve_dump() {
        std::array<char, 64> request;
        if (::read(control_.get(), request.data(), request.size()) <= 0) {
            return;
        }
        try {
            tell_processes("running");
            write_file("/proc/sys/kernel/printk", "8");
            write_file("/proc/sysrq-trigger", "l");
            write_file("/proc/sysrq-trigger", "t");
            tell("dumped", "1");
        } catch (const Error&) {
            return; // the runner does not wait for ever
        }
    }

    void tell_kernel() {
        std::string taint = read_file("/proc/sys/kernel/tainted");
        taint.pop_back();
        tell("taint", taint);
        const KernelLog log = read_kernel_log();
        if (log.lost > 0) {
            tell("lost", std::to_string(log.lost));
        }
        const std::lock_guard lock(control_mutex_);
        write_all(control_.get(),
                  control_message(command_.nonce, "log", std::to_string(log.text.size())) +
                      log.text,
                  "side channel");
    }

    const Command& command_;
    std::mutex control_mutex_;
    Fd control_;
    Fd out_;
    Fd err_;
};

} // namespace

int main() {
    try {
        const Command command = Command::decode(read_file(command_file));
        fs::remove(command_file);
        const Fd timestamps = keep_timestamps_on();
        Agent agent(command);
        agent.run();
        // The runner stops the machine once it has read everything.
        std::this_thread::sleep_for(60s);
    } catch (const std::exception& error) {
        // The console's log shows this; without a report the runner fails the run.
        write_all(STDERR_FILENO, std::string("vcoal agent: ") + error.what() + "\n", "console");
    }
    ::reboot(RB_POWER_OFF);
}
