/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp (seccomp(2)): which system calls a driver may make.
 *
 * A list of what is refused, not of what is allowed: drivers in other
 * languages need calls that nobody here can foresee.  Refused is what starts
 * programs and processes, reaches into others, changes the machine, or leaves
 * the process group by which the host ends it.
 *
 * The filter is there before the driver's own program is, so one execveat()
 * must pass: that of the sealed image, from the addresses where the host keeps
 * path, argv and environment.  They are random (ASLR), and after the exec
 * nothing of them is left in the driver's memory, so it cannot repeat the call.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/sys.h"
#include "supervise/sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static struct buf program; /* struct sock_filter[], made once */

/* Not all of them exist on every architecture; libseccomp skips those. */
static const int refused[] = {
	/* programs and processes (clone: see below) */
	SCMP_SYS(execve),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	/* what could hold a program that was never digested */
	SCMP_SYS(memfd_create),
	SCMP_SYS(memfd_secret),
	/* reaching into other processes */
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(process_madvise),
	SCMP_SYS(kcmp),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_send_signal),
	SCMP_SYS(rt_sigqueueinfo),
	SCMP_SYS(rt_tgsigqueueinfo),
	SCMP_SYS(tkill),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	/* leaving the session and group */
	SCMP_SYS(setsid),
	SCMP_SYS(setpgid),
	/* mounts and namespaces */
	SCMP_SYS(mount),
	SCMP_SYS(umount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	/* the kernel's larger attack surfaces */
	SCMP_SYS(bpf),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(fanotify_init),
	SCMP_SYS(lookup_dcookie),
	SCMP_SYS(personality),
	SCMP_SYS(vhangup),
	/* the machine */
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(quotactl_fd),
	SCMP_SYS(syslog),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(mknod),
	SCMP_SYS(mknodat),
};

/* Said to be missing, so that libraries fall back to something older. */
static const int missing[] = {
	SCMP_SYS(clone3),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
};

static int add_list(scmp_filter_ctx ctx, uint32_t action, const int *calls,
		    size_t n)
{
	int error = 0;

	for (size_t i = 0; i < n && !error; i++)
		error = seccomp_rule_add(ctx, action, calls[i], 0);
	return error;
}

/* Every execveat() that differs from the host's own in any argument. */
static int add_exec(scmp_filter_ctx ctx, const struct seccomp_exec *exec)
{
	const scmp_datum_t own[] = {
		(scmp_datum_t)exec->fd, (uintptr_t)exec->path,
		(uintptr_t)exec->argv,	(uintptr_t)exec->env,
		AT_EMPTY_PATH,
	};
	int error = 0;

	for (unsigned i = 0; i < ARRAY_LEN(own) && !error; i++)
		error = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
					 SCMP_SYS(execveat), 1,
					 SCMP_CMP(i, SCMP_CMP_NE, own[i]));
	return error;
}

/* Threads, yes; processes, no; and to die with the host is not to be undone.
 * LeakSanitizer clones and traces itself, and wants to die with its parent. */
static int add_processes(scmp_filter_ctx ctx, bool allow_kill)
{
	const uint32_t no = SCMP_ACT_ERRNO(EPERM);
	int error = seccomp_rule_add(ctx, no, SCMP_SYS(prctl), 2,
				     SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG),
				     SCMP_A1(SCMP_CMP_NE, SIGKILL));

	if (!error && !allow_kill)
		error = seccomp_rule_add(ctx, no, SCMP_SYS(kill), 0);
	if (error || SANITIZED)
		return error;
	error = seccomp_rule_add(ctx, no, SCMP_SYS(clone), 1,
				 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	return error ? error : seccomp_rule_add(ctx, no, SCMP_SYS(ptrace), 0);
}

/* The compiled filter, by way of a file, into `program`. */
static int export(scmp_filter_ctx ctx)
{
	AUTO_FD int fd = sys_memfd("seccomp", 0);
	AUTO_FREE char *path = mem_printf("/proc/self/fd/%d", fd);
	int error = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);

	if (!error && sys_read_file(path, 1 << 20, &program) < 0)
		error = -errno;
	return error;
}

bool seccomp_build(const struct seccomp_exec *exec, bool allow_kill,
		   struct error *err)
{
	scmp_filter_ctx ctx;
	int error;

	if (program.n)
		return true;
	ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (!ctx)
		return fail(err, ERR_INTERNAL, "no memory for the filter");
	error = add_list(ctx, SCMP_ACT_ERRNO(EPERM), refused,
			 ARRAY_LEN(refused));
	if (!error)
		error = add_list(ctx, SCMP_ACT_ERRNO(ENOSYS), missing,
				 ARRAY_LEN(missing));
	if (!error)
		error = add_exec(ctx, exec);
	if (!error)
		error = add_processes(ctx, allow_kill);
	if (!error)
		error = export(ctx);
	seccomp_release(ctx);
	return !error ||
	       fail(err, ERR_INTERNAL, "seccomp filter: %s", strerror(-error));
}

bool seccomp_ready(void)
{
	return program.n && syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0,
				    &(uint32_t){ SECCOMP_RET_ERRNO }) == 0;
}

int seccomp_load_filter(void)
{
	struct sock_fprog filter = {
		.len = (unsigned short)(program.n / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)program.p,
	};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0
		       ? errno
		       : 0;
}
