// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/result.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace vcoal::bench {

/// Keys stand in the order in which they were put in.
using Json = nlohmann::ordered_json;

Json to_json(const TablePart& part);
Json to_json(const IcountPart& part);
/// The whole of demo.json.
Json to_json(const TablePart& table, const IcountPart& icount);

/// What to_json() wrote; throws Error naming @p object on anything else.
TablePart table_from_json(const Json& json, const std::string& object);
IcountPart icount_from_json(const Json& json, const std::string& object);

/// Reads a file; throws Error.
Json read_json(const std::string& path);
/// Writes a file, all or nothing; throws Error.
void write_json(const std::string& path, const Json& json);

} // namespace vcoal::bench
