// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kernel_stat.h>
#include <linux/percpu.h>
#include <linux/sched/isolation.h>
#include <linux/spinlock.h>
#include <linux/tick.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>
#include "spread.h"

#define WINDOW_MS 20

struct load {
	u64 idle;		/* us, at the last look */
	atomic64_t elsewhere;	/* ns of its work done by others, less of theirs done here */
};

static DEFINE_PER_CPU(struct load, loads);
static struct cpumask full, roomy;	/* at the last look */
static unsigned long next_look;		/* jiffies */
static u64 last_look;			/* ktime; under the lock, as the loads' idle */
static DEFINE_SPINLOCK(look_lock);

/* Microseconds since the start, or ~0 where the kernel does not know. */
static u64 idle_time(int cpu)
{
	u64 idle = get_cpu_idle_time_us(cpu, NULL);

	return idle == ~0ULL ? idle : idle + get_cpu_iowait_time_us(cpu, NULL);
}

static void measure(int cpu, s64 passed)
{
	struct load *load = per_cpu_ptr(&loads, cpu);
	u64 idle = idle_time(cpu);
	s64 own = passed - (s64)(idle - load->idle) * NSEC_PER_USEC +
		  atomic64_xchg(&load->elsewhere, 0);
	bool known = cpu_online(cpu) && idle != ~0ULL;

	load->idle = idle;
	assign_bit(cpu, cpumask_bits(&full), known && own > passed / 8 * 7);
	assign_bit(cpu, cpumask_bits(&roomy),
		   known && own < passed / 2 &&
			   housekeeping_cpu(cpu, HK_TYPE_DOMAIN));
}

static void look(void)
{
	u64 now;
	int cpu;

	if (likely(time_before(jiffies, READ_ONCE(next_look))) ||
	    !spin_trylock(&look_lock))
		return;
	WRITE_ONCE(next_look, jiffies + msecs_to_jiffies(WINDOW_MS));
	now = ktime_get_ns();
	for_each_possible_cpu(cpu)
		measure(cpu, now - last_look);
	last_look = now;
	spin_unlock(&look_lock);
}

int warren_spread_target(int before)
{
	const struct cpumask *near = cpumask_of_node(numa_node_id());
	int here = smp_processor_id(), cpu;

	if (num_online_cpus() == 1)
		return here;
	look();
	if (!cpumask_test_cpu(here, &full))
		return here;
	if (cpumask_test_cpu(before, &roomy) && cpumask_test_cpu(before, near))
		return before;
	cpu = cpumask_next_and(here, &roomy, near);
	if (cpu >= nr_cpu_ids)
		cpu = cpumask_first_and(&roomy, near);
	return cpu < nr_cpu_ids ? cpu : here;
}

void warren_spread_account(int origin, u64 ns)
{
	atomic64_add(ns, &per_cpu_ptr(&loads, origin)->elsewhere);
	atomic64_sub(ns, &this_cpu_ptr(&loads)->elsewhere);
}
