/** The mutation operators: what each puts in place of which node. */
import { child, children, rangeOf, text, typeOf } from './ast.ts';
import type { AstNode, Visited } from './ast.ts';

/** In place of `node`; `{}` for a whole statement. */
export interface Mutation {
  readonly node: AstNode;
  readonly replacement: string;
}

/** Reads a node's text. */
export type Read = (node: AstNode) => string;

type Operator = (visited: Visited, read: Read) => Mutation[];
type Table = Readonly<Record<string, string>>;

/** A statement without effect; an empty one is no Solidity. */
const NOTHING = '{}';

const BOUNDARY: Table = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };
const NEGATION: Table = { '==': '!=', '!=': '==', '<': '>=', '<=': '>', '>': '<=', '>=': '<' };
const LOGICAL: Table = { '&&': '||', '||': '&&' };
const ARITHMETIC: Table = { '+': '-', '-': '+', '*': '/', '/': '*', '%': '*', '**': '*' };
const BITWISE: Table = { '&': '|', '|': '&', '^': '&' };
const SHIFT: Table = { '<<': '>>', '>>': '<<' };
const ASSIGNMENT: Table = {
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '/=': '*=',
  '|=': '&=',
  '&=': '|=',
  '^=': '|=',
  '<<=': '>>=',
  '>>=': '<<=',
};

/** Every operator by the name that reports and explanations use. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  relationalBoundary: (visited, read) => [
    ...binary(visited, read, BOUNDARY),
    ...yulCall(visited, read, { lt: ['iszero(gt(', '))'], gt: ['iszero(lt(', '))'] }),
  ],
  relationalNegation: (visited, read) => [
    ...binary(visited, read, NEGATION),
    ...yulCall(visited, read, {
      lt: ['iszero(lt(', '))'],
      gt: ['iszero(gt(', '))'],
      eq: ['iszero(eq(', '))'],
    }),
  ],
  logical: (visited, read) => [
    ...binary(visited, read, LOGICAL),
    ...unary(visited, read, '!', (operand) => operand),
    ...yulCall(visited, read, { iszero: ['iszero(iszero(', '))'] }),
  ],
  arithmetic: (visited, read) => [
    ...binary(visited, read, ARITHMETIC),
    ...yulCall(visited, read, {
      add: ['sub(', ')'],
      sub: ['add(', ')'],
      mul: ['div(', ')'],
      div: ['mul(', ')'],
    }),
  ],
  bitwise: (visited, read) => [
    ...binary(visited, read, BITWISE),
    ...unary(visited, read, '~', (operand) => operand),
    ...yulCall(visited, read, { and: ['or(', ')'], or: ['and(', ')'], xor: ['and(', ')'] }),
  ],
  shift: (visited, read) => [
    ...binary(visited, read, SHIFT),
    ...yulCall(visited, read, { shl: ['shr(', ')'], shr: ['shl(', ')'] }),
  ],
  increment: (visited, read) => [
    ...unary(visited, read, '++', (operand) => `--${operand}`),
    ...unary(visited, read, '--', (operand) => `++${operand}`),
  ],
  literal,
  conditionForced,
  argumentSwap,
  returnValue,
  assignmentOperator,
  assignmentDeletion: ({ node }) => {
    const isAssignment =
      child(node, 'expression')?.nodeType === 'Assignment' || node.nodeType === 'YulAssignment';
    return isAssignment && isStatement(node) ? [{ node, replacement: NOTHING }] : [];
  },
  statementDeletion,
  guardRemoval: ({ node }) => (isGuard(node) ? [{ node, replacement: NOTHING }] : []),
  modifierRemoval: ({ node }) => (isModifier(node) ? [{ node, replacement: '' }] : []),
};

function binary({ node }: Visited, read: Read, table: Table): Mutation[] {
  const left = child(node, 'leftExpression');
  const right = child(node, 'rightExpression');
  const other = table[text(node, 'operator')];
  if (node.nodeType !== 'BinaryOperation' || left === undefined || right === undefined) return [];
  return other === undefined ? [] : [{ node, replacement: `(${read(left)} ${other} ${read(right)})` }];
}

function unary(
  { node }: Visited,
  read: Read,
  operator: string,
  changed: (operand: string) => string,
): Mutation[] {
  const operand = child(node, 'subExpression');
  if (node.nodeType !== 'UnaryOperation' || operand === undefined || text(node, 'operator') !== operator)
    return [];
  return [{ node, replacement: changed(read(operand)) }];
}

function yulCall(
  { node }: Visited,
  read: Read,
  table: Readonly<Record<string, [string, string]>>,
): Mutation[] {
  const called = child(node, 'functionName');
  const around = table[called === undefined ? '' : text(called, 'name')];
  if (node.nodeType !== 'YulFunctionCall' || around === undefined) return [];
  const given = children(node, 'arguments').map(read).join(', ');
  return [{ node, replacement: `${around[0]}${given}${around[1]}` }];
}

/** One more and one less. */
function literal({ node }: Visited, read: Read): Mutation[] {
  if (text(node, 'kind') !== 'number') return [];
  const value = text(node, 'value');
  const isAddress = /^0x[0-9a-fA-F]{40}$/.test(value);
  if (node.nodeType === 'Literal' && !isAddress) {
    const signs = Number(value) === 0 ? ['+'] : ['+', '-'];
    return signs.map((sign) => ({ node, replacement: `(${read(node)} ${sign} 1)` }));
  }
  if (node.nodeType !== 'YulLiteral') return [];
  const steps = Number(value) === 0 ? [1n] : [1n, -1n];
  return steps.map((step) => ({ node, replacement: String(BigInt(value) + step) }));
}

/** Always, or never; a guard that never fires is `guardRemoval`, and one that always fires is dull. */
function conditionForced({ node }: Visited): Mutation[] {
  const condition = child(node, 'condition');
  if (condition === undefined) return [];
  switch (node.nodeType) {
    case 'IfStatement':
      return isGuard(node) ? [] : ['true', 'false'].map((replacement) => ({ node: condition, replacement }));
    case 'Conditional':
      return ['true', 'false'].map((replacement) => ({ node: condition, replacement }));
    case 'ForStatement':
    case 'WhileStatement':
      return [{ node: condition, replacement: 'false' }];
    case 'YulIf':
      return isGuard(node) ? [] : ['1', '0'].map((replacement) => ({ node: condition, replacement }));
    default:
      return [];
  }
}

/** Two neighbours of one type change places. */
function argumentSwap({ node }: Visited, read: Read): Mutation[] {
  const given = children(node, 'arguments');
  const names = node['names'];
  if (node.nodeType !== 'FunctionCall' || (Array.isArray(names) && names.length > 0)) return [];
  return given.flatMap((first, index) => {
    const second = given[index + 1];
    if (second === undefined || typeOf(first) !== typeOf(second) || read(first) === read(second)) return [];
    const from = rangeOf(first).start;
    const src = `${from}:${rangeOf(second).end - from}`;
    return [{ node: { nodeType: 'Arguments', src }, replacement: `${read(second)}, ${read(first)}` }];
  });
}

function returnValue({ node }: Visited, read: Read): Mutation[] {
  const value = child(node, 'expression');
  if (node.nodeType !== 'Return' || value === undefined) return [];
  const type = typeOf(value);
  if (type === 't_bool') return [{ node: value, replacement: `!(${read(value)})` }];
  if (type === 't_address') return [{ node: value, replacement: 'address(0)' }];
  if (type === 't_bytes32') return [{ node: value, replacement: 'bytes32(0)' }];
  if (!/^t_(u?int\d+|rational)/.test(type)) return [];
  return [{ node: value, replacement: /^0+$/.test(read(value)) ? '1' : '0' }];
}

function assignmentOperator({ node }: Visited, read: Read): Mutation[] {
  const left = child(node, 'leftHandSide');
  const right = child(node, 'rightHandSide');
  const other = ASSIGNMENT[text(node, 'operator')];
  if (node.nodeType !== 'Assignment' || left === undefined || right === undefined) return [];
  return other === undefined ? [] : [{ node, replacement: `${read(left)} ${other} ${read(right)}` }];
}

function statementDeletion({ node, path }: Visited): Mutation[] {
  if (!isStatement(node)) return [];
  const loop = path.at(-1);
  // A loop that never moves on has no statement to spare there.
  if (loop?.nodeType === 'ForStatement' && child(loop, 'loopExpression') === node) return [];
  const isCall =
    node.nodeType === 'ExpressionStatement' && child(node, 'expression')?.nodeType !== 'Assignment';
  const deleted = isCall || node.nodeType === 'EmitStatement' || node.nodeType === 'YulExpressionStatement';
  return deleted ? [{ node, replacement: NOTHING }] : [];
}

function isStatement(node: AstNode): boolean {
  return /Statement$|^YulAssignment$/.test(node.nodeType);
}

/** An `if` that only reverts. */
function isGuard(node: AstNode): boolean {
  const body = child(node, 'trueBody') ?? child(node, 'body');
  if (body === undefined || child(node, 'falseBody') !== undefined) return false;
  if (node.nodeType === 'IfStatement') {
    return (children(body, 'statements').at(-1) ?? body).nodeType === 'RevertStatement';
  }
  const last = children(body, 'statements').at(-1);
  const call = last === undefined ? undefined : child(last, 'expression');
  const called = call === undefined ? undefined : child(call, 'functionName');
  return node.nodeType === 'YulIf' && called !== undefined && text(called, 'name') === 'revert';
}

function isModifier(node: AstNode): boolean {
  return node.nodeType === 'ModifierInvocation' && text(node, 'kind') === 'modifierInvocation';
}
