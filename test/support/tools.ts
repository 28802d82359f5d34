/**
 * Which of the platforms that the plugins drive this machine has, and whether they work. `npm test` leaves them alone: they take root,
 * minutes and a machine that is not busy. `PLATFORMS=1` tries what is there, `PLATFORMS=required` fails where one is not.
 */
import { spawnSync } from 'node:child_process';

/** null when all is there; else one sentence that says what is skipped and why. @throws Error when platforms are required */
export function missing(plugin: string, programs: string[], needsRoot = false): string | null {
  const absent = programs.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  const reasons = [
    ...(process.env['PLATFORMS'] ? [] : ['PLATFORMS=1 is not set']),
    ...(absent.length > 0 ? [`${absent.join(', ')} not found`] : []),
    ...(needsRoot && process.getuid?.() !== 0 ? ['its daemons need root'] : []),
  ];
  return reasons.length === 0 ? null : skipped(plugin, reasons.join(', and '));
}

/**
 * Starts a platform that is installed.
 * @returns one sentence where it does not work: a machine may forbid what it needs. @throws Error when platforms are required
 */
export async function tryToStart<T extends object>(
  plugin: string,
  start: () => Promise<T>,
): Promise<T | { absent: string }> {
  try {
    return await start();
  } catch (error) {
    return { absent: skipped(plugin, `its platform does not work (${(error as Error).message.trim()})`) };
  }
}

function skipped(plugin: string, why: string): string {
  const sentence = `The ${plugin} plugin is not tried here: ${why}.`;
  if (process.env['PLATFORMS'] === 'required') throw new Error(sentence);
  console.warn(sentence);
  return sentence;
}
