// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/change_files.hpp"

#include "vcoal/error.hpp"

#include <algorithm>

namespace vcoal {
namespace {

/// Only what was to be changed: somebody else may have changed the rest.
HostParamsChange back(const HostParamsChange& change, const HostParams& before) {
    return {change.packets ? std::optional(before.packets) : std::nullopt,
            change.usecs ? std::optional(before.usecs) : std::nullopt};
}

HostChange undo(HostChange change, const HostFile& file) {
    for (const HostQueue& queue : file.queues) {
        HostQueueChange& undone = change.queues.at(queue.index);
        undone.host = back(undone.host, queue.host);
        undone.limit = back(undone.limit, queue.limit);
        undone.locked = undone.locked ? std::optional(queue.locked()) : std::nullopt;
    }
    return change;
}

} // namespace

void change_files(const std::vector<HostFile>& files, const HostSettings& settings,
                  const std::function<void(const HostChange&)>& set) {
    std::vector<HostChange> undos;
    try {
        for (const HostFile& file : files) {
            const HostChange change = change_for(settings, file.id);
            set(change);
            undos.push_back(undo(change, file));
        }
    } catch (const Error&) {
        for (const HostChange& change : undos) {
            try {
                set(change);
            } catch (const Error&) {
                // The file has gone, and its parameters with it.
                continue;
            }
        }
        throw;
    }
}

} // namespace vcoal
