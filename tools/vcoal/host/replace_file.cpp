// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/replace_file.hpp"

#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace vcoal {
namespace {

/// Removed again, unless it was given its name.
class Temporary {
public:
    explicit Temporary(const std::filesystem::path& target)
        : target_(target.string()),
          path_((target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string()),
          fd_(::mkostemp(path_.data(), O_CLOEXEC)) {
        if (!fd_) {
            throw Error(path_, "create", errno);
        }
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    Temporary(Temporary&&) = delete;
    Temporary& operator=(Temporary&&) = delete;
    ~Temporary() {
        if (!renamed_) {
            ::unlink(path_.c_str());
        }
    }

    void write(std::string_view text) {
        while (!text.empty()) {
            const ssize_t wrote = ::write(fd_.get(), text.data(), text.size());
            if (wrote < 0) {
                throw Error(path_, "write", errno);
            }
            text.remove_prefix(static_cast<std::size_t>(wrote));
        }
    }

    void take_name() {
        // Others read it, as they would any file that is no secret.
        if (::fchmod(fd_.get(), S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) != 0 ||
            ::fsync(fd_.get()) != 0) {
            throw Error(path_, "finish", errno);
        }
        if (std::rename(path_.c_str(), target_.c_str()) != 0) {
            throw Error(target_, "replace", errno);
        }
        renamed_ = true;
    }

private:
    std::string target_;
    std::string path_;
    Fd fd_;
    bool renamed_ = false;
};

} // namespace

void replace_file(const std::string& path, const std::string& text) {
    Temporary file(path);
    file.write(text);
    file.take_name();
}

} // namespace vcoal
