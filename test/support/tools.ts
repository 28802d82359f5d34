/** Which of the platforms that the plugins drive this machine has. Under CI all of them must be there. */
import { spawnSync } from 'node:child_process';

/** null when all is there; else one sentence that says what is skipped and why. @throws Error under CI */
export function missing(plugin: string, programs: string[], needsRoot = false): string | null {
  const absent = programs.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  const reasons = [
    ...(absent.length > 0 ? [`${absent.join(', ')} not found`] : []),
    ...(needsRoot && process.getuid?.() !== 0 ? ['its daemons need root'] : []),
  ];
  if (reasons.length === 0) return null;
  const sentence = `The ${plugin} plugin is not tried here: ${reasons.join(', and ')}.`;
  if (process.env['CI']) throw new Error(sentence);
  console.warn(sentence);
  return sentence;
}
