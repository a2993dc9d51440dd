/* What a pod's sandbox runs: it holds the pod's namespaces and ends when told to. */
#include <signal.h>
#include <unistd.h>

static void leave(int signal) { (void)signal; _exit(0); }

int main(void) {
    signal(SIGTERM, leave);
    signal(SIGINT, leave);
    for (;;) pause();
}
