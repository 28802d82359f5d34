/** The table of links between regions: the project's own rows, and a folder of measurements that the environment names. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KNOWN_LINKS } from '../../domain/links/known.ts';
import { skyplaneLinks } from '../../domain/links/skyplane.ts';
import { LinkTable } from '../../domain/links/table.ts';
import { Refusal } from '../../domain/refusal.ts';

/** @param folder with `latency.csv`, `throughput.csv` and maybe `aws_transfer_costs.csv`, as skyplane writes them; undefined for none */
export function loadLinks(folder: string | undefined): LinkTable {
  if (folder === undefined) return new LinkTable(KNOWN_LINKS);
  const read = (name: string): string => {
    const file = join(folder, name);
    if (!existsSync(file))
      throw new Refusal(
        'ENVIRONMENT',
        `LINKS_DIR names ${folder}, which has no ${name}.`,
        "Put skyplane's profiles/latency.csv and profiles/throughput.csv there, or leave LINKS_DIR out.",
      );
    return readFileSync(file, 'utf8');
  };
  const costs = existsSync(join(folder, 'aws_transfer_costs.csv')) ? read('aws_transfer_costs.csv') : '';
  const { links } = skyplaneLinks({
    latency: read('latency.csv'),
    throughput: read('throughput.csv'),
    costs,
  });
  return new LinkTable([...KNOWN_LINKS, ...links]);
}
