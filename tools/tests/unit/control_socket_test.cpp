// SPDX-License-Identifier: GPL-2.0-only
//
// The control socket: who hears what, and who is not waited for.
#include "vcoal/control_socket.hpp"
#include "vcoal/error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <list>
#include <memory>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace vcoal {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

const Json changed{{"event", "CHANGED"}, {"name", "tap0"}};
const Json other{{"event", "OTHER"}};

bool readable(int fd) {
    pollfd poll_fd{fd, POLLIN, 0};
    return ::poll(&poll_fd, 1, 0) == 1;
}

/// One end of a connection, by hand.
class Peer {
public:
    explicit Peer(const std::string& path) : fd_(connect_control_socket(path)) {}

    void send(const std::string& text) const {
        ASSERT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    /// All that is there.
    Strings lines() {
        while (readable(fd_.get()) && reader_.get() >= 0) {
            reader_.fill();
        }
        Strings all;
        while (const auto line = reader_.next()) {
            all.push_back(*line);
        }
        return all;
    }
    bool at_end() {
        lines();
        return reader_.get() < 0;
    }
    int fd() const { return fd_.get(); }

private:
    Fd fd_;
    LineReader reader_{fd_.get()};
};

class ControlSocketTest : public testing::Test {
protected:
    ControlSocketTest() {
        std::string name = (fs::temp_directory_path() / "vcoal-socket-XXXXXX").string();
        directory = ::mkdtemp(name.data());
        path = directory / "control";
    }
    void TearDown() override { fs::remove_all(directory); }

    ControlSocket make() {
        return {path, [this](const Json& request) { return answer(request); }};
    }

    Reply answer(const Json& request) {
        requests.push_back(request.dump());
        if (request.contains("fail")) {
            throw Error("device", "do it", EBUSY);
        }
        if (request.contains("long")) {
            return {{{"text", std::string(request["long"].get<std::size_t>(), 'x')}}, ""};
        }
        return {{{"answer", request}}, request.value("query", "")};
    }

    /// Until there is nothing more to do; fails when there always is.
    static void run(ControlSocket& socket) {
        for (int round = 0; round < 1000; round++) {
            if (!readable(socket.get())) {
                return;
            }
            socket.handle();
        }
        FAIL() << "the socket never comes to rest";
    }

    void expect_refused(const std::string& at, int code, const std::string& part) const {
        try {
            const ControlSocket socket(at, {});
            ADD_FAILURE() << at << " was accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code);
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
        }
    }

    fs::path directory;
    std::string path;
    Strings requests;
};

TEST_F(ControlSocketTest, AnAnswerGoesToWhoAskedAlone) {
    ControlSocket socket = make();
    Peer one(path);
    Peer two(path);
    run(socket);
    one.send("{\"a\":1}\n{\"b\":2}\n{\"c\"");
    run(socket);
    EXPECT_EQ(one.lines(), (Strings{R"({"answer":{"a":1}})", R"({"answer":{"b":2}})"}));
    one.send(":3}\n");
    two.send("{\"d\":4}\n");
    run(socket);
    EXPECT_EQ(one.lines(), Strings{R"({"answer":{"c":3}})"});
    EXPECT_EQ(two.lines(), Strings{R"({"answer":{"d":4}})"});
}

TEST_F(ControlSocketTest, WhatIsNoRequestIsAnsweredByAnError) {
    ControlSocket socket = make();
    Peer peer(path);
    run(socket);
    for (const char* line : {"", "nonsense", "[1]", "1", "null", "{\"a\":1}{", "{\"a\":\"\xff\"}",
                             "{\"a\":1", "\x80\xfe"}) {
        SCOPED_TRACE(line);
        peer.send(std::string(line) + "\n");
        run(socket);
        const Strings lines = peer.lines();
        ASSERT_EQ(lines.size(), 1U);
        EXPECT_EQ(Json::parse(lines[0]).at("error").at("errno"), "EINVAL");
    }
    EXPECT_EQ(requests, Strings{});
    peer.send("{\"fail\":1}\n{\"a\":1}\n");
    run(socket);
    const Strings lines = peer.lines();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(Json::parse(lines[0]).at("error").at("errno"), "EBUSY");
    EXPECT_EQ(lines[1], R"({"answer":{"a":1}})");
}

TEST_F(ControlSocketTest, ALineTooLongIsAnErrorAndTheNextIsRead) {
    ControlSocket socket = make();
    Peer peer(path);
    run(socket);
    for (const std::size_t length : {LineReader::longest, 5 * LineReader::longest + 7}) {
        const std::string spaces(length - 2, ' ');
        peer.send("{" + spaces + "}\n{\"a\":1}\n");
        run(socket);
        const Strings lines = peer.lines();
        ASSERT_EQ(lines.size(), 2U);
        EXPECT_EQ(Json::parse(lines[0]).at("error").at("errno"), "EMSGSIZE");
        EXPECT_EQ(lines[1], R"({"answer":{"a":1}})");
    }
    EXPECT_EQ(requests.size(), 2U);
    peer.send("{" + std::string(LineReader::longest - 3, ' ') + "}\n");
    run(socket);
    EXPECT_EQ(peer.lines(), Strings{R"({"answer":{}})"});
}

TEST_F(ControlSocketTest, DeeplyNestedRequestsAreReadAndAnswered) {
    ControlSocket socket = make();
    Peer peer(path);
    run(socket);
    const std::string deep = "{\"a\":" + std::string(2000, '[') + std::string(2000, ']') + "}";
    peer.send(deep + "\n");
    run(socket);
    EXPECT_EQ(peer.lines(), Strings{"{\"answer\":" + deep + "}"});
}

TEST_F(ControlSocketTest, AnEventIsToldOnceUntilItsQuery) {
    ControlSocket socket = make();
    Peer peer(path);
    run(socket);
    socket.announce(changed);
    socket.announce(changed);
    EXPECT_EQ(peer.lines(), Strings{changed.dump()});
    peer.send("{\"query\":\"OTHER\"}\n{\"a\":1}\n");
    run(socket);
    peer.lines();
    socket.announce(changed);
    EXPECT_EQ(peer.lines(), Strings{}) << "another query does not unmute it";
    peer.send("{\"query\":\"CHANGED\",\"fail\":1}\n");
    run(socket);
    peer.lines();
    socket.announce(changed);
    EXPECT_EQ(peer.lines(), Strings{}) << "a query that fails does not unmute it";
    peer.send("{\"query\":\"CHANGED\"}\n");
    run(socket);
    peer.lines();
    socket.announce(changed);
    socket.announce(changed);
    EXPECT_EQ(peer.lines(), Strings{changed.dump()});
}

TEST_F(ControlSocketTest, EventsAreMutedByTheirName) {
    ControlSocket socket = make();
    Peer peer(path);
    run(socket);
    socket.announce(changed);
    socket.announce(other);
    socket.announce(other);
    EXPECT_EQ(peer.lines(), (Strings{changed.dump(), other.dump()}));
}

TEST_F(ControlSocketTest, OneReaderDoesNotTakeAnothersEvent) {
    ControlSocket socket = make();
    Peer one(path);
    Peer two(path);
    run(socket);
    socket.announce(changed);
    one.send("{\"query\":\"CHANGED\"}\n");
    run(socket);
    one.lines();
    socket.announce(changed);
    EXPECT_EQ(one.lines(), Strings{changed.dump()});
    EXPECT_EQ(two.lines(), Strings{changed.dump()});
}

TEST_F(ControlSocketTest, WhoComesLaterHearsOfLaterChangesAlone) {
    ControlSocket socket = make();
    socket.announce(changed);
    Peer peer(path);
    run(socket);
    EXPECT_EQ(peer.lines(), Strings{});
    socket.announce(changed);
    EXPECT_EQ(peer.lines(), Strings{changed.dump()});
}

TEST_F(ControlSocketTest, WhoDoesNotReadIsDisconnectedAndNobodyWaits) {
    ControlSocket socket = make();
    Peer silent(path);
    Peer peer(path);
    run(socket);
    // Each answer is longer than a socket's buffer by far.
    silent.send("{\"long\":8000000}\n");
    peer.send("{\"a\":1}\n");
    run(socket);
    EXPECT_EQ(peer.lines(), Strings{R"({"answer":{"a":1}})"});
    EXPECT_TRUE(silent.at_end());
    EXPECT_FALSE(peer.at_end());
}

TEST_F(ControlSocketTest, EventsNobodyReadsDisconnectToo) {
    ControlSocket socket = make();
    Peer silent(path);
    run(socket);
    for (int i = 0; i < 100; i++) {
        socket.announce({{"event", std::to_string(i)}, {"text", std::string(100000, 'x')}});
    }
    run(socket);
    EXPECT_TRUE(silent.at_end());
}

TEST_F(ControlSocketTest, OneClientMoreThanTheLimitIsToldSo) {
    ControlSocket socket = make();
    std::list<Peer> peers;
    for (std::size_t i = 0; i < ControlSocket::most_clients; i++) {
        peers.emplace_back(path);
        run(socket);
    }
    Peer late(path);
    run(socket);
    const Strings lines = late.lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(Json::parse(lines[0]).at("error").at("errno"), "EUSERS");
    EXPECT_TRUE(late.at_end());
    peers.front().send("{\"a\":1}\n");
    run(socket);
    EXPECT_EQ(peers.front().lines(), Strings{R"({"answer":{"a":1}})"});
    peers.pop_back();
    run(socket);
    Peer next(path);
    next.send("{\"a\":2}\n");
    run(socket);
    EXPECT_EQ(next.lines(), Strings{R"({"answer":{"a":2}})"});
}

TEST_F(ControlSocketTest, ARequestIsAnsweredEvenIfItIsTheLast) {
    ControlSocket socket = make();
    Peer peer(path);
    peer.send("{\"a\":1}\n{\"b\"");
    ::shutdown(peer.fd(), SHUT_WR);
    run(socket);
    EXPECT_EQ(peer.lines(), Strings{R"({"answer":{"a":1}})"});
    EXPECT_TRUE(peer.at_end());
}

TEST_F(ControlSocketTest, AClientThatDiesLeavesTheOthersAlone) {
    ControlSocket socket = make();
    Peer peer(path);
    {
        Peer dying(path);
        dying.send("{\"a\":1}\n");
    }
    run(socket);
    socket.announce(changed);
    EXPECT_EQ(peer.lines(), Strings{changed.dump()});
}

// The descriptor that is missing is there again later, and so is who waited.
TEST_F(ControlSocketTest, WithoutDescriptorsTheLoopRestsAndTheClientWaits) {
    ControlSocket socket = make();
    Peer first(path);
    run(socket);
    Peer waiting(path);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int round = 0; round < 2; round++) {
        socket.handle();
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(readable(socket.get()));
    first.send("{\"a\":1}\n");
    waiting.send("{\"b\":2}\n");
    run(socket);
    EXPECT_EQ(waiting.lines(), Strings{R"({"answer":{"b":2}})"});
}

TEST_F(ControlSocketTest, TheSocketIsItsOwnersAlone) {
    const mode_t before = ::umask(0);
    const ControlSocket socket = make();
    ::umask(before);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(ControlSocketTest, APathWithAListenerIsRefusedAndSaysWho) {
    ControlSocket socket = make();
    expect_refused(path, EADDRINUSE, "process " + std::to_string(::getpid()));
    Peer peer(path);
    peer.send("{\"a\":1}\n");
    run(socket);
    EXPECT_EQ(peer.lines(), Strings{R"({"answer":{"a":1}})"});
}

TEST_F(ControlSocketTest, AListenerTooBusyToAcceptCountsAsOne) {
    const ControlSocket socket = make();
    std::list<Peer> waiting;
    for (bool full = false; !full;) {
        try {
            waiting.emplace_back(path);
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), EAGAIN);
            full = true;
        }
    }
    expect_refused(path, EADDRINUSE, "another process");
}

TEST_F(ControlSocketTest, AStaleSocketIsReplaced) {
    const pid_t child = ::fork();
    if (child == 0) {
        const auto* const left = new ControlSocket(path, {}); // NOLINT: it is not to be removed
        ::_exit(left == nullptr ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(fs::is_socket(path));
    EXPECT_THROW(Peer{path}, Error);
    ControlSocket socket = make();
    Peer peer(path);
    peer.send("{\"a\":1}\n");
    run(socket);
    EXPECT_EQ(peer.lines(), Strings{R"({"answer":{"a":1}})"});
}

TEST_F(ControlSocketTest, OtherFilesAreNeverRemoved) {
    std::ofstream(path) << "mine";
    expect_refused(path, EADDRINUSE, "no socket");
    EXPECT_EQ(fs::file_size(path), 4U);
    fs::remove(path);
    fs::create_directory(path);
    expect_refused(path, EADDRINUSE, "no socket");
    fs::remove(path);
    fs::create_symlink(directory / "nowhere", path);
    expect_refused(path, EADDRINUSE, "no socket");
    EXPECT_TRUE(fs::is_symlink(path));
    expect_refused(directory / "missing" / "control", ENOENT, "listen");
}

TEST_F(ControlSocketTest, ASocketOfAnotherKindStaysWhereItIs) {
    const Fd other_kind(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(
        ::bind(other_kind.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    expect_refused(path, EPROTOTYPE, "see who listens there");
    EXPECT_TRUE(fs::is_socket(path));
}

TEST_F(ControlSocketTest, WithoutDescriptorsThereIsNone) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    expect_refused(path, EMFILE, "create");
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(ControlSocketTest, ItsFileGoesWithIt) {
    {
        const ControlSocket socket = make();
        EXPECT_TRUE(fs::is_socket(path));
    }
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(ControlSocketTest, AFileThatTookItsPlaceStays) {
    {
        const ControlSocket socket = make();
        fs::rename(path, directory / "moved");
        std::ofstream(path) << "mine";
    }
    EXPECT_EQ(fs::file_size(path), 4U);
    fs::remove(path);
    auto first = std::make_unique<ControlSocket>(path, ControlSocket::OnRequest());
    fs::remove(path);
    const ControlSocket second = make();
    first.reset();
    EXPECT_TRUE(fs::is_socket(path));
}

TEST_F(ControlSocketTest, APathTooLongForASocketIsSaidToBe) {
    const std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    const std::string root = directory.string() + "/";
    expect_refused(root + std::string(longest + 1 - root.size(), 'x'), ENAMETOOLONG, "107 bytes");
    const std::string fits = root + std::string(longest - root.size(), 'x');
    {
        const ControlSocket socket(fits, {});
        EXPECT_TRUE(fs::is_socket(fits));
    }
    EXPECT_FALSE(fs::exists(fits));
    expect_refused("", EINVAL, "needs a path");
    expect_refused(std::string("\0abstract", 9), EINVAL, "needs a path");
    EXPECT_THROW(connect_control_socket(std::string(longest + 1, 'x')), Error);
}

} // namespace
} // namespace vcoal
