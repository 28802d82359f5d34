/** A Slurm cluster of one node on loopback, with munge and four cards that are files; all of it in a temporary folder. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../cli/supervise/ports.ts';

const run = promisify(execFile);

export const SLURM_NEEDS = ['/usr/sbin/munged', '/usr/sbin/slurmctld', '/usr/sbin/slurmd', 'sbatch', 'bwrap'];

export interface SlurmCluster {
  config: string;
  /** A user that owns nothing. */
  user: number;
  /** Runs one of Slurm's commands. @returns what it printed */
  command(program: string, ...args: string[]): Promise<string>;
  /** Kills the controller and starts it again. */
  restartController(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSlurm(): Promise<SlurmCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-slurm-'));
  execFileSync('chmod', ['755', folder]);
  const children: ChildProcess[] = [];
  const config = join(folder, 'slurm.conf');
  const env = { ...process.env, SLURM_CONF: config };
  const log = (name: string) => join(folder, `${name}.log`);
  const command = async (program: string, ...args: string[]) => (await run(program, args, { env })).stdout;
  const launch = (program: string, args: string[], owner: { uid?: number; gid?: number } = {}) => {
    const child = spawn(program, args, { ...owner, env, stdio: 'ignore' });
    children.push(child);
    return child;
  };

  const munge = { uid: idOf('munge', '-u'), gid: idOf('munge', '-g') };
  const mungeFolder = join(folder, 'munge');
  mkdirSync(mungeFolder, { mode: 0o755 });
  const key = join(mungeFolder, 'key');
  writeFileSync(key, randomBytes(1_024), { mode: 0o400 });
  for (const path of [mungeFolder, key]) chownSync(path, munge.uid, munge.gid);
  const at = (name: string) => join(mungeFolder, name);
  const clear = async () => {
    for (const child of children.reverse()) await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  launch(
    '/usr/sbin/munged',
    ['--foreground', `--socket=${at('socket')}`, `--key-file=${key}`, `--log-file=${at('log')}`].concat([
      `--pid-file=${at('pid')}`,
      `--seed-file=${at('seed')}`,
    ]),
    munge,
  );
  const munged = () => run('munge', ['--no-input', `--socket=${at('socket')}`]);
  await until(munged, 'munged', at('log')).catch(clearAndThrow(clear));

  const [controller, daemon] = [await freePort(), await freePort()];
  for (const name of ['state', 'spool']) mkdirSync(join(folder, name));
  for (const index of [0, 1, 2, 3]) writeFileSync(join(folder, `card${index}`), '');
  const host = hostname().split('.')[0] ?? 'localhost';
  writeFileSync(config, configOf(folder, host, { controller, daemon, socket: at('socket') }));
  writeFileSync(join(folder, 'gres.conf'), `NodeName=node0 Name=gpu Type=h100 File=${folder}/card[0-3]\n`);
  const startController = () => launch('/usr/sbin/slurmctld', ['-D', '-f', config]);
  let control = startController();
  launch('/usr/sbin/slurmd', ['-D', '-f', config, '-N', 'node0']);
  const idle = async () => {
    if (!/idle|mixed|allocated/.test(await command('sinfo', '--noheader', '--format=%T')))
      throw new Error('not idle');
  };
  await until(idle, 'slurmctld', log('slurmctld')).catch(clearAndThrow(clear));
  return {
    config,
    user: idOf('nobody', '-u'),
    command,
    async restartController() {
      await end(control);
      control = startController();
      await until(idle, 'slurmctld', log('slurmctld'));
    },
    async stop() {
      await command('scancel', '--signal=KILL', '--full', '--user=root,nobody').catch(() => undefined);
      await command('scancel', '--user=root,nobody').catch(() => undefined);
      const gone = async () => {
        if ((await command('squeue', '--noheader')) !== '') throw new Error('jobs are left');
      };
      await until(gone, 'the queue', log('slurmctld')).catch(() => undefined);
      await clear();
    },
  };
}

function configOf(folder: string, host: string, at: { controller: number; daemon: number; socket: string }) {
  return `ClusterName=cardhour
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${at.socket}
SlurmctldPort=${at.controller}
SlurmdPort=${at.daemon}
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
GresTypes=gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
KillWait=5
MinJobAge=3600
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=0,bf_interval=1
NodeName=node0 NodeHostname=${host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=4000 Gres=gpu:h100:4 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

function idOf(user: string, flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
}

/** @throws Error with the daemon's log when it does not come within a minute */
async function until(works: () => Promise<unknown>, name: string, logPath: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await works();
      return;
    } catch (error) {
      if (tries < 300) await sleep(200);
      else throw new Error(`${name} does not answer: ${(error as Error).message}\n${tail(logPath)}`);
    }
  }
}

/** What was started is ended before the failure is told. */
function clearAndThrow(clear: () => Promise<void>): (error: unknown) => Promise<never> {
  return async (error) => {
    await clear();
    throw error;
  };
}

function tail(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-2_000);
  } catch {
    return '';
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await Promise.race([gone, sleep(10_000).then(() => child.kill('SIGKILL'))]);
  await gone;
}
