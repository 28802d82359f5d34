/** The compiler's AST, as far as mutating needs it. */

/** A node; which of the fields it has hangs on `nodeType`. */
export interface AstNode {
  readonly id?: number;
  readonly nodeType: string;
  readonly src: string;
  readonly name?: string;
  readonly [field: string]: unknown;
}

/** A node with the nodes that it lies in, outermost first. */
export interface Visited {
  readonly node: AstNode;
  readonly path: readonly AstNode[];
}

/** @returns whether `value` is a node */
export function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && 'nodeType' in value && 'src' in value;
}

/** Every node of the tree, parents first, in the source's order. */
export function* walk(node: AstNode, path: readonly AstNode[] = []): Generator<Visited> {
  yield { node, path };
  const inner = [...path, node];
  const children = Object.values(node)
    .flatMap((value: unknown) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .filter(isNode);
  children.sort((a, b) => rangeOf(a).start - rangeOf(b).start);
  for (const child of children) yield* walk(child, inner);
}

/** Where a node stands, in bytes. */
export function rangeOf(node: AstNode): { start: number; end: number } {
  const [start = 0, length = 0] = node.src.split(':').map(Number);
  return { start, end: start + length };
}

/** The node in a field, or undefined. */
export function child(node: AstNode, field: string): AstNode | undefined {
  const value = node[field];
  return isNode(value) ? value : undefined;
}

/** The nodes in a list; absent ones are left out. */
export function children(node: AstNode, field: string): AstNode[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** A text field, empty when absent. */
export function text(node: AstNode, field: string): string {
  const value = node[field];
  return typeof value === 'string' ? value : '';
}

/** The compiler's name of an expression's type, as `t_uint256`. */
export function typeOf(node: AstNode): string {
  const types = node['typeDescriptions'];
  if (typeof types !== 'object' || types === null || !('typeIdentifier' in types)) return '';
  return typeof types.typeIdentifier === 'string' ? types.typeIdentifier : '';
}
