// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the tests of the stall detector: has vhost_net_coal lose work that is handed to its
 * worker, as a defect of the one or the other would. It does so from outside, by a probe at
 * a function of that module, which has nothing of it and never loses anything by itself.
 *
 * The parameter "lose", which may be written while this is loaded, says how many of the
 * next calls come to nothing.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

static unsigned int lose;
module_param(lose, uint, 0600);
MODULE_PARM_DESC(lose, "how many pieces of work are lost, from now on");

/* In place of the function. */
static noinline void nothing(void)
{
	barrier();
}

static int entered(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned int left = READ_ONCE(lose);

	if (!left || cmpxchg(&lose, left, left - 1) != left)
		return 0;
	instruction_pointer_set(regs, (unsigned long)nothing);
	return 1;
}

static struct kprobe probe = {
	.symbol_name = "vhost_net_coal:vhn_worker_queue",
	.pre_handler = entered,
};

static int __init vhn_fault_init(void)
{
	return register_kprobe(&probe);
}

static void __exit vhn_fault_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(vhn_fault_init);
module_exit(vhn_fault_exit);

MODULE_DESCRIPTION("Faults for the tests of vhost_net_coal");
MODULE_AUTHOR("The virtio coalescing project");
MODULE_LICENSE("GPL");
