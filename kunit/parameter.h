/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parameters of the files under test, which are this module's.
 */
#ifndef _KUNIT_PARAMETER_H
#define _KUNIT_PARAMETER_H

#include <kunit/test.h>
#include <linux/module.h>

/**
 * struct parameter_text - what somebody may write
 * @text: for the parameter
 * @result: what comes of it
 */
struct parameter_text {
	const char *text;
	int result;
};

static inline const struct kernel_param *parameter_find(const char *name)
{
#ifdef MODULE
	u32 i;

	for (i = 0; i < THIS_MODULE->num_kp; i++)
		if (!strcmp(THIS_MODULE->kp[i].name, name))
			return &THIS_MODULE->kp[i];
#endif
	return NULL;
}

/* The last text is one that is taken: it is what the parameter has afterwards. */
static inline void parameter_expect(struct kunit *test, const char *name,
				    const struct parameter_text *texts, u32 n)
{
	const struct kernel_param *parameter = parameter_find(name);
	char *value;
	u32 i;

	if (!parameter)
		kunit_skip(test, "needs a module");
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ_MSG(test, parameter->ops->set(texts[i].text, parameter),
				    texts[i].result, "'%s'", texts[i].text);
	value = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, value);
	KUNIT_EXPECT_GT(test, parameter->ops->get(value, parameter), 0);
	KUNIT_EXPECT_STREQ(test, strim(value), texts[n - 1].text);
}

#endif /* _KUNIT_PARAMETER_H */
