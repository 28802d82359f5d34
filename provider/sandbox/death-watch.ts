/**
 * For machines without bubblewrap: a small shell that ends the leases' processes when the agent dies, however it dies.
 * It notices by the end of the pipe that the agent holds, which the kernel closes for it.
 */
import { spawn } from 'node:child_process';
import { only } from './environment.ts';

/**
 * "+7:MARK" watches group 7 and what carries MARK in its environment, "-7:MARK" forgets them; the end of input kills
 * what is left: politely, and 2 s later for good. Only Linux shows environments.
 */
const SCRIPT = `
trap '' HUP INT TERM
entries=' '
while read -r line; do
  entry=\${line#?}
  case $line in
    +*) entries="$entries$entry " ;;
    -*) case $entries in *" $entry "*) entries="\${entries%%" $entry "*} \${entries#*" $entry "}" ;; esac ;;
  esac
done
signal() {
  for entry in $entries; do
    kill "-$1" "-\${entry%%:*}"
    for file in $(grep -lsa -e "\${entry#*:}" /proc/[0-9]*/environ); do
      pid=\${file#/proc/}
      kill "-$1" "\${pid%/environ}"
    done
  done 2>/dev/null
}
signal TERM
case $entries in *[0-9]*) sleep 2 ;; esac
signal KILL
exit 0`;

export interface DeathWatch {
  watch(group: number, mark: string): void;
  forget(group: number, mark: string): void;
}

/** One shell for the agent's whole life, started with the first group. */
export function createDeathWatch(): DeathWatch {
  const entries = new Set<string>();
  let shell: ReturnType<typeof start> | null = null;
  const send = (line: string) => {
    if (shell && shell.exitCode === null && shell.signalCode === null)
      return void shell.stdin.write(`${line}\n`);
    shell = start();
    for (const entry of entries) shell.stdin.write(`+${entry}\n`);
  };
  return {
    watch(group, mark) {
      entries.add(`${group}:${mark}`);
      send(`+${group}:${mark}`);
    },
    forget(group, mark) {
      if (entries.delete(`${group}:${mark}`)) send(`-${group}:${mark}`);
    },
  };
}

function start() {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: only({ PATH: '/usr/local/bin:/usr/bin:/bin' }),
  });
  // A killed shell is noticed by the next `send`, which starts another.
  shell.stdin.on('error', () => undefined);
  shell.on('error', () => undefined);
  shell.unref();
  const pipe = shell.stdin as typeof shell.stdin & { unref?: () => void };
  pipe.unref?.();
  return shell;
}
