// SPDX-License-Identifier: GPL-2.0
/* Other programs: hooks and the host's DNS tools. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quick.h"

bool run_find(const char *name)
{
	const char *path = getenv("PATH");
	char *copy, *rest, *folder;
	bool found = false;

	if (strchr(name, '/'))
		return !access(name, X_OK);
	copy = strdup(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	rest = copy;
	while (copy && !found && (folder = strsep(&rest, ":"))) {
		char file[PATH_MAX];

		snprintf(file, sizeof(file), "%s/%s", folder, name);
		found = !access(file, X_OK);
	}
	free(copy);
	return found;
}

/* A file with the input: a pipe would block when the program does not read. */
static int input_file(const char *input)
{
	FILE *f = input ? tmpfile() : NULL;
	int fd = -1;

	if (!input)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (f && fputs(input, f) >= 0 && !fflush(f) && !lseek(fileno(f), 0, SEEK_SET))
		fd = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
	if (f)
		fclose(f);
	return fd;
}

static void become(char *const argv[], int in)
{
	sigset_t none;

	/* up and down hold signals back; what they run must not. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (in >= 0)
		dup2(in, STDIN_FILENO);
	execvp(argv[0], argv);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Runs a program to its end; its status, or -1 with errno set. */
static int run(char *const argv[], int in)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid)
		become(argv, in);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static int check(int status, const char *what, struct warren_error *err)
{
	if (status < 0)
		return warren_error_errno(err, WARREN_E_INTERNAL, errno, "cannot run %s", what);
	if (WIFSIGNALED(status))
		return warren_error_set(err, WARREN_E_HOOK, NULL, "%s was ended by signal %d", what,
					WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return warren_error_set(err, WARREN_E_HOOK, "install the program it calls",
					"%s ended with 127: there is no such program", what);
	if (WEXITSTATUS(status))
		return warren_error_set(err, WARREN_E_HOOK, NULL, "%s ended with %d", what,
					WEXITSTATUS(status));
	return 0;
}

int run_program(char *const argv[], const char *input, struct warren_error *err)
{
	int in = input_file(input), status;

	if (in < 0)
		return warren_error_errno(err, WARREN_E_INTERNAL, errno, "cannot run %s", argv[0]);
	status = run(argv, in);
	close(in);
	return check(status, argv[0], err);
}

/* The command with every %i replaced. */
static char *expand(const char *command, const char *name)
{
	size_t len = 0, size;
	const char *c;
	char *out;

	for (c = command; (c = strstr(c, "%i")); c += 2)
		len++;
	size = strlen(command) + len * strlen(name) + 1;
	out = malloc(size);
	for (len = 0, c = command; out && *c;) {
		if (c[0] == '%' && c[1] == 'i') {
			len += strlen(strcpy(out + len, name));
			c += 2;
		} else {
			out[len++] = *c++;
		}
	}
	if (out)
		out[len] = '\0';
	return out;
}

int run_hooks(const struct quick *q, const struct warren_strings *hooks, const char *key,
	      struct warren_error *err)
{
	size_t i;

	for (i = 0; i < hooks->n; i++) {
		char *command = expand(hooks->s[i], q->name);
		/* As wg-quick: the first part that fails ends the command. */
		char *argv[] = {"bash", "-e", "-o", "pipefail", "-c", command, NULL};
		int ret;

		if (!command)
			return warren_error_nomem(err);
		quick_say("%s", command);
		warren_error_place(err, q->path, 0, key);
		ret = check(run(argv, -1), "the command", err);
		free(command);
		if (ret)
			return -1;
		warren_error_place(err, NULL, 0, NULL);
	}
	return 0;
}
