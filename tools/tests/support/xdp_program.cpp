// SPDX-License-Identifier: GPL-2.0-only
#include "support/xdp_program.hpp"

#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"

#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <linux/if_link.h>

namespace vcoal::test {
namespace {

/// What libbpf has printed last: the kernel's own words are there and nowhere else.
std::string& last_words() {
    static std::string words;
    return words;
}

int keep_words(libbpf_print_level level, const char* format, va_list arguments) {
    std::array<char, 512> line{};
    if (level == LIBBPF_WARN && std::vsnprintf(line.data(), line.size(), format, arguments) > 0) {
        last_words() = line.data();
    }
    return 0;
}

void set(const std::string& interface, int program) {
    libbpf_set_print(keep_words);
    last_words().clear();
    const int result =
        ::bpf_xdp_attach(NetDev(interface).index(), program, XDP_FLAGS_DRV_MODE, nullptr);
    if (result != 0) {
        throw Error("interface " + interface, program < 0 ? "detach XDP" : "attach XDP", -result,
                    last_words());
    }
}

constexpr bpf_insn load(unsigned reg, std::int32_t value) {
    return {.code = BPF_ALU64 | BPF_MOV | BPF_K,
            .dst_reg = static_cast<__u8>(reg & 0xf),
            .src_reg = 0,
            .off = 0,
            .imm = value};
}

constexpr bpf_insn call(std::int32_t helper) {
    return {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = helper};
}

constexpr bpf_insn leave() {
    return {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0};
}

int load_program(std::span<const bpf_insn> code) {
    return ::bpf_prog_load(BPF_PROG_TYPE_XDP, "one_thing", "GPL", code.data(), code.size(),
                           nullptr);
}

int make(xdp_action action, const std::string& target) {
    if (action != XDP_REDIRECT) {
        return load_program(std::array{load(BPF_REG_0, action), leave()});
    }
    return load_program(std::array{load(BPF_REG_1, NetDev(target).index()), load(BPF_REG_2, 0),
                                   call(BPF_FUNC_redirect), leave()});
}

} // namespace

XdpProgram::XdpProgram(xdp_action action, const std::string& target) : fd_(make(action, target)) {
    if (!fd_) {
        throw Error("XDP program", "load", errno);
    }
}

void XdpProgram::attach(const std::string& interface) const {
    set(interface, fd_.get());
}

void XdpProgram::detach(const std::string& interface) {
    set(interface, -1);
}

} // namespace vcoal::test
