/** Accelerator cards as their makers' tools name them; a tool that is absent finds none. */
import { execFile } from 'node:child_process';
import { only } from '../sandbox/environment.ts';

export interface DetectedCard {
  kind: 'nvidia' | 'ascend';
  /** What the driver's visibility variable calls it. */
  index: number;
  /** The driver's own name of the model, e.g. `NVIDIA H100 80GB HBM3`, `910B3`. */
  model: string;
  /** Unique where the tool tells one: a UUID, else a bus address. */
  id: string;
  memoryMb: number;
}

const TOOL_MS = 20_000;
const NVIDIA = ['--query-gpu=index,uuid,name,memory.total', '--format=csv,noheader,nounits'];

export async function detectCards(): Promise<DetectedCard[]> {
  const [nvidia, ascend] = await Promise.all([output('nvidia-smi', NVIDIA), output('npu-smi', ['info'])]);
  return [...parseNvidiaSmi(nvidia), ...parseNpuSmi(ascend)];
}

/** Of `nvidia-smi --query-gpu=index,uuid,name,memory.total --format=csv,noheader,nounits`; memory in MiB. */
export function parseNvidiaSmi(text: string): DetectedCard[] {
  return text.split('\n').flatMap((line) => {
    const [index, id, model, memory] = line.split(',').map((field) => field.trim());
    if (!/^\d+$/.test(index ?? '') || !id || !model) return [];
    // A card that fell off the bus has no memory to tell; it is no card to sell.
    if (!/^\d+$/.test(memory ?? '')) return [];
    return { kind: 'nvidia' as const, index: Number(index), model, id, memoryMb: Number(memory) };
  });
}

/**
 * Of `npu-smi info`: a table of two lines a chip, NPU and name in the first, chip, bus and memory in the second. Cards whose
 * health is not OK are left out. Memory is that of HBM, in the last column as `used / total`, else the one beside it.
 */
export function parseNpuSmi(text: string): DetectedCard[] {
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const cards: DetectedCard[] = [];
  let chips = 0;
  for (const [at, first] of rows.entries()) {
    const [npu, ...name] = (first[0] ?? '').split(/\s+/);
    const second = rows[at + 1];
    if (first.length < 3 || !/^\d+$/.test(npu ?? '') || name.length === 0 || !second) continue;
    if (!/^[0-9a-f]{4}:[0-9a-f]{2}:/i.test(second[1] ?? '')) continue;
    // The driver numbers the chips that are not sold too.
    const index = chips++;
    if (first[1] !== 'OK') continue;
    const totals = [...(second[2] ?? '').matchAll(/\d+\s*\/\s*(\d+)/g)].map((match) => Number(match[1]));
    const memoryMb = totals.findLast((total) => total > 0) ?? 0;
    cards.push({ kind: 'ascend', index, model: name.join(' '), id: second[1] ?? '', memoryMb });
  }
  return cards;
}

/** Resource classes of the market's naming: model, form and memory. */
const CLASSES: [RegExp, string][] = [
  [/\bH100\b.*HBM3/, 'H100-SXM-80G'],
  [/\bA100-SXM4-80GB/, 'A100-SXM-80G'],
  [/\bL40S\b/, 'L40S-48G'],
  [/\bRTX 4090\b/, 'RTX4090-24G'],
];

/** The class that the card most likely sells as: a proposal, for a person to confirm. */
export function classOf({ kind, model, memoryMb }: DetectedCard): string {
  const known = CLASSES.find(([form]) => form.test(model))?.[1];
  if (known) return known;
  const bare = model
    .replace(/^NVIDIA\s+|GeForce\s+|\b\d+ ?GB\b|\bHBM\w*\b/g, '')
    .trim()
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${kind === 'ascend' ? 'Ascend' : ''}${bare}-${Math.round(memoryMb / 1_024)}G`;
}

function output(program: string, args: string[]): Promise<string> {
  const env = only({ PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C' });
  return new Promise((resolve) => {
    execFile(program, args, { timeout: TOOL_MS, env, maxBuffer: 4 * 2 ** 20 }, (error, stdout) =>
      resolve(error ? '' : stdout),
    );
  });
}
