/** Every mutant that the operators make of the core. */
import { child, children, rangeOf, walk } from './ast.ts';
import type { AstNode } from './ast.ts';
import { keyOf } from './embedded.ts';
import { OPERATORS } from './operators.ts';
import type { Edit } from './replace.ts';
import { isCore } from './sources.ts';
import type { Sources } from './sources.ts';

export interface Mutant extends Edit {
  /** Where, what and which of the like: stays as lines move, so that explanations last. */
  readonly identity: string;
  readonly file: string;
  readonly line: number;
  readonly operator: string;
  /** The contract whose code it is, as `file:name`. */
  readonly owner: string;
  readonly original: string;
  readonly mutated: string;
}

/** @returns the mutants of all core files, in the sources' order */
export function candidatesOf(sources: Sources, asts: Readonly<Record<string, AstNode>>): Mutant[] {
  return Object.entries(asts).flatMap(([file, ast]) =>
    isCore(file) ? candidatesIn(file, sources[file] ?? '', ast) : [],
  );
}

function candidatesIn(file: string, source: string, ast: AstNode): Mutant[] {
  const bytes = Buffer.from(source);
  const slice = (start: number, end: number) => bytes.subarray(start, end).toString();
  const read = (node: AstNode) => slice(rangeOf(node).start, rangeOf(node).end);
  const seen = new Map<string, number>();
  const found: Mutant[] = [];
  for (const top of children(ast, 'nodes')) {
    for (const code of codeOf(top)) {
      for (const visited of walk(code.node)) {
        for (const [operator, mutate] of Object.entries(OPERATORS)) {
          for (const { node, replacement } of mutate(visited, read)) {
            const { start, end: bare } = rangeOf(node);
            // The compiler leaves a statement's semicolon out of its range; an empty block takes none.
            const end = replacement === '{}' && slice(bare, bare + 1) === ';' ? bare + 1 : bare;
            const original = oneLine(slice(start, end));
            const mutated = /^(\{\})?$/.test(replacement) ? '(deleted)' : oneLine(replacement);
            const like = `${file} ${code.scope} ${operator}: ${original} → ${mutated}`;
            const occurrence = (seen.get(like) ?? 0) + 1;
            seen.set(like, occurrence);
            const identity = occurrence === 1 ? like : `${like} #${occurrence}`;
            const line = slice(0, start).split('\n').length;
            const owner = keyOf(file, top);
            found.push({ identity, file, line, operator, owner, original, mutated, start, end, replacement });
          }
        }
      }
    }
  }
  return found;
}

/** What runs: bodies, modifiers and constants' values, with the name of what they belong to. */
function codeOf(top: AstNode): { scope: string; node: AstNode }[] {
  const members = top.nodeType === 'ContractDefinition' ? children(top, 'nodes') : [top];
  return members.flatMap((member) => {
    const parts = [...children(member, 'modifiers'), child(member, 'body'), child(member, 'value')];
    const scope = member.name === undefined || member.name === '' ? String(member['kind']) : member.name;
    return parts.filter((node) => node !== undefined).map((node) => ({ scope, node }));
  });
}

function oneLine(source: string): string {
  return source.replace(/\s+/g, ' ').trim();
}
