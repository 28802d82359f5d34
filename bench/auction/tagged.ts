/** JSON of values with bigints, maps and sets, which the browser's worker is given. */
type Tag = '$bigint' | '$map' | '$set';

export function toTagged(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return tagged('$bigint', part.toString());
    if (part instanceof Map) return tagged('$map', [...(part as Map<unknown, unknown>)]);
    return part instanceof Set ? tagged('$set', [...(part as Set<unknown>)]) : part;
  });
}

export function fromTagged(text: string): unknown {
  return JSON.parse(text, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null) return part;
    const { $bigint, $map, $set } = part as Partial<Record<Tag, unknown>>;
    if ($bigint !== undefined) return BigInt($bigint as string);
    if ($map !== undefined) return new Map($map as [unknown, unknown][]);
    return $set === undefined ? part : new Set($set as unknown[]);
  });
}

function tagged(tag: Tag, value: unknown): Partial<Record<Tag, unknown>> {
  return { [tag]: value };
}
