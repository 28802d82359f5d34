/** Whose bytecode holds whose code: a mutant needs just those contracts compiled anew. */
import { isNode, walk } from './ast.ts';
import type { AstNode } from './ast.ts';
import { isCore } from './sources.ts';

/** @returns for each contract as `file:name`, the contracts and files whose code its bytecode holds, itself among them */
export function embeddedCode(asts: Readonly<Record<string, AstNode>>): Map<string, Set<string>> {
  const tops = new Map<number, { key: string; node: AstNode; path: string }>();
  const owners = new Map<number, number>();
  for (const [path, ast] of Object.entries(asts)) {
    for (const top of topsOf(ast)) {
      if (top.id === undefined) continue;
      const key = keyOf(path, top);
      tops.set(top.id, { key, node: top, path });
      for (const { node } of walk(top)) if (node.id !== undefined) owners.set(node.id, top.id);
    }
  }
  const edges = new Map<number, number[]>();
  for (const [id, { node, path }] of tops) {
    const linked = new Set([...idsIn(node, 'linearizedBaseContracts'), ...creations(node, path)]);
    for (const { node: inner } of walk(node)) {
      const reference = inner['referencedDeclaration'];
      const owner = typeof reference === 'number' ? owners.get(reference) : undefined;
      if (owner !== undefined && isInlined(tops.get(owner)?.node)) linked.add(owner);
    }
    edges.set(id, [...linked]);
  }

  function creations(node: AstNode, path: string): number[] {
    const created = idsIn(node, 'contractDependencies');
    // Detached tests hold none of the core's contracts.
    return path.startsWith('test/') ? created.filter((id) => !isCore(tops.get(id)?.path ?? '')) : created;
  }

  const embedded = new Map<string, Set<string>>();
  for (const [id, { key, node }] of tops) {
    if (node.nodeType !== 'ContractDefinition' || node['abstract'] === true) continue;
    const reached = new Set<number>();
    const waiting = [id];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      waiting.push(...(edges.get(next) ?? []));
    }
    embedded.set(key, new Set([...reached].map((found) => tops.get(found)?.key ?? '')));
  }
  return embedded;
}

/** @returns the name of a contract as `file:name`; of the file for a free function or constant */
export function keyOf(path: string, top: AstNode): string {
  return top.nodeType === 'ContractDefinition' ? `${path}:${top.name ?? ''}` : path;
}

function topsOf(ast: AstNode): AstNode[] {
  const nodes = ast['nodes'];
  return Array.isArray(nodes) ? nodes.filter(isNode) : [];
}

/** Code of libraries and free functions is part of whoever calls it; other contracts are called. */
function isInlined(node: AstNode | undefined): boolean {
  return node?.nodeType !== 'ContractDefinition' || node['contractKind'] === 'library';
}

function idsIn(node: AstNode, field: string): number[] {
  const ids = node[field];
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'number') : [];
}
