// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/hist/probe.hpp"

#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"
#include "vcoal/hist/trace_format.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <cerrno>
#include <climits>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hist.skel.h>
#include <span>
#include <string>
#include <tuple>

namespace vcoal {
namespace {

constexpr const char* object_name = "histogram program";

[[noreturn]] void fail(const std::string& operation, int code) {
    std::string hint;
    if (code == EPERM || code == EACCES) {
        hint = "this needs CAP_BPF and CAP_PERFMON: run it as root";
    } else if (code == ENOSYS) {
        hint = "this kernel has no BPF; vcoal top needs none";
    }
    throw Error(object_name, operation, code, hint);
}

/// Where an event's fields stand, as a BTF file for CO-RE: the module's own BTF says so only
/// where it was built with one, and tracefs always.
class RecordLayouts {
public:
    RecordLayouts() : btf_(::btf__new_empty()) { check(btf_ ? 0 : -errno); }

    /// @param type the program's name of an event's record
    /// @param names fields that the program reads
    void add(const std::string& type, const std::string& event,
             const std::vector<std::string>& names) {
        std::vector<TraceField> fields;
        for (const TraceField& field : trace_fields(event)) {
            if (std::ranges::find(names, field.name) != names.end()) {
                fields.push_back(field);
            }
        }
        if (fields.size() != names.size()) {
            throw Error("tracepoint " + event, "find " + fmt::format("{}", fmt::join(names, ", ")),
                        0, "module and vcoal are of different versions");
        }
        add(type, fields);
    }

    Fd file() const {
        std::uint32_t size = 0;
        const void* data = ::btf__raw_data(btf_.get(), &size);
        check(data != nullptr ? 0 : -errno);
        Fd file = make_memfd("layouts", size);
        const Mapping mapping(file.get(), size, 0, object_name);
        std::ranges::copy(std::span(static_cast<const std::byte*>(data), size), mapping.data());
        return file;
    }

private:
    void add(const std::string& type, const std::vector<TraceField>& fields) {
        const TraceField& last = *std::ranges::max_element(fields, {}, &TraceField::offset);
        std::vector<int> types;
        for (const TraceField& field : fields) {
            const std::string name = fmt::format("{}{}", field.is_signed ? "s" : "u", field.size);
            types.push_back(check(::btf__add_int(btf_.get(), name.c_str(), field.size,
                                                 field.is_signed ? BTF_INT_SIGNED : 0)));
        }
        check(::btf__add_struct(btf_.get(), type.c_str(), last.offset + last.size));
        for (std::size_t i = 0; i < fields.size(); i++) {
            check(::btf__add_field(btf_.get(), fields[i].name.c_str(), types[i],
                                   fields[i].offset * CHAR_BIT, 0));
        }
    }

    static int check(int result) {
        if (result < 0) {
            fail("describe records", -result);
        }
        return result;
    }

    struct Free {
        void operator()(btf* object) const noexcept { ::btf__free(object); }
    };
    std::unique_ptr<btf, Free> btf_;
};

Fd describe_records() {
    RecordLayouts layouts;
    layouts.add("trace_event_raw_vhn_batch", "vhn_batch", {"dev", "vq", "packets", "pending"});
    layouts.add("trace_event_raw_vhn_decision", "vhn_notify", {"dev", "vq"});
    return layouts.file();
}

} // namespace

HistProbe::HistProbe() {
    // The kernel's word is enough; libbpf would tell it in lines of its own.
    ::libbpf_set_print(nullptr);
    const Fd layouts = describe_records();
    const std::string path = fmt::format("/proc/self/fd/{}", layouts.get());
    bpf_object_open_opts options{};
    options.sz = sizeof(options);
    options.btf_custom_path = path.c_str();
    object_.reset(hist::open(&options));
    if (!object_) {
        fail("open", errno);
    }
    if (const int result = hist::load(object_.get()); result != 0) {
        fail("load", -result);
    }
    if (const int result = hist::attach(object_.get()); result != 0) {
        fail("attach to tracepoints", -result);
    }
}

HistProbe::~HistProbe() = default;

void HistProbe::Destroy::operator()(hist* object) const noexcept {
    hist::destroy(object);
}

void HistProbe::stop() {
    hist::detach(object_.get());
}

std::vector<QueueHistograms> HistProbe::queues() const {
    const bpf_map* map = object_->maps.queues;
    std::vector<QueueHistograms> found;
    hist_key key{};
    const hist_key* previous = nullptr;
    while (::bpf_map__get_next_key(map, previous, &key, sizeof(key)) == 0) {
        hist_queue value{};
        if (::bpf_map__lookup_elem(map, &key, sizeof(key), &value, sizeof(value), 0) == 0) {
            found.push_back({key.file, key.vring, value.suppressed,
                             Histogram(value.hold, HIST_HOLD_UNIT), Histogram(value.packets)});
        }
        previous = &key;
    }
    std::ranges::sort(found, {}, [](const QueueHistograms& queue) {
        return std::tuple(queue.file, queue.vring);
    });
    return found;
}

std::uint64_t HistProbe::missed() const {
    return object_->bss->missed;
}

} // namespace vcoal
