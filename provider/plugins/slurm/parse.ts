/** Reads what `scontrol --oneliner` prints: NAME=value pairs, whose values may hold spaces and further equals signs. */

export type Fields = Record<string, string>;

/** A value ends where the next word with `=` begins; that is how the text itself is to be read. */
export function parseFields(line: string): Fields {
  const fields: Fields = {};
  for (const match of line.matchAll(/(?:^|\s)([A-Z][A-Za-z0-9/:_]*)=((?:(?!\s[A-Z][A-Za-z0-9/:_]*=).)*)/gs)) {
    const [, name = '', value = ''] = match;
    // The first of a name counts: a comment that a user wrote comes after what Slurm itself says.
    if (!(name in fields)) fields[name] = value.trim();
  }
  return fields;
}

/** How many of a resource "gpu:h100:4(S:0-1),gpu:a100:2(IDX:0),nic:1" holds; `gpu` counts every type of it. */
export function parseGres(text: string, resource: string): number {
  return text
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .map((part) => part.trim())
    .reduce((sum, part) => {
      const words = part.replace(/^gres[:/]/, '').split(':');
      const count = /^\d+$/.test(words.at(-1) ?? '') ? Number(words.pop()) : 1;
      const name = words.join(':');
      return name === resource || name.startsWith(`${resource}:`) ? sum + count : sum;
    }, 0);
}

/** Cards of a job by node and index, from "Nodes=n1 CPU_IDs=0-1 Mem=0 GRES=gpu:h100:2(IDX:0,3)" of a detailed job. */
export function cardNames(job: string): string[] {
  const names: string[] = [];
  for (const [, nodes = '', gres = ''] of job.matchAll(/\sNodes=(\S+) CPU_IDs=\S* Mem=\S* GRES=(\S*)/g)) {
    for (const [, kind = '', ranges = ''] of gres.matchAll(/([a-z0-9_:.-]+)\(IDX:([0-9,-]+)\)/gi)) {
      const resource = kind.split(':')[0] ?? kind;
      for (const index of expand(ranges))
        for (const node of nodesOf(nodes)) names.push(`${node}/${resource}${index}`);
    }
  }
  return names;
}

/** "0-2,5" */
function expand(ranges: string): number[] {
  return ranges.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  });
}

/** "n[01-03,7]", "n1,n2" */
function nodesOf(text: string): string[] {
  return [...text.matchAll(/([^,[]+)(?:\[([^\]]+)\])?/g)].flatMap(([, prefix = '', list]) => {
    if (list === undefined) return [prefix];
    return list.split(',').flatMap((range) => {
      const width = range.split('-')[0]?.length ?? 0;
      return expand(range).map((index) => prefix + String(index).padStart(width, '0'));
    });
  });
}
