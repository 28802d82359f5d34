/** The npm compiler in this process: it stays warm, and compiles just the contracts that are asked for. */
import { createRequire } from 'node:module';
import { COMPILER_SETTINGS } from '../../../hardhat.config.ts';
import type { AstNode } from './ast.ts';
import type { Sources } from './sources.ts';

/** Creation and runtime code as hex, and the ABI as JSON. */
export interface Compiled {
  readonly abi: string;
  readonly creation: string;
  readonly runtime: string;
}

/** Contracts by `file:name`. */
export type Contracts = Readonly<Record<string, Compiled>>;

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly sources?: Readonly<Record<string, { readonly ast: AstNode }>>;
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly abi: unknown;
            readonly evm: {
              readonly bytecode: { readonly object: string };
              readonly deployedBytecode: { readonly object: string };
            };
          }
        >
      >
    >
  >;
}

type Selection = Record<string, Record<string, readonly string[]>>;

const CODE = ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'];

const load = createRequire(import.meta.url);
const wrap = load('solc/wrapper') as (soljson: unknown) => { compile(input: string): string };
const solc = wrap(load('solc/soljson.js'));

/** The sources do not compile. */
export class CompileError extends Error {}

function compile(sources: Sources, selection: Selection): Output {
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: { ...COMPILER_SETTINGS, outputSelection: selection },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output;
  const errors = output.errors?.filter(({ severity }) => severity === 'error') ?? [];
  if (errors.length > 0) throw new CompileError(errors.map((error) => error.formattedMessage).join('\n'));
  return output;
}

/** @returns each source's AST */
export function parse(sources: Sources): Record<string, AstNode> {
  const { sources: parsed = {} } = compile(sources, { '*': { '': ['ast'] } });
  return Object.fromEntries(Object.entries(parsed).map(([path, { ast }]) => [path, ast]));
}

/**
 * @param wanted names as `file:name`; all when left out
 * @throws CompileError
 */
export function build(sources: Sources, wanted?: readonly string[]): Contracts {
  const selection: Selection = {};
  for (const id of wanted ?? ['*:*']) {
    const [path = '', name = ''] = id.split(':');
    (selection[path] ??= {})[name] = CODE;
  }
  const found: Record<string, Compiled> = {};
  for (const [path, contracts] of Object.entries(compile(sources, selection).contracts ?? {})) {
    for (const [name, { abi, evm }] of Object.entries(contracts)) {
      found[`${path}:${name}`] = {
        abi: JSON.stringify(abi),
        creation: evm.bytecode.object,
        runtime: evm.deployedBytecode.object,
      };
    }
  }
  return found;
}
