/* SPDX-License-Identifier: GPL-2.0-only */
/* Module parameters: variables. */
#ifndef _HUNT_LINUX_MODULE_H
#define _HUNT_LINUX_MODULE_H

struct kernel_param;

struct kernel_param_ops {
	int (*set)(const char *text, const struct kernel_param *param);
	int (*get)(char *text, const struct kernel_param *param);
};

static inline int param_set_uint_minmax(const char *text, const struct kernel_param *param,
					unsigned int low, unsigned int high)
{
	(void)text, (void)param, (void)low, (void)high;
	return 0;
}

static inline int param_get_uint(char *text, const struct kernel_param *param)
{
	(void)text, (void)param;
	return 0;
}

#define module_param_cb(name, ops, variable, mode)	\
	static const struct kernel_param_ops *const name##_param __attribute__((unused)) = (ops)
#define module_param_named(name, variable, type, mode)	\
	static void *const name##_param __attribute__((unused)) = &(variable)
#define MODULE_PARM_DESC(name, text)	struct hunt_##name##_is_described

#endif
