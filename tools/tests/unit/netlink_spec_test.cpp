// SPDX-License-Identifier: GPL-2.0-only
//
// Documentation/netlink/specs/vhost_net_coal.yaml says of every name and number what the
// header says, and the other way round.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <linux/vhost_net_coal_nl.h>
#include <map>
#include <regex>
#include <string>
#include <yaml-cpp/yaml.h>

namespace {

using Constants = std::map<std::string, std::uint64_t>;

const std::string header_path = "include/uapi/linux/vhost_net_coal_nl.h";
const std::string spec_path = "Documentation/netlink/specs/vhost_net_coal.yaml";

std::string text_of(const std::string& path) {
    std::ifstream file(VCOAL_SOURCE "/" + path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// As C spells a name: "vhn-nl-file-" and "id" are VHN_NL_FILE_ID.
std::string c_name(std::string name) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) {
        return c == '-' ? '_' : static_cast<char>(std::toupper(c));
    });
    return name;
}

/// Calls @p f with what @p pattern matches, and has in its groups, one after the other.
template <typename F>
void for_all(const std::string& text, const std::string& pattern, F f) {
    const std::regex expression(pattern);
    for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end;
         ++match) {
        f(*match);
    }
}

/// The enumerators of one enum, but for the first and the last where those are not for use.
Constants enumerators(const std::string& body) {
    Constants found;
    std::uint64_t next = 0;
    for_all(body, R"((\w+)(?:\s*=\s*(\d+))?\s*,)", [&](const std::smatch& match) {
        next = match[2].matched ? std::stoull(match[2]) : next;
        const std::string name = match[1];
        if (!name.ends_with("_UNSPEC") && !name.starts_with("__")) {
            found[name] = next;
        }
        next++;
    });
    return found;
}

/// All enums of the header by their names, and its flags under "queue-flags".
std::map<std::string, Constants> header() {
    std::string text = text_of(header_path);
    text = std::regex_replace(text, std::regex(R"(/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)"), "");
    std::map<std::string, Constants> found;
    for_all(text, R"(enum (\w+) \{([^}]*)\})",
            [&](const std::smatch& match) { found[match[1]] = enumerators(match[2]); });
    for_all(text, R"(#define (VHN_NL_QUEUE_F_\w+)\s+\(1U << (\d+)\))",
            [&](const std::smatch& match) {
                found["queue-flags"][match[1]] = std::uint64_t{1} << std::stoul(match[2]);
            });
    return found;
}

/// What a list in the description numbers from @p first on, or in bits.
Constants numbered(const YAML::Node& list, const std::string& prefix, std::uint64_t first,
                   bool bits = false) {
    Constants found;
    std::uint64_t next = first;
    for (const YAML::Node& item : list) {
        if (item["value"]) {
            next = item["value"].as<std::uint64_t>();
        }
        found[c_name(prefix + item["name"].as<std::string>())] =
            bits ? std::uint64_t{1} << next : next;
        next++;
    }
    return found;
}

std::map<std::string, Constants> description(const YAML::Node& spec) {
    std::map<std::string, Constants> found;
    for (const YAML::Node& set : spec["attribute-sets"]) {
        const std::string name = "vhn_nl_" + set["name"].as<std::string>();
        found[name] = numbered(set["attributes"], set["name-prefix"].as<std::string>(), 1);
    }
    for (const YAML::Node& definition : spec["definitions"]) {
        const bool flags = definition["type"].as<std::string>() == "flags";
        const auto name = definition["name"].as<std::string>();
        found[flags ? name : "vhn_nl_" + name] =
            numbered(definition["entries"], definition["name-prefix"].as<std::string>(), 0, flags);
    }
    const auto operations = spec["operations"];
    found["vhn_nl_command"] =
        numbered(operations["list"], operations["name-prefix"].as<std::string>(), 1);
    return found;
}

class NetlinkSpec : public testing::Test {
protected:
    const YAML::Node spec = YAML::LoadFile(VCOAL_SOURCE "/" + spec_path);

    const YAML::Node attributes(const std::string& set) const {
        for (const YAML::Node& candidate : spec["attribute-sets"]) {
            if (candidate["name"].as<std::string>() == set) {
                return candidate["attributes"];
            }
        }
        ADD_FAILURE() << "no set " << set;
        return {};
    }
};

} // namespace

TEST_F(NetlinkSpec, NamesAndValuesAreThoseOfTheHeader) {
    const auto in_header = header();
    const auto in_spec = description(spec);
    EXPECT_EQ(in_header, in_spec);
    EXPECT_EQ(in_header.size(), 8U) << "enums, and the flags";
    // That the header was read right.
    EXPECT_EQ(in_header.at("vhn_nl_file").at("VHN_NL_FILE_PAD"), VHN_NL_FILE_PAD);
    EXPECT_EQ(in_header.at("vhn_nl_counter").at("VHN_NL_COUNTER_STALLS"), VHN_NL_COUNTER_STALLS);
    EXPECT_EQ(in_header.at("vhn_nl_command").at("VHN_NL_CMD_STALLED"), VHN_NL_CMD_STALLED);
    EXPECT_EQ(in_header.at("queue-flags").at("VHN_NL_QUEUE_F_BROKEN"), VHN_NL_QUEUE_F_BROKEN);
}

TEST_F(NetlinkSpec, TheFamilyIsTheSame) {
    EXPECT_EQ(spec["name"].as<std::string>(), VHN_NL_NAME);
    EXPECT_EQ(spec["version"].as<int>(1), VHN_NL_VERSION);
    const YAML::Node groups = spec["mcast-groups"]["list"];
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0]["name"].as<std::string>(), VHN_NL_GROUP_EVENTS);
}

// The header tells the type of most of them in their descriptions.
TEST_F(NetlinkSpec, TypesAreThoseOfTheHeader) {
    const std::string text = text_of(header_path);
    unsigned compared = 0;
    for (const YAML::Node& set : spec["attribute-sets"]) {
        const std::string prefix = c_name(set["name-prefix"].as<std::string>());
        for (const YAML::Node& attribute : set["attributes"]) {
            const std::string name = prefix + c_name(attribute["name"].as<std::string>());
            for_all(text, "@" + name + ": (u32|u64|string|nest)\\b", [&](const std::smatch& match) {
                EXPECT_EQ(attribute["type"].as<std::string>(), match[1]) << name;
                compared++;
            });
        }
    }
    EXPECT_GE(compared, 20U);
}

// A nest names a set that exists, an operation attributes that do.
TEST_F(NetlinkSpec, WhatIsReferredToExists) {
    for (const YAML::Node& set : spec["attribute-sets"]) {
        for (const YAML::Node& attribute : set["attributes"]) {
            if (attribute["type"].as<std::string>() == "nest") {
                EXPECT_TRUE(attributes(attribute["nested-attributes"].as<std::string>()));
            }
        }
    }
    const Constants known = numbered(attributes("file"), "", 1);
    unsigned named = 0;
    const auto expect_known = [&](const YAML::Node& message) {
        for (const YAML::Node& name : message["attributes"]) {
            EXPECT_TRUE(known.contains(c_name(name.as<std::string>()))) << name;
            named++;
        }
    };
    for (const YAML::Node& operation : spec["operations"]["list"]) {
        for (const char* way : {"do", "dump"}) {
            for (const auto& message : operation[way] ? operation[way] : YAML::Node()) {
                expect_known(message.second);
            }
        }
        if (operation["event"]) {
            expect_known(operation["event"]);
        }
    }
    EXPECT_GE(named, 40U);
}
