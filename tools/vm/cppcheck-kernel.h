/* SPDX-License-Identifier: GPL-2.0-only */
/* What cppcheck, which sees no header of the kernel's, has to know to read its C. */
#define SEC(name)
#define list_for_each_entry(entry, list, member) \
	for (entry = first_of(list); entry; entry = next_of(entry))
#define for_each_sg(list, entry, count, i) \
	for (i = 0, entry = list; i < count; i++, entry = next_of(entry))
