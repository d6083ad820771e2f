// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host_control.hpp"

#include "vcoal/error.hpp"
#include "vcoal/host_message.hpp"

#include <algorithm>
#include <cerrno>
#include <linux/genetlink.h>
#include <unistd.h>

namespace vcoal {
namespace {

constexpr const char* module_name = VHN_NL_NAME;
/// Files come and go only so fast.
constexpr unsigned most_dumps = 100;

std::string hint_for(int code) {
    switch (code) {
    case EPERM:
        return "run it as root: this needs CAP_NET_ADMIN";
    case ENODEV:
        return "vcoal show lists those there are";
    default:
        return {};
    }
}

/// The kernel's reason goes before what we know to do about it.
std::string hint_for(const NetlinkOutcome& outcome) {
    const std::string hint = hint_for(outcome.code);
    return outcome.words + (outcome.words.empty() || hint.empty() ? "" : "; ") + hint;
}

std::string hint_without_family() {
    return ::access("/sys/module/vhost_net_coal", F_OK) == 0
               ? "it is loaded, and answers in the initial network namespace only: nsenter "
                 "--net=/proc/1/ns/net vcoal ..."
               : "load vhost_net_coal: modprobe vhost_net_coal";
}

GenlFamily find_family(GenlSocket& socket) {
    const GenlAnswer answer = socket.call(genl_family_request(VHN_NL_NAME));
    if (answer.outcome.code == ENOENT) {
        throw Error(module_name, "find its netlink family", ENOENT, hint_without_family());
    }
    if (answer.outcome.code != 0 || answer.messages.empty()) {
        throw Error(module_name, "find its netlink family", answer.outcome.code,
                    hint_for(answer.outcome));
    }
    return parse_genl_family(answer.messages.front(), VHN_NL_GROUP_EVENTS);
}

std::string name_of(std::optional<std::uint32_t> id) {
    return id ? "file " + std::to_string(*id) : "all files";
}

/// Exactly one message answers some requests.
const GenlMessage& only(const GenlAnswer& answer, const std::string& object) {
    if (answer.messages.size() != 1) {
        throw Error(object, "read", EBADMSG,
                    std::to_string(answer.messages.size()) + " messages instead of one");
    }
    return answer.messages.front();
}

/// With a socket of its own, which waits for the answer.
GenlFamily find_events() {
    GenlSocket directory;
    GenlFamily family = find_family(directory);
    if (!family.group) {
        throw Error(module_name, "watch events", EOPNOTSUPP, "this module has none");
    }
    return family;
}

} // namespace

HostControl::HostControl() : family_(find_family(socket_)) {
}

GenlAnswer HostControl::call(const GenlRequest& request, const std::string& object,
                             const std::string& operation) {
    GenlAnswer answer = socket_.call(request);
    if (answer.outcome.code != 0) {
        throw Error(object, operation, answer.outcome.code, hint_for(answer.outcome));
    }
    return answer;
}

std::vector<HostFile> HostControl::files() {
    for (unsigned i = 0; i < most_dumps; i++) {
        const GenlAnswer answer =
            call(host_get_request(family_.id, std::nullopt), module_name, "list files");
        if (!answer.interrupted) {
            std::vector<HostFile> files;
            std::ranges::transform(answer.messages, std::back_inserter(files), parse_host_file);
            return files;
        }
    }
    throw Error(module_name, "list files", EINTR, "they come and go too fast; try again");
}

HostFile HostControl::file(std::uint32_t id) {
    const std::string name = name_of(id);
    return parse_host_file(only(call(host_get_request(family_.id, id), name, "read"), name));
}

void HostControl::set(const HostChange& change) {
    call(host_set_request(family_.id, change), name_of(change.id), "set parameters");
}

HostDefaults HostControl::defaults() {
    const GenlAnswer answer = call(host_defaults_request(family_.id), module_name, "read defaults");
    return parse_host_defaults(only(answer, module_name));
}

HostEvents::HostEvents() : socket_(GenlSocket::non_blocking), family_(find_events()) {
    socket_.join(*family_.group);
    // Tells when a family goes; the next one to be loaded has other numbers.
    socket_.join(GENL_ID_CTRL);
}

std::optional<HostEvent> HostEvents::next() {
    if (waiting_.empty()) {
        receive();
    }
    if (waiting_.empty()) {
        return std::nullopt;
    }
    HostEvent event = std::move(waiting_.front());
    waiting_.pop_front();
    return event;
}

void HostEvents::receive() {
    bool lost = false;
    for (const GenlMessage& message : socket_.receive(lost)) {
        if (message.family == family_.id) {
            if (auto event = parse_host_event(message)) {
                waiting_.push_back(std::move(*event));
            }
        } else if (message.family == GENL_ID_CTRL && message.command == CTRL_CMD_DELFAMILY &&
                   parse_genl_family(message, VHN_NL_GROUP_EVENTS).id == family_.id) {
            throw Error(module_name, "watch events", ENODEV, "the module was unloaded");
        }
    }
    if (lost) {
        waiting_.push_back({HostEventKind::lost, std::nullopt, {}, std::nullopt});
    }
}

} // namespace vcoal
