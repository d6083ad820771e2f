// SPDX-License-Identifier: GPL-2.0-only
#include "vm/command.hpp"

#include "vcoal/error.hpp"

#include <charconv>

namespace vcoal::vm {
namespace {

constexpr std::string_view magic = "vcoal-command-1";

void put(std::string& text, std::string_view field) {
    text += field;
    text += '\0';
}

void put(std::string& text, const std::vector<std::string>& list) {
    put(text, std::to_string(list.size()));
    for (const std::string& item : list) {
        put(text, item);
    }
}

class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    std::string field() {
        const size_t end = rest_.find('\0');
        if (end == std::string_view::npos) {
            throw Error("command", "decode: cut short", 0);
        }
        std::string value(rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
        return value;
    }

    std::vector<std::string> list() {
        const std::string count = field();
        size_t n = 0;
        const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), n);
        if (error != std::errc() || end != count.data() + count.size() || n > rest_.size()) {
            throw Error("command", "decode: bad count '" + count + "'", 0);
        }
        std::vector<std::string> items;
        while (items.size() < n) {
            items.push_back(field());
        }
        return items;
    }

    bool done() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

} // namespace

std::string Command::encode() const {
    std::string text;
    put(text, magic);
    put(text, nonce);
    put(text, directory);
    put(text, merge_output ? "merge" : "apart");
    put(text, environment);
    put(text, argv);
    return text;
}

Command Command::decode(std::string_view text) {
    Reader reader(text);
    if (reader.field() != magic) {
        throw Error("command", "decode: not a command", 0);
    }
    Command command;
    command.nonce = reader.field();
    command.directory = reader.field();
    command.merge_output = reader.field() == "merge";
    command.environment = reader.list();
    command.argv = reader.list();
    if (command.argv.empty() || !reader.done()) {
        throw Error("command", "decode: nothing to run, or more than one command", 0);
    }
    return command;
}

} // namespace vcoal::vm
