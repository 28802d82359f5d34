/** How far a task goes from where it comes from (002, section 3.5): its own provider first, then its own region, then anywhere. */
export type Scope = 'OWN_PROVIDER' | 'OWN_REGION' | 'ACROSS';

/** Where a task comes from; what is left out, it does not care for. */
export interface Origin {
  provider?: string;
  region?: string;
}

export function scopeOf(node: { provider: string; region: string }, { provider, region }: Origin): Scope {
  if (node.provider === provider) return 'OWN_PROVIDER';
  return node.region === region ? 'OWN_REGION' : 'ACROSS';
}

const ORDER: Record<Scope, number> = { OWN_PROVIDER: 0, OWN_REGION: 1, ACROSS: 2 };

/** Nearer scopes first. */
export function compareScopes(a: Scope, b: Scope): number {
  return ORDER[a] - ORDER[b];
}
