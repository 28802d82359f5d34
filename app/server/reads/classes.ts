import { ZERO_HASH } from '../../../domain/hash.ts';
import type { Database } from '../../../prisma/client.ts';

/** Names a requirement for people: a class, several, or any. */
export async function requirementNamer(
  db: Database,
): Promise<(requirement: string, classes: string[]) => string> {
  const rows = await db.node.findMany({
    distinct: ['resourceClass'],
    select: { resourceClass: true, className: true },
  });
  const names = new Map(rows.map((row) => [row.resourceClass, row.className]));
  const nameOf = (id: string): string => names.get(id) ?? `${id.slice(0, 10)}…`;
  return (requirement, classes) => {
    if (requirement === ZERO_HASH) return 'any class';
    return classes.length === 0 ? nameOf(requirement) : classes.map(nameOf).join(' or ');
  };
}
