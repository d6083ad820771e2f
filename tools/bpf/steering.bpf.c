// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which of a tap's queues receives a frame on its way into the guest (spec 5.2, 5.3):
 *
 *	learn	sees what the guest sends, and remembers which queue each flow came from
 *	steer	chooses the queue: by the flow's hash and a table (RSS), or automatically
 *	keep	drops what goes to a queue that is not enabled (CTRL-D11)
 *
 * The process changes nothing but the variables below. The tap takes a result modulo
 * the queues it has, so that nothing here can lead astray.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "flow.bpf.h"
#include "steering.h"
#include "toeplitz.bpf.h"

/* Flows of which it is remembered where they came from. */
#define FLOWS	16384
/* Attempts to see one rule from its beginning to its end. */
#define ATTEMPTS	16

/*
 * The rule in force is that of @turn's lowest bit. The process writes the other one and
 * counts on: whoever finds @turn unchanged in the end has seen a whole rule.
 */
struct steering_rule rules[2];
volatile __u32 turn;

/* Pairs whose receive queue is set up and not in reset. */
volatile __u8 enabled[STEERING_PAIRS];

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOWS);
	__type(key, struct flow);
	__type(value, __u32);
} flows SEC(".maps");

#define swap_halves(at, len)					\
	do {							\
		__u8 half_[len];				\
		__builtin_memcpy(half_, at, len);		\
		__builtin_memcpy(at, (at) + (len), len);	\
		__builtin_memcpy((at) + (len), half_, len);	\
	} while (0)

/* What the answer to a flow is. */
static __always_inline void turn_round(struct flow *flow)
{
	if (flow->len < 2 * VHN_IPV6_ADDR_LEN) {
		swap_halves(flow->input, VHN_IPV4_ADDR_LEN);
		swap_halves(flow->input + 2 * VHN_IPV4_ADDR_LEN, 2);
	} else {
		swap_halves(flow->input, VHN_IPV6_ADDR_LEN);
		swap_halves(flow->input + 2 * VHN_IPV6_ADDR_LEN, 2);
	}
}

SEC("tc")
int learn(struct __sk_buff *skb)
{
	const struct steering_rule *rule = &rules[turn & 1];
	/* 0: not recorded. */
	__u32 queue = skb->queue_mapping;
	struct flow flow = {};
	__u32 *known, pair;

	if (rule->pairs < 2 || !queue)
		return TC_ACT_UNSPEC;
	pair = queue - 1;
	parse_flow(skb, rule->types, &flow);
	if (!flow.len)
		return TC_ACT_UNSPEC;
	turn_round(&flow);
	known = bpf_map_lookup_elem(&flows, &flow);
	if (!known)
		bpf_map_update_elem(&flows, &flow, &pair, BPF_ANY);
	else if (*known != pair)
		*known = pair;
	return TC_ACT_UNSPEC;
}

static __always_inline bool is_enabled(__u32 pair)
{
	return enabled[pair & (STEERING_PAIRS - 1)];
}

/* The first of @pairs that is enabled; 0 without any: keep drops it. */
__noinline __u32 first_enabled(__u32 pairs)
{
	__u32 i;

	for (i = 0; i < STEERING_PAIRS && i < pairs; i++)
		if (is_enabled(i))
			return i;
	return 0;
}

/* CTRL-D10: where the flow came from, else as its hash has it; CTRL-D11: if enabled. */
static __always_inline __u32 automatic(const struct flow *flow, __u32 pairs, __u32 hash)
{
	const __u32 *known = bpf_map_lookup_elem(&flows, flow);
	__u32 pair = hash % pairs;

	if (known && *known < pairs && is_enabled(*known))
		return *known;
	return is_enabled(pair) ? pair : first_enabled(pairs);
}

/* Pair of a packet by the rule of @now. */
__noinline __u32 judge(struct __sk_buff *skb, __u32 now)
{
	const struct steering_rule *rule = &rules[now & 1];
	struct flow flow = {};
	__u32 pairs = rule->pairs;
	__u32 hash;

	/* CTRL-D9 */
	if (pairs == 1)
		return 0;
	parse_flow(skb, rule->types, &flow);
	hash = toeplitz(rule, &flow);
	if (pairs)
		return automatic(&flow, pairs, hash);
	/* RSS-D1 */
	if (!flow.len)
		return rule->unclassified;
	return rule->table[hash & rule->mask & (STEERING_TABLE - 1)];
}

SEC("socket")
int steer(struct __sk_buff *skb)
{
	__u32 pair = 0;
	int i;

	for (i = 0; i < ATTEMPTS; i++) {
		__u32 now = turn;

		/* Between the two looks at it, the rule and nothing of it elsewhere. */
		barrier();
		pair = judge(skb, now);
		barrier();
		if (turn == now)
			break;
	}
	return pair;
}

SEC("socket")
int keep(struct __sk_buff *skb)
{
	return is_enabled(skb->queue_mapping) ? skb->len : 0;
}

char LICENSE[] SEC("license") = "GPL";
