/** `cardhour provider init`: a key that lies encrypted, and what this machine could sell, for a person to confirm. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { formatCpi } from '../../domain/cpi.ts';
import { Refusal } from '../../domain/refusal.ts';
import { detectMachine, proposeNodes, type Site } from '../../provider/detect/machine.ts';
import { writeState } from '../../provider/files.ts';
import { readPassphrase, writeKey } from '../../provider/keyfile.ts';

export interface InitFlags extends Partial<Site> {
  data: string;
}

/** What no machine knows of itself, and how it is asked for. */
const QUESTIONS: Record<keyof Site, string> = {
  enterprise: 'Who runs this machine (enterprise code)',
  industry: 'Industry (GB/T 4754; 6450 is internet data services)',
  city: 'City (GB/T 2260 or ISO 3166-2, e.g. 310000 or US-VA)',
  zone: 'Availability zone',
};

/** @throws Refusal ENVIRONMENT, DATA_BROKEN, MALFORMED */
export async function initProvider(flags: InitFlags, log: (line: string) => void): Promise<void> {
  const folder = resolve(flags.data);
  const passphrase = readPassphrase(process.env);
  const site = await askFor(flags);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const key = generatePrivateKey();
  writeKey(join(folder, 'key.json'), key, passphrase);
  log(`key       ${join(folder, 'key.json')} (encrypted; keep a copy of it and of the passphrase)`);
  log(`account   ${privateKeyToAccount(key).address}`);

  const machine = await detectMachine(folder);
  const gigabytes = (bytes: number) => `${Math.round(bytes / 1e9)} GB`;
  log(
    `machine   ${machine.cores} cores (${machine.cpuModel}), ${gigabytes(machine.memoryBytes)} of memory, ${gigabytes(machine.diskBytes)} of disk`,
  );
  const nodes = proposeNodes(machine, site).map((node) => ({ ...node, identifier: formatCpi(node.cpi) }));
  if (nodes.length === 0)
    log('cards     none found: nvidia-smi and npu-smi are absent or show no healthy card');
  for (const node of nodes) log(`node      ${node.cards} × ${node.className}\n          ${node.identifier}`);
  const devices = Object.fromEntries(nodes.map((node) => [node.className, node.devices]));
  const path = join(folder, 'proposal.json');
  writeState(path, { nodes, pools: [{ name: 'local', plugin: 'process', settings: { devices } }] });
  log(`proposal  ${path}: correct it, register the nodes, and put its pools into pools.json`);
}

async function askFor(flags: InitFlags): Promise<Site> {
  const site = { ...flags } as Site;
  const names = (Object.keys(QUESTIONS) as (keyof Site)[]).filter((name) => !site[name]);
  if (names.length > 0 && !process.stdin.isTTY)
    throw new Refusal(
      'MALFORMED',
      `A machine does not know its ${names.join(', ')}.`,
      `Say ${names.map((name) => `--${name} …`).join(' ')}.`,
    );
  const terminal =
    names.length > 0 ? createInterface({ input: process.stdin, output: process.stderr }) : null;
  for (const name of names) site[name] = (await terminal?.question(`${QUESTIONS[name]}: `))?.trim() ?? '';
  terminal?.close();
  return site;
}
