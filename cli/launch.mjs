/**
 * The way in, for any Node from 20 on and without a single dependency: makes `node_modules` agree with the lock file,
 * generates the Prisma client, and runs the real program on the Node that the project brings along.
 *
 *   node cli/launch.mjs up [options]         the whole market (npm start)
 *   node cli/launch.mjs test                 every check (npm test)
 *   node cli/launch.mjs run FILE [args]      any script of the repository
 *   node cli/launch.mjs COMMAND [args]       any other command of `cardhour`
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LEAST_NODE = 20;
/** npm's log of an install that failed is long; its errors stand at the end. */
const SHOWN_LINES = 15;

/** A sentence for the person at the keyboard; everything else thrown here is a bug. */
class Plight extends Error {}

/**
 * Whether `node_modules` is what the lock file says. npm keeps what it installed in `node_modules/.package-lock.json`;
 * packages for other platforms are optional and missing there.
 * @param {string} root
 */
export function isInstalled(root) {
  const modules = join(root, 'node_modules');
  if (!existsSync(join(modules, '.bin', 'node'))) return false;
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    const present = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')).packages;
    const names = Object.keys(wanted).filter((name) => name !== '');
    const agree = names.every((name) => {
      const found = present[name];
      if (found === undefined) return wanted[name].optional === true || wanted[name].peer === true;
      return found.version === wanted[name].version && found.integrity === wanted[name].integrity;
    });
    return agree && Object.keys(present).every((name) => name in wanted);
  } catch {
    return false;
  }
}

/** npm hands its own settings to its scripts; an npm inside must see the user's alone. */
export function cleanEnvironment(source) {
  const inherited =
    /^npm_(package|lifecycle|command|execpath|node_execpath|config_(local_prefix|prefix|global|globalconfig|omit|include|only|production|dry_run|ignore_scripts|user_agent|npm_version|node_gyp|init_module|workspace))/i;
  const kept = Object.entries(source).filter(([name]) => !inherited.test(name) && name !== 'NODE_ENV');
  return Object.fromEntries(kept);
}

async function install() {
  const arguments_ = ['-y', '-p', 'node@24', '-p', 'npm@11', '--', 'npm', 'ci'];
  const flags = ['--no-audit', '--no-fund', '--include=dev', '--include=optional', '--loglevel=error'];
  const total = Object.keys(
    JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages,
  ).length;
  const env = { ...cleanEnvironment(process.env), npm_config_update_notifier: 'false' };
  const ticker = tick('Installing packages', () => `${countPackages()} of up to ${total}`);
  const { code, output } = await collect('npx', [...arguments_, ...flags], env);
  ticker.end(code === 0);
  if (code === 0 && isInstalled(ROOT)) return;
  const tail = output.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
  if (tail !== '') console.error(tail);
  if (/ENOSPC/.test(output)) throw new Plight('The disk is full: free about 2 GB and start again.');
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|network/i.test(output)) {
    throw new Plight(
      'The packages could not be fetched: check the network (or npm’s registry setting) and start again.',
    );
  }
  if (code === 0)
    throw new Plight('The install left node_modules incomplete: delete node_modules and start again.');
  throw new Plight(
    'The packages could not be installed: npm’s own words stand above; mend that and start again.',
  );
}

function countPackages() {
  try {
    const top = readdirSync(join(ROOT, 'node_modules'));
    return top.reduce((sum, name) => {
      if (name.startsWith('.')) return sum;
      return sum + (name.startsWith('@') ? readdirSync(join(ROOT, 'node_modules', name)).length : 1);
    }, 0);
  } catch {
    return 0;
  }
}

async function generateClient() {
  const script = join(ROOT, 'prisma', 'generate.mjs');
  const { generate } = await import(pathToFileURL(script).href);
  try {
    if (generate({ quiet: true })) console.error('✓ database client generated');
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    throw new Plight('The database client could not be generated: delete prisma/generated and start again.');
  }
}

/** One line that counts the seconds on a terminal, and two plain lines elsewhere. */
function tick(what, detail) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const live = process.stderr.isTTY;
  if (!live) console.error(`… ${what}`);
  const draw = () => process.stderr.write(`\r\u001b[2K… ${what} ${seconds()} (${detail()})`);
  const timer = live ? setInterval(draw, 250) : undefined;
  return {
    end(ok) {
      clearInterval(timer);
      process.stderr.write(`${live ? '\r\u001b[2K' : ''}${ok ? '✓' : '✗'} ${what} ${seconds()}\n`);
    },
  };
}

async function collect(command, arguments_, env) {
  return new Promise((done, failed) => {
    const child = spawn(command, arguments_, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', (error) =>
      failed(
        error.code === 'ENOENT'
          ? new Plight(
              `${command} was not found: install Node ${LEAST_NODE} or newer with npm from https://nodejs.org.`,
            )
          : error,
      ),
    );
    const abort = (name) => {
      child.kill(name);
      process.exit(128 + constants.signals[name]);
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, abort);
    child.on('close', (code) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, abort);
      done({ code, output });
    });
  });
}

/** What the first word names: the program to run and what is left for it. */
export function target(words) {
  const [first, ...rest] = words;
  const node = join(ROOT, 'node_modules', '.bin', 'node');
  const program = (script, args) => ({
    command: node,
    args: ['--disable-warning=ExperimentalWarning', script, ...args],
  });
  if (first === 'test') return { command: 'npm', args: ['run', '--silent', 'test:all', ...rest], cwd: ROOT };
  if (first !== 'run') return program(join(ROOT, 'cli', 'main.ts'), words);
  if (rest[0] === undefined) throw new Plight('Say which file to run: node cli/launch.mjs run FILE.');
  return program(resolve(process.cwd(), rest[0]), rest.slice(1));
}

/**
 * Runs the program as a child on our own Node and passes signals on (it takes two within a second for one: a terminal's
 * Ctrl-C reaches it directly too). Our end of fd 3 tells it when we are gone, however we went.
 */
function run({ command, args, cwd }) {
  const path = `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, PATH: path, CARDHOUR_LAUNCHER_FD: '3' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  child.stdio[3]?.on('error', () => undefined);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  watchNpm(() => child.kill('SIGTERM'));
  child.on('error', (error) =>
    fail(
      new Plight(`${command} could not be started (${error.message}): delete node_modules and start again.`),
    ),
  );
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}

/** Started by npm, we end when npm is killed: nobody would be left to stop us. */
function watchNpm(end) {
  if (process.env.npm_lifecycle_event === undefined || process.platform !== 'linux') return;
  const parentOf = (pid) => {
    try {
      return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) \S+ (\d+) .*$/s, '$1'));
    } catch {
      return 0;
    }
  };
  const ancestors = () => `${process.ppid}/${parentOf(process.ppid)}`;
  const first = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === first) return;
    clearInterval(timer);
    end();
  }, 1_000);
  timer.unref();
}

function fail(error) {
  console.error(error instanceof Plight ? error.message : error);
  process.exit(1);
}

async function main() {
  if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
    throw new Plight(
      `This is Node ${process.versions.node}: install Node ${LEAST_NODE} or newer from https://nodejs.org.`,
    );
  }
  if (process.platform === 'win32')
    throw new Plight('Cardhour runs on Linux and macOS: on Windows, use WSL.');
  const chosen = target(process.argv.slice(2));
  if (!isInstalled(ROOT)) await install();
  await generateClient();
  run(chosen);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  main().catch(fail);
